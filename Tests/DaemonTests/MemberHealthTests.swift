/// How a member is, by its own word and by nothing less; and that many are asked at once.

import ClusterPlanning
import Etcd
import StubServer
import Synchronization
import Testing

@testable import Daemon

@Suite struct MemberHealthTests {
    private let observer = EtcdObserver.plain

    private func health(_ member: Member, in cluster: ClusterID = ClusterID(0xa1)) async throws -> MemberHealth? {
        try await observer.answers(of: [member], in: cluster)[member.id]?.health
    }

    private func member(_ id: UInt64, _ endpoints: Endpoint...) -> Member {
        Member(MemberID(id), name: "i-0b", peerURLs: [Endpoint(.http, "10.0.0.2", 2380)], clientURLs: endpoints)
    }

    /// Plays a member's client port.
    private func stub(member: UInt64 = 7, cluster: UInt64 = 0xa1, leader: UInt64 = 7) throws -> StubServer {
        try StubServer { request in
            switch request.path {
            case "/version": .text(#"{"etcdserver":"3.4.23","etcdcluster":"3.4.0"}"#)
            case "/v3/maintenance/status":
                .text(
                    """
                    {"header":{"cluster_id":"\(cluster)","member_id":"\(member)","revision":"1","raft_term":"2"},
                    "version":"3.4.23","dbSize":"1","leader":"\(leader)","raftIndex":"1","raftTerm":"2",
                    "raftAppliedIndex":"1","dbSizeInUse":"1"}
                    """)
            default: .status(404)
            }
        }
    }

    @Test func aMemberThatKnowsALeaderIsHealthy() async throws {
        let server = try stub()
        let endpoint = try #require(Endpoint(parsing: server.url))
        #expect(try await health(member(7, endpoint)) == .healthy)
        // One good URL of several is enough.
        #expect(try await health(member(7, Endpoint(.http, "127.0.0.1", 1), endpoint)) == .healthy)
        // And the version behind an endpoint is asked for once.
        #expect(server.requests.filter { $0.path == "/version" }.count == 1)
        server.stop()
    }

    @Test(arguments: [
        (UInt64(8), UInt64(0xa1), UInt64(8), "answers as member 8 of cluster a1"),
        (7, 0xb2, 7, "answers as member 7 of cluster b2"), (7, 0xa1, 0, "knows no leader"),
    ])
    func aWrongAnswerIsNoHealth(_ member: UInt64, _ cluster: UInt64, _ leader: UInt64, _ cause: String) async throws {
        let server = try stub(member: member, cluster: cluster, leader: leader)
        let endpoint = try #require(Endpoint(parsing: server.url))
        #expect(try await health(self.member(7, endpoint)) == .unhealthy("\(endpoint) \(cause)"))
        server.stop()
    }

    @Test func whoHasNotStartedIsNotHealthy() async throws {
        #expect(try await health(member(7)) == .unhealthy("it has not started"))
    }

    @Test func everyComplaintIsTold() async throws {
        let server = try stub(leader: 0)
        let endpoint = try #require(Endpoint(parsing: server.url))
        guard case .unhealthy(let text) = try await health(member(7, Endpoint(.http, "127.0.0.1", 1), endpoint)) else {
            Issue.record("healthy")
            return
        }
        #expect(text.contains("connection refused"))
        #expect(text.contains("; \(endpoint) knows no leader"))
        server.stop()
    }

    // MARK: Many at once

    @Test func manyAreAskedAtOnceAndAnswerInOrder() async throws {
        let running = Mutex((now: 0, most: 0))
        let answers = try await inParallel(Array(0..<100)) { number throws(CancellationError) in
            running.withLock { running in
                running.now += 1
                running.most = max(running.most, running.now)
            }
            do {
                try await Task.sleep(for: .milliseconds(Int.random(in: 1...5)))
            } catch {
                throw CancellationError()
            }
            running.withLock { $0.now -= 1 }
            return number * 2
        }
        #expect(answers == (0..<100).map { $0 * 2 })
        #expect(running.withLock { $0.most } <= 32)
        #expect(running.withLock { $0.most } > 1)
        let none = try await inParallel([Int]()) { number throws(CancellationError) in number }
        #expect(none == [])
    }
}
