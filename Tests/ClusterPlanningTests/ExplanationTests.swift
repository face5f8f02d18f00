/// Every sentence that a plan can say, as a person will read it. A change of wording shows here as a diff.

import ClusterPlanning
import Testing

@Suite struct ExplanationTests {
    static let plans: [StartPlan] = [
        resume, found(founders(1, 2, 3)), join(7, founders(1, 2)), .setAside(.removedFromCluster(0xc1)),
        .removeOwnEntry(member(1), from: three()), .addSelf(to: three()), .wait(.ownDataLost),
    ]

    static let waits: [WaitReason] = [
        .dataDirectoryUnusable("open /var/lib/etcd: Permission denied"),
        .dataOfAnotherInstance(9),
        .dataNotInCluster(three()),
        .groupNotRead("DescribeAutoScalingGroups: Throttling"),
        .notInGroup(group: "main", listed: 0), .notInGroup(group: "main", listed: 1),
        .notInDuty(Lifecycle(rawValue: "Standby")),
        .ownStateNotRunning(.shuttingDown),
        .severalClusters([0xc1, 0xc2]),
        .peersSilent([silent(2), silent(3)]),
        .instancesUnsettled([instance(2, .stopping), Instance(3, .pending)]),
        .noLeader(among: [peer(2, shows: [member(1), member(2)])]),
        .foundersDiffer([peer(2, shows: [founder(1)]), peer(3, shows: [founder(3), founder(4)], of: 0xc2)]),
        .foundingWithoutUs(founders: founders(2, 3)),
        .groupIncomplete(running: 1, wanted: 3), .groupIncomplete(running: 2, wanted: 3),
        .groupMayChange(founders: founders(1, 2, 3)),
        .zoneNotRead("ListResourceRecordSets: AccessDenied"),
        .zoneNamesCluster(name: "main", hosts: ["i-9.main.example.org."]),
        .noClusterName(group: "my_group"),
        .ownDataLost,
        .clusterNotAnswering(0xc1),
        .otherMemberJoining(entry(8, at: 4)),
        .clusterFull(members: 3, size: 3, unhealthy: []), .clusterFull(members: 3, size: 3, unhealthy: [member(3)]),
        .quorumAtRisk(QuorumRisk(healthyVoters: 2, voters: 4)),
        .ownEntryNeeded(member(1), QuorumRisk(healthyVoters: 1, voters: 2)),
        .ownEntryAlive(member(1)),
        .peersLagging([peer(2, shows: []), peer(3, shows: [])], 7),
        .addTooSoon(after: .milliseconds(1100)),
    ]

    static let steps: [ReconcilePlan.Step] = [
        .removeMember(member(3), because: .instanceTerminated(3)),
        .removeMember(entry(7, at: 4), because: .neverStarted(address: "10.0.0.4")),
        .changeDNS([.upsert(records([1, 2])[3]), .delete(records([3])[0])]),
    ]

    static let deferrals: [Deferral] = [
        .notLeader(leader: 0x8e9e_05c5_2164_694d),
        .corrupt([2, 3]),
        .noSpace([2]),
        .groupNotRead("DescribeAutoScalingGroups: 503"),
        .notInGroup(group: "main", listed: 2),
        .instancesNotRead("DescribeInstances: RequestLimitExceeded"),
        .quorumAtRisk(member(3), QuorumRisk(healthyVoters: 1, voters: 2)),
        .oneRemovalPerTurn(member(3)),
        .ownInstanceTerminated(member(1)),
        .instanceUnknownToEC2(member(3)),
        .instanceLeaving(member(3), .shuttingDown),
        .outsideGroup(member(3), .running),
        .unhealthyButRunning(member(3), .running, "connection refused"),
        .notAnInstance(Member(9, name: "node-9", peerURLs: [])),
        .orphanInGrace(entry(7, at: 4), remaining: .seconds(42)),
        .memberMissing(members: 2, size: 3),
        .zoneNotRead("ListResourceRecordSets: AccessDenied"),
        .nobodyForDNS,
        .unnameable(Member(9, name: "node 9", peerURLs: [])),
        .recordNotOurs("main.example.org."),
        .noClusterName(group: "my_group"),
    ]

    @Test func everyCaseHasASample() {
        #expect(Set(Self.plans.map(StartKind.init)) == Set(StartKind.allCases))
        #expect(Set(Self.waits.map(WaitKind.init)) == Set(WaitKind.allCases))
        #expect(Set(Self.deferrals.map(DeferralKind.init)) == Set(DeferralKind.allCases))
    }

    @Test func startsSayWhat() { #expect(lines(Self.plans) == startSentences) }
    @Test func waitsSayForWhat() { #expect(lines(Self.waits) == waitSentences) }
    @Test func stepsSayWhy() { #expect(lines(Self.steps) == stepSentences) }
    @Test func deferralsSayWhyNot() { #expect(lines(Self.deferrals) == deferralSentences) }

    @Test func statesAreEC2sWords() {
        let states: [Instance.State] = [
            .pending, .running, .stopping, .stopped, .shuttingDown, .terminated, .unknownToEC2, .unclear,
        ]
        #expect(
            states.map(\.description) == [
                "pending", "running", "stopping", "stopped", "shutting-down", "terminated", "unknown", "unclear",
            ])
    }

    private func lines(_ items: [some CustomStringConvertible]) -> String {
        items.map(\.description).joined(separator: "\n")
    }
}
