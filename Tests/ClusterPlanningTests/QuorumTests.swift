import ClusterPlanning
import Testing

@Suite struct QuorumTests {
    @Test(arguments: [(0, 1), (1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (6, 4), (7, 4), (8, 5), (9, 5)])
    func quorumIsAMajority(voters: Int, expected: Int) {
        #expect(quorum(of: voters) == expected)
    }

    /// For one to seven voters, each number of ill ones: whether an ill voter, and whether a healthy one, may go.
    static let removals: [(voters: Int, ill: Int, illMayGo: Bool?, healthyMayGo: Bool?)] = [
        (1, 0, nil, false), (1, 1, false, nil),
        (2, 0, nil, true), (2, 1, true, false), (2, 2, false, nil),
        (3, 0, nil, true), (3, 1, true, false), (3, 2, false, false), (3, 3, false, nil),
        (4, 0, nil, true), (4, 1, true, true), (4, 2, true, false), (4, 3, false, false),
        (5, 0, nil, true), (5, 1, true, true), (5, 2, true, false), (5, 3, false, false),
        (6, 0, nil, true), (6, 1, true, true), (6, 2, true, true), (6, 3, true, false), (6, 4, false, false),
        (7, 0, nil, true), (7, 1, true, true), (7, 2, true, true), (7, 3, true, false), (7, 4, false, false),
    ]

    @Test(arguments: removals)
    func aRemovalLeavesAQuorumOfHealthyVoters(voters: Int, ill: Int, illMayGo: Bool?, healthyMayGo: Bool?) {
        let members = (1...voters).map { member($0) }
        let cluster = cluster(members, ill: Set((0..<ill).map { MemberID(UInt64($0 + 1)) }))
        let firstIll = members.first { !cluster.isHealthy($0) }
        let firstHealthy = members.first(where: cluster.isHealthy)
        #expect(firstIll.map { cluster.risk(ofRemoving: $0) == nil } == illMayGo)
        #expect(firstHealthy.map { cluster.risk(ofRemoving: $0) == nil } == healthyMayGo)
    }

    static let additions: [(voters: Int, ill: Int, allowed: Bool)] = [
        (1, 0, true), (1, 1, false),
        (2, 0, true), (2, 1, false),
        (3, 0, true), (3, 1, false), (3, 2, false),
        (4, 0, true), (4, 1, true), (4, 2, false),
        (5, 0, true), (5, 1, true), (5, 2, false),
        (6, 0, true), (6, 1, true), (6, 2, true), (6, 3, false),
    ]

    @Test(arguments: additions)
    func anAdditionLeavesAQuorumThoughTheNewOneNeverStarts(voters: Int, ill: Int, allowed: Bool) {
        let cluster = cluster((1...voters).map { member($0) }, ill: Set((0..<ill).map { MemberID(UInt64($0 + 1)) }))
        #expect((cluster.riskOfAddingVoter() == nil) == allowed)
    }

    @Test func aLearnerNeitherVotesNorCounts() {
        let learner = member(9, learner: true)
        let cluster = cluster([member(1), member(2), member(3), learner], ill: [3, 9])
        #expect(cluster.risk(ofRemoving: learner) == nil)
        #expect(cluster.risk(ofRemoving: member(1)) == QuorumRisk(healthyVoters: 1, voters: 2))
        #expect(cluster.riskOfAddingVoter() == QuorumRisk(healthyVoters: 2, voters: 4))
    }

    @Test func whoWasNotAskedCountsAsIll() {
        let cluster = RunningCluster(id: 1, leader: 1, members: [member(1), member(2)], health: [1: .healthy])
        #expect(cluster.risk(ofRemoving: member(1)) == QuorumRisk(healthyVoters: 0, voters: 1))
    }

    @Test func aRiskKnowsItsQuorum() {
        #expect(QuorumRisk(healthyVoters: 2, voters: 4).quorum == 3)
    }
}
