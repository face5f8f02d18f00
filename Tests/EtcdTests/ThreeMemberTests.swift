import Etcd
import Glibc
import HTTP
import Testing

/// Clusters of several real etcds: what depends on who leads, who is down and who is new.
@Suite(.needsEtcd) struct ThreeMemberTests {
    @Test func leadershipIsMovedByTheLeaderAlone() async throws {
        try await TestCluster.with(3) { cluster in
            let (leader, followers) = try await cluster.leaderAndFollowers()
            let target = try await followers[0].client.status().memberID
            #expect(try await refusal { try await followers[1].client.moveLeader(to: target) }.isNotLeader)
            try await leader.client.moveLeader(to: target)
            try await eventually("the target leads") { try await followers[0].client.status().isLeader }
            #expect(try await !leader.client.status().isLeader)

            let lists = try await [leader, followers[0], followers[1]].asyncMap {
                try await $0.client.linearizableMembers()
            }
            #expect(lists[0].members.count == 3)
            #expect(lists == [lists[0], lists[0], lists[0]])
            let ids = lists[0].members.map(\.id)
            #expect(ids == ids.sorted())
        }
    }

    /// F15: what a member that fell behind gives as linearizable holds every change acknowledged before the question.
    @Test func aMemberThatFellBehindCatchesUpBeforeItListsForSure() async throws {
        try await TestCluster.with(3) { cluster in
            let (leader, followers) = try await cluster.leaderAndFollowers()
            let other = try await followers[1].client.status().memberID
            let laggard = followers[0]
            _ = try await laggard.client.status()
            for round in 1...8 {
                laggard.signal(SIGSTOP)
                // A further URL, which leads nowhere, so that the cluster goes on as it is.
                let urls = [followers[1].urls.peer, "http://127.55.0.1:\(round)"]
                let list = try await leader.client.updateMember(other, peerURLs: urls)
                laggard.signal(SIGCONT)
                #expect(try await laggard.client.linearizableMembers(deadline: .seconds(20)) == list)
            }
        }
    }

    /// F8, F25: with one of three dead etcd itself refuses to add, and to remove a living one.
    @Test func withOneDownOnlyTheDeadOneCanGo() async throws {
        try await TestCluster.with(3) { cluster in
            let (leader, followers) = try await cluster.leaderAndFollowers()
            let dead = try await followers[0].client.status().memberID
            let living = try await followers[1].client.status().memberID
            await followers[0].kill()
            try await leader.client.linearizableRead(deadline: .seconds(10))

            let removal = try await refusal { _ = try await leader.client.removeMember(living) }
            #expect(removal.isUnhealthyCluster)
            #expect(removal.code == .unavailable)
            if try RealEtcd.required().version < EtcdVersion(3, 5, 30) {
                let add = try await refusal { _ = try await leader.client.addMember(peerURLs: ["http://127.55.0.1:1"]) }
                #expect(add.isUnhealthyCluster)
            }
            let list = try await leader.client.removeMember(dead)
            #expect(list.members.map(\.id).contains(living))
            #expect(!list.members.map(\.id).contains(dead))
            #expect(try await followers[1].client.linearizableMembers() == list)
        }
    }

    /// What is left to be known when two of three are gone, before and after the third restarts.
    @Test func withoutAQuorumThePeerPortStillTellsWhoBelongs() async throws {
        try await TestCluster.with(3) { cluster in
            let survivor = cluster.members[0]
            let list = try await survivor.client.linearizableMembers()
            await cluster.members[1].kill()
            await cluster.members[2].kill()

            let write = try await refusal {
                _ = try await survivor.client.removeMember(list.members[0].id, deadline: .seconds(1))
            }
            #expect(write.isTimedOut || write.isUnhealthyCluster || write.isNoLeader)
            let read = try await refusal { _ = try await survivor.client.linearizableMembers(deadline: .seconds(1)) }
            #expect(read.isTimedOut || read.isNoLeader)
            #expect(try await survivor.client.members() == list)
            try await eventually("the survivor knows that nobody leads") {
                let status = try await survivor.client.status()
                return status.leader == nil && !status.isLeader && !status.errors.isEmpty
            }
            #expect(try await !survivor.client.health(deadline: .seconds(10)).isHealthy)

            await survivor.kill()
            try survivor.start(cluster.members)
            // A started etcd answers while it still reads its log, so the list grows from nothing to what the killed disk
            // had marked as committed; the client URLs of a member that started last may stay missing.
            var remembered: EtcdMemberList?
            try await eventually("the peer port tells all members") {
                remembered = try? await survivor.peer.members()
                return remembered?.members.map(\.id) == list.members.map(\.id)
            }
            #expect(remembered?.clusterID == list.clusterID)
            #expect(remembered?.members.map(\.peerURLs) == list.members.map(\.peerURLs))
            #expect(try await survivor.peer.version().server == RealEtcd.version)
            let start = ContinuousClock.now
            await #expect(throws: EtcdError.self) { try await survivor.client.status(deadline: .seconds(1)) }
            #expect(ContinuousClock.now - start < .seconds(20))
        }
    }

    /// The whole life of a member that joins: learner, started, promoted, leading, moved, removed.
    @Test func aLearnerBecomesAVoterAndLeads() async throws {
        try await TestCluster.with(1) { cluster in
            let first = cluster.members[0]
            let joiner = try cluster.newcomer("joiner")
            let (added, list) = try await first.client.addLearner(peerURLs: [joiner.urls.peer])
            try joiner.start(
                initialCluster: list.members.map { member in
                    "\(member.id == added.id ? joiner.name : member.name)=\(member.peerURLs[0])"
                }, state: "existing")
            #expect(try await joiner.serves(), "\(joiner.log.suffix(600))")
            let status = try await joiner.client.status()
            #expect(status.isLearner)
            #expect(status.memberID == added.id)
            #expect(try await refusal { _ = try await joiner.client.members() }.isNotSupportedForLearner)
            #expect(try await refusal { try await joiner.client.linearizableRead() }.isNotSupportedForLearner)
            #expect(try await joiner.peer.members().members.contains { $0.id == added.id && $0.isLearner })

            try await eventually("the learner is promoted") {
                do {
                    return try await !first.client.promoteMember(added.id).members.contains(where: \.isLearner)
                } catch let error as EtcdError where error.isLearnerNotReady {
                    return false
                }
            }
            try await eventually("it votes") { try await !joiner.client.status().isLearner }
            #expect(try await joiner.client.linearizableMembers().members.allSatisfy(\.hasStarted))

            try await eventually("it leads") {
                try await first.client.moveLeader(to: added.id)
                return try await joiner.client.status().isLeader
            }
            let moved = try await joiner.client.updateMember(
                added.id, peerURLs: [joiner.urls.peer, "http://127.55.0.1:1"])
            #expect(moved.members.first { $0.id == added.id }?.peerURLs.count == 2)
            let firstID = try await first.client.status().memberID
            var last: EtcdMemberList?
            try await eventually("the first is removed") {
                do {
                    last = try await joiner.client.removeMember(firstID)
                    return true
                } catch let error as EtcdError where error.isUnhealthyCluster {
                    return false
                }
            }
            #expect(last?.members.map(\.id) == [added.id])
            await #expect(throws: EtcdError.self) { try await first.client.linearizableMembers(deadline: .seconds(1)) }
        }
    }
}

extension Sequence {
    /// One after the other, in order.
    func asyncMap<Value>(_ transform: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}
