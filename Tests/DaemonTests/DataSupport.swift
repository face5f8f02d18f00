/// Data directories that real etcds have written, and etcds that are run on them again.

import ClusterPlanning
import Etcd
import Foundation
import HTTP
import Supervision
import Testing

@testable import Daemon

extension RealEtcd {
    private func post(_ path: String, _ message: [String: String]) async throws -> HTTPResponse {
        let body = try JSONEncoder().encode(message)
        let request = HTTPRequest(
            "POST", "\(clientURL)\(path)", headers: ["Content-Type": "application/json"], body: .bytes([UInt8](body)))
        return try await http.send(request, deadline: .seconds(10))
    }

    /// Writes keys `0`, `1`, ..., each acknowledged.
    func write(_ count: Int) async throws {
        for key in 0..<count {
            let text = Data("\(key)".utf8).base64EncodedString()
            let answer = try await post("/v3/kv/put", ["key": text, "value": text])
            try #require(answer.status == 200, "\(answer)")
        }
    }

    /// How many keys there are, by a read through the quorum.
    func count() async throws -> Int {
        struct Answer: Decodable { var count: String? }
        let all = Data([0]).base64EncodedString()
        let answer = try await post("/v3/kv/range", ["key": all, "range_end": all])
        return try JSONDecoder().decode(Answer.self, from: Data(answer.body)).count.flatMap { Int($0) } ?? 0
    }
}

/// What three members have left behind, and who is to look at the first one's.
struct StoppedCluster {
    let place: TemporaryDirectory
    let members: [RealEtcd]
    let first: MemberID
    /// How far the first one's log was known to be committed before the end began.
    let committed: UInt64

    /// Starts members that write `writes` keys, hands them over, and stops all of them.
    init(
        _ size: Int, writes: Int = 20, snapshotCount: Int = 100_000, _ body: (RealEtcd) async throws -> Void = { _ in }
    ) async throws {
        place = try TemporaryDirectory()
        let members = (0..<size).map { [place] in RealEtcd("i-0\($0)", in: place) }
        self.members = members
        do {
            for member in members {
                try await member.start(with: members.filter { $0 !== member }, snapshotCount: snapshotCount)
            }
            for member in members { try await member.leads() }
            try await members[0].write(writes)
            let status = try await members[0].client.status()
            (first, committed) = (MemberID(status.memberID), status.raftIndex)
            try await body(members[0])
        } catch {
            for member in members { await member.end() }
            throw error
        }
        for member in members { await member.stop() }
    }

    var directory: DataDirectory { DataDirectory(place[members[0].name]) }

    /// On a copy of the first one's data, so that the next test finds it as it was.
    func copy(_ name: String) throws -> DataDirectory {
        try FileManager.default.copyItem(atPath: directory.path, toPath: place[name])
        return DataDirectory(place[name])
    }

    func launch(_ kind: Launch.Kind, at peerURL: Endpoint? = nil) -> Launch {
        var identity = members[0].identity
        identity.peerURL = peerURL ?? identity.peerURL
        return Launch(
            kind, identity, initialCluster: [InitialMember(identity.instance.rawValue, identity.peerURL)],
            owner: "owner", generation: 2)
    }
}

extension LoopbackEtcd {
    /// Of the etcd on PATH, quietly.
    init(on directory: DataDirectory) throws {
        let settings = try configuration("--data-dir", directory.path)
        self.init(
            directory: directory, program: EtcdProgram(configuration: settings, spawner: Built.spawner),
            spawner: Built.spawner, http: DaemonTests.http, isForwarded: false)
    }
}

/// The processes that have this directory on their command line, but for ourselves.
func processes(on directory: DataDirectory) throws -> [Int32] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }.filter { pid in
        guard pid != getpid(), let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else {
            return false
        }
        return String(decoding: line, as: UTF8.self).contains("--data-dir=\(directory.path)\0")
    }
}
