/// What `recover` and `restore` do with backups at a person's word, row by row.

@testable import ClusterPlanning

private let best = backup(9, of: 2, age: 100)
private let next = backup(8, of: 2, age: 200, proven: true)
private let abandoned = backup(900, of: 1, age: 300)
private func ask(_ choice: BackupChoice, acceptLoss: Bool = false) -> RecoverRequest {
    RecoverRequest(from: .snapshot(choice), acceptsLoss: acceptLoss, teller: "Ada on i-1")
}
private let list = bucket(best, next, abandoned)

private let before = record([on(7), on(8)], generation: 2)
private func begins(
    _ source: ClusterRecord.Source, _ start: [ClusterRecord.Entry] = [on(1)],
    former: [ClusterRecord.FormerEntry] = [], after before: ClusterRecord = before
) -> OperatorStep {
    .swapRecord(
        swap(.recovery, before) { record in
            record.generation = before.generation + 1
            record.token = "main-\(before.generation + 1)-salt"
            record.source = source
            record.former = former
            record.start = start
            record.voters = start
        })
}
private func act(_ steps: OperatorStep...) -> OperatorPlan {
    .act(checked(steps), then: ["the supervisors follow the record from their next look on"])
}
/// What is in the bucket is read to its end before anything is given up for it.
private func checked(_ steps: [OperatorStep]) -> [OperatorStep] {
    guard case .swapRecord(let swap)? = steps.first, case .snapshot(let name) = swap.record.source else { return steps }
    return [.checkBackup(name)] + steps
}
private func empty(
    _ reports: [Report] = [blank(1), blank(2), blank(3)], record reading: ClusterRecord = before,
    backups: Observed<BackupsSeen> = list, eight: Instance.State = .terminated
) -> OperatorView {
    sight(
        facts(asked: [away(7, .terminated), away(8, eight)], reports), record: found(reading), backups: backups)
}
private func beyond(_ count: Int, _ revision: UInt64, _ generation: Int = 2) -> String {
    "what \(count) backup\(count == 1 ? " has" : "s have") beyond it, up to revision \(revision) of generation \(generation)"
}

let rowsOfChoosingBackups: [RecoverRow] = [
    RecoverRow(
        "with nothing held the newest backup may be chosen for the asking", empty(), ask(.newest),
        act(begins(.snapshot(best.name)))),
    RecoverRow(
        "an older one not without accepting what it lacks", empty(), ask(.upToRevision(8)),
        .refuse(.wouldLose([beyond(1, 9)]))),
    RecoverRow(
        "one that was refuted is passed over, and said to be",
        empty(backups: bucket(backup(9, of: 2, refuted: true), backup(8, of: 2))), ask(.newest),
        .refuse(.wouldLose([beyond(1, 9)]))),
    RecoverRow(
        "nor is one that was refuted taken without accepting that",
        empty(backups: bucket(backup(9, of: 2, refuted: true))), ask(.newest),
        .refuse(
            .wouldLose(["whatever backup \(backup(9, of: 2).name) lacks or has changed, whose proof has failed"]))),
    RecoverRow(
        "by its revision", empty(), ask(.upToRevision(8), acceptLoss: true), act(begins(.snapshot(next.name)))),
    RecoverRow(
        "a revision between two means the earlier", empty(), ask(.upToRevision(899), acceptLoss: true),
        act(begins(.snapshot(best.name)))),
    RecoverRow(
        "by its time", empty(), ask(.upToTime(UTCTime(seconds: noon.seconds - 200)), acceptLoss: true),
        act(begins(.snapshot(next.name)))),
    RecoverRow(
        "one second earlier it is the one before", empty(),
        ask(.upToTime(UTCTime(seconds: noon.seconds - 201)), acceptLoss: true), act(begins(.snapshot(abandoned.name)))),
    RecoverRow(
        "by its name", empty(), ask(.named(abandoned.name), acceptLoss: true), act(begins(.snapshot(abandoned.name)))),
    RecoverRow(
        "with or without its ending", empty(), ask(.named(best.stem)),
        act(begins(.snapshot(best.name)))),
    RecoverRow(
        "from wherever it lies, at the loss of what the bucket holds", empty(), ask(.named("s3://other/a.db")),
        .refuse(.wouldLose([beyond(3, 9)]))),
    RecoverRow(
        "if that is accepted", empty(), ask(.named("s3://other/a.db"), acceptLoss: true),
        act(begins(.snapshot("s3://other/a.db")))),
    RecoverRow(
        "a file is brought into the bucket first", empty(), ask(.file("/tmp/a.db"), acceptLoss: true),
        act(
            .importSnapshot(file: "/tmp/a.db", as: "imported/20260131T120000Z-salt.db"),
            begins(.snapshot("imported/20260131T120000Z-salt.db")))),
    RecoverRow(
        "beside an empty bucket nothing is lost by it", empty(backups: bucket()), ask(.file("/tmp/a.db")),
        act(
            .importSnapshot(file: "/tmp/a.db", as: "imported/20260131T120000Z-salt.db"),
            begins(.snapshot("imported/20260131T120000Z-salt.db")))),
    RecoverRow(
        "there has to be such a one", empty(), ask(.named("x"), acceptLoss: true),
        .refuse(.noBackup("of 3 backups none is named x; `etcd-cluster backups` lists them"))),
    RecoverRow(
        "of such a revision", empty(), ask(.upToRevision(7), acceptLoss: true),
        .refuse(.noBackup("of 3 backups none is of revision 7 or before; `etcd-cluster backups` lists them"))),
    RecoverRow(
        "of such a time", empty(), ask(.upToTime(UTCTime(seconds: 0)), acceptLoss: true),
        .refuse(
            .noBackup(
                "of 3 backups none was taken at 1970-01-01T00:00:00Z or before; `etcd-cluster backups` lists them"))),
    RecoverRow(
        "at all", empty(backups: bucket(strangers: ["etcd.json"])), ask(.newest, acceptLoss: true),
        .refuse(.noBackup("the bucket holds none of this cluster"))),
    RecoverRow(
        "and a bucket", empty(backups: .notAsked), ask(.newest, acceptLoss: true),
        .refuse(.noBackup("no bucket for backups is configured here: set --backup-bucket"))),
    RecoverRow(
        "that can be listed (F33)", empty(backups: .unavailable("403")), ask(.newest, acceptLoss: true),
        .refuse(.blind("the backups could not be listed: 403"))),
    RecoverRow(
        "abandoned timeline: what is above the record's generation waits for a person, who may choose it",
        empty(record: record([on(7), on(8)]), backups: list), ask(.newest),
        act(
            .swapRecord(
                swap(.recovery, record([on(7), on(8)])) { record in
                    record.generation = 3
                    record.token = "main-3-salt"
                    record.source = .snapshot(best.name)
                    record.start = [on(1)]
                    record.voters = [on(1)]
                }))),
    RecoverRow(
        "the newest data may be somewhere: no backup takes its place, whatever is accepted (F31)",
        empty(eight: .stopped), ask(.newest, acceptLoss: true), .refuse(.waits(.generationUnknown(["i-8 is stopped"])))),
    RecoverRow(
        "data that is held is a loss to be accepted",
        empty(
            [blank(1), holds(2, generation: 2, shows: members(2, 7, 8)), blank(3)],
            record: record([on(2), on(7), on(8)], generation: 2)),
        ask(.newest), .refuse(.wouldLose(["i-2 (generation 2, committed up to 100) holds data that can be carried on"]))
    ),
    RecoverRow(
        "and kept",
        empty(
            [blank(1), holds(2, generation: 2, shows: members(2, 7, 8)), blank(3)],
            record: record([on(2), on(7), on(8)], generation: 2)),
        ask(.newest, acceptLoss: true),
        act(begins(.snapshot(best.name), former: [was(2, 2)], after: record([on(2), on(7), on(8)], generation: 2)))),
    RecoverRow(
        "somebody has to be there to restore it",
        sight(
            facts(.seen(group([1])), asked: [away(7, .terminated), away(8, .terminated)], silent: [1]),
            record: found(before), backups: list, disk: .unusable("no supervisor answers here")),
        ask(.newest, acceptLoss: true), .refuse(.waits(.groupIncomplete(running: 0, wanted: 1)))),
]

// MARK: Beside a cluster that lives

private let living = cluster(members(1, 2, 3), generation: 2)
private let everybody2 = [1, 2, 3].map { holds($0, generation: 2, leader: 2) }
private let led2 = record([on(1), on(2), on(3)], generation: 2)
private func alive(
    _ reports: [Report] = everybody2, silent: [Int] = [], record reading: ClusterRecord = led2,
    clusters: [RunningCluster] = [living]
) -> OperatorView {
    sight(
        facts(reports, silent: silent), record: found(reading), clusters: clusters, backups: list,
        disk: .data(stamped(generation: 2)))
}
private let since = "what cluster c1, which answers, has taken since then"

let rowsOfGoingBack: [RecoverRow] = [
    RecoverRow(
        "a cluster that lives goes back to a backup only if what it has taken since is given up", alive(), ask(.newest),
        .refuse(.wouldLose([since]))),
    RecoverRow(
        "and what better backups hold", alive(), ask(.upToRevision(8)), .refuse(.wouldLose([since, beyond(1, 9)]))),
    RecoverRow(
        "then its leader restores it, on its own disk, and the others' data is kept", alive(),
        ask(.upToRevision(8), acceptLoss: true),
        act(begins(.snapshot(next.name), [on(2)], former: [was(1, 2), was(3, 2)], after: led2))),
    RecoverRow(
        "whose disk has to be known", alive([everybody2[0], everybody2[2]], silent: [2]),
        ask(.newest, acceptLoss: true),
        .refuse(.waits(.generationUnknown(["the supervisor of the leader 2 does not report its disk"])))),
    RecoverRow(
        "one of three may say nothing", alive([everybody2[0], everybody2[1]], silent: [3]),
        ask(.newest, acceptLoss: true),
        act(begins(.snapshot(best.name), [on(2)], former: [was(1, 2), was(3, 2)], after: led2))),
    RecoverRow(
        "two would go on without it, and never learn of the next generation", alive([everybody2[1]], silent: [1, 3]),
        ask(.newest, acceptLoss: true),
        .refuse(.waits(.generationUnknown(["i-1 is running: timeout", "i-3 is running: timeout"])))),
    RecoverRow(
        "so would who keeps the record elsewhere",
        alive([everybody2[0], everybody2[1], everybody2[2].keeping([bucketStore])]), ask(.newest, acceptLoss: true),
        .refuse(.waits(.storesDiffer([3])))),
    RecoverRow(
        "of two clusters only a person can say which",
        alive(clusters: [living, cluster(members(2, 3), id: 0xc2, generation: 1)]), ask(.newest, acceptLoss: true),
        .refuse(.severalClusters([0xc1, 0xc2]))),
    RecoverRow(
        "a group of one may go back, too",
        sight(
            facts(.seen(group([1], desired: 1)), [holds(1, generation: 2, leader: 1)]),
            record: found(record([on(1)], generation: 2)),
            clusters: [cluster(members(1), leader: 1, generation: 2)], backups: list,
            disk: .data(stamped(generation: 2))), ask(.newest, acceptLoss: true),
        act(begins(.snapshot(best.name), [on(1)], after: record([on(1)], generation: 2)))),
]

// MARK: Once more, where a backup could not be restored

private let spoilt = record([on(2)], start: [on(2)], generation: 3, source: .snapshot(best.name))
private let spoiltBack = record(
    [on(2)], start: [on(2)], generation: 3, source: .snapshot("imported/a.db"), former: [was(1, 2), was(3, 2)])
private func old(_ number: Int, commit: UInt64? = 100) -> Report {
    holds(number, generation: 2, shows: commit == nil ? nil : members(1, 2, 3), commit: commit)
}
private let heldOld = "(generation 2, committed up to 100) holds data that can be carried on"
private func back(_ reports: [Report]) -> OperatorView {
    sight(
        facts(reports), record: found(spoiltBack), backups: list,
        disk: reports.contains { $0.instance == 1 } ? .data(stamped(generation: 2)) : .empty(fresh()))
}

let rowsOfChoosingAnew: [RecoverRow] = [
    RecoverRow(
        "a backup that its starter can't restore keeps nobody from choosing another",
        sight(facts([blank(1), blank(2), blank(3)]), record: found(spoilt), backups: list),
        ask(.named(next.name), acceptLoss: true), act(begins(.snapshot(next.name), [on(1)], after: spoilt))),
    RecoverRow(
        "nor from beginning with nothing",
        sight(facts([blank(1), blank(2), blank(3)]), record: found(spoilt), backups: list),
        RecoverRequest(from: .empty), .refuse(.wouldLose(["what 3 backups hold"]))),
    RecoverRow(
        "a starter that is out of sight may be restoring",
        sight(facts([blank(1), blank(3)], silent: [2]), record: found(spoilt), backups: list),
        ask(.newest, acceptLoss: true),
        .refuse(.waits(.generationUnknown(["i-2 is running: timeout", "i-2: timeout"])))),
    RecoverRow(
        "what others held before they were to go back is a loss, and so is what the starter holds still",
        back([blank(1, disk(11)), old(2), old(3)]), ask(.newest),
        .refuse(.wouldLose(["i-2 \(heldOld)", "i-3 \(heldOld)"]))),
    RecoverRow(
        "the best of it may be carried on after all, the starter's too",
        back([old(1, commit: 99), old(2), old(3, commit: 98)]), RecoverRequest(from: .member(nil)),
        act(begins(.member(2), [on(2)], former: [was(1, 2), was(3, 2)], after: spoiltBack))),
    RecoverRow(
        "what nobody has looked at is not passed over unasked", back([old(1), old(2, commit: nil), old(3)]),
        RecoverRequest(from: .member(nil)),
        .refuse(.wouldLose(["i-2 holds data of generation 2, which nobody has looked at"]))),
    RecoverRow(
        "in a group that holds nothing but data, who was to restore the one restores the other",
        back([old(1), old(2), old(3)]), ask(.newest, acceptLoss: true),
        act(begins(.snapshot(best.name), [on(2)], former: [was(1, 2), was(3, 2)], after: spoiltBack))),
]

// MARK: Where there is no record

private let noRecord = RecordReading.absent(zoneStore)
private func founds(_ source: ClusterRecord.Source, _ start: [ClusterRecord.Entry] = [on(1)]) -> OperatorStep {
    .swapRecord(
        RecordSwap(
            .founding, store: zoneStore, expected: nil,
            record: record(start, start: start, generation: 3, source: source)))
}
private let blanks = facts([blank(1), blank(2), blank(3)])
private let first = ["the first one restores it from its next look on, and the others join"]

let rowsOfFoundingFromBackups: [RecoverRow] = [
    RecoverRow(
        "beside backups the supervisors found by themselves", sight(blanks, record: noRecord, backups: list),
        RecoverRequest(),
        .nothing("there is no record, and the supervisors found by themselves once the group is whole")),
    RecoverRow(
        "what is no backup of ours they wait for",
        sight(blanks, record: noRecord, backups: bucket(strangers: ["etcd.json"])), RecoverRequest(),
        .nothing("there is no record, and founding waits: \(WaitReason.backupsNotOurs(["etcd.json"]))")),
    RecoverRow(
        "a person may found with an older one", sight(blanks, record: noRecord, backups: list),
        ask(.upToRevision(8), acceptLoss: true), .act(checked([founds(.snapshot(next.name))]), then: first)),
    RecoverRow(
        "if its losses are accepted", sight(blanks, record: noRecord, backups: list), ask(.upToRevision(8)),
        .refuse(.wouldLose([beyond(1, 9)]))),
    RecoverRow(
        "or with a file", sight(blanks, record: noRecord, backups: list), ask(.file("a.db"), acceptLoss: true),
        .act(
            [
                .importSnapshot(file: "a.db", as: "imported/20260131T120000Z-salt.db"),
                founds(.snapshot("imported/20260131T120000Z-salt.db")),
            ], then: first)),
    RecoverRow(
        "not where somebody may hold data",
        sight(facts([blank(1), blank(2)], silent: [3]), record: noRecord, backups: list),
        ask(.newest, acceptLoss: true), .refuse(.waits(.reportsMissing(["i-3: timeout"])))),
    RecoverRow(
        "generation restarted beside old backups: nothing is founded beside a list that can't be read",
        sight(blanks, record: noRecord, backups: .unavailable("403")), RecoverRequest(from: .empty, acceptsLoss: true),
        .refuse(.waits(.backupsNotRead("403")))),
]

extension Report {
    fileprivate func keeping(_ stores: [StoreName]) -> Report {
        var report = self
        report.stores = stores
        return report
    }
}
