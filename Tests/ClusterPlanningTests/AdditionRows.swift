/// Who becomes a member, as the leader decides: joins, promotions, launching hooks.

@testable import ClusterPlanning

private let old = EtcdAbilities(learnersAreSound: false)
private let newest = EtcdAbilities(addsBesideDeadVoters: true)
private let two = record([on(1), on(2)])
private func joining(
    _ cluster: RunningCluster = led(members(1, 2)), _ reports: [Report] = firstTwo + [blank(3, asks: true)],
    group: Group = group([1, 2, 3]), asked: [Instance] = [], record reading: ClusterRecord = two,
    abilities: EtcdAbilities = EtcdAbilities(), settings: PlanSettings = PlanSettings(),
    hooks: Observed<[LifecycleHook]> = .notAsked
) -> ClusterView {
    lead(
        cluster, facts(.seen(group), asked: asked, reports), record: found(reading), abilities: abilities, hooks: hooks,
        settings: settings)
}

private func enter(_ number: Int, _ record: ClusterRecord, learner: Bool = true) -> [ReconcilePlan.Step] {
    let instance = InstanceID("i-\(number)")
    return [
        .swapRecord(swap(.joining(instance), record) { $0.voters.append(on(number, joining: true)) }),
        .addMember(instance, peerURL: peerURL(number), asLearner: learner),
    ]
}

private func held(_ number: Int, _ why: String) -> Deferral { .joinHeld(InstanceID("i-\(number)"), why) }
private let busy = "another change of the members is under way"
private let voterDown = "etcd adds nobody while a voter is down: i-2 (2)"
private func removedAt(_ time: Duration) -> ReconcileMemory {
    var memory = ReconcileMemory()
    memory.removedURLs[peerURL(3)] = time
    return memory
}

let rowsOfAdditions: [ReconcileRow] = [
    ReconcileRow("who asks is written down, then added as a learner", joining(), steps: enter(3, two)),
    ReconcileRow(
        "as a voter where learners are not sound", joining(abilities: old), steps: enter(3, two, learner: false)),
    ReconcileRow(
        "swap applied after its timeout: what is written down already is only added",
        joining(record: record([on(1), on(2), on(3, joining: true)])),
        steps: [.addMember(3, peerURL: peerURL(3), asLearner: true)]),
    ReconcileRow(
        "replace root volume: its old entry in the record gives way",
        joining(
            led(members(1, 2)), firstTwo + [blank(3, disk(33), asks: true)],
            record: record([on(1), on(2), on(3, joining: true)])),
        steps: [
            .swapRecord(
                swap(.joining(3), record([on(1), on(2), on(3, joining: true)])) {
                    $0.voters = [on(1), on(2), on(3, disk(33), joining: true)]
                }), .addMember(3, peerURL: peerURL(3), asLearner: true),
        ]),
    ReconcileRow(
        "a cluster of one grows", joining(led(members(1)), [holds(1), blank(2, asks: true)], record: record([on(1)])),
        steps: enter(2, record([on(1)]))),
    ReconcileRow(
        "also where learners are not sound",
        joining(led(members(1)), [holds(1), blank(2, asks: true)], record: record([on(1)]), abilities: old),
        steps: enter(2, record([on(1)]), learner: false)),
    ReconcileRow(
        "one joins at a time, the lowest ID first",
        joining(led(members(1)), [holds(1), blank(2, asks: true), blank(3, asks: true)], record: record([on(1)])),
        steps: enter(2, record([on(1)])), deferred: [held(3, busy)]),
    ReconcileRow(
        "but whose addition stands in the record before that",
        joining(
            led(members(1)), [holds(1), blank(2, asks: true), blank(3, asks: true)],
            record: record([on(1), on(3, joining: true)])),
        steps: [.addMember(3, peerURL: peerURL(3), asLearner: true)], deferred: [held(2, busy)]),
    ReconcileRow(
        "nobody beside one that has not started",
        joining(
            led([member(1), entry(7, at: 2, learner: true)]), [holds(1), blank(2), blank(3, asks: true)],
            record: record([on(1), on(2, joining: true)])), deferred: [held(3, busy)]),
    ReconcileRow(
        "who does not ask is not added", joining(led(members(1, 2)), firstTwo + [blank(3)]),
        deferred: [.memberMissing(members: 2, size: 3)]),
    ReconcileRow(
        "nor who holds data", joining(led(members(1, 2)), firstTwo + [holds(3)]),
        deferred: [.memberMissing(members: 2, size: 3)]),
    ReconcileRow(
        "nor who leaves", joining(led(members(1, 2)), firstTwo + [blank(3, asks: true, leaving: .terminating)]),
        deferred: [.memberMissing(members: 2, size: 3)]),
    ReconcileRow(
        "nor who is in standby",
        joining(group: group([instance(1), instance(2), instance(3, .running, "Standby")])),
        deferred: [.memberMissing(members: 2, size: 3)]),
    ReconcileRow(
        "a spare waits, and it is said",
        joining(
            three(), [holds(1), holds(2), holds(3), blank(4, asks: true)], group: group([1, 2, 3, 4], desired: 4),
            record: record(), settings: PlanSettings(clusterSize: 3)),
        deferred: [.spare(4, members: 3, size: 3)]),
    ReconcileRow(
        "launch before terminate: one more, while the group holds more than it wants",
        joining(
            three(), [holds(1), holds(2), holds(3), blank(4, asks: true)], group: group([1, 2, 3, 4]), record: record()),
        steps: enter(4, record())),
    ReconcileRow(
        "launch before terminate: not two more",
        joining(
            led(members(1, 2, 3, 4)), [1, 2, 3, 4].map { holds($0) } + [blank(5, asks: true)],
            group: group([1, 2, 3, 4, 5]),
            record: record([1, 2, 3, 4].map { on($0) })), deferred: [.spare(5, members: 4, size: 3)]),
    ReconcileRow(
        "one more while a member's instance leaves, which waits for it",
        joining(
            led(members(1)), [holds(1, leaving: .terminating), blank(2, asks: true)], group: group([1, 2], desired: 1),
            record: record([on(1)])),
        steps: enter(2, record([on(1)])),
        deferred: [.drainHeld(1, "it is the last voter; another one has to serve first")]),
    ReconcileRow(
        "not while a spare's does",
        joining(
            three(), [holds(1), holds(2), holds(3), blank(4, asks: true), blank(5)],
            group: group([1, 2, 3, 4].map { instance($0) } + [instance(5, .running, "Terminating")], desired: 5),
            record: record(), settings: PlanSettings(clusterSize: 3)), deferred: [.spare(4, members: 3, size: 3)]),
    ReconcileRow(
        "etcd adds nobody while a voter is down",
        joining(
            led(members(1, 2, 4), ill: [2]), [holds(1), holds(2), holds(4), blank(3, asks: true)],
            group: group([1, 2, 3, 4], desired: 4), record: record([on(1), on(2), on(4)])),
        deferred: [ill(2), held(3, voterDown)]),
    ReconcileRow(
        "a newer one does",
        joining(
            led(members(1, 2, 4), ill: [2]), [holds(1), holds(2), holds(4), blank(3, asks: true)],
            group: group([1, 2, 3, 4], desired: 4), record: record([on(1), on(2), on(4)]), abilities: newest),
        steps: enter(3, record([on(1), on(2), on(4)])), deferred: [ill(2)]),
    ReconcileRow(
        "but no voter on whom the quorum would hang",
        joining(
            led(members(1, 2, 4), ill: [2]), [holds(1), holds(2), holds(4), blank(3, asks: true)],
            group: group([1, 2, 3, 4], desired: 4), record: record([on(1), on(2), on(4)]),
            abilities: EtcdAbilities(learnersAreSound: false, addsBesideDeadVoters: true)),
        deferred: [ill(2), .addRisksQuorum(3, QuorumRisk(healthyVoters: 2, voters: 4))]),
    ReconcileRow(
        "replace root volume: removed, it waits before it is added anew", joining(), removedAt(.milliseconds(999_000)),
        deferred: [held(3, "its address was just removed; 1.1 seconds have to pass")]),
    ReconcileRow("and then it is", joining(), removedAt(.milliseconds(998_900)), steps: enter(3, two)),
    ReconcileRow(
        "strategy prepared leaves it to an operator", joining(settings: PlanSettings(joinStrategy: .prepared)),
        deferred: [held(3, "the join strategy leaves it to an operator")]),
    ReconcileRow(
        "while the record can't be read nobody is added",
        lead(led(members(1, 2)), facts(firstTwo + [blank(3, asks: true)]), record: .unknown("503")),
        deferred: [.recordNotRead("503"), held(3, "the record can't be written to")]),
    ReconcileRow(
        "where none is kept nothing is written",
        lead(led(members(1, 2)), facts(firstTwo + [blank(3, asks: true)]), record: .notConfigured),
        steps: [.addMember(3, peerURL: peerURL(3), asLearner: true)]),
]

private let learner = member(3, learner: true)
private func learning(ill: Set<MemberID> = [], _ facts: Facts = everybodyHolds) -> ClusterView {
    lead(led([member(1), member(2), learner], ill: ill), facts)
}
private var tried: ReconcileMemory {
    var memory = ReconcileMemory()
    memory.promotions = [3]
    return memory
}

let rowsOfPromotions: [ReconcileRow] = [
    ReconcileRow("a learner that answers gets its vote", learning(), steps: [.promote(learner)]),
    ReconcileRow(
        "one that does not has none", learning(ill: [3]),
        deferred: [.unhealthyButRunning(learner, .running, "no answer")]),
    ReconcileRow(
        "one that lags is tried again in every quiet turn", learning(), tried, steps: [.promote(learner)],
        deferred: [.learnerBehind(learner)]),
    ReconcileRow(
        "but keeps no dead member in",
        lead(
            led([member(1), member(2), learner, member(4)], ill: [4]),
            facts(asked: [asked(4, .terminated)], [holds(1), holds(2), holds(3)]),
            record: found(record([1, 2, 3, 4].map { on($0) }))), tried, steps: [gone(4)]),
    ReconcileRow(
        "not where the voters would be too few",
        lead(
            led([member(1), member(2), member(4), learner], ill: [2, 4]),
            facts(.seen(group([1, 2, 3, 4])), [1, 2, 3, 4].map { holds($0) }),
            record: found(record([1, 2, 3, 4].map { on($0) }))),
        deferred: [
            .promotionRisksQuorum(learner, QuorumRisk(healthyVoters: 2, voters: 4)), ill(2), ill(4),
        ]),
    ReconcileRow(
        "nor when its instance leaves", learning(facts([holds(1), holds(2), holds(3, leaving: .spot)])),
        steps: [.removeMember(learner, because: .drained(3))]),
]

private let started = LifecycleHook("etcd-start", .launching, heartbeatTimeout: .seconds(300))
private func launching(
    _ cluster: RunningCluster, _ reports: [Report], record reading: ClusterRecord = record(), desired: Int = 3,
    size: Int? = nil, others: [Instance] = [], hooks: [LifecycleHook] = [started], names: [String] = []
) -> ClusterView {
    let group = group([instance(1), instance(2), instance(3, .running, "Pending:Wait")] + others, desired: desired)
    return lead(
        cluster, facts(.seen(group), reports), record: found(reading), hooks: .seen(hooks),
        settings: PlanSettings(clusterSize: size, lifecycleHooks: names))
}

private let goOn = ReconcilePlan.Step.completeHook(hook: "etcd-start", 3)
private let beat = ReconcilePlan.Step.heartbeat(hook: "etcd-start", 3)

let rowsOfLaunching: [ReconcileRow] = [
    ReconcileRow(
        "a started voter lets its group go on", launching(three(), [holds(1), holds(2), holds(3)]), steps: [goOn]),
    ReconcileRow(
        "one that is ill does not yet", launching(three(ill: [3]), [holds(1), holds(2), holds(3)]), steps: [beat],
        deferred: [ill(3)]),
    ReconcileRow(
        "a learner is under way", launching(led([member(1), member(2), learner]), [holds(1), holds(2), holds(3)]),
        steps: [.promote(learner), beat]),
    ReconcileRow(
        "so is who was just entered",
        launching(led(members(1, 2)), firstTwo + [blank(3, asks: true)], record: two), steps: enter(3, two) + [beat]),
    ReconcileRow(
        "and a founder that is slow", launching(led([member(1), member(2), founder(3)]), firstTwo + [blank(3)]),
        steps: [beat]),
    ReconcileRow(
        "who says nothing makes no progress",
        launching(led(members(1, 2)), firstTwo, record: two), deferred: [.memberMissing(members: 2, size: 3)]),
    ReconcileRow(
        "a spare lets its group go on",
        launching(led(members(1, 2)), firstTwo + [blank(3, asks: true)], record: two, size: 2),
        steps: [goOn], deferred: [.spare(3, members: 2, size: 2)]),
    ReconcileRow(
        "so does one that waits for what is not its own",
        launching(
            led(members(1, 2, 4), ill: [2]), [holds(1), holds(2), holds(4), blank(3, asks: true)],
            record: record([on(1), on(2), on(4)]), desired: 4, others: [instance(4)]), steps: [goOn],
        deferred: [ill(2), held(3, voterDown)]),
    ReconcileRow(
        "not one that waits for this very turn's change",
        launching(
            led(members(1, 2, 4)), [holds(1), holds(2), holds(4), blank(3, asks: true)],
            record: record([on(1), on(2), on(4)]), others: [instance(4, .running, "Terminating")]),
        steps: [.removeMember(member(4), because: .drained(4)), beat], deferred: [held(3, busy)]),
    ReconcileRow(
        "every hook that is named is completed",
        launching(
            three(), [holds(1), holds(2), holds(3)],
            hooks: [
                started, LifecycleHook("b", .launching, heartbeatTimeout: .seconds(60)),
                LifecycleHook("c", .launching, heartbeatTimeout: .seconds(60)),
            ],
            names: ["b", "etcd-start"]), steps: [.completeHook(hook: "b", 3), goOn]),
    ReconcileRow(
        "none that is not", launching(three(), [holds(1), holds(2), holds(3)], names: ["b"]),
        deferred: [.hookNotOurs(3, ["etcd-start"])]),
    ReconcileRow(
        "a terminating hook is none of these",
        launching(three(), [holds(1), holds(2), holds(3)], hooks: [started, endHook]),
        steps: [goOn]),
]
