/// Clusters that look alike, and what our own etcd shows with and without a quorum.

import ClusterPlanning
import Etcd
import StubServer
import Testing

@testable import Daemon

private let owner = "arn:group"

/// Supervisors that tell these generations of their members' data.
private func facts(_ told: (instance: String, member: UInt64, generation: Int?)...) -> Facts {
    var reports: [InstanceID: ReportAnswer] = [:]
    for (instance, member, generation) in told {
        let id = InstanceID(instance)
        reports[id] = .report(
            Report(
                id, Endpoint(.http, "10.0.0.1", 2380), owner: owner,
                holding: .data(HeldData(cluster: ClusterID(193), member: MemberID(member), generation: generation))))
    }
    return Facts(owner: owner, reports: reports)
}

@Suite struct LineageTests {
    private let observer = EtcdObserver.plain

    /// A member of cluster c1 that leads itself, and the peer that shows it alone.
    private func led(_ id: UInt64) throws -> (StubMember, Peer) {
        let member = try StubMember(id, leader: id, isAlone: true)
        return (member, Peer(InstanceID("i-\(id)"), member.endpoint, .members(ClusterID(193), [member.member])))
    }

    /// A forced cluster keeps its ID, and so does what is left of the one before.
    @Test func twoGenerationsUnderOneIDAreToldApart() async throws {
        let ((old, oldPeer), (new, newPeer)) = (try led(1), try led(2))
        let clusters = try await observer.runningClusters(
            seenBy: [oldPeer, newPeer], facts(("i-1", 1, 1), ("i-2", 2, 2)))
        #expect(clusters.map(\.generation) == [1, 2])
        #expect(clusters.map(\.leader) == [MemberID(1), MemberID(2)])
        #expect(old.changes.allSatisfy { $0.hasPrefix("member/list") } && !new.changes.isEmpty)
    }

    @Test func oneClusterIsSeenOnceWhoeverShowsIt() async throws {
        let (one, peer) = try led(1)
        var other = peer
        other.instance = InstanceID("i-2")
        // One supervisor tells a generation, and one does not yet.
        let clusters = try await observer.runningClusters(seenBy: [peer, other], facts(("i-1", 1, 3)))
        #expect(clusters.map(\.generation) == [3])
        #expect(clusters.map(\.leader) == [MemberID(one.id)])
    }

    @Test func withoutSupervisorsNoGenerationIsTold() async throws {
        let (one, peer) = try led(1)
        let clusters = try await observer.runningClusters(seenBy: [peer], Facts())
        #expect(clusters.map(\.generation) == [nil])
        #expect(clusters.map(\.members) == [[one.member]])
    }
}

// MARK: -

@Suite(.fewAtOnce) struct OwnStateTests {
    private let observer = EtcdObserver.plain

    @Test func withAQuorumTheClientPortTells() async throws {
        try await withEtcd { etcd in
            var state = EtcdState()
            try await eventually("it answers in time") {
                state = try await observer.ownState(etcd.identity, metricsURL: "http://127.0.0.1:1")
                return state.leader != nil && state.members != nil
            }
            let status = try await etcd.client.status()
            #expect(state.isRunning)
            #expect(state.leader == MemberID(status.memberID.rawValue))
            #expect(state.members?.map(\.name) == ["i-0a"])
            #expect(state.commitIndex.map { $0 <= status.raftIndex } == true)
        }
    }

    /// After a restart without a quorum etcd does not serve its client port at all.
    @Test func withoutAQuorumThePeerPortAndTheMetricsTell() async throws {
        let cluster = try await StoppedCluster(2)
        let first = cluster.members[0]
        try await first.start(with: [cluster.members[1]])
        defer { withExtendedLifetime(cluster) {} }
        do {
            var state = EtcdState()
            try await eventually("its list and its index are told: \(state)") {
                state = try await observer.ownState(first.identity, metricsURL: first.metricsURL)
                return state.members?.count == 2 && (state.commitIndex ?? 0) > 0
            }
            #expect(state.isRunning)
            #expect(state.leader == nil)
        } catch {
            await first.end()
            throw error
        }
        await first.end()
    }

    @Test func whatDoesNotAnswerIsNotKnown() async throws {
        let state = try await observer.ownState(
            identityOf("i-0a", at: loopbackAddress()), metricsURL: "http://127.0.0.1:1")
        #expect(state == EtcdState(isRunning: true))
    }

    @Test(arguments: [StubReply.status(503), .text("nothing of etcd's"), .reset])
    func metricsThatTellNothingAreNoIndex(_ reply: StubReply) async throws {
        let server = try StubServer { _ in reply }
        let state = try await observer.ownState(
            identityOf("i-0a", at: loopbackAddress()), metricsURL: server.url)
        #expect(state.commitIndex == nil)
        #expect(server.requests.count >= 1)
    }
}
