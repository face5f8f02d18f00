/// A real snapshot for each test, the tools for it, and what its source has said.

import Etcd
import Foundation
import Glibc
import HTTP
import Testing

@testable import Daemon

/// A snapshot of a member with history, deletions and a compaction, which is taken once; each test has a copy of its own.
struct SavedSnapshot {
    let place: TemporaryDirectory
    let tools: SnapshotTools
    let proof: SnapshotProof
    let file: String
    let expected: SnapshotExpectation

    private static let taken = Task { try await take() }

    init() async throws {
        place = try TemporaryDirectory()
        (tools, proof) = try snapshotTools()
        file = place["saved.db"]
        let (bytes, expected) = try await Self.taken.value
        self.expected = expected
        try bytes.write(to: URL(filePath: file))
    }

    private static func take() async throws -> (Data, SnapshotExpectation) {
        let place = try TemporaryDirectory()
        let etcd = RealEtcd("i-0a", in: place)
        do {
            try await etcd.start()
            try await etcd.leads()
            try await etcd.writeHistory()
            let expected = try await snapshotTools().0.saveExpecting(etcd, to: place["saved.db"])
            await etcd.end()
            return (try Data(contentsOf: URL(filePath: place["saved.db"])), expected)
        } catch {
            await etcd.end()
            throw error
        }
    }

    /// A directory that is there, and empty.
    func directory() throws -> String {
        try FileManager.default.createDirectory(atPath: place["parent"], withIntermediateDirectories: false)
        return place["parent"]
    }
}

func snapshotTools(
    _ arguments: [String] = [], _ environment: [String: String] = [:], shortestDeadline: Duration = .seconds(60)
) throws -> (SnapshotTools, SnapshotProof) {
    let parsed = try parse(["--data-dir", "/nowhere"] + arguments, ["PATH": searchPath].merging(environment) { $1 })
    guard case .run(let configuration) = parsed else { throw NeverHappened(description: "run") }
    let program = EtcdProgram(configuration: configuration, spawner: Built.spawner)
    let tools = SnapshotTools(
        configuration: configuration, program: program, spawner: Built.spawner, shortestDeadline: shortestDeadline)
    return (tools, SnapshotProof(tools: tools, program: program, spawner: Built.spawner, http: http))
}

extension RealEtcd {
    func postText(_ path: String, _ body: String) async throws {
        let request = HTTPRequest(
            "POST", "\(clientURL)\(path)", headers: ["Content-Type": "application/json"],
            body: .bytes(Array(body.utf8)))
        let answer = try await http.send(request, deadline: .seconds(10))
        try #require(answer.status == 200, "\(answer.text)")
    }

    /// 300 keys, each twice, of which 50 are deleted, with the first 400 revisions compacted.
    func writeHistory() async throws {
        try await write(300)
        try await write(300)
        for key in 0..<50 {
            try await postText("/v3/kv/deleterange", #"{"key":"\#(Data("\(key)".utf8).base64EncodedString())"}"#)
        }
        try await postText("/v3/kv/compaction", #"{"revision":"400","physical":true}"#)
    }
}

extension SnapshotTools {
    /// Saves a snapshot of a member that nobody writes to, and asks it what has to come back.
    func saveExpecting(_ etcd: RealEtcd, to file: String) async throws -> SnapshotExpectation {
        let before = try await etcd.client.status()
        let bytes = UInt64(before.dbSize)
        try await save(from: etcd.clientURL.description, to: file, databaseBytes: bytes)
        let status = try await verify(file)
        #expect(status.revision == before.revision)
        return SnapshotExpectation(
            revision: status.revision, keyCount: try await etcd.client.keyCount(revision: status.revision),
            hash: try await hashKV(of: etcd.clientURL.description, revision: status.revision, databaseBytes: bytes))
    }
}

/// The processes that have something below this path on their command line, but for ourselves.
func running(below path: String) throws -> [Int32] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }.filter { pid in
        guard pid != getpid(), let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else {
            return false
        }
        return String(decoding: line, as: UTF8.self).contains(path)
    }
}
