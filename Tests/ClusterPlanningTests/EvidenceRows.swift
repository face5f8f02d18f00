/// When a disk is held, gone or unknown, row by row.

import Testing

@testable import ClusterPlanning

struct FateRow: CustomTestStringConvertible, Sendable {
    var claim: String
    var entry: ClusterRecord.Entry
    var facts: Facts
    var gone: [ClusterRecord.GoneDisk]
    /// For how long the instances that are away have been away.
    var awayFor: Duration
    var expected: DiskFate

    init(
        _ claim: String, _ entry: ClusterRecord.Entry, _ facts: Facts, gone: [ClusterRecord.GoneDisk] = [],
        awayFor: Duration = .zero, _ expected: DiskFate
    ) {
        self.claim = claim
        self.entry = entry
        self.facts = facts
        self.gone = gone
        self.awayFor = awayFor
        self.expected = expected
    }

    var testDescription: String { claim }

    var evidence: Evidence { .after(awayFor, facts, gone: gone) }
}

extension Evidence {
    /// As a process judges that has looked every minute, and has seen the same for `time`.
    static func after(_ time: Duration, _ facts: Facts, gone: [ClusterRecord.GoneDisk] = []) -> Evidence {
        var absence = AbsenceMemory()
        var now = Duration.zero
        while now < time {
            absence.remember(facts, now, grace: grace)
            now += .seconds(60)
        }
        absence.remember(facts, time, grace: grace)
        return Evidence(facts: facts, gone: gone, absence: absence, now: time, grace: grace)
    }

    static var grace: Duration { .seconds(300) }
}

private let gone3 = ClusterRecord.GoneDisk(disk(3), evidence: "it burnt", time: "2026-01-31T12:00:00Z", teller: "Ada")
private let withoutThree = Observed.seen(group([1, 2, 4]))
private let late = reporting(3, .unknown("/var/lib/etcd is not mounted"))

let fateRows: [FateRow] =
    [
        FateRow("a disk that its instance reports with data is held", on(3), facts([holds(3)]), .held(holds(3))),
        FateRow(
            "moved volume, one and all: it is held, whichever instance has it", on(3, volume(3)),
            facts(withoutThree, asked: [asked(3, .terminated)], [holds(3, volume(3), on: 4, mounted: true)]),
            .held(holds(3, volume(3), on: 4, mounted: true))),
        FateRow(
            "held is judged first, whatever EC2 or a person says", on(3),
            facts(asked: [asked(3, .terminated)], [holds(3)]),
            gone: [gone3], .held(holds(3))),
        FateRow(
            "cloned volume, baked image: what two report is neither's", on(3),
            facts([holds(3), holds(3, on: 4)]), .unknown("i-3, i-4 report one and the same disk")),
        FateRow("a disk on which nothing ran yet is blank", on(3), facts([blank(3)]), .blank(blank(3))),
        FateRow(
            "data that etcd can't run on is there all the same", on(3),
            facts([reporting(3, .unusable("crc mismatch"), disk: disk(3))]),
            .unusable(reporting(3, .unusable("crc mismatch"), disk: disk(3)), "crc mismatch")),
        FateRow(
            "what its instance can't tell nobody can", on(3), facts([reporting(3, .unknown("EIO"), disk: disk(3))]),
            .unknown("i-3 can't tell: EIO")),
        FateRow("terminated is the end", on(3), facts(asked: [asked(3, .terminated)]), .gone(.instanceTerminated(3))),
        FateRow("a person may say so", on(3), facts(silent: [3]), gone: [gone3], .gone(.declared(by: "Ada"))),
        FateRow(
            "of another disk a person has said nothing", on(4), facts(withoutThree, silent: [4]), gone: [gone3],
            .unknown("i-4 is running: timeout")),
        FateRow(
            "replace root volume: an instance that reports another disk has lost the first", on(3),
            facts([blank(3, disk(33))]), .gone(.replaced(3, by: disk(33)))),
        FateRow(
            "so it has where the other one holds data", on(3), facts([holds(3, disk(33))]),
            .gone(.replaced(3, by: disk(33)))),
        FateRow("silence is no report", on(3), facts(silent: [3]), .unknown("i-3 is running: timeout")),
        FateRow(
            "who was not asked says nothing", on(3), facts(), .unknown("i-3 is running: its supervisor was not asked")),
        FateRow(
            "a report without a disk says nothing", on(3), facts([reporting(3, .none)]),
            .unknown("i-3 is running: its report says nothing of this disk")),
        FateRow(
            "another owner's report says nothing", on(3),
            facts([Report(3, peerURL(3), owner: "arn:other", disk: disk(33), holding: .none)]),
            .unknown("i-3 is running: it reports for arn:other")),
        FateRow(
            "nor does one that has not read its group", on(3),
            facts([Report(3, peerURL(3), disk: disk(33), holding: .none)]),
            .unknown("i-3 is running: it reports for no group yet")),
        FateRow(
            "nor does one that speaks of another instance", on(3),
            Facts(
                owner: ourGroup, group: .seen(group([1, 2, 3])), asked: .seen([]), reports: [3: .report(blank(4))]),
            .unknown("i-3 is running: i-4 answers there")),
        FateRow(
            "an instance that nobody was asked about is unknown", on(3), facts(withoutThree),
            .unknown("EC2 was not asked about i-3")),
        FateRow(
            "EC2 forgets one of three: not to be known proves nothing at first", on(3),
            facts(withoutThree, asked: [asked(3, .unknownToEC2)]), awayFor: .seconds(299),
            .unknown("EC2 does not know i-3, which proves nothing before 300.0 seconds")),
        FateRow(
            "after the grace it is weak evidence", on(3), facts(withoutThree, asked: [asked(3, .unknownToEC2)]),
            awayFor: .seconds(300), .gone(.instanceForgotten(3))),
        FateRow(
            "what the group still lists is not forgotten", on(3), facts(asked: [asked(3, .unknownToEC2)]),
            awayFor: .seconds(600), .unknown("EC2 does not know i-3, which proves nothing before 300.0 seconds")),
    ]
    + [Instance.State.shuttingDown, .stopping, .stopped, .unclear].map { state in
        FateRow(
            "\(state) is not gone", on(3), facts(asked: [asked(3, state)]), awayFor: .seconds(600),
            .unknown("i-3 is \(state)"))
    }

let volumeFateRows: [FateRow] = [
    FateRow(
        "late volume: a missing mount is unknown", on(3, volume(3)), facts([late]),
        .unknown("i-3 can't tell: /var/lib/etcd is not mounted")),
    FateRow(
        "another disk that is no mount point proves nothing against a volume", on(3, volume(3)), facts([blank(3)]),
        .unknown("the volume of i-3 is not mounted there, and nobody else reports it")),
    FateRow(
        "another volume in its place does", on(3, volume(3)), facts([blank(3, volume(33), mounted: true)]),
        .gone(.replaced(3, by: volume(33)))),
    FateRow(
        "moved volume, one and all: it may come back elsewhere, though its instance is terminated", on(3, volume(3)),
        facts(withoutThree, asked: [asked(3, .terminated)]), awayFor: .seconds(299),
        .unknown("the volume of i-3 may come back on another instance within 300.0 seconds")),
    FateRow(
        "after the grace it is gone", on(3, volume(3)), facts(withoutThree, asked: [asked(3, .terminated)]),
        awayFor: .seconds(300), .gone(.instanceTerminated(3))),
    FateRow(
        "so it is when EC2 has forgotten its instance", on(3, volume(3)),
        facts(withoutThree, asked: [asked(3, .unknownToEC2)]), awayFor: .seconds(300), .gone(.instanceForgotten(3))),
    FateRow(
        "not while some instance waits for a volume", on(3, volume(3)),
        facts(withoutThree, asked: [asked(3, .terminated)], [reporting(4, .unknown("not mounted"))]),
        awayFor: .seconds(600), .unknown("the volume of i-3 may be the one that i-4 waits for")),
    FateRow(
        "not while the group still lists its instance", on(3, volume(3)), facts(asked: [asked(3, .terminated)]),
        awayFor: .seconds(600),
        .unknown("the volume of i-3 may come back on another instance within 300.0 seconds")),
]

/// Of members that somebody else has made, whose disk no report has named yet.
let unnamedFateRows: [FateRow] = [
    FateRow("what its instance holds is it", unnamed(3), facts([holds(3)]), .held(holds(3))),
    FateRow(
        "an instance that holds nothing has lost it", unnamed(3), facts([blank(3)]), .gone(.replaced(3, by: disk(3)))),
    FateRow(
        "a report from another address is not its own", ClusterRecord.Entry(3, peerURL(9), disk: nil),
        facts([blank(3)]),
        .unknown("i-3 is running: its report says nothing of this disk")),
    FateRow(
        "older tools' instances say nothing and stay", unnamed(3), facts(silent: [3]),
        .unknown("i-3 is running: timeout")),
    FateRow(
        "terminated is the end of it, too", unnamed(3), facts(asked: [asked(3, .terminated)]),
        .gone(.instanceTerminated(3))),
    FateRow(
        "what can't be told stays unknown", unnamed(3), facts([reporting(3, .unknown("EIO"))]),
        .unknown("i-3 can't tell: EIO")),
]
