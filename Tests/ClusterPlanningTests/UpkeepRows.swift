/// What the leader makes of the record: upkeep, adoption, moves, and when it holds everything.

@testable import ClusterPlanning

private func keeping(
    _ cluster: RunningCluster, _ facts: Facts, _ before: ClusterRecord, generation: Int? = 1
) -> ClusterView { lead(cluster, facts, record: found(before), generation: generation) }

private func keeping(_ before: ClusterRecord, generation: Int? = 1) -> ClusterView {
    keeping(three(), everybodyHolds, before, generation: generation)
}

private func kept(_ before: ClusterRecord, _ change: (inout ClusterRecord) -> Void) -> [ReconcilePlan.Step] {
    [.swapRecord(swap(.upkeep, before, change))]
}

private let joined = record([on(1), on(2), on(3, joining: true)])
private let more = record([on(1), on(2), on(3), on(4)])
private let asked4 = record([on(1), on(2), on(3), on(4, joining: true)])
private let four = Observed.seen(group([1, 2, 3, 4], desired: 4))
private let missing = Deferral.memberMissing(members: 3, size: 4)
private let all = [holds(1), holds(2), holds(3)]

let rowsOfUpkeep: [ReconcileRow] = [
    ReconcileRow(
        "a member that the record lacks goes in, with its disk", keeping(record([on(1), on(2)])),
        steps: kept(record([on(1), on(2)])) { $0.voters.append(on(3)) }),
    ReconcileRow(
        "without it while no report names it", keeping(three(), facts(firstTwo, silent: [3]), record([on(1), on(2)])),
        steps: kept(record([on(1), on(2)])) { $0.voters.append(unnamed(3)) }),
    ReconcileRow(
        "one that has not started goes in as joining",
        keeping(led(members(1, 2) + [entry(7, at: 3)]), facts(firstTwo + [blank(3)]), record([on(1), on(2)])),
        steps: kept(record([on(1), on(2)])) { $0.voters.append(unnamed(3, joining: true)) }),
    ReconcileRow(
        "a disk gets its name from a report with that member's data", keeping(record([on(1), on(2), unnamed(3)])),
        steps: kept(record([on(1), on(2), unnamed(3)])) { $0.voters = [on(1), on(2), on(3)] }),
    ReconcileRow(
        "not from one with another member's data",
        keeping(three(), facts(firstTwo + [holds(3, member: 9)]), record([on(1), on(2), unnamed(3)]))),
    ReconcileRow(
        "a joiner has joined once it reports its data", keeping(joined),
        steps: kept(joined) { $0.voters = [on(1), on(2), on(3)] }),
    ReconcileRow(
        "not on another disk", keeping(three(), facts(firstTwo + [holds(3, disk(33))]), joined),
        deferred: [.reachedThoughGone(member(3), .replaced(3, by: disk(33)))]),
    ReconcileRow("what is no member goes out", keeping(more), steps: kept(more) { $0.voters = [on(1), on(2), on(3)] }),
    ReconcileRow(
        "not while it is joining: the add may be under way", keeping(three(), facts(four, all + [blank(4)]), asked4),
        deferred: [missing]),
    ReconcileRow(
        "a joiner whose instance is gone goes out",
        keeping(three(), facts(asked: [asked(4, .terminated)], all), asked4),
        steps: kept(asked4) { $0.voters = [on(1), on(2), on(3)] }),
    ReconcileRow(
        "so does one that reports another disk", keeping(three(), facts(four, all + [blank(4, disk(44))]), asked4),
        steps: kept(asked4) { $0.voters = [on(1), on(2), on(3)] }, deferred: [missing]),
    ReconcileRow(
        "removal ahead of the record: the next leader drops the entry",
        keeping(
            led(members(1, 2)), facts(.seen(group([1, 2])), asked: [asked(3, .terminated)], firstTwo), record()),
        steps: kept(record()) { $0.voters = [on(1), on(2)] }, deferred: [.memberMissing(members: 2, size: 3)]),
    ReconcileRow(
        "earlier data is needed no more once two serve",
        keeping(
            led(members(1, 2)), facts(.seen(group([1, 2])), [holds(1, generation: 2), holds(2, generation: 2)]),
            record([on(1), on(2)], generation: 2, former: [was(9, 1)]), generation: 2),
        steps: kept(record([on(1), on(2)], generation: 2, former: [was(9, 1)])) { $0.former = [] },
        deferred: [.memberMissing(members: 2, size: 3)]),
    ReconcileRow(
        "not while there is one",
        keeping(
            led(members(1)), facts(.seen(group([1])), [holds(1, generation: 2)]),
            record([on(1)], generation: 2, former: [was(9, 1)]), generation: 2),
        deferred: [.memberMissing(members: 1, size: 3)]),
    ReconcileRow(
        "unless one is all that is wanted",
        keeping(
            led(members(1)), facts(.seen(group([1], desired: 1)), [holds(1, generation: 2)]),
            record([on(1)], generation: 2, former: [was(9, 1)]), generation: 2),
        steps: kept(record([on(1)], generation: 2, former: [was(9, 1)])) { $0.former = [] }),
]

private func orphan(
    _ cluster: RunningCluster = three(), _ facts: Facts = everybodyHolds, backups: Observed<BackupsSeen> = .notAsked,
    generation: Int? = nil
) -> ClusterView {
    lead(cluster, facts, record: .absent(zoneStore), generation: generation, backups: backups)
}

private func adopts(_ entries: [ClusterRecord.Entry], generation: Int = 1) -> [ReconcilePlan.Step] {
    [
        .swapRecord(
            RecordSwap(.adoption, store: zoneStore, expected: nil, record: record(entries, generation: generation)))
    ]
}

private let without = [holds(1, generation: nil), holds(2, generation: nil), holds(3, generation: nil)]
private let conflict = [StoreReading(zoneStore, .absent), StoreReading(bucketStore, .absent)]

let rowsOfAdoption: [ReconcileRow] = [
    ReconcileRow(
        "a leader that finds no record writes one", orphan(three(), facts(without)),
        steps: adopts([on(1), on(2), on(3)])),
    ReconcileRow(
        "with the disks that nobody names left open", orphan(three(), facts([without[0]], silent: [2, 3])),
        steps: adopts([on(1), unnamed(2), unnamed(3)])),
    ReconcileRow(
        "generation restarted beside old backups: it is above those",
        orphan(three(), facts(without), backups: bucket(backup(9, of: 4), backup(7, of: 3))),
        steps: adopts([on(1), on(2), on(3)], generation: 5)),
    ReconcileRow(
        "which have to be listed", orphan(three(), facts(without), backups: .unavailable("403")),
        deferred: [.recordNotRead("the backups: 403")]),
    ReconcileRow(
        "a record that was dropped comes back with its own generation",
        orphan(
            three(), facts([holds(1, generation: 7), holds(2, generation: 7), holds(3, generation: 7)]), generation: 7),
        steps: adopts([on(1), on(2), on(3)], generation: 7)),
    ReconcileRow(
        "nobody is added in that turn",
        orphan(led(members(1, 2)), facts([without[0], without[1], blank(3, asks: true)])),
        steps: adopts([on(1), on(2)]), deferred: [.joinHeld(3, "the record can't be written to")]),
    ReconcileRow(
        "a group that lacks us makes no record", orphan(three(), facts(.seen(group([2, 3])))),
        deferred: [.notInGroup(group: "main", listed: 2)]),
    ReconcileRow(
        "two records that conflict hold everything",
        lead(three(ill: [3]), facts(asked: [asked(3, .terminated)], firstTwo), record: .conflicting(conflict)),
        deferred: [.recordsConflict(conflict)]),
    ReconcileRow(
        "another owner: its record holds everything, DNS, too",
        lead(
            three(ill: [3]), facts(asked: [asked(3, .terminated)], firstTwo), record: found(record(owner: "arn:other")),
            zone: .seen(emptyZone)), deferred: [.recordOfOther(owner: "arn:other")]),
    ReconcileRow(
        "a later generation has overtaken us", keeping(record(generation: 2)),
        deferred: [.overtaken(generation: 2, own: 1)]),
    ReconcileRow(
        "a record of an earlier one is not ours to change", keeping(record(), generation: 2),
        deferred: [.recordBehind(generation: 1, own: 2)]),
    ReconcileRow(
        "nor is one that does not know us, whose data has no generation",
        keeping(led(members(1)), facts([holds(1)]), record([on(7), on(8)]), generation: nil),
        deferred: [.recordLacksUs(generation: 1)]),
    ReconcileRow("data of no generation is the record's where that names us", keeping(record(), generation: nil)),
]

private let volumes = record([1, 2, 3].map { on($0, volume($0)) })
private let firstVolumes = [1, 2].map { holds($0, volume($0), mounted: true) }
private let moved3 = holds(3, volume(3), on: 4, mounted: true)
private let nameless3 = {
    var report = moved3
    report.holding = .data(HeldData(cluster: 0xc1, member: nil, generation: 1))
    return report
}()
private func moving(
    _ cluster: RunningCluster = three(ill: [3]), _ reports: [Report] = firstVolumes + [moved3],
    state: Instance.State = .terminated, silent: [Int] = [], record before: ClusterRecord = volumes
) -> ClusterView {
    keeping(
        cluster, facts(.seen(group([1, 2, 4])), asked: [asked(3, state)], reports, silent: silent), before)
}
private let moved = record([on(1, volume(1)), on(2, volume(2)), on(4, volume(3))])
private let movedDirectory = holds(3, on: 4)
private let movedDirectories = record([on(1), on(2), on(4, disk(3))])
/// The cluster knows the new address, and etcd has not yet published the new name.
private let renamed = Member(3, name: "i-3", peerURLs: [peerURL(4)], clientURLs: [clientURL(3)])

let rowsOfMoves: [ReconcileRow] = [
    ReconcileRow(
        "moved volume, one and all: the record learns it first, then the cluster", moving(),
        steps: [
            .swapRecord(swap(.moving(4), volumes) { $0.voters = moved.voters }),
            .updatePeerURL(member(3), to: peerURL(4)),
        ], deferred: [ill(3)]),
    ReconcileRow(
        "also one whose stamp was moved before it knew the member: the record tells which it is",
        moving(three(ill: [3]), firstVolumes + [nameless3]),
        steps: [
            .swapRecord(swap(.moving(4), volumes) { $0.voters = moved.voters }),
            .updatePeerURL(member(3), to: peerURL(4)),
        ], deferred: [ill(3)]),
    ReconcileRow(
        "moved volume, one and all: until it runs under its new name it is judged by its disk",
        moving(led([member(1), member(2), renamed], ill: [3]), record: moved),
        deferred: [.unhealthyButRunning(renamed, .running, "no answer")]),
    ReconcileRow(
        "also in a moment in which its report is lost",
        moving(led([member(1), member(2), renamed], ill: [3]), firstVolumes, silent: [4], record: moved),
        deferred: [.unhealthyButRunning(renamed, .running, "no answer")]),
    ReconcileRow(
        "moved directory, which lay below its volume's root: until it runs it is judged by its disk, too",
        moving(
            led([member(1), member(2), renamed], ill: [3]), firstTwo + [movedDirectory],
            record: movedDirectories),
        deferred: [.unhealthyButRunning(renamed, .running, "no answer")]),
    ReconcileRow(
        "also where its old instance is stopped, and nobody says at the moment where it is",
        moving(
            led([member(1), member(2), renamed], ill: [3]), firstTwo, state: .stopped, silent: [4],
            record: movedDirectories),
        deferred: [.unhealthyButRunning(renamed, .running, "no answer")]),
    ReconcileRow(
        "not while its old instance runs and says nothing", moving(state: .running, silent: [3]),
        deferred: [.unhealthyButRunning(member(3), .running, "no answer")]),
    ReconcileRow(
        "but where that one says that it waits for it",
        moving(three(ill: [3]), firstVolumes + [moved3, reporting(3, .unknown("not mounted"))], state: .running),
        steps: [
            .swapRecord(swap(.moving(4), volumes) { $0.voters = moved.voters }),
            .updatePeerURL(member(3), to: peerURL(4)),
        ], deferred: [ill(3)]),
    ReconcileRow(
        "cloned volume, baked image: not where two report it",
        moving(three(ill: [3]), firstVolumes + [moved3, holds(3, volume(3), mounted: true)], state: .running),
        deferred: [.unhealthyButRunning(member(3), .running, "no answer")]),
    ReconcileRow(
        "nor while its member answers", moving(three())),
    ReconcileRow(
        "late volume: a member whose volume is missing stays",
        moving(three(ill: [3]), firstVolumes + [reporting(3, .unknown("not mounted"))], state: .running),
        deferred: [.unhealthyButRunning(member(3), .running, "no answer")]),
    ReconcileRow(
        "a learner's volume is not moved: an update would make it a voter",
        moving(led([member(1), member(2), member(3, learner: true)], ill: [3])),
        steps: [.removeMember(member(3, learner: true), because: .learnerMoved(to: 4))],
        deferred: [.unhealthyButRunning(member(3, learner: true), .running, "no answer")]),
]
