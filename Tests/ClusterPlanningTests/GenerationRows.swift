/// When a generation is led, to be waited for, or dead, row by row.

import Testing

@testable import ClusterPlanning

struct GenerationRow: CustomTestStringConvertible, Sendable {
    var claim: String
    var record: ClusterRecord
    var evidence: Evidence
    var expected: GenerationState

    init(
        _ claim: String, _ record: ClusterRecord, _ facts: Facts, awayFor: Duration = .zero, _ expected: GenerationState
    ) {
        self.claim = claim
        self.record = record
        self.evidence = .after(awayFor, facts, gone: record.gone)
        self.expected = expected
    }

    var testDescription: String { claim }
}

func source(_ report: Report, generation: Int = 1) -> HeldDisk? {
    guard let disk = report.disk, let member = report.member, let commit = report.etcd.commitIndex else { return nil }
    return HeldDisk(report: report, disk: disk, member: member, generation: generation, commitIndex: commit)
}

func dead(_ sources: HeldDisk?..., unusable: [InstanceID] = []) -> GenerationState {
    .dead(sources: sources.compactMap { $0 }, unusable: unusable)
}

private let twoDead = [asked(2, .terminated), asked(3, .terminated)]
private let five = members(1, 2, 3, 4, 5)
private let survivor = facts(.seen(group([1, 4, 5])), asked: twoDead, [holds(1), blank(4), blank(5)])

let generationRows: [GenerationRow] = [
    GenerationRow(
        "who knows a leader shows that there is one", record(), facts([holds(1), holds(2, leader: 2)], silent: [3]),
        .led(by: 2)),
    GenerationRow(
        "so does one that the record does not name", record(),
        facts(.seen(group([1, 4, 5])), asked: twoDead, [holds(1), holds(4, leader: 4)]), .led(by: 4)),
    GenerationRow(
        "not one that still leads an earlier generation", record([on(1)], generation: 2),
        facts(.seen(group([1, 4])), [holds(1, generation: 2, shows: members(1, 4)), holds(4, leader: 4)]),
        dead(source(holds(1, generation: 2, shows: members(1, 4)), generation: 2))),
    GenerationRow(
        "a silent voter may hold the newest data", record(), facts([holds(1), holds(2)], silent: [3]),
        .unknown(["i-3 is running: timeout", "i-3: timeout"])),
    GenerationRow(
        "so may a silent former one", record([on(1)], generation: 2, former: [was(2, 1)]),
        facts([holds(1, generation: 2, shows: members(1, 2))], silent: [2]),
        .unknown(["i-2 is running: timeout", "i-2: timeout"])),
    GenerationRow(
        "and a joiner", record([on(1), on(4, joining: true)]),
        facts(.seen(group([1, 4])), [holds(1, shows: members(1, 2))], silent: [4]),
        .unknown(["i-4 is running: timeout", "i-4: timeout"])),
    GenerationRow(
        "a running instance that the record names has to report, though its disk is declared gone",
        record(gone: [2, 3].map { ClusterRecord.GoneDisk(disk($0), evidence: "", time: "", teller: "Ada") }),
        facts([holds(1)], silent: [2, 3]), .unknown(["i-2: timeout", "i-3: timeout"])),
    GenerationRow(
        "who may start it and has not is waited for", claimed(1, 2, 3), facts([blank(1), blank(2)], silent: []),
        .unknown(["i-3 is running: its supervisor was not asked", "i-3: its supervisor was not asked"])),
    GenerationRow(
        "slow founder: a founder that has not started holds everybody up", claimed(1, 2, 3),
        facts([holds(1), blank(2), blank(3)]), .pending([2, 3])),
    GenerationRow(
        "a starter whose data is of the generation before is waited for",
        record([on(1)], start: [on(1)], generation: 2, source: .member(1)), facts([holds(1)]), .pending([1])),
    GenerationRow(
        "so is one that has yet to restore a backup",
        record([on(1)], start: [on(1)], generation: 2, source: .snapshot("k")), facts([blank(1)]), .pending([1])),
    GenerationRow(
        "not one whose address is another one now", claimed(1),
        facts([Report(1, peerURL(9), owner: ourGroup, disk: disk(1), holding: .none)]), dead()),
    GenerationRow(
        "founders dead before formation: the one that has begun is carried on", claimed(1, 2, 3), survivor,
        dead(source(holds(1)))),
    GenerationRow(
        "a founder that nobody ever led is known by its address", claimed(1, 2, 3),
        facts(
            .seen(group([1, 4, 5])), asked: twoDead,
            [
                Report(
                    1, peerURL(1), owner: ourGroup, disk: disk(1), holding: .data(HeldData(generation: 1)),
                    etcd: showing(members(1, 2, 3), commit: 3))
            ]),
        dead(
            source(
                Report(
                    1, peerURL(1), owner: ourGroup, disk: disk(1), holding: .data(HeldData(generation: 1)),
                    etcd: showing(members(1, 2, 3), commit: 3))))),
    GenerationRow(
        "two of two: one terminated, the other is carried on", record([on(1), on(2)]),
        facts(.seen(group([1, 4])), asked: [asked(2, .terminated)], [holds(1, shows: members(1, 2))]),
        dead(source(holds(1, shows: members(1, 2))))),
    GenerationRow(
        "what its etcd shows has to be read", record(),
        facts(.seen(group([1])), asked: twoDead, [holds(1, shows: nil)]),
        .unknown(["i-1: what its etcd shows can't be read"])),
    GenerationRow(
        "its commit index, too", record(), facts(.seen(group([1])), asked: twoDead, [holds(1, commit: nil)]),
        .unknown(["i-1: what its etcd shows can't be read"])),
    GenerationRow(
        "three that restarted only have to reach each other", record(), facts([holds(1), holds(2), holds(3)]),
        .quorate(by: 1)),
    GenerationRow(
        "two of three that were cut off, too", record(),
        facts(.seen(group([1, 2])), asked: [asked(3, .terminated)], [holds(1), holds(2)]), .quorate(by: 1)),
    GenerationRow(
        "removal ahead of the record: by their own lists two are a quorum", record([on(1), on(2), on(3), on(4)]),
        facts(
            .seen(group([2, 4])), asked: [asked(1, .terminated), asked(3, .terminated)],
            [holds(2, shows: members(1, 2, 4)), holds(4, shows: members(1, 2, 4))]), .quorate(by: 2)),
    GenerationRow(
        "moved volume, one and all: at other addresses they never find each other",
        record([1, 2, 3].map { on($0, volume($0)) }),
        facts(
            .seen(group([4, 5, 6])), asked: [1, 2, 3].map { asked($0, .terminated) },
            [4, 5, 6].map { holds($0 - 3, volume($0 - 3), on: $0, commit: UInt64($0), mounted: true) }),
        dead(
            source(holds(3, volume(3), on: 6, commit: 6, mounted: true)),
            source(holds(2, volume(2), on: 5, commit: 5, mounted: true)),
            source(holds(1, volume(1), on: 4, commit: 4, mounted: true)))),
    GenerationRow(
        "learner's window: a learner keeps no generation alive, and its disk is no source",
        record([on(1), on(3), on(4, joining: true)]),
        facts(
            .seen(group([3, 4])), asked: [asked(1, .terminated)],
            [
                holds(3, shows: members(1, 3) + [member(4, learner: true)], commit: 90),
                holds(4, shows: members(1, 3) + [member(4, learner: true)], commit: 95),
            ]),
        dead(source(holds(3, shows: members(1, 3) + [member(4, learner: true)], commit: 90)))),
    GenerationRow(
        "reboot with tmpfs: two report other disks, the third is carried on", record(),
        facts([holds(1), blank(2, disk(22)), blank(3, disk(33))]), dead(source(holds(1)))),
    GenerationRow(
        "survivor dies before its exec: what it was to carry on from is gone, what is in `former` is not",
        record([on(2)], start: [on(2)], generation: 2, source: .member(2), former: [was(1, 1)]),
        facts(.seen(group([1])), asked: [asked(2, .terminated)], [holds(1, shows: five)]),
        dead(source(holds(1, shows: five)))),
    GenerationRow(
        "abandoned timeline: the later generation counts, though an earlier one committed more",
        record([on(2)], generation: 2, former: [was(1, 1)]),
        facts(
            .seen(group([1, 2])),
            [holds(1, commit: 1000), holds(2, generation: 2, shows: members(2, 5), commit: 990)]),
        dead(
            source(holds(2, generation: 2, shows: members(2, 5), commit: 990), generation: 2),
            source(holds(1, commit: 1000)))),
    GenerationRow(
        "of one generation the highest commit index is the best, then the lowest ID",
        record([1, 2, 3, 4, 5].map { on($0) }),
        facts(
            .seen(group([1, 2])), asked: [3, 4, 5].map { asked($0, .terminated) },
            [holds(1, shows: five, commit: 7), holds(2, shows: five, commit: 8)]),
        dead(source(holds(2, shows: five, commit: 8)), source(holds(1, shows: five, commit: 7)))),
    GenerationRow(
        "data that etcd can't run on is for a person", record([on(1)]),
        facts(.seen(group([1])), [reporting(1, .unusable("crc mismatch"), disk: disk(1))]), dead(unusable: [1])),
    GenerationRow(
        "weekend zero: EC2 has forgotten all, and nothing is left", record(),
        facts(
            .seen(group([4, 5, 6])), asked: [1, 2, 3].map { asked($0, .unknownToEC2) }, [4, 5, 6].map { blank($0) }),
        awayFor: .seconds(300), dead()),
    GenerationRow(
        "not before the grace is over", record([on(1)]),
        facts(.seen(group([4])), asked: [asked(1, .unknownToEC2)], [blank(4)]), awayFor: .seconds(120),
        .unknown(["EC2 does not know i-1, which proves nothing before 300.0 seconds"])),
]
