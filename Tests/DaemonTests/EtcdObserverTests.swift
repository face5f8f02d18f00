/// What etcd's ports say, and what counts as nobody.

import ClusterPlanning
import Etcd
import StubServer
import Synchronization
import Testing

@testable import Daemon

private let instance = InstanceID("i-0b")

@Suite struct EtcdObserverTests {
    private let observer = EtcdObserver.plain

    // MARK: Peers

    private func ask(_ reply: StubReply) async throws -> Peer.Answer {
        let server = try StubServer { _ in reply }
        defer { server.stop() }
        let endpoint = try #require(Endpoint(parsing: server.url))
        let peer = try await observer.askPeer(instance, endpoint)
        #expect(peer.instance == instance)
        #expect(peer.endpoint == endpoint)
        return peer.answer
    }

    @Test func whereNothingListensIsSaid() async throws {
        let server = try StubServer { _ in .hang }
        let endpoint = try #require(Endpoint(parsing: server.url))
        server.stop()
        #expect(try await observer.askPeer(instance, endpoint).answer == .refused)
    }

    /// F2: whoever does not answer well may be alive, and hidden.
    @Test(arguments: [
        ("hang", StubReply.hang, "timed out"), ("reset", .reset, "broken off"), ("close", .close, "broken off"),
        ("HTML", .text("<html>"), "not an answer of etcd"), ("503", .status(503), "not an answer of etcd"),
        ("no cluster ID", .text("[]"), "no X-Etcd-Cluster-ID"),
        ("nobody", .text("[]", headers: [("X-Etcd-Cluster-ID", "a1")]), "a member list without members"),
        (
            "a URL that is none",
            .text(
                #"[{"id":7,"peerURLs":["tcp://x"],"name":"n","clientURLs":[]}]"#, headers: [("X-Etcd-Cluster-ID", "a1")]
            ),
            #"member 7 has a URL that is none: ["tcp://x"]"#
        ),
    ])
    func aPeerWithoutAGoodAnswerIsSilent(_ name: String, _ reply: StubReply, _ cause: String) async throws {
        guard case .silent(let text) = try await ask(reply) else {
            Issue.record("\(name) is an answer")
            return
        }
        #expect(text.contains(cause))
    }

    @Test func aPeersListIsRead() async throws {
        let list = """
            [{"id":7,"peerURLs":["http://10.0.0.2:2380"],"name":"i-0b","clientURLs":["http://10.0.0.2:2379"]},
            {"id":8,"peerURLs":["http://10.0.0.3:2380"],"name":"","isLearner":true}]
            """
        let answer = try await ask(.text(list, headers: [("X-Etcd-Cluster-ID", "a1")]))
        #expect(
            answer
                == .members(
                    ClusterID(0xa1),
                    [
                        Member(
                            MemberID(7), name: "i-0b", peerURLs: [Endpoint(.http, "10.0.0.2", 2380)],
                            clientURLs: [Endpoint(.http, "10.0.0.2", 2379)]),
                        Member(
                            MemberID(8), name: "", peerURLs: [Endpoint(.http, "10.0.0.3", 2380)], isLearner: true),
                    ]))
    }

    // MARK: Clusters

    @Test func aClusterThatLeadsIsSeenThroughItsPeers() async throws {
        try await withEtcd { etcd in
            let peer = try await observer.askPeer(InstanceID(etcd.name), etcd.peerURL)
            let clusters = try await observer.runningClusters(seenBy: [peer])
            let status = try await etcd.client.status()
            let own = Member(
                MemberID(status.memberID.rawValue), name: "i-0a", peerURLs: [etcd.peerURL], clientURLs: [etcd.clientURL]
            )
            #expect(peer.answer == .members(ClusterID(status.clusterID.rawValue), [own]))
            #expect(
                clusters == [
                    RunningCluster(
                        id: ClusterID(status.clusterID.rawValue), leader: own.id, members: [own],
                        health: [own.id: .healthy])
                ])
        }
    }

    /// F1: two clusters in one group are both seen, and not only the first.
    @Test func twoClustersAreBothSeen() async throws {
        try await withEtcd("i-0a") { first in
            try await withEtcd("i-0b") { second in
                let peers = [
                    try await observer.askPeer(InstanceID("i-0a"), first.peerURL),
                    try await observer.askPeer(InstanceID("i-0b"), second.peerURL),
                ]
                let clusters = try await observer.runningClusters(seenBy: peers)
                #expect(clusters.count == 2)
                #expect(clusters.map(\.id) == clusters.map(\.id).sorted())
                #expect(Set(clusters.flatMap(\.members).map(\.name)) == ["i-0a", "i-0b"])
            }
        }
    }

    @Test func withoutAQuorumThereIsNobody() async throws {
        let place = try TemporaryDirectory()
        let (alone, absent) = (RealEtcd("i-0a", in: place), RealEtcd("i-0b", in: place))
        try await alone.start(with: [absent])
        var peer = try await observer.askPeer(InstanceID("i-0a"), alone.peerURL)
        try await eventually("the peer port answers") {
            peer = try await observer.askPeer(InstanceID("i-0a"), alone.peerURL)
            if case .members(_, let members) = peer.answer { return members.count == 2 }
            return false
        }
        let clusters = try await observer.runningClusters(seenBy: [peer])
        await alone.end()
        #expect(clusters == [])
    }

    @Test func peersWithoutAListLeadNowhere() async throws {
        let endpoint = Endpoint(.http, "127.0.0.1", 1)
        let unstarted = Member(MemberID(7), name: "", peerURLs: [endpoint])
        #expect(
            try await observer.runningClusters(seenBy: [
                Peer(instance, endpoint, .refused), Peer(instance, endpoint, .silent("x")),
                Peer(instance, endpoint, .members(ClusterID(1), [unstarted])),
            ]) == [])
    }

    /// The list of a stranger at a member's address is not the cluster's.
    @Test func anAnswerOfAnotherClusterIsNone() async throws {
        try await withEtcd { etcd in
            let claimed = Member(
                MemberID(7), name: "i-0a", peerURLs: [etcd.peerURL], clientURLs: [etcd.clientURL])
            let peer = Peer(InstanceID("i-0a"), etcd.peerURL, .members(ClusterID(0xbad), [claimed]))
            let clusters = try await observer.runningClusters(seenBy: [peer])
            #expect(clusters == [])
        }
    }

    /// A look that was called off has seen nothing: it may not end in "nobody answers".
    @Test(arguments: [true, false]) func aCancelledLookHasNoResult(_ beforehand: Bool) async throws {
        let server = try StubServer { _ in .hang }
        let endpoint = try #require(Endpoint(parsing: server.url))
        let member = Member(MemberID(7), name: "i-0b", peerURLs: [endpoint], clientURLs: [endpoint])
        let observer = observer
        let look = Task {
            if beforehand { while !Task.isCancelled { await Task.yield() } }
            return try await observer.runningClusters(seenBy: [
                Peer(instance, endpoint, .members(ClusterID(1), [member]))
            ])
        }
        if !beforehand { _ = try await server.requests(atLeast: 1) }
        look.cancel()
        await #expect(throws: CancellationError.self) { _ = try await look.value }
        server.stop()
    }

    // MARK: Health

    private func health(_ member: Member, in cluster: ClusterID = ClusterID(0xa1)) async throws -> MemberHealth? {
        try await observer.health(of: [member], in: cluster)[member.id]
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
