/// What becomes of an etcd that runs and knows no leader, or that a later generation has overtaken.

import Testing

@testable import ClusterPlanning

struct RunningRow: CustomTestStringConvertible, Sendable {
    var claim: String
    var view: StartView
    var expected: RunningPlan
    var testDescription: String { claim }

    init(_ claim: String, _ view: StartView, _ expected: RunningPlan) {
        self.claim = claim
        self.view = view
        self.expected = expected
    }
}

private let dead23 = [asked(2, .terminated), asked(3, .terminated)]
private func running(
    _ facts: Facts = facts([holds(1), holds(2), holds(3)]), stamp: Stamp = stamped(), leader: MemberID? = nil,
    record reading: RecordReading = found(record()), clusters: [RunningCluster] = []
) -> StartView {
    view(
        disk: .data(stamp), etcd: OwnEtcd(isRunning: true, shown: showing(members(1, 2, 3), leader: leader)), facts,
        record: reading, clusters: clusters)
}

private func naming(_ member: MemberID?, generation: Int?) -> Stamp {
    Stamp(
        disk: disk(1), instance: 1, owner: generation == nil ? nil : ourGroup, generation: generation, cluster: 0xc1,
        member: member, started: true)
}

let runningRows: [RunningRow] = [
    RunningRow("an etcd that knows a leader goes on", running(leader: 2), .stay(nil)),
    RunningRow(
        "stale survivor: cut off from the others, it waits for them",
        running(facts([holds(1)], silent: [2, 3])),
        .stay(
            .generationUnknown(["i-2 is running: timeout", "i-2: timeout", "i-3 is running: timeout", "i-3: timeout"]))),
    RunningRow(
        "stale survivor: it stops where its cluster lists it no more", running(clusters: [cluster(members(2, 3))]),
        .stop(.setAside(.removedFromCluster(0xc1)))),
    RunningRow("three that look for each other go on", running(), .stay(.generationQuorate(by: 1))),
    RunningRow(
        "one whose cluster answers goes on", running(clusters: [cluster(members(1, 2, 3), ill: [1])]), .stay(nil)),
    RunningRow(
        "two of two: the survivor claims the next generation, and runs until it is stopped for it",
        running(facts(.seen(group([1, 4])), asked: dead23, [holds(1), blank(4)])),
        .claim(
            swap(.recovery, record()) { record in
                record.generation = 2
                record.token = "main-2-salt"
                record.source = .member(1)
                record.start = [on(1)]
                record.voters = [on(1)]
            })),
    RunningRow(
        "forced exec crashes: named to carry its data on, it stops first",
        running(record: found(record([on(1)], start: [on(1)], generation: 2, source: .member(1)))),
        .stop(launch(.force(1), generation: 2))),
    RunningRow(
        "overtaken, it stops, though nobody of the later generation answers",
        running(
            facts([holds(1), holds(3)], silent: [2]),
            record: found(record([on(2)], start: [on(2)], generation: 2, source: .member(2), former: [was(1, 1)]))),
        .stop(.wait(.dataOfEarlierGeneration(1, now: 2)))),
    RunningRow(
        "overtaken, it makes way where one answers",
        running(record: found(record([on(2)], generation: 2)), clusters: [cluster(members(2), generation: 2)]),
        .stop(.setAside(.ofEarlierGeneration(1, now: 2)))),
    RunningRow(
        "going back: named to restore a backup, it stops first",
        running(record: found(record([on(1)], start: [on(1)], generation: 2, source: .snapshot(backup(9).name)))),
        .stop(launch(.restore(backup(9).name, token: "main-2-salt"), generation: 2))),
    RunningRow(
        "going back: also where nobody had written down of which generation it is",
        running(
            stamp: naming(1, generation: nil), leader: 1,
            record: found(record([on(1)], start: [on(1)], generation: 2, source: .snapshot(backup(9).name)))),
        .stop(launch(.restore(backup(9).name, token: "main-2-salt"), generation: 2))),
    RunningRow(
        "weekend zero: the last one stops before it is backed up",
        view(
            disk: .data(stamped()), etcd: OwnEtcd(isRunning: true, shown: showing(members(1), leader: 1)),
            facts(.seen(group([instance(1, .running, "Terminating:Wait")], desired: 0)), [holds(1, leader: 1)]),
            record: found(record([on(1)])), settings: PlanSettings(backups: BackupSettings())),
        .stop(launch(.save, generation: 1))),
    RunningRow(
        "an etcd that has restored and whose data is gone is not stopped to restore again",
        view(
            disk: .empty(stamped(generation: 2)), etcd: OwnEtcd(isRunning: true, shown: showing(members(1), leader: 1)),
            facts([blank(1), blank(2), blank(3)]),
            record: found(record([on(1)], start: [on(1)], generation: 2, source: .snapshot(backup(9).name)))),
        .stay(.generationPending([1]))),
    RunningRow("without a record it goes on", running(record: .unknown("503")), .stay(nil)),
    RunningRow(
        "so it does beside another owner's", running(record: found(record(generation: 9, owner: "arn:other"))),
        .stay(nil)),
    RunningRow("so it does where there is none", running(record: .absent(zoneStore)), .stay(nil)),
    RunningRow(
        "data of no generation gets that of the record that names it",
        running(stamp: naming(1, generation: nil), record: found(record([unnamed(1), on(2)]))),
        .stamp(naming(1, generation: 1))),
    RunningRow(
        "not that of one that names another disk here",
        running(stamp: naming(1, generation: nil), leader: 2, record: found(record([on(1, disk(11)), on(2)]))),
        .stay(nil)),
    RunningRow(
        "late volume: what lies below goes on where it runs",
        running(record: found(record([on(1, volume(1)), on(2)]))), .stay(.volumeMissing(volume(1)))),
    RunningRow(
        "a founder that waits for the others goes on",
        view(
            disk: .data(naming(nil, generation: 1)),
            etcd: OwnEtcd(isRunning: true, shown: showing(members(1, 2, 3), commit: 3)),
            facts([holds(1), blank(2), blank(3)]), record: found(claimed(1, 2, 3))), .stay(.generationPending([2, 3]))),
]

@Suite struct RunningTests {
    @Test(arguments: runningRows)
    func run(row: RunningRow) {
        var memory = StartMemory()
        #expect(planRunning(row.view, memory: &memory) == row.expected)
    }

    /// Patience lasts over looks that had no answer, and begins anew with each generation.
    @Test func aLookWithoutAnAnswerEndsNoPatience() {
        let stranger = facts(.seen(group([1, 4])), asked: dead23, [holds(1)], silent: [4])
        var memory = StartMemory()
        func look(_ second: Int, _ facts: Facts, _ record: ClusterRecord = record()) -> RunningPlan {
            var view = running(facts, record: found(record))
            view.now = .seconds(second)
            return planRunning(view, memory: &memory)
        }
        let unread = Facts(owner: ourGroup, group: .unavailable("503"))
        let plans = [look(0, stranger), look(100, unread), look(299, stranger)]
        let waiting = RunningPlan.stay(.reportsMissing(["i-4: timeout"]))
        #expect(plans == [waiting, .stay(.groupNotRead("503")), waiting])
        guard case .claim = look(300, stranger) else {
            Issue.record("the stranger's grace did not end")
            return
        }
    }
}
