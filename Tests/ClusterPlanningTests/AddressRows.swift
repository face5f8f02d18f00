/// Whose entry of the record it is that only an address tells: a member that has moved, one that has come back, or a successor.

@testable import ClusterPlanning

private func at(_ number: Int, _ report: Report) -> Report {
    var report = report
    report.peerURL = peerURL(number)
    return report
}

private func upkept(_ before: ClusterRecord, _ voters: [ClusterRecord.Entry]) -> [ReconcilePlan.Step] {
    [.swapRecord(swap(.upkeep, before) { $0.voters = voters })]
}

// Disk 3 was moved to instance 4, never ran there, and is back on instance 3, which resumed at once.
private let back = Member(3, name: "i-3", peerURLs: [peerURL(4)], clientURLs: [clientURL(3)])
private let movedAway = record([on(1), on(2), on(4, disk(3))])
private let movedBack = [on(1), on(2), ClusterRecord.Entry(3, peerURL(4), disk: disk(3))]
private func returned(
    ill: Set<MemberID> = [], group instances: [Instance] = [1, 2, 3].map { instance($0) },
    _ reports: [Report] = firstTwo + [holds(3)], silent: [Int] = [], hooks: Observed<[LifecycleHook]> = .notAsked,
    record before: ClusterRecord = movedAway
) -> ClusterView {
    lead(
        led([member(1), member(2), back], ill: ill),
        facts(.seen(group(instances)), asked: [asked(4, .terminated)], reports, silent: silent), record: found(before),
        hooks: hooks)
}

// Member 4 runs where member 3 was: a person, or an older tool, has put it there.
private let successor = Member(4, name: "i-4", peerURLs: [peerURL(3)], clientURLs: [clientURL(3)])
private let itsInstance = instance(4, address: address(3))
private let succeeded = [on(1), on(2), ClusterRecord.Entry(4, peerURL(3), disk: disk(4))]
private let succeededSilently = [on(1), on(2), ClusterRecord.Entry(4, peerURL(3), disk: nil)]
private func succeeding(
    ill: Set<MemberID> = [], _ reports: [Report] = firstTwo, silent: [Int] = [4]
) -> ClusterView {
    lead(
        led([member(1), member(2), successor], ill: ill),
        facts(
            .seen(group([instance(1), instance(2), itsInstance])), asked: [asked(3, .terminated)], reports,
            silent: silent),
        record: found(record()))
}

// A leader whose data has no generation: its own list has it where an entry of the record was.
private let foreign = Member(1, name: "i-1", peerURLs: [peerURL(3)], clientURLs: [clientURL(3)])

let rowsOfAddresses: [ReconcileRow] = [
    ReconcileRow(
        "a directory that is back before it ran elsewhere is where it reports from", returned(),
        steps: upkept(movedAway, movedBack)),
    ReconcileRow(
        "so is a volume",
        returned(
            firstTwo + [holds(3, volume(3), mounted: true)], record: record([on(1), on(2), on(4, volume(3))])),
        steps: upkept(
            record([on(1), on(2), on(4, volume(3))]),
            [on(1), on(2), ClusterRecord.Entry(3, peerURL(4), disk: volume(3))])),
    ReconcileRow(
        "it is drained like anybody",
        returned(
            ill: [2], group: [instance(1), instance(2), instance(3, .running, "Terminating:Wait")],
            hooks: .seen([endHook])),
        steps: upkept(movedAway, movedBack) + [.heartbeat(hook: endHook.name, 3)],
        deferred: [ill(2), .drainHeld(3, "1 of 2 voters would be healthy, 2 are needed")]),
    ReconcileRow(
        "in a turn in which it says nothing it stays",
        returned(ill: [3], firstTwo, silent: [3], record: record(movedBack)),
        deferred: [.unhealthyButRunning(back, .running, "no answer")]),
    ReconcileRow(
        "once the record knows, it may be silent: the other instance is nobody's any more",
        returned(firstTwo, silent: [3], record: record(movedBack))),
    ReconcileRow(
        "a member that somebody has put in a dead one's place is not that one",
        succeeding(ill: [4], firstTwo + [at(3, holds(4))], silent: []),
        steps: upkept(record(), succeeded), deferred: [.unhealthyButRunning(successor, .running, "no answer")]),
    ReconcileRow(
        "nor is it while it says nothing: the dead one's disk is gone, and tells nothing of it", succeeding(ill: [4]),
        steps: upkept(record(), succeededSilently),
        deferred: [.unhealthyButRunning(successor, .running, "no answer")]),
    ReconcileRow(
        "least of all while it serves", succeeding(), steps: upkept(record(), succeededSilently)),
    ReconcileRow(
        "data of no generation, at an address of the record, makes its leader none of the record's",
        lead(
            led([foreign]),
            facts(
                .seen(group([instance(1, address: address(3))], desired: 1)),
                asked: [asked(3, .terminated), asked(5, .stopped)],
                [at(3, holds(1, disk(77), generation: nil, shows: [foreign]))]),
            record: found(record([on(3), on(5), on(6)])), generation: nil),
        deferred: [.recordLacksUs(generation: 1)]),
    ReconcileRow(
        "a disk that comes to an address at which another member is entered waits until that one is gone",
        lead(
            led([member(1), member(2), member(3), entry(9, at: 4, learner: true)], ill: [3]),
            facts(
                .seen(group([1, 2, 4])), asked: [asked(3, .stopped)],
                firstTwo + [holds(3, on: 4)]), record: found(record([on(1), on(2), on(3), on(4, joining: true)]))),
        steps: [.removeMember(entry(9, at: 4, learner: true), because: .diskGone(.replaced(4, by: disk(3))))],
        deferred: [ill(3)]),
    ReconcileRow(
        "a moved disk whose member is named after an instance that runs unseen waits",
        lead(
            led([member(1), member(2), successor], ill: [4]),
            facts(
                .seen(group([instance(1), instance(2), itsInstance, instance(5)])), asked: [asked(3, .terminated)],
                firstTwo + [nameless(at(5, holds(3, on: 5)))], silent: [4]), record: found(record())),
        deferred: [.unhealthyButRunning(successor, .running, "no answer")]),
    ReconcileRow(
        "a record that is made while a moved disk has not run yet names its new instance",
        lead(
            led([member(1), member(2), back], ill: [3]),
            facts(.seen(group([1, 2, 4])), asked: [asked(3, .terminated)], firstTwo + [holds(3, on: 4)]),
            record: .absent(zoneStore)),
        steps: [
            .swapRecord(
                RecordSwap(
                    .adoption, store: zoneStore, expected: nil, record: record([on(1), on(2), on(4, disk(3))])))
        ], deferred: [.unhealthyButRunning(back, .running, "no answer")]),
]

/// No leader ever told it which member it is, and its etcd shows nothing.
private func nameless(_ report: Report) -> Report {
    var report = report
    report.holding = .data(HeldData(cluster: 0xc1, member: nil, generation: 1))
    report.etcd = EtcdState()
    return report
}
