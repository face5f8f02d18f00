/// When the leader has a backup made, of whom, what it has deleted, and what CloudWatch is told.

@testable import ClusterPlanning

private let made = PlanSettings(backups: BackupSettings())
private let often = PlanSettings(backups: BackupSettings(interval: .seconds(20)))
private let provenOnes = PlanSettings(backups: BackupSettings(areProven: true))
private let eight = bucket(backup(8, age: 300))

/// Member 1 leads at revision 9.
private func saving(
    _ backups: Observed<BackupsSeen> = eight, revision: UInt64? = 9, work: BackupWork = BackupWork(),
    _ cluster: RunningCluster = three(), _ facts: Facts = everybodyHolds, record: RecordReading = found(record()),
    generation: Int? = 1, alarms: [Alarm] = [], settings: PlanSettings = made
) -> ClusterView {
    lead(
        cluster, facts, record: record, generation: generation, alarms: alarms, backups: backups, work: work,
        revision: revision, settings: settings)
}

private func order(
    _ number: Int = 2, _ reason: BackupOrder.Reason = .due, generation: Int = 1, voters: [Int] = [1, 2, 3]
) -> ReconcilePlan.Step {
    .backUp(
        BackupOrder(
            of: member(number), generation: generation, cluster: 0xc1, voters: voters.map { "i-\($0)" },
            because: reason))
}
private func failed(_ times: Int, at second: Int, of member: Int? = nil) -> BackupWork {
    BackupWork(
        failures: times, failedAt: .seconds(second), failedOf: member.map { MemberID(UInt64($0)) })
}
private let dead3 = facts(asked: [asked(3, .terminated)], firstTwo)
private let five = led(members(1, 2, 3, 4, 5))
private let twoOfFiveLeave = facts(
    .seen(group([1, 2, 3, 4, 5], desired: 5)),
    [holds(1), holds(2, leaving: .spot), holds(3, leaving: .spot), holds(4), holds(5)])
private let oneLeaves = facts(
    .seen(group([instance(1), instance(2, .running, "Terminating"), instance(3)])), [holds(1), holds(2), holds(3)])
private let record5 = found(record([1, 2, 3, 4, 5].map { on($0) }))
private let second = found(record(generation: 2))

let rowsOfBackups: [ReconcileRow] = [
    ReconcileRow("the first backup is made at once", saving(bucket()), steps: [order(2, .first)]),
    ReconcileRow(
        "those of an earlier generation are none of this one", saving(bucket(backup(9)), record: second, generation: 2),
        steps: [order(2, .first, generation: 2)]),
    ReconcileRow("another one is due once the last is as old as the interval", saving(), steps: [order()]),
    ReconcileRow("and not before", saving(bucket(backup(8, age: 299)))),
    ReconcileRow(
        "the newest counts, not the one that was made last", saving(bucket(backup(7, age: 1), backup(8, age: 300))),
        steps: [order()]),
    ReconcileRow("what has not changed is not backed up again", saving(bucket(backup(9, age: 90_000)))),
    ReconcileRow("nor where nobody can say whether it has", saving(revision: nil)),
    ReconcileRow(
        "but one whose proof was never brought to an end is proven later",
        saving(bucket(backup(9, age: 3600)), settings: provenOnes), steps: [order(2, .unproven)]),
    ReconcileRow("not at once", saving(bucket(backup(9, age: 3599)), settings: provenOnes)),
    ReconcileRow("nor again", saving(bucket(backup(9, age: 90_000, proven: true)), settings: provenOnes)),
    ReconcileRow(
        "nor while something fails",
        saving(bucket(backup(9, age: 90_000)), work: failed(1, at: 999), settings: provenOnes)),
    ReconcileRow("without a bucket none is made", saving(settings: PlanSettings())),
    ReconcileRow("nor while the bucket was not asked for", saving(.notAsked)),
    ReconcileRow(
        "nor while it can't be listed", saving(.unavailable("403")), deferred: [.backupsNotRead("403")]),
    ReconcileRow("one at a time", saving(work: BackupWork(isRunning: true))),
    ReconcileRow("the first, too", saving(bucket(), work: BackupWork(isRunning: true))),
    ReconcileRow("after a failure there is a pause of ten seconds", saving(work: failed(1, at: 991))),
    ReconcileRow("and no longer", saving(work: failed(1, at: 990)), steps: [order()]),
    ReconcileRow("it doubles with each failure", saving(work: failed(3, at: 961))),
    ReconcileRow("to forty after three", saving(work: failed(3, at: 960)), steps: [order()]),
    ReconcileRow("it is never longer than the interval", saving(work: failed(99, at: 701))),
    ReconcileRow("however often it has failed", saving(work: failed(99, at: 700)), steps: [order()]),
    ReconcileRow("nor than a short one", saving(work: failed(99, at: 980), settings: often), steps: [order()]),
    ReconcileRow("the first one waits for it as well", saving(bucket(), work: failed(1, at: 991))),
    ReconcileRow(
        "a follower that is ill is not asked", saving(eight, three(ill: [2])), steps: [order(3)], deferred: [ill(2)]),
    ReconcileRow(
        "where there is no other healthy voter the leader is",
        saving(
            eight, led(members(1)), facts(.seen(group([1], desired: 1)), [holds(1)]), record: found(record([on(1)]))),
        steps: [order(1, voters: [1])]),
    ReconcileRow(
        "a learner is not",
        saving(
            eight, led([member(1), member(2, learner: true)]), facts(.seen(group([1, 2], desired: 2)), firstTwo),
            record: found(record([on(1), on(2)])), settings: made),
        steps: [order(1, voters: [1]), .promote(member(2, learner: true))]),
    ReconcileRow(
        "where nobody is healthy none is made", saving(eight, three(ill: [1, 2, 3])),
        deferred: [ill(1), ill(2), ill(3), .nobodyToSave]),
    ReconcileRow(
        "a follower that leaves is passed over",
        saving(bucket(backup(8, age: 60)), five, twoOfFiveLeave, record: record5),
        steps: [
            order(4, .beforeRemoval, voters: [1, 2, 3, 4, 5]), .removeMember(member(2), because: .drained(2)),
        ],
        deferred: [.oneChangePerTurn(member(3))]),
    ReconcileRow(
        "unless it is the only one", saving(eight, three(ill: [3]), oneLeaves),
        steps: [order(2)], deferred: [ill(3), .drainHeld(2, "1 of 2 voters would be healthy, 2 are needed")]),
    ReconcileRow(
        "before a voter is removed one is made that is younger than a minute",
        saving(bucket(backup(8, age: 60)), three(ill: [3]), dead3), steps: [order(2, .beforeRemoval), gone(3)]),
    ReconcileRow(
        "where there is one, none", saving(bucket(backup(8, age: 59)), three(ill: [3]), dead3), steps: [gone(3)]),
    ReconcileRow(
        "nor where nothing has changed since", saving(bucket(backup(9, age: 60)), three(ill: [3]), dead3),
        steps: [gone(3)]),
    ReconcileRow(
        "the removal does not wait for one that is being made",
        saving(work: BackupWork(isRunning: true), three(ill: [3]), dead3), steps: [gone(3)]),
    ReconcileRow(
        "nor for one that has failed", saving(work: failed(1, at: 999), three(ill: [3]), dead3), steps: [gone(3)]),
    ReconcileRow(
        "nor for a bucket that can't be listed", saving(.unavailable("403"), three(ill: [3]), dead3),
        steps: [gone(3)], deferred: [.backupsNotRead("403")]),
    ReconcileRow(
        "who is about to be removed is not asked for it",
        saving(
            bucket(backup(8, age: 60)), led(members(1, 2)),
            facts(
                .seen(group([instance(1), instance(2, .running, "Terminating")], desired: 1)), firstTwo),
            record: found(record([on(1), on(2)]))),
        steps: [order(1, .beforeRemoval, voters: [1, 2]), .removeMember(member(2), because: .drained(2))]),
    ReconcileRow(
        "a learner is removed without one",
        saving(
            bucket(backup(8, age: 60)), led(members(1, 2, 3) + [member(4, learner: true)], ill: [4]),
            facts(asked: [asked(4, .terminated)], [holds(1), holds(2), holds(3)]),
            record: found(record([1, 2, 3, 4].map { on($0) }))),
        steps: [.removeMember(member(4, learner: true), because: .diskGone(.instanceTerminated(4)))]),
    ReconcileRow(
        "a clock that was set back does not keep the next one from being made", saving(bucket(backup(8, age: -5))),
        steps: [order()]),
    ReconcileRow(
        "nor before a removal", saving(bucket(backup(8, age: -5)), three(ill: [3]), dead3),
        steps: [order(2, .beforeRemoval), gone(3)]),
    ReconcileRow(
        "without a record nothing tells whose life a backup is of", saving(record: .notConfigured, generation: nil),
        deferred: [.backupsNeedRecord]),
    ReconcileRow(
        "while it can't be read the stamp does", saving(record: .unknown("503")), steps: [order()],
        deferred: [.recordNotRead("503")]),
    ReconcileRow("data of no generation is not backed up", saving(generation: nil)),
    ReconcileRow(
        "abandoned timeline: what a later generation has overtaken is not backed up any more", saving(record: second),
        deferred: [.overtaken(generation: 2, own: 1)]),
    ReconcileRow(
        "members whose data differ are not backed up (F21)", saving(alarms: [.corrupt(2)]), deferred: [.corrupt([2])]),
    ReconcileRow("a full member is", saving(alarms: [.noSpace(2)]), steps: [order()], deferred: [.noSpace([2])]),
    ReconcileRow(
        "what was refuted is made again, changed or not",
        saving(bucket(backup(9, age: 300, refuted: true), backup(8, age: 301))), steps: [order()]),
    ReconcileRow(
        "but not at once: it counts as a failure",
        saving(bucket(backup(9, age: 9, refuted: true), backup(8, age: 301)), work: failed(1, at: 991, of: 2))),
    ReconcileRow(
        "after a failure another member is asked: it may have been that one's",
        saving(work: failed(1, at: 990, of: 2)), steps: [order(3)]),
    ReconcileRow("after all followers the leader", saving(work: failed(2, at: 900, of: 3)), steps: [order(1)]),
    ReconcileRow("and then the first again", saving(work: failed(3, at: 900, of: 1)), steps: [order(2)]),
    ReconcileRow(
        "where it was not the member's failure the same is asked again", saving(work: failed(1, at: 900)),
        steps: [order(2)]),
    ReconcileRow(
        "where what was refuted holds all that there is, the next one would be refuted, too: half an hour, and more",
        saving(bucket(backup(9, age: 9, refuted: true), backup(8, age: 9_000)), work: failed(9, at: -1500))),
    ReconcileRow(
        "and then another is tried",
        saving(bucket(backup(9, age: 9, refuted: true), backup(8, age: 9_000)), work: failed(9, at: -1560)),
        steps: [order()]),
    ReconcileRow(
        "an hour at most",
        saving(bucket(backup(9, age: 9, refuted: true), backup(8, age: 9_000)), work: failed(99, at: -2600)),
        steps: [order()]),
    ReconcileRow(
        "the first waits as long", saving(bucket(backup(9, age: 9, refuted: true)), work: failed(9, at: -1500))),
    ReconcileRow(
        "the leader, where there is no other", saving(work: failed(1, at: 900, of: 2), three(ill: [3])),
        steps: [order(1)], deferred: [ill(3)]),
    ReconcileRow(
        "who is alone is asked again",
        saving(
            eight, work: failed(1, at: 900, of: 1), led(members(1)), facts(.seen(group([1], desired: 1)), [holds(1)]),
            record: found(record([on(1)]))),
        steps: [order(1, voters: [1])]),
    ReconcileRow(
        "another cluster's backups of our generation's number are none of ours, and named",
        saving(bucket(backup(99, age: 10, cluster: 0xc2), backup(9, age: 10))), deferred: [.backupsShareGeneration(1)]),
    ReconcileRow(
        "backups of a later generation than ours are named: they would be taken for newer ones",
        saving(bucket(backup(8, age: 299), backup(3, of: 7))), deferred: [.backupsOutrank(generation: 7, own: 1)]),
]

private let surplus = bucket(backup(9, age: 60), backup(7, age: 88_200), backup(6, age: 88_201))

let rowsOfDeletingBackups: [ReconcileRow] = [
    ReconcileRow(
        "what is too many is deleted, with no backup due", saving(surplus),
        steps: [.deleteBackups([backup(6, age: 88_201)])]),
    ReconcileRow(
        "also in a turn that has one made: with a short interval every turn does",
        saving(surplus, revision: 10, settings: often), steps: [order(), .deleteBackups([backup(6, age: 88_201)])]),
    ReconcileRow(
        "the oldest fifty at a time: the list is not read meanwhile",
        saving(.seen(BackupsSeen([backup(999, age: 60)] + (1...70).map { backup(UInt64($0), age: 9_000_000 - $0) }))),
        steps: [.deleteBackups((1...50).map { backup(UInt64($0), age: 9_000_000 - $0) })]),
    ReconcileRow("not while one is being made", saving(surplus, work: BackupWork(isRunning: true))),
    ReconcileRow(
        "nor by who has been overtaken", saving(surplus, record: second), deferred: [.overtaken(generation: 2, own: 1)]),
    ReconcileRow(
        "an earlier generation's are never too many (F32)",
        saving(
            bucket(backup(9, of: 2, age: 60), backup(7, age: 9_000_000), backup(6, age: 9_000_001)), record: second,
            generation: 2)),
]

private let published = PlanSettings(backups: BackupSettings(isPublished: true))
private let newest = backup(9, age: 60)
private func told(at second: Int) -> ReconcileMemory {
    var memory = ReconcileMemory()
    memory.publishedAt = .seconds(second)
    return memory
}
private func publishing(_ backups: Observed<BackupsSeen>) -> ClusterView { saving(backups, settings: published) }
private let figures = ReconcilePlan.Step.publish(BackupFigures(newest: newest, provenAge: 3600))

let rowsOfPublishing: [ReconcileRow] = [
    ReconcileRow(
        "CloudWatch is told of the newest backup, and how old the newest proven one is",
        publishing(bucket(newest, backup(8, proven: true), backup(7, proven: true))), steps: [figures]),
    ReconcileRow(
        "once a minute", publishing(bucket(newest, backup(8, proven: true))), told(at: 941)),
    ReconcileRow(
        "and again after it", publishing(bucket(newest, backup(8, proven: true))), told(at: 940), steps: [figures]),
    ReconcileRow(
        "where none is proven there is no age", publishing(bucket(newest)),
        steps: [.publish(BackupFigures(newest: newest, provenAge: nil))]),
    ReconcileRow(
        "an earlier generation's do not count",
        publishing(bucket(backup(9, of: 2, age: 60), backup(8, of: 0, proven: true)))
            .of(generation: 2), steps: [.publish(BackupFigures(newest: backup(9, of: 2, age: 60), provenAge: nil))]),
    ReconcileRow(
        "one from a clock that was set back since is not younger than nothing",
        publishing(bucket(backup(9, age: -60, proven: true))),
        steps: [.publish(BackupFigures(newest: backup(9, age: -60, proven: true), provenAge: 0))]),
    ReconcileRow(
        "a bucket that can't be listed is not published as empty", publishing(.unavailable("403")),
        deferred: [.backupsNotRead("403")]),
]

extension ClusterView {
    fileprivate func of(generation: Int) -> ClusterView {
        var view = self
        view.ownGeneration = generation
        view.record = found(ClusterPlanningTests.record(generation: generation))
        return view
    }
}
