import ClusterPlanning
import Testing

/// One claim about the note in the data directory.
struct StampRow: CustomTestStringConvertible, Sendable {
    var claim: String
    var launch: Launch
    var stamp: Stamp
    var expected: Stamp
    var testDescription: String { claim }

    init(_ claim: String, _ kind: Launch.Kind, generation: Int? = nil, _ stamp: Stamp, _ expected: Stamp) {
        self.claim = claim
        self.launch = Launch(
            kind, identity(1), initialCluster: founders(1), owner: generation == nil ? nil : ourGroup,
            generation: generation)
        self.stamp = stamp
        self.expected = expected
    }
}

private func begun(_ cluster: ClusterID?, _ member: MemberID?, generation: Int? = 1) -> Stamp {
    Stamp(
        disk: disk(1), instance: 1, owner: generation == nil ? nil : ourGroup, generation: generation, cluster: cluster,
        member: member, started: true)
}

let stampRows: [StampRow] = [
    StampRow("a founding is started and knows no IDs yet", .found(token: "t"), generation: 1, fresh(), begun(nil, nil)),
    StampRow(
        "a founding forgets an entry of another cluster", .found(token: "t"), generation: 1,
        Stamp(disk: disk(1), instance: 1, cluster: 7, member: 9), begun(nil, nil)),
    StampRow("without a record it has no generation", .found(token: "t"), fresh(), begun(nil, nil, generation: nil)),
    StampRow("a join takes the IDs of its entry", .join(0xc1, 5), generation: 1, fresh(), begun(0xc1, 5)),
    StampRow("a resume keeps what is known", .resume, begun(0xc1, 5), begun(0xc1, 5)),
    StampRow(
        "a resume by the record learns the generation", .resume, generation: 1, begun(0xc1, 5, generation: nil),
        begun(0xc1, 5)),
    StampRow(
        "moved volume, one and all: a resume elsewhere makes it that instance's", .resume,
        stamped(9, volume(9), member: 5),
        Stamp(
            disk: volume(9), instance: 1, owner: ourGroup, generation: 1, cluster: 0xc1, member: 5, started: true)),
    StampRow("a look says nothing", .inspect, stamped(9), stamped(9)),
    StampRow(
        "forced exec crashes: the stamp is raised after the force, never by its start", .force(1), generation: 2,
        stamped(),
        stamped()),
]

@Suite struct StampTests {
    @Test(arguments: stampRows)
    func stampBeforeAStart(row: StampRow) { #expect(row.stamp.before(row.launch) == row.expected) }

    /// `started` is taken back only where etcd certainly never ran under its ID.
    @Test(arguments: [false, true], [false, true])
    func stampAfterAnEnd(isFirst: Bool, hasLog: Bool) {
        for hasAnswered in [false, true] {
            let after = begun(0xc1, 5).afterExit(isFirst: isFirst, hasLog: hasLog, hasAnswered: hasAnswered)
            #expect(after.started == !(isFirst && !hasLog && !hasAnswered))
            #expect(after.member == 5, "a start that failed is still meant for its entry")
        }
    }

    /// The schedule "exec that fails before its first WAL": ten times over it is the same disk.
    @Test func aStartThatFailsBeforeItsLogKeepsItsDisk() {
        var stamp = fresh()
        for _ in 0..<10 {
            stamp = stamp.before(Launch(.found(token: "t"), identity(1), initialCluster: founders(1)))
                .afterExit(isFirst: true, hasLog: false, hasAnswered: false)
            #expect(Disk.empty(stamp).stampNeeded(on: 1, newDisk: disk(99)) == nil && stamp.disk == disk(1))
        }
    }

    static let needed: [(claim: String, disk: Disk, expected: Stamp?)] = [
        ("an empty directory gets one", .empty(nil), Stamp(disk: disk(99), instance: 1)),
        ("exec that fails before its first WAL: one that was never started stays", .empty(fresh()), nil),
        (
            "a lost disk gets another ID, and keeps its generation", .empty(stamped()),
            Stamp(disk: disk(99), instance: 1, generation: 1, followsLostData: true)
        ),
        ("what came with an image is not ours", .empty(stamped(9)), Stamp(disk: disk(99), instance: 1)),
        ("data keeps what it has", .data(stamped(9)), nil),
        ("data without one gets none here", .data(nil), nil),
        ("what can't be read gets none", .unusable("EIO"), nil),
    ]

    @Test(arguments: needed)
    func everyDiskHasAnIDOfItsOwn(claim: String, disk: Disk, expected: Stamp?) {
        #expect(disk.stampNeeded(on: 1, newDisk: ClusterPlanningTests.disk(99)) == expected, "\(claim)")
    }
}
