/// Every sentence that a plan can say, as a person will read it. A change of wording shows here as a diff.

import Testing

@testable import ClusterPlanning

private let conflict = [
    StoreReading(zoneStore, .stored(StoreReading.Stored(record(), version: "v1"))), StoreReading(bucketStore, .absent),
    StoreReading(bucketStore, .unavailable("403")),
]

@Suite struct ExplanationTests {
    static let plans: [StartPlan] = [
        resume, launch(.found(token: "main-1-salt"), founders(1, 2, 3), generation: 1),
        launch(.join(0xc1, 7), founders(1, 2), generation: 1), inspect, launch(.force(1), generation: 2),
        launch(.restore(backup(9).name, token: "main-2-salt"), generation: 2), launch(.save, generation: 1),
        .setAside(.removedFromCluster(0xc1)), .setAside(.ofEarlierGeneration(1, now: 2)),
        .setAside(.corrupt("crc mismatch")),
        founding([1, 2]), .act(.addMember(1, peerURL: peerURL(1), asLearner: false), on: cluster(members(2, 3))),
        .wait(.ownDataLost),
    ]

    static let running: [RunningPlan] = [
        .stay(nil), .stay(.generationQuorate(by: 2)), .stop(launch(.force(1), generation: 2)),
        .claim(swap(.recovery, record()) { $0.start = [on(1)] }), .stamp(stamped()),
    ]

    static let swaps: [RecordSwap] = [
        swap(.recovery, record(generation: 2, source: .member(1))) { $0.start = [on(1)] },
        swap(.recovery, record(generation: 2, source: .snapshot("main/1-c1-9.db"))) { $0.start = [on(1)] },
        swap(.recovery, record(generation: 2)) { $0.start = [on(1), on(2)] },
        swap(.founding, record(generation: 2, source: .snapshot(backup(9).name))) { $0.start = [on(1)] },
        swap(.adoption, record()) { $0.voters = [on(1), unnamed(2)] },
        swap(.joining(3), record()) { $0.voters = [] }, swap(.moving(4), record()) { $0.voters = [] },
        swap(.upkeep, record()) { $0.voters = [on(1), on(2, joining: true)] },
        swap(.otherBackup(than: backup(9).name), record()) { $0.source = .snapshot(backup(7).name) },
        swap(.byOperator("Ada declares d-3 gone"), record()) { $0.voters = [] },
    ]

    static let waits: [WaitReason] = [
        .dataDirectoryUnusable("open /var/lib/etcd: Permission denied"), .volumeMissing(volume(1)),
        .dataOfAnotherInstance(9), .movedVolume(from: 3, 3), .movedVolume(from: 3, nil),
        .movedVolumeWithoutLeader(from: 3),
        .dataNotInCluster(three()), .dataWithoutStampElsewhere(shown: [peerURL(8), peerURL(9)]),
        .dataOfEarlierGeneration(1, now: 2), .carriedHalfway(into: 2),
        .startsFromOtherSource(.snapshot("main/1-c1-9.db")),
        .corruptData("crc mismatch", because: "no cluster answers that has its quorum without it"),
        .groupNotRead("DescribeAutoScalingGroups: Throttling"),
        .notInGroup(group: "main", listed: 0), .notInGroup(group: "main", listed: 1),
        .notInDuty(Lifecycle(rawValue: "Standby")), .ownStateNotRunning(.shuttingDown),
        .recordNotRead("s3:bucket/main: 403"), .recordsConflict(conflict),
        .recordOfOther(owner: "arn:other", "its cluster c9 answers"), .severalClusters([0xc1, 0xc2]),
        .peersSilent([silent(2), silent(3)]), .instancesUnsettled([instance(2, .stopping), Instance(3, .pending)]),
        .reportsMissing(["i-3: timeout"]), .storesDiffer([2, 3]), .noLeader(among: [peer(2, shows: members(1, 2))]),
        .foundersDiffer([2, 3]), .foundingWithoutUs(founders: founders(2, 3)), .groupIncomplete(running: 1, wanted: 3),
        .groupIncomplete(running: 2, wanted: 3), .groupMayChange(founders: founders(1, 2, 3)),
        .zoneNotRead("ListResourceRecordSets: AccessDenied"),
        .zoneNamesCluster(name: "main", hosts: ["i-9.main.example.org."]), .backupsNotRead("ListObjectsV2: 403"),
        .backupsExist(1), .backupsExist(2), .backupsNotOurs(["etcd.json", "notes.txt"]),
        .backupsSpoilt([backup(9).name]), .backupsOutrank(generation: 7, record: 1), .savedToTheEnd(revision: 9),
        .backupsShareGeneration(3),
        .noClusterName(group: "my_group"), .ownDataLost,
        .generationUnknown(["i-3 is running: timeout"]), .generationPending([2]), .generationPending([2, 3]),
        .generationQuorate(by: 2), .generationLed(by: 2), .generationHeld(1), .dataUnusable([2]),
        .otherAnnounced(4), .otherMemberJoining(entry(8, at: 4)), .clusterFull(members: 3, size: 3, unhealthy: []),
        .clusterFull(members: 3, size: 3, unhealthy: [member(3)]),
        .quorumAtRisk(QuorumRisk(healthyVoters: 2, voters: 4)),
        .ownEntryNeeded(member(1), QuorumRisk(healthyVoters: 1, voters: 2)), .ownEntryAlive(member(1)),
        .ownEntryMoved(member(1), to: 4), .ownEntryOfLostData(member(1)), .askedToJoin(0xc1),
        .programUnfit("flag provided but not defined: -max-learners"),
        .peersLagging([peer(2, shows: []), peer(3, shows: [])], 7),
        .addTooSoon(after: .milliseconds(1100)),
    ]

    static let steps: [ReconcilePlan.Step] = [
        gone(3), gone(3, .instanceForgotten(3)), gone(3, .replaced(3, by: disk(33))), gone(3, .declared(by: "Ada")),
        .removeMember(member(3), because: .diskUnusable(3, "crc mismatch")),
        .removeMember(entry(7, at: 4), because: .neverStarted(address: "10.0.0.4")),
        .removeMember(member(3), because: .drained(3)),
        .removeMember(member(3, learner: true), because: .learnerMoved(to: 4)),
        .addMember(4, peerURL: peerURL(4), asLearner: true), .promote(member(4, learner: true)),
        .updatePeerURL(member(3), to: peerURL(4)), .moveLeader(to: member(2), because: .draining(1)),
        .moveLeader(to: member(2), because: .blindToAWS),
        .changeDNS([.upsert(records([1, 2])[3]), .delete(records([3])[0])]), .heartbeat(hook: "etcd-end", 3),
        .completeHook(hook: "etcd-end", 3),
        .backUp(BackupOrder(of: member(2), generation: 1, cluster: 0xc1, because: .due)),
        .backUp(BackupOrder(of: member(2), generation: 1, cluster: 0xc1, because: .first)),
        .backUp(BackupOrder(of: member(2), generation: 1, cluster: 0xc1, because: .beforeRemoval)),
        .deleteBackups([backup(7)]), .deleteBackups([backup(5), backup(6), backup(7), backup(8)]),
        .publish(BackupFigures(newest: backup(9), provenAge: 3600)),
        .publish(BackupFigures(newest: nil, provenAge: nil)),
    ]

    static let deferrals: [Deferral] = [
        .notLeader(leader: 0x8e9e_05c5_2164_694d), .corrupt([2, 3]), .noSpace([2]),
        .groupNotRead("DescribeAutoScalingGroups: 503"), .notInGroup(group: "main", listed: 2),
        .instancesNotRead("DescribeInstances: RequestLimitExceeded"), .recordNotRead("503"), .recordsConflict(conflict),
        .recordOfOther(owner: "arn:other"), .recordBehind(generation: 1, own: 2), .overtaken(generation: 2, own: 1),
        .recordLacksUs(generation: 1), .quorumAtRisk(member(3), QuorumRisk(healthyVoters: 1, voters: 2)),
        .oneChangePerTurn(member(3)), .ownDiskGone(member(1), .instanceTerminated(1)),
        .reachedThoughGone(member(3), .instanceForgotten(3)),
        .tooWeak(member(3), .instanceForgotten(3), "two voters would be left, and no instance asks to take the place"),
        .removalNotAllowed(member(3), .instanceTerminated(3)), .fateUnknown(member(3), "i-3 is shutting-down"),
        .outsideGroup(member(3), .running), .unhealthyButRunning(member(3), .running, "connection refused"),
        .notAnInstance(Member(9, name: "node-9", peerURLs: [])),
        .orphanInGrace(entry(7, at: 4), remaining: .seconds(42)),
        .drainHeld(3, "it is the last voter; another one has to serve first"), .learnerBehind(member(4, learner: true)),
        .promotionRisksQuorum(member(4, learner: true), QuorumRisk(healthyVoters: 2, voters: 4)),
        .memberMissing(members: 2, size: 3), .spare(4, members: 3, size: 3),
        .joinHeld(4, "another change of the members is under way"),
        .addRisksQuorum(4, QuorumRisk(healthyVoters: 2, voters: 4)), .hookNotOurs(3, ["a", "b"]), .hooksNotRead("503"),
        .nobodyToLead("no healthy voter says that AWS answers it"),
        .zoneNotRead("ListResourceRecordSets: AccessDenied"), .nobodyForDNS,
        .unnameable(Member(9, name: "node 9", peerURLs: [])), .recordNotOurs("main.example.org."),
        .noClusterName(group: "my_group"), .backupsNotRead("ListObjectsV2: 403"), .backupsNeedRecord, .nobodyToSave,
        .backupsOutrank(generation: 7, own: 1), .backupsShareGeneration(3),
    ]

    @Test func everyCaseHasASample() {
        #expect(Set(Self.plans.map(StartKind.init)) == Set(StartKind.allCases))
        #expect(Set(Self.waits.map(WaitKind.init)) == Set(WaitKind.allCases))
        #expect(Set(Self.deferrals.map(DeferralKind.init)) == Set(DeferralKind.allCases))
        let steps = Set(Self.steps.map(StepKind.init)).union([.swapRecord])
        #expect(steps == Set(StepKind.allCases))
    }

    @Test func startsSayWhat() { #expect(lines(Self.plans) == startSentences) }
    @Test func runningSaysWhat() { #expect(lines(Self.running) == runningSentences) }
    @Test func swapsSayWhat() { #expect(lines(Self.swaps) == swapSentences) }
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
