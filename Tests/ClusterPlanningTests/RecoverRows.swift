/// What `recover` does for a person, and what it refuses, row by row.

@testable import ClusterPlanning

typealias RecoverRow = OperatorRow<RecoverRequest>

private let three = members(1, 2, 3)
/// Of the voters 2, 3 and 4, the disk of 4 is held, 2 is terminated, and 3 is as the row says.
private let before = record([on(2), on(3), on(4)])
private func left(
    _ state: Instance.State, _ reports: [Report] = [blank(1), survivor, blank(5)], silent: [Int] = [],
    record reading: RecordReading = found(before), settings: PlanSettings = PlanSettings(),
    backups: Observed<BackupsSeen> = .notAsked, clusters: [RunningCluster] = []
) -> OperatorView {
    sight(
        facts(.seen(group([1, 4, 5])), asked: [away(2, .terminated), away(3, state)], reports, silent: silent),
        record: reading, clusters: clusters, backups: backups, settings: settings)
}
private let survivor = holds(4, shows: members(2, 3, 4))
private let hold = PlanSettings(onLoss: .hold)

private func ask(
    gone: [InstanceID] = [], from: Beginning? = nil, terminate: Bool = false, evenIfItReturns: Bool = false,
    acceptLoss: Bool = false
) -> RecoverRequest {
    RecoverRequest(
        declaredGone: gone, from: from, terminates: terminate, evenIfItReturns: evenIfItReturns,
        acceptsLoss: acceptLoss,
        teller: "Ada on i-1")
}

private func declares(_ entries: [ClusterRecord.Entry], _ state: Instance.State, of record: ClusterRecord)
    -> OperatorStep
{
    .swapRecord(
        swap(.byOperator("Ada on i-1 declares gone \(list(entries.map(\.description)))"), record) { changed in
            changed.gone = entries.map { entry in
                ClusterRecord.GoneDisk(
                    entry.markedDisk, evidence: "declared gone while EC2 called \(entry.instance) \(state)",
                    time: "2026-01-31T12:00:00Z", teller: "Ada on i-1")
            }
        })
}

private func begins(
    _ source: ClusterRecord.Source, _ start: [ClusterRecord.Entry], former: [ClusterRecord.FormerEntry] = [],
    after before: ClusterRecord = before
) -> RecordSwap {
    swap(.recovery, before) { record in
        record.generation = before.generation + 1
        record.token = "main-\(before.generation + 1)-salt"
        record.source = source
        record.former = former
        record.start = start
        record.voters = start
        record.gone = []
    }
}

private let nextText =
    "claim the recovery: generation 2 begins with the disk of member 4, started by i-4=http://10.0.0.4:2380#d-4"
private let bySupervisors = "the supervisors go on by themselves: \(nextText)"
private let afterwards = ["the supervisors follow the record from their next look on"]

let rowsOfDeclaring: [RecoverRow] = [
    RecoverRow(
        "without a choice it says what is waited for", left(.stopped), ask(),
        .nothing("the supervisors wait: the newest data may live on: i-3 is stopped")),
    RecoverRow(
        "and what goes on by itself", left(.terminated), ask(), .nothing(bySupervisors)),
    RecoverRow(
        "and that a cluster answers", left(.stopped, clusters: [cluster(members(2, 3, 4))]), ask(),
        .nothing(
            "cluster c1 answers as generation 1: its leader keeps it, and reads the record within ten minutes")),
    RecoverRow(
        "an instance that EC2 still knows is not gone for the asking", left(.stopped), ask(gone: [3]),
        .refuse(.instanceExists(3, .stopped))),
    RecoverRow(
        "a person may say so all the same", left(.stopped), ask(gone: [3], evenIfItReturns: true),
        .act([declares([on(3)], .stopped, of: before)], then: [bySupervisors])),
    RecoverRow(
        "or have it terminated", left(.stopped), ask(gone: [3], terminate: true),
        .act([.terminate(3, .stopped)], then: [bySupervisors])),
    RecoverRow(
        "which is never said of one that runs: it may lead", left(.running), ask(gone: [3], evenIfItReturns: true),
        .refuse(.instanceRuns(3, .running))),
    RecoverRow(
        "that one has to end first", left(.running), ask(gone: [3], terminate: true, evenIfItReturns: true),
        .act([.terminate(3, .running)], then: [bySupervisors])),
    RecoverRow(
        "what is shutting down is waited for", left(.shuttingDown), ask(gone: [3], terminate: true),
        .act([.terminate(3, .shuttingDown)], then: [bySupervisors])),
    RecoverRow(
        "what EC2 has forgotten may be called gone at once", left(.unknownToEC2), ask(gone: [3]),
        .act([declares([on(3)], .unknownToEC2, of: before)], then: [bySupervisors])),
    RecoverRow(
        "what is gone by evidence needs nobody's word", left(.terminated), ask(gone: [2, 3]),
        .nothing("nothing is left to declare: i-2, i-3; \(bySupervisors)")),
    RecoverRow(
        "so does what was declared before",
        left(
            .stopped,
            record: found(record([on(2), on(3), on(4)], gone: [.init(disk(3), evidence: "", time: "", teller: "Ada")]))),
        ask(gone: [3]), .nothing("nothing is left to declare: i-3; \(bySupervisors)")),
    RecoverRow(
        "a disk that somebody reports is there", left(.stopped), ask(gone: [4], evenIfItReturns: true),
        .refuse(.diskReported(of: 4, by: [4]))),
    RecoverRow(
        "also on another instance", left(.stopped, [holds(3, on: 5), survivor]), ask(gone: [3], evenIfItReturns: true),
        .refuse(.diskReported(of: 3, by: [5]))),
    RecoverRow(
        "also one that etcd can't run on", left(.stopped, [reporting(4, .unusable("crc"), disk: disk(4))]),
        ask(gone: [4]),
        .refuse(.diskReported(of: 4, by: [4]))),
    RecoverRow(
        "cloned volume: and one that two report", left(.stopped, [survivor, holds(4, on: 5)]), ask(gone: [4]),
        .refuse(.diskReported(of: 4, by: [4, 5]))),
    RecoverRow(
        "an instance that the record does not name is no matter of it", left(.stopped), ask(gone: [7]),
        .refuse(.notInRecord(7, known: [2, 3, 4]))),
    RecoverRow(
        "EC2 is asked first",
        sight(
            Facts(owner: ourGroup, group: .seen(group([1, 4, 5])), asked: .unavailable("503")), record: found(before)),
        ask(gone: [3], evenIfItReturns: true), .refuse(.blind("EC2 could not be asked: 503"))),
    RecoverRow(
        "about that very instance", sight(facts(.seen(group([1, 4, 5]))), record: found(before)),
        ask(gone: [3], evenIfItReturns: true), .refuse(.blind("EC2 was not asked about i-3"))),
    RecoverRow(
        "earlier disks are declared as well",
        left(.stopped, record: found(record([on(4)], generation: 2, former: [was(3, 1)]))),
        ask(gone: [3], evenIfItReturns: true),
        .act(
            [declares([on(3)], .stopped, of: record([on(4)], generation: 2, former: [was(3, 1)]))],
            then: [
                "the supervisors wait: the disks that are held are a quorum, as i-4 knows it: they have to reach each other"
            ]
        )
    ).showing(only: [4], generation: 2),
    RecoverRow(
        "a disk that nobody ever named is declared by its instance",
        left(.stopped, record: found(record([on(2), unnamed(3), on(4)]))), ask(gone: [3], evenIfItReturns: true),
        .act([declares([unnamed(3)], .stopped, of: record([on(2), unnamed(3), on(4)]))], then: [bySupervisors])),
    RecoverRow(
        "a volume whose instance has ended may be given up before its grace is over",
        left(.terminated, record: found(record([on(2), on(3, volume(3)), on(4)]))), ask(gone: [3]),
        .act(
            [declares([on(3, volume(3))], .terminated, of: record([on(2), on(3, volume(3)), on(4)]))],
            then: [bySupervisors])),
    RecoverRow(
        "a member of a living cluster may be given up too; its leader judges the quorum",
        left(.stopped, clusters: [cluster(members(2, 3, 4))]), ask(gone: [3], evenIfItReturns: true),
        .act(
            [declares([on(3)], .stopped, of: before)],
            then: ["cluster c1 answers as generation 1: its leader keeps it, and reads the record within ten minutes"])),
]

let rowsOfBeginning: [RecoverRow] = [
    RecoverRow(
        "where a person decides, the best disk that is held is carried on", left(.terminated, settings: hold),
        ask(from: .member(nil)), .act([.swapRecord(begins(.member(4), [on(4)]))], then: afterwards)),
    RecoverRow(
        "the declaration comes first, and the rest after another look", left(.stopped, settings: hold),
        ask(gone: [3], from: .member(nil), evenIfItReturns: true),
        .act([declares([on(3)], .stopped, of: before)], then: ["then \(nextText)"])),
    RecoverRow(
        "so does the termination", left(.running, settings: hold), ask(gone: [3], from: .member(nil), terminate: true),
        .act([.terminate(3, .running)], then: ["then \(nextText)"])),
    RecoverRow(
        "nobody is terminated for what is refused afterwards", left(.running, settings: hold),
        ask(gone: [3], from: .member(5), terminate: true),
        .refuse(.notASource(5, "held are i-4 (generation 1, committed up to 100)"))),
    RecoverRow(
        "nothing begins while the newest data may be somewhere", left(.stopped),
        ask(from: .member(nil), acceptLoss: true),
        .refuse(.waits(.generationUnknown(["i-3 is stopped"])))),
    RecoverRow(
        "nothing empty either, whatever is accepted", left(.stopped), ask(from: .empty, acceptLoss: true),
        .refuse(.waits(.generationUnknown(["i-3 is stopped"])))),
    RecoverRow(
        "nothing begins beside a cluster that answers", left(.stopped, clusters: [cluster(members(2, 3, 4))]),
        ask(gone: [3], from: .empty, evenIfItReturns: true, acceptLoss: true), .refuse(.clusterAnswers(0xc1))),
    RecoverRow(
        "or is led unseen", left(.terminated, [blank(1), holds(4, leader: 4)]), ask(from: .empty, acceptLoss: true),
        .refuse(.waits(.generationLed(by: 4)))),
    RecoverRow(
        "or while the held disks are a quorum",
        sight(facts([holds(1), holds(2), blank(3, disk(9))]), record: found(record())),
        ask(from: .empty, acceptLoss: true),
        .refuse(.waits(.generationQuorate(by: 1)))),
    RecoverRow(
        "or before those have tried who are to start it",
        sight(facts([blank(1), blank(2), blank(3)]), record: found(claimed(1, 2, 3))),
        ask(from: .empty, acceptLoss: true), .refuse(.waits(.generationPending([1, 2, 3])))),
    RecoverRow(
        "all have to read the same stores", left(.terminated, [blank(1), survivor, blank(5, stores: [bucketStore])]),
        ask(from: .member(nil)), .refuse(.waits(.storesDiffer([5])))),
    RecoverRow(
        "who says nothing and is not named is passed over, and named",
        left(.terminated, [blank(1), survivor], silent: [5]),
        ask(from: .member(nil)),
        .act(
            [.swapRecord(begins(.member(4), [on(4)]))],
            then: ["i-5 is passed over, which the record does not name: timeout"] + afterwards)),
    RecoverRow(
        "there has to be something to carry on", left(.terminated, [blank(1), blank(4, disk(9)), blank(5)]),
        ask(from: .member(nil)), .refuse(.nothingHeld)),
    RecoverRow(
        "with nothing to lose nothing has to be accepted", left(.terminated, [blank(1), blank(4, disk(9)), blank(5)]),
        ask(from: .empty), .act([.swapRecord(begins(.empty, [on(1), on(4, disk(9)), on(5)]))], then: afterwards)),
    RecoverRow(
        "a disk that is held is not given up unasked", left(.terminated), ask(from: .empty),
        .refuse(.wouldLose(["i-4 (generation 1, committed up to 100) holds data that can be carried on"]))),
    RecoverRow(
        "and kept where it is given up", left(.terminated), ask(from: .empty, acceptLoss: true),
        .act([.swapRecord(begins(.empty, [on(1), on(5)], former: [was(4, 1)]))], then: afterwards)),
    RecoverRow(
        "neither is what etcd can't run on",
        left(.terminated, [blank(1), reporting(4, .unusable("crc"), disk: disk(4))]),
        ask(from: .empty),
        .refuse(.wouldLose(["etcd can't run on what i-4 holds, and a person may save it"]))),
    RecoverRow(
        "nor a backup",
        left(
            .terminated, [blank(1), blank(4, disk(9)), blank(5)],
            backups: bucket(backup(9), backup(7))), ask(from: .empty),
        .refuse(.wouldLose(["what 2 backups hold"]))),
    RecoverRow(
        "backups that can't be listed are passed over by nobody: they would outrank what comes (F33)",
        left(.terminated, [blank(1), blank(4, disk(9)), blank(5)], backups: .unavailable("403")),
        ask(from: .empty, acceptLoss: true), .refuse(.waits(.backupsNotRead("403")))),
    RecoverRow(
        "whoever begins has to be there",
        sight(
            facts(.seen(group([1, 4])), asked: [away(2, .terminated), away(3, .terminated)], [survivor], silent: [1]),
            record: found(before), disk: .unusable("no supervisor answers here")), ask(from: .empty, acceptLoss: true),
        .refuse(.waits(.groupIncomplete(running: 0, wanted: 1)))),
]

private let five = members(2, 3, 4, 5, 6)
private let wide = record([2, 3, 4, 5, 6].map { on($0) })
private let two = sight(
    facts(
        .seen(group([1, 4, 5])), asked: [2, 3, 6].map { away($0, .terminated) },
        [blank(1), holds(4, shows: five, commit: 7), holds(5, shows: five, commit: 8)]), record: found(wide))

let rowsOfChoosing: [RecoverRow] = [
    RecoverRow(
        "of two disks the better one is taken", two, ask(from: .member(nil)),
        .act([.swapRecord(begins(.member(5), [on(5)], former: [was(4, 1)], after: wide))], then: afterwards)),
    RecoverRow(
        "the other one not unasked", two, ask(from: .member(4)),
        .refuse(.notTheBest(4, commit: 7, best: 5, bestCommit: 8))),
    RecoverRow(
        "but at a person's word", two, ask(from: .member(4), acceptLoss: true),
        .act([.swapRecord(begins(.member(4), [on(4)], former: [was(5, 1)], after: wide))], then: afterwards)),
]

private let noRecord = RecordReading.absent(zoneStore)
private let blanks = facts([blank(1), blank(2), blank(3)])
private let founded = ClusterRecord(
    owner: ourGroup, generation: 8, token: "main-8-salt", source: .empty, start: [on(1), on(2), on(3)],
    voters: [on(1), on(2), on(3)])
private let old = bucket(backup(9, of: 7))

let rowsOfFoundingByHand: [RecoverRow] = [
    RecoverRow(
        "without a record the founding is waited for",
        sight(blanks, record: noRecord, backups: .unavailable("403")), ask(),
        .nothing("there is no record, and founding waits: the backups could not be listed: 403")),
    RecoverRow(
        "or nothing is", sight(blanks, record: noRecord), ask(),
        .nothing("there is no record, and the supervisors found by themselves once the group is whole")),
    RecoverRow(
        "backups are not passed over unasked", sight(blanks, record: noRecord, backups: old), ask(from: .empty),
        .refuse(.wouldLose(["what 1 backup holds"]))),
    RecoverRow(
        "and outranked where they are", sight(blanks, record: noRecord, backups: old),
        ask(from: .empty, acceptLoss: true),
        .act(
            [.swapRecord(RecordSwap(.founding, store: zoneStore, expected: nil, record: founded))],
            then: ["these found it from their next look on"])),
    RecoverRow(
        "data is passed over by nobody", sight(facts([blank(1), holds(2), blank(3)]), record: noRecord),
        ask(from: .empty, acceptLoss: true), .refuse(.waits(.reportsMissing(["i-2 holds data"])))),
    RecoverRow(
        "our own neither", sight(facts([holds(1), blank(2), blank(3)]), record: noRecord, disk: .data(stamped())),
        ask(from: .empty, acceptLoss: true), .refuse(.ownDisk("it holds data"))),
    RecoverRow(
        "nor where we can't tell",
        sight(
            facts([blank(2), blank(3)], silent: [1]), record: noRecord, disk: .unusable("no supervisor answers here")),
        ask(from: .empty, acceptLoss: true), .refuse(.ownDisk("no supervisor answers here"))),
    RecoverRow(
        "an etcd that runs is passed over by nobody", sight(blanks, record: noRecord, peers: [peer(2, shows: three)]),
        ask(from: .empty, acceptLoss: true), .refuse(.waits(.noLeader(among: [peer(2, shows: three)])))),
    RecoverRow(
        "the half of a group founds nothing", sight(facts([blank(1), holds(9, on: 9)]), record: noRecord),
        ask(from: .empty, acceptLoss: true),
        .refuse(.waits(.reportsMissing(["i-2: its supervisor was not asked", "i-3: its supervisor was not asked"])))),
    RecoverRow(
        "a cluster that answers is adopted", sight(blanks, record: noRecord, clusters: [cluster(three)]), ask(),
        .nothing("cluster c1 answers and has no record: its leader writes one; `etcd-cluster adopt` does so now")),
    RecoverRow(
        "and not founded beside", sight(blanks, record: noRecord, clusters: [cluster(three)]),
        ask(from: .empty, acceptLoss: true), .refuse(.noRecord)),
    RecoverRow(
        "of two only a person can say which",
        sight(
            blanks, record: noRecord, clusters: [cluster(three), cluster(three, id: 0xc2)]), ask(),
        .refuse(.severalClusters([0xc1, 0xc2]))),
    RecoverRow(
        "no disk is gone without a record", sight(blanks, record: noRecord), ask(gone: [3]), .refuse(.noRecord)),
    RecoverRow(
        "and none is carried on", sight(blanks, record: noRecord), ask(from: .member(nil)), .refuse(.noRecord)),
]

private let conflict = [StoreReading(zoneStore, stored(record())), StoreReading(bucketStore, stored(record()))]

let rowsOfOtherRecords: [RecoverRow] = [
    RecoverRow(
        "the group has to be read", sight(Facts(group: .unavailable("503"))), ask(gone: [3]),
        .refuse(.blind(WaitReason.groupNotRead("503").description))),
    RecoverRow(
        "whole", sight(facts(.seen(group([2, 3])))), ask(gone: [3]),
        .refuse(.blind(WaitReason.notInGroup(group: "main", listed: 2).description))),
    RecoverRow("at all", sight(Facts()), ask(), .refuse(.blind(WaitReason.groupNotRead("not asked yet").description))),
    RecoverRow(
        "so has the record", sight(blanks, record: .unknown("503")), ask(gone: [3]),
        .refuse(.blind(WaitReason.recordNotRead("503").description))),
    RecoverRow("there has to be a place for it", sight(blanks, record: .notConfigured), ask(), .refuse(.noRecordKept)),
    RecoverRow(
        "of two records one has to go first", sight(blanks, record: .conflicting(conflict)), ask(gone: [3]),
        .refuse(.recordsConflict(conflict))),
    RecoverRow(
        "another group's record is not ours to recover", sight(blanks, record: found(record(owner: "other"))), ask(),
        .refuse(.recordOfOther("other"))),
]

let recoverRows =
    rowsOfDeclaring + rowsOfBeginning + rowsOfChoosing + rowsOfFoundingByHand + rowsOfOtherRecords
    + rowsOfChoosingBackups + rowsOfGoingBack + rowsOfChoosingAnew + rowsOfFoundingFromBackups

extension RecoverRow {
    /// The same, with a survivor that knows nobody but these.
    fileprivate func showing(only numbers: [Int], generation: Int) -> RecoverRow {
        var row = self
        let report = holds(4, generation: generation, shows: numbers.map { member($0) })
        row.view.start.facts.reports[4] = .report(report)
        return row
    }
}
