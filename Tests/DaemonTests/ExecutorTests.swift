/// The steps of plans, against members that answer, refuse, or are gone.

import ClusterPlanning
import Etcd
import StubServer
import Testing

@testable import Daemon

/// One member's client port.
private final class StubMember: Sendable {
    let id: UInt64
    let server: StubServer

    /// - Parameter change: the answer to every change of membership; nil: it is made.
    init(_ id: UInt64, leader: UInt64 = 1, term: UInt64 = 5, change: StubReply? = nil) throws {
        self.id = id
        let header = #""header":{"cluster_id":"193","member_id":"\#(id)","revision":"1","raft_term":"\#(term)"}"#
        server = try StubServer { request in
            switch request.path {
            case "/version": return .text(#"{"etcdserver":"3.5.16","etcdcluster":"3.5.0"}"#)
            case "/v3/maintenance/status":
                return .text(
                    """
                    {\(header),"version":"3.5.16","dbSize":"1","leader":"\(leader)","raftIndex":"1",
                    "raftTerm":"\(term)","raftAppliedIndex":"1","dbSizeInUse":"1"}
                    """)
            default:
                let members = #"[{"ID":"9","peerURLs":["http://10.0.0.9:2380"]}]"#
                return change
                    ?? .text(
                        #"{\#(header),"member":{"ID":"9","peerURLs":["http://10.0.0.9:2380"]},"members":\#(members)}"#)
            }
        }
    }

    var endpoint: Endpoint { Endpoint(.http, server.address, Int(server.port)) }
    var member: Member {
        Member(
            MemberID(id), name: "i-\(id)", peerURLs: [Endpoint(.http, "10.0.0.\(id)", 2380)], clientURLs: [endpoint])
    }
    /// What was asked for besides versions and statuses.
    var changes: [String] { server.requests.map(\.path).filter { $0.contains("/cluster/member/") } }
}

private func cluster(_ members: StubMember..., leader: UInt64 = 1, ill: Set<UInt64> = []) -> RunningCluster {
    RunningCluster(
        id: ClusterID(193), leader: MemberID(leader), members: members.map(\.member),
        health: Dictionary(
            uniqueKeysWithValues: members.map { member in
                (MemberID(member.id), ill.contains(member.id) ? MemberHealth.unhealthy("ill") : .healthy)
            }))
}

private func executor(_ own: StubMember) -> Executor {
    Executor(
        identity: Identity(
            instance: InstanceID("i-9"), peerURL: Endpoint(.http, "10.0.0.9", 2380), clientURL: own.endpoint),
        etcd: .plain, zone: nil)
}

@Suite struct ExecutorTests {
    private func remove(_ member: UInt64) -> ReconcilePlan.Step {
        let member = Member(MemberID(member), name: "i-2", peerURLs: [Endpoint(.http, "10.0.0.2", 2380)])
        return .removeMember(member, because: .instanceTerminated(InstanceID("i-2")))
    }

    @Test func aLeaderRemovesInTheTermThatItPlannedIn() async throws {
        let own = try StubMember(1)
        try await executor(own).perform(remove(2), inTerm: 5)
        #expect(own.changes == ["/v3/cluster/member/remove"])
        #expect(own.server.requests.last?.text == #"{"ID":"2"}"#)
    }

    /// F27: a plan is as old as the leadership that it was made in.
    @Test(arguments: [
        (UInt64(3), UInt64(5), "member 3 leads in term 5"), (1, 6, "member 1 leads in term 6"),
        (0, 5, "nobody leads in term 5"),
    ])
    func leadershipThatHasMovedRemovesNobody(_ leader: UInt64, _ term: UInt64, _ now: String) async throws {
        let own = try StubMember(1, leader: leader, term: term)
        let error = try await #require(throws: ObservationError.self) {
            try await executor(own).perform(remove(2), inTerm: 5)
        }
        #expect(error.description == "this was planned as the leader of term 5, and now \(now)")
        #expect(own.changes == [])
    }

    @Test func theLeaderIsAskedFirst() async throws {
        let (one, two, three) = (try StubMember(1), try StubMember(2), try StubMember(3))
        let added = try await executor(one).addSelf(to: cluster(one, two, three, leader: 2))
        #expect(added == MemberID(9))
        #expect(two.changes == ["/v3/cluster/member/add"])
        #expect(one.changes + three.changes == [])
        #expect(two.server.requests.last?.text == #"{"peerURLs":["http://10.0.0.9:2380"]}"#)
    }

    @Test func whoWasNotReachedHasDoneNothing() async throws {
        let (one, two) = (try StubMember(1), try StubMember(2))
        one.server.stop()
        _ = try await executor(two).addSelf(to: cluster(one, two))
        #expect(two.changes == ["/v3/cluster/member/add"])
    }

    /// F10: whoever broke off may have done it.
    @Test(arguments: [
        StubReply.close, .reset, .text("<html>"),
        .text(
            #"{"error":"etcdserver: unhealthy cluster","code":14,"message":"etcdserver: unhealthy cluster"}"#,
            status: 503),
    ])
    func whoDidAnswerIsTheLastToBeAsked(_ reply: StubReply) async throws {
        let (one, two) = (try StubMember(1, change: reply), try StubMember(2))
        await #expect(throws: EtcdError.self) { _ = try await executor(one).addSelf(to: cluster(one, two)) }
        #expect(one.changes == ["/v3/cluster/member/add"])
        #expect(two.changes == [])
    }

    @Test func theIllAndTheRemovedAreNotAsked() async throws {
        let (one, two, three) = (try StubMember(1), try StubMember(2), try StubMember(3))
        let cluster = cluster(one, two, three, leader: 1, ill: [2])
        try await executor(one).removeOwnEntry(one.member, from: cluster)
        #expect(three.changes == ["/v3/cluster/member/remove"])
        #expect(one.changes + two.changes == [])
    }

    @Test func withoutAHealthyMemberNobodyIsAsked() async throws {
        let one = try StubMember(1)
        let error = try await #require(throws: ObservationError.self) {
            _ = try await executor(one).addSelf(to: cluster(one, ill: [1]))
        }
        #expect(error.description == "no healthy member of cluster c1 to ask")
    }
}
