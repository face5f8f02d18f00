/// What `planReconcile` has to decide, row by row: who is removed, and what is said. DNS, drains, joins and the record have
/// tables of their own.

import Testing

@testable import ClusterPlanning

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

/// Member 1 leads three healthy members in a group of three, and the record says so.
func lead(
    _ cluster: RunningCluster = three(), _ facts: Facts = everybodyHolds, record: RecordReading = found(record()),
    generation: Int? = 1, abilities: EtcdAbilities = EtcdAbilities(), alarms: [Alarm] = [],
    backups: Observed<BackupsSeen> = .notAsked, work: BackupWork = BackupWork(), revision: UInt64? = nil,
    zone: Observed<Zone> = .notAsked, hooks: Observed<[LifecycleHook]> = .notAsked,
    settings: PlanSettings = PlanSettings(), now: Duration = .seconds(1000)
) -> ClusterView {
    ClusterView(
        now: now, time: "2026-01-31T12:00:00Z", salt: "salt", own: 1, ownMember: 1, ownGeneration: generation,
        settings: settings, cluster: cluster, abilities: abilities, alarms: alarms, facts: facts, record: record,
        backups: backups, backupWork: work, revision: revision, zone: zone, hooks: hooks)
}

let everybodyHolds = facts([holds(1), holds(2), holds(3)])
let firstTwo = [holds(1), holds(2)]

func three(ill: Set<MemberID> = []) -> RunningCluster { led(members(1, 2, 3), ill: ill) }
func led(_ members: [Member], ill: Set<MemberID> = []) -> RunningCluster { cluster(members, leader: 1, ill: ill) }

func orphaned(_ id: MemberID, since: Duration) -> ReconcileMemory {
    var memory = ReconcileMemory()
    memory.orphanedSince[id] = since
    return memory
}

/// What a leader remembers that has seen these facts for `time`.
func seeing(_ facts: Facts, for time: Duration, weakRemovals: [Duration] = []) -> ReconcileMemory {
    var memory = ReconcileMemory()
    var now = Duration.seconds(1000) - time
    while now < .seconds(1000) {
        memory.absence.remember(facts, now, grace: .seconds(300))
        now += .seconds(60)
    }
    memory.weakRemovals = weakRemovals
    return memory
}

func gone(_ number: Int, _ loss: Loss? = nil) -> ReconcilePlan.Step {
    let loss = loss ?? .instanceTerminated(InstanceID("i-\(number)"))
    return .removeMember(member(number), because: .diskGone(loss))
}

func ill(_ number: Int, _ state: Instance.State = .running) -> Deferral {
    .unhealthyButRunning(member(number), state, "no answer")
}

private let three3 = facts(asked: [asked(3, .terminated)], firstTwo)

let rowsOfTerminated: [ReconcileRow] = [
    ReconcileRow("while all is well nothing is done and nothing is said", lead()),
    ReconcileRow(
        "a member whose instance is terminated is removed",
        lead(three(ill: [3]), facts(.seen(group([1, 2, 4])), asked: [asked(3, .terminated)], firstTwo)),
        steps: [gone(3)]),
    ReconcileRow("so it is while the group still lists the instance", lead(three(ill: [3]), three3), steps: [gone(3)]),
    ReconcileRow("terminated is the end, even of one that seems to answer", lead(three(), three3), steps: [gone(3)]),
    ReconcileRow(
        "not while the quorum hangs on it",
        lead(three(ill: [2]), facts(asked: [asked(3, .terminated)], [holds(1)], silent: [2])),
        deferred: [ill(2), .quorumAtRisk(member(3), QuorumRisk(healthyVoters: 1, voters: 2))]),
    ReconcileRow(
        "one at a time, the lowest ID first",
        lead(
            led(members(1, 2, 3, 4, 5), ill: [4, 5]),
            facts(asked: [asked(5, .terminated), asked(4, .terminated)], [holds(1), holds(2), holds(3)]),
            record: found(record([1, 2, 3, 4, 5].map { on($0) }))), steps: [gone(4)],
        deferred: [.oneChangePerTurn(member(5))]),
    ReconcileRow(
        "learners and founders who never started before voters",
        lead(
            led([member(1), member(2), member(3), member(4, learner: true), founder(5)], ill: [3, 4]),
            facts(asked: [3, 4, 5].map { asked($0, .terminated) }, firstTwo),
            record: found(record([1, 2, 3, 4, 5].map { on($0) }))),
        steps: [.removeMember(founder(5), because: .diskGone(.instanceTerminated(5)))],
        deferred: [.oneChangePerTurn(member(4, learner: true)), .oneChangePerTurn(member(3))]),
    ReconcileRow(
        "two of two: the survivor alone removes the dead, if it can",
        lead(
            led(members(1, 2), ill: [2]),
            facts(.seen(group([1, 2], desired: 2)), asked: [asked(2, .terminated)], [holds(1)]),
            record: found(record([on(1), on(2)]))), steps: [gone(2)]),
    ReconcileRow(
        "a leader never removes itself", lead(three(), facts(asked: [asked(1, .terminated)], [holds(2), holds(3)])),
        deferred: [.ownDiskGone(member(1), .instanceTerminated(1))]),
    ReconcileRow(
        "while the record can't be read, too", lead(three(ill: [3]), three3, record: .unknown("503")), steps: [gone(3)],
        deferred: [.recordNotRead("503")]),
    ReconcileRow(
        "strategy add leaves removals to an operator",
        lead(three(ill: [3]), three3, settings: PlanSettings(joinStrategy: .add)),
        deferred: [.removalNotAllowed(member(3), .instanceTerminated(3))]),
    ReconcileRow(
        "so does prepared, also of data that etcd can't run on",
        lead(
            three(ill: [3]), facts(firstTwo + [reporting(3, .unusable("crc"), disk: disk(3))]),
            settings: PlanSettings(joinStrategy: .prepared))),
    ReconcileRow(
        "prune is in a group what replace is",
        lead(three(ill: [3]), three3, settings: PlanSettings(joinStrategy: .prune)), steps: [gone(3)]),
]

private let unusable3 = facts(firstTwo + [reporting(3, .unusable("crc"), disk: disk(3))])
private let replaced3 = facts(firstTwo + [blank(3, disk(33), asks: true)])

let rowsOfOtherEvidence: [ReconcileRow] = [
    ReconcileRow(
        "replace root volume: an instance that reports another disk has lost its member",
        lead(three(ill: [3]), replaced3), steps: [gone(3, .replaced(3, by: disk(33)))]),
    ReconcileRow(
        "not one that etcd still reaches", lead(three(), replaced3),
        deferred: [.reachedThoughGone(member(3), .replaced(3, by: disk(33)))]),
    ReconcileRow(
        "nor while the record can't be read: it may know that disk",
        lead(three(ill: [3]), replaced3, record: .unknown("503")),
        deferred: [.recordNotRead("503"), .fateUnknown(member(3), "the record can't be read")]),
    ReconcileRow(
        "data that etcd can't run on goes while the others have their quorum", lead(three(ill: [3]), unusable3),
        steps: [.removeMember(member(3), because: .diskUnusable(3, "crc"))]),
    ReconcileRow("not where that member answers", lead(three(), unusable3)),
    ReconcileRow(
        "nor while the record can't be read, as if it were another one's",
        lead(three(ill: [3]), unusable3, record: .unknown("503")),
        deferred: [.recordNotRead("503"), .fateUnknown(member(3), "the record can't be read")]),
    ReconcileRow(
        "nor where the quorum hangs on it", lead(three(ill: [2, 3]), unusable3),
        deferred: [ill(2), .quorumAtRisk(member(3), QuorumRisk(healthyVoters: 1, voters: 2))]),
    ReconcileRow(
        "the leader's own is its own business",
        lead(three(ill: [1]), facts([reporting(1, .unusable("crc"), disk: disk(1)), holds(2), holds(3)]))),
    ReconcileRow(
        "what a person has declared gone goes",
        lead(
            three(ill: [3]), facts(firstTwo, silent: [3]),
            record: found(
                record(gone: [ClusterRecord.GoneDisk(disk(3), evidence: "it burnt", time: "", teller: "Ada")]))),
        steps: [gone(3, .declared(by: "Ada"))]),
]

private let forgotten3 = facts(.seen(group([1, 2, 4])), asked: [asked(3, .unknownToEC2)], firstTwo + [blank(4)])
private let replaced4 = facts(
    .seen(group([1, 2, 4])), asked: [asked(3, .unknownToEC2)], firstTwo + [blank(4, asks: true)])
private let goneOf5 = facts(
    .seen(group([1, 2, 5])), asked: [3, 4].map { asked($0, .unknownToEC2) }, firstTwo + [holds(5)])
private let five = led(members(1, 2, 3, 4, 5), ill: [3, 4])
private let five5 = found(record([1, 2, 3, 4, 5].map { on($0) }))

/// EC2 knows an instance no more: weak evidence, with bounds.
let rowsOfWeakEvidence: [ReconcileRow] = [
    ReconcileRow(
        "an instance that EC2 does not know proves nothing at first", lead(three(ill: [3]), forgotten3),
        seeing(forgotten3, for: .seconds(299)),
        deferred: [
            .fateUnknown(member(3), "EC2 does not know i-3, which proves nothing before 300.0 seconds")
        ]),
    ReconcileRow(
        "EC2 forgets one of three: two are not left, while nobody asks to take the place",
        lead(three(ill: [3]), forgotten3), seeing(forgotten3, for: .seconds(300)),
        deferred: [
            .tooWeak(
                member(3), .instanceForgotten(3), "two voters would be left, and no instance asks to take the place")
        ]),
    ReconcileRow(
        "EC2 forgets one of three: once somebody asks, it goes", lead(three(ill: [3]), replaced4),
        seeing(replaced4, for: .seconds(300)), steps: [gone(3, .instanceForgotten(3))],
        deferred: [.spare(4, members: 3, size: 3)]),
    ReconcileRow(
        "hidden healthy member: what etcd still reaches is kept", lead(three(), replaced4),
        seeing(replaced4, for: .seconds(300)),
        deferred: [.reachedThoughGone(member(3), .instanceForgotten(3)), .spare(4, members: 3, size: 3)]),
    ReconcileRow(
        "of five, one", lead(five, goneOf5, record: five5), seeing(goneOf5, for: .seconds(300)),
        steps: [gone(3, .instanceForgotten(3))], deferred: [.oneChangePerTurn(member(4))]),
    ReconcileRow(
        "and in a grace no more than a minority",
        lead(led(members(1, 2, 4, 5), ill: [4]), goneOf5, record: found(record([1, 2, 4, 5].map { on($0) }))),
        seeing(goneOf5, for: .seconds(300), weakRemovals: [.seconds(701)]),
        deferred: [
            .tooWeak(member(4), .instanceForgotten(4), "1 were removed on such evidence in the last 300.0 seconds")
        ]),
    ReconcileRow(
        "after that the next one",
        lead(led(members(1, 2, 4, 5), ill: [4]), goneOf5, record: found(record([1, 2, 4, 5].map { on($0) }))),
        seeing(goneOf5, for: .seconds(300), weakRemovals: [.seconds(700)]), steps: [gone(4, .instanceForgotten(4))]),
    ReconcileRow(
        "a learner has no vote to lose",
        lead(
            led([member(1), member(2), member(3, learner: true)], ill: [3]), forgotten3,
            record: found(record([on(1), on(2), on(3, joining: true)]))),
        seeing(forgotten3, for: .seconds(300), weakRemovals: [.seconds(701)]),
        steps: [.removeMember(member(3, learner: true), because: .diskGone(.instanceForgotten(3)))]),
    ReconcileRow(
        "on weak evidence nobody goes while the record can't be read",
        lead(three(ill: [3]), replaced4, record: .unknown("503")),
        seeing(replaced4, for: .seconds(300)),
        deferred: [
            .recordNotRead("503"), .fateUnknown(member(3), "the record can't be read"),
            .spare(4, members: 3, size: 3),
        ]),
]
