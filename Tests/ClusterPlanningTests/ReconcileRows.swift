/// What `planReconcile` has to decide, row by row. DNS has tables of its own.

import ClusterPlanning
import Testing

/// One claim about the leader's housekeeping.
struct ReconcileRow: CustomTestStringConvertible, Sendable {
    var claim: String
    var view: ClusterView
    var memory: ReconcileMemory
    var steps: [ReconcilePlan.Step]
    var deferred: [Deferral]

    init(
        _ claim: String, _ view: ClusterView, _ memory: ReconcileMemory = ReconcileMemory(),
        steps: [ReconcilePlan.Step] = [], deferred: [Deferral] = []
    ) {
        self.claim = claim
        self.view = view
        self.memory = memory
        self.steps = steps
        self.deferred = deferred
    }

    var testDescription: String { claim }
}

/// Member 1 leads three healthy members in a group of three.
func lead(
    _ cluster: RunningCluster = cluster([member(1), member(2), member(3)], leader: 1), as own: Int = 1,
    group: Observed<Group> = .seen(group([1, 2, 3])), asked: Observed<[Instance]> = .seen([]), alarms: [Alarm] = [],
    zone: Observed<Zone> = .notAsked, size: Int? = nil, now: Duration = .seconds(100)
) -> ClusterView {
    ClusterView(
        now: now, own: InstanceID("i-\(own)"), ownMember: MemberID(UInt64(own)), cluster: cluster, alarms: alarms,
        group: group, askedInstances: asked, zone: zone, configuredSize: size)
}

func three(ill: Set<MemberID> = []) -> RunningCluster {
    cluster([member(1), member(2), member(3)], leader: 1, ill: ill)
}

func orphaned(_ id: MemberID, since: Duration) -> ReconcileMemory {
    var memory = ReconcileMemory()
    memory.orphanedSince[id] = since
    return memory
}

/// What EC2 says of instance `number` when asked by ID: the group's word is not in it.
func asked(_ number: Int, _ state: Instance.State) -> Instance { instance(number, state, nil) }

private func gone(_ number: Int) -> ReconcilePlan.Step {
    .removeMember(member(number), because: .instanceTerminated(InstanceID("i-\(number)")))
}

let rowsOfTerminated: [ReconcileRow] = [
    ReconcileRow("while all is well nothing is done and nothing is said", lead()),
    ReconcileRow(
        "a member whose instance is terminated is removed",
        lead(three(ill: [3]), group: .seen(group([1, 2, 4])), asked: .seen([asked(3, .terminated)])), steps: [gone(3)]),
    ReconcileRow(
        "so it is while the group still lists the instance",
        lead(three(ill: [3]), asked: .seen([asked(3, .terminated)])), steps: [gone(3)]),
    ReconcileRow(
        "terminated is the end, even of one that seems to answer",
        lead(asked: .seen([asked(3, .terminated)])), steps: [gone(3)]),
    ReconcileRow(
        "not while the quorum hangs on it",
        lead(three(ill: [2]), asked: .seen([asked(2, .running), asked(3, .terminated)])),
        deferred: [
            .unhealthyButRunning(member(2), .running, "no answer"),
            .quorumAtRisk(member(3), QuorumRisk(healthyVoters: 1, voters: 2)),
        ]),
    ReconcileRow(
        "one at a time, the lowest ID first",
        lead(
            cluster([1, 2, 3, 4, 5].map { member($0) }, leader: 1, ill: [4, 5]),
            group: .seen(group([1, 2, 3], desired: 3)),
            asked: .seen([asked(5, .terminated), asked(4, .terminated)])), steps: [gone(4)],
        deferred: [.oneRemovalPerTurn(member(5))]),
    ReconcileRow(
        "learners and founders who never started before voters",
        lead(
            cluster([member(1), member(2), member(3), member(4, learner: true), founder(5)], leader: 1, ill: [3, 4]),
            asked: .seen([asked(3, .terminated), asked(4, .terminated), asked(5, .terminated)])),
        steps: [.removeMember(founder(5), because: .instanceTerminated(5))],
        deferred: [.oneRemovalPerTurn(member(4, learner: true)), .oneRemovalPerTurn(member(3))]),
    ReconcileRow(
        "two of two: the survivor alone removes the dead, if it can",
        lead(cluster([member(1), member(2)], leader: 1, ill: [2]), asked: .seen([asked(2, .terminated)]), size: 2),
        steps: [gone(2)]),
    ReconcileRow(
        "a leader never removes itself",
        lead(asked: .seen([asked(1, .terminated)])), deferred: [.ownInstanceTerminated(member(1))]),
]

let rowsOfDoubt: [ReconcileRow] =
    [
        ReconcileRow(
            "no answer of AWS removes nobody", lead(three(ill: [3]), group: .unavailable("503"), asked: .notAsked),
            deferred: [.groupNotRead("503")]),
        ReconcileRow("nothing asked, nobody removed, nothing to say", lead(three(ill: [3]), group: .notAsked)),
        ReconcileRow(
            "an empty group removes nobody", lead(group: .seen(group([Int]()))),
            deferred: [.notInGroup(group: "main", listed: 0)]),
        ReconcileRow(
            "a group without us removes nobody, whatever EC2 says",
            lead(three(ill: [3]), group: .seen(group([2, 4, 5])), asked: .seen([asked(3, .terminated)])),
            deferred: [.notInGroup(group: "main", listed: 3)]),
        ReconcileRow(
            "an EC2 that fails removes nobody",
            lead(three(ill: [3]), group: .seen(group([1, 2, 4])), asked: .unavailable("RequestLimitExceeded")),
            deferred: [.instancesNotRead("RequestLimitExceeded")]),
        ReconcileRow(
            "an EC2 that was not asked removes nobody", lead(three(ill: [3]), asked: .notAsked)),
        ReconcileRow(
            "half a group removes nobody who lives",
            lead(group: .seen(group([1])), asked: .seen([asked(2, .running), asked(3, .running)])),
            deferred: [.outsideGroup(member(2), .running), .outsideGroup(member(3), .running)]),
        ReconcileRow(
            "a member that neither the group nor EC2 speaks of stays",
            lead(group: .seen(group([1, 2]))), deferred: [.outsideGroup(member(3), .unclear)]),
        ReconcileRow(
            "an instance that EC2 does not know proves nothing",
            lead(three(ill: [3]), group: .seen(group([1, 2])), asked: .seen([asked(3, .unknownToEC2)])),
            deferred: [.instanceUnknownToEC2(member(3))]),
        ReconcileRow(
            "an ill member of a running instance stays",
            lead(three(ill: [3]), asked: .seen([asked(3, .running)])),
            deferred: [.unhealthyButRunning(member(3), .running, "no answer")]),
        ReconcileRow(
            "a member that bears no instance's name stays",
            lead(
                cluster(
                    [
                        member(1), Member(2, name: "node-2", peerURLs: [peerURL(2)], clientURLs: [clientURL(2)]),
                        member(3),
                    ],
                    leader: 1)),
            deferred: [.notAnInstance(Member(2, name: "node-2", peerURLs: [peerURL(2)], clientURLs: [clientURL(2)]))]),
        ReconcileRow(
            "who does not lead does nothing",
            lead(
                cluster([member(1), member(2), member(3)], leader: 2, ill: [3]),
                asked: .seen([asked(3, .terminated)])), deferred: [.notLeader(leader: 2)]),
        ReconcileRow(
            "CORRUPT holds everything",
            lead(
                three(ill: [3]), asked: .seen([asked(3, .terminated)]), alarms: [.corrupt(3), .corrupt(2)],
                zone: .seen(emptyZone)),
            deferred: [.corrupt([2, 3])]),
        ReconcileRow(
            "NOSPACE is said, and holds nothing",
            lead(three(ill: [3]), asked: .seen([asked(3, .terminated)]), alarms: [.noSpace(2), .other(1, "new")]),
            steps: [gone(3)], deferred: [.noSpace([2])]),
        ReconcileRow(
            "a place that is free is said", lead(cluster([member(1), member(2)], leader: 1)),
            deferred: [.memberMissing(members: 2, size: 3)]),
        ReconcileRow(
            "--cluster-size says how many places there are", lead(size: 5),
            deferred: [.memberMissing(members: 3, size: 5)]),
    ]
    + [Instance.State.shuttingDown, .stopping, .stopped].map { state in
        ReconcileRow(
            "an instance that is \(state) keeps its member", lead(three(ill: [3]), asked: .seen([asked(3, state)])),
            deferred: [.instanceLeaving(member(3), state)])
    }

private let withEntry = cluster([member(1), member(2), entry(7, at: 4)], leader: 1)

let rowsOfEntries: [ReconcileRow] = [
    ReconcileRow(
        "an entry whose address an instance of the group has is kept",
        lead(withEntry, group: .seen(group([1, 2, 4]))), orphaned(7, since: .zero)),
    ReconcileRow(
        "an entry at nobody's address gets its grace",
        lead(withEntry, group: .seen(group([1, 2, 3]))),
        deferred: [.orphanInGrace(entry(7, at: 4), remaining: .seconds(60))]),
    ReconcileRow(
        "the grace counts from the first sight",
        lead(withEntry, group: .seen(group([1, 2, 3]))), orphaned(7, since: .seconds(41)),
        deferred: [.orphanInGrace(entry(7, at: 4), remaining: .seconds(1))]),
    ReconcileRow(
        "after the grace the entry goes",
        lead(withEntry, group: .seen(group([1, 2, 3]))), orphaned(7, since: .seconds(40)),
        steps: [.removeMember(entry(7, at: 4), because: .neverStarted(address: "10.0.0.4"))]),
    ReconcileRow(
        "an instance that is terminated claims no address",
        lead(withEntry, group: .seen(group([1, 2, 3])), asked: .seen([asked(4, .terminated)])),
        orphaned(7, since: .seconds(40)),
        steps: [.removeMember(entry(7, at: 4), because: .neverStarted(address: "10.0.0.4"))]),
    ReconcileRow(
        "an instance whose address is not known yet may be the one",
        lead(withEntry, group: .seen(group([instance(1), instance(2), Instance(9, .pending, lifecycle: .pending)]))),
        orphaned(7, since: .zero)),
    ReconcileRow(
        "a founder that has not started is judged by its instance",
        lead(cluster([member(1), member(2), founder(3)], leader: 1), asked: .seen([asked(3, .running)])),
        deferred: [.unhealthyButRunning(founder(3), .running, "it has not started")]),
    ReconcileRow(
        "a learner's entry that nobody claims goes, too",
        lead(cluster([member(1), member(2), member(3), entry(7, at: 4, learner: true)], leader: 1)),
        orphaned(7, since: .zero),
        steps: [.removeMember(entry(7, at: 4, learner: true), because: .neverStarted(address: "10.0.0.4"))]),
]

let reconcileRows = rowsOfTerminated + rowsOfDoubt + rowsOfEntries + rowsOfZone
