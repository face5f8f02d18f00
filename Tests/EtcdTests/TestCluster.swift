import Etcd
import Foundation
import Testing

/// A cluster of real etcd processes, for the length of one test.
final class TestCluster {
    let members: [EtcdProcess]
    /// Those that a test adds, to be ended with the others.
    private var newcomers: [EtcdProcess] = []
    /// Where everything of this cluster lies; removed with it.
    private let directory: URL

    private init(members: [EtcdProcess], directory: URL) {
        self.members = members
        self.directory = directory
    }

    /// Starts `size` members, hands them over, and ends every process whatever happens. Ports were free when they were
    /// chosen; where another took one in between, all of it is tried anew.
    ///
    /// - Parameter usages: what the members' certificates are good for, where TLS is spoken, on both ports and
    ///   demanding certificates; nil: plain HTTP.
    static func with(
        _ size: Int, tls usages: String? = nil, _ body: (TestCluster) async throws -> Void
    ) async throws {
        for attempt in 1...3 {
            let directory = FileManager.default.temporaryDirectory.appending(path: "etcd-tests-\(UUID())")
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: directory) }
            var members: [EtcdProcess] = []
            for index in 0..<size {
                let urls = try EtcdProcess.URLs.free(scheme: usages == nil ? "http" : "https")
                var tls: TestCertificates?
                if let usages {
                    tls = try await TestCertificates(in: directory, address: urls.address, usages: usages)
                }
                members.append(EtcdProcess(name: "m\(index)", urls: urls, in: directory, tls: tls))
            }
            let cluster = TestCluster(members: members, directory: directory)
            if try await cluster.use(body) { return }
            try #require(attempt < 3, "etcd did not start: \(members.map { $0.log.suffix(600) })")
        }
    }

    /// False where a member ended before it served, and `body` was not called.
    private func use(_ body: (TestCluster) async throws -> Void) async throws -> Bool {
        do {
            for member in members { try member.start(members) }
            for member in members where try await !member.serves() {
                await end()
                return false
            }
            try await body(self)
        } catch {
            await end()
            throw error
        }
        await end()
        return true
    }

    /// A further member, not started yet, on the address that `EtcdProcess.URLs.free` found.
    func newcomer(_ name: String) throws -> EtcdProcess {
        let newcomer = EtcdProcess(name: name, urls: try .free(), in: directory)
        newcomers.append(newcomer)
        return newcomer
    }

    /// The member that leads, once there is one, and the others.
    func leaderAndFollowers() async throws -> (leader: EtcdProcess, followers: [EtcdProcess]) {
        var leader: EtcdProcess?
        try await eventually("a leader") {
            for member in members where try await member.client.status().isLeader { leader = member }
            return leader != nil
        }
        let found = try #require(leader)
        return (found, members.filter { $0 !== found })
    }

    private func end() async {
        for member in members + newcomers { await member.kill() }
    }
}
