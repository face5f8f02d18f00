/// What etcd's ports say, and what counts as nobody.

import ClusterPlanning
import Etcd
import StubServer
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
        let server = try StubServer(address: loopbackAddress()) { _ in .hang }
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

    /// On a busy machine etcd may not answer in time at once.
    private func clusters(_ count: Int, seenBy peers: [Peer]) async throws -> [RunningCluster] {
        var clusters: [RunningCluster] = []
        try await eventually("\(count) clusters are seen") {
            clusters = try await observer.runningClusters(seenBy: peers, Facts())
            return clusters.count == count
        }
        return clusters
    }

    @Test func aClusterThatLeadsIsSeenThroughItsPeers() async throws {
        try await withEtcd { etcd in
            let peer = try await observer.askPeer(InstanceID(etcd.name), etcd.peerURL)
            let clusters = try await clusters(1, seenBy: [peer])
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
                let clusters = try await clusters(2, seenBy: peers)
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
        let clusters = try await observer.runningClusters(seenBy: [peer], Facts())
        await alone.end()
        #expect(clusters == [])
    }

    @Test func peersWithoutAListLeadNowhere() async throws {
        let endpoint = Endpoint(.http, "127.0.0.1", 1)
        let unstarted = Member(MemberID(7), name: "", peerURLs: [endpoint])
        #expect(
            try await observer.runningClusters(
                seenBy: [
                    Peer(instance, endpoint, .refused), Peer(instance, endpoint, .silent("x")),
                    Peer(instance, endpoint, .members(ClusterID(1), [unstarted])),
                ], Facts()) == [])
    }

    /// The list of a stranger at a member's address is not the cluster's.
    @Test func anAnswerOfAnotherClusterIsNone() async throws {
        try await withEtcd { etcd in
            let claimed = Member(
                MemberID(7), name: "i-0a", peerURLs: [etcd.peerURL], clientURLs: [etcd.clientURL])
            let peer = Peer(InstanceID("i-0a"), etcd.peerURL, .members(ClusterID(0xbad), [claimed]))
            let clusters = try await observer.runningClusters(seenBy: [peer], Facts())
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
            return try await observer.runningClusters(
                seenBy: [
                    Peer(instance, endpoint, .members(ClusterID(1), [member]))
                ], Facts())
        }
        if !beforehand { _ = try await server.requests(atLeast: 1) }
        look.cancel()
        await #expect(throws: CancellationError.self) { _ = try await look.value }
        server.stop()
    }
}
