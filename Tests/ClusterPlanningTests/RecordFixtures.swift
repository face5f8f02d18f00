/// Disks, reports and records of the small world: generation 1 of cluster c1, kept in the zone.

import ClusterPlanning

let ourGroup = "arn:aws:autoscaling:group/main"
let zoneStore = StoreName("route53:Z1")
let bucketStore = StoreName("s3:bucket/main")

func disk(_ number: Int) -> DiskID { DiskID("d-\(number)") }
func volume(_ number: Int) -> DiskID { DiskID("m-\(number)") }

/// The stamp of a disk on which nothing ever ran.
func fresh(_ number: Int = 1, _ disk: DiskID? = nil) -> Stamp {
    Stamp(disk: disk ?? ClusterPlanningTests.disk(number), instance: InstanceID("i-\(number)"))
}

/// The stamp of member `number`'s data.
func stamped(
    _ number: Int = 1, _ disk: DiskID? = nil, generation: Int? = 1, cluster: ClusterID? = 0xc1, member: MemberID? = nil
) -> Stamp {
    Stamp(
        disk: disk ?? ClusterPlanningTests.disk(number), instance: InstanceID("i-\(number)"), owner: ourGroup,
        generation: generation, cluster: cluster, member: member ?? MemberID(UInt64(number)), started: true)
}

/// What the etcd of a disk shows: its own list, and how far it is committed.
func showing(_ members: [Member]?, commit: UInt64? = 100, leader: MemberID? = nil) -> EtcdState {
    EtcdState(isRunning: true, leader: leader, members: members, commitIndex: commit)
}

/// The report of an instance with member `number`'s data.
func holds(
    _ number: Int, _ disk: DiskID? = nil, on instance: Int? = nil, generation: Int? = 1, member: MemberID? = nil,
    shows list: [Member]? = members(1, 2, 3), commit: UInt64? = 100, leader: MemberID? = nil, leaving: Departure? = nil,
    reachesAWS: Bool? = nil, mounted: Bool = false
) -> Report {
    let place = instance ?? number
    return Report(
        InstanceID("i-\(place)"), peerURL(place), owner: ourGroup, cluster: "main", stores: [zoneStore],
        disk: disk ?? ClusterPlanningTests.disk(number), isMountPoint: mounted,
        holding: .data(
            HeldData(cluster: 0xc1, member: member ?? MemberID(UInt64(number)), generation: generation)),
        etcd: showing(list, commit: commit, leader: leader), leaving: leaving, reachesAWS: reachesAWS)
}

/// The report of an instance without data.
func blank(
    _ number: Int, _ disk: DiskID? = nil, asks: Bool = false, stores: [StoreName] = [zoneStore], mounted: Bool = false,
    leaving: Departure? = nil, names founders: [InitialMember]? = nil
) -> Report {
    Report(
        InstanceID("i-\(number)"), peerURL(number), owner: ourGroup, cluster: "main", stores: stores,
        disk: disk ?? ClusterPlanningTests.disk(number), isMountPoint: mounted, holding: .none, asksToJoin: asks,
        leaving: leaving, founders: founders)
}

/// The report of an instance that can't run on what it has, or can't tell what that is.
func reporting(_ number: Int, _ holding: Holding, disk: DiskID? = nil) -> Report {
    Report(
        InstanceID("i-\(number)"), peerURL(number), owner: ourGroup, cluster: "main", stores: [zoneStore], disk: disk,
        holding: holding)
}

func told(_ reports: [Report], silent: [Int] = []) -> [InstanceID: ReportAnswer] {
    var answers: [InstanceID: ReportAnswer] = [:]
    for report in reports { answers[report.instance] = .report(report) }
    for number in silent { answers[InstanceID("i-\(number)")] = .silent("timeout") }
    return answers
}

/// Instances 1 to 3 run and serve.
func facts(
    asked: [Instance] = [], _ reports: [Report] = [], silent: [Int] = [], otherOwner: Observed<OtherOwner> = .notAsked
) -> Facts {
    facts(.seen(group([1, 2, 3])), asked: asked, reports, silent: silent, otherOwner: otherOwner)
}

func facts(
    _ group: Observed<Group>, asked: [Instance] = [], _ reports: [Report] = [], silent: [Int] = [],
    otherOwner: Observed<OtherOwner> = .notAsked
) -> Facts {
    Facts(
        owner: ourGroup, group: group, asked: .seen(asked), reports: told(reports, silent: silent),
        otherOwner: otherOwner)
}

/// An entry of the record.
func on(_ number: Int, _ disk: DiskID? = nil, joining: Bool = false) -> ClusterRecord.Entry {
    ClusterRecord.Entry(
        InstanceID("i-\(number)"), peerURL(number), disk: disk ?? ClusterPlanningTests.disk(number), isJoining: joining)
}

/// An entry whose disk nobody has named.
func unnamed(_ number: Int, joining: Bool = false) -> ClusterRecord.Entry {
    ClusterRecord.Entry(InstanceID("i-\(number)"), peerURL(number), disk: nil, isJoining: joining)
}

func was(_ number: Int, _ generation: Int) -> ClusterRecord.FormerEntry {
    ClusterRecord.FormerEntry(on(number), generation: generation)
}

func record(
    _ voters: [ClusterRecord.Entry] = [on(1), on(2), on(3)], start: [ClusterRecord.Entry] = [], generation: Int = 1,
    source: ClusterRecord.Source = .empty, former: [ClusterRecord.FormerEntry] = [],
    gone: [ClusterRecord.GoneDisk] = [], owner: String = ourGroup
) -> ClusterRecord {
    ClusterRecord(
        owner: owner, generation: generation, token: "main-\(generation)-salt", source: source, start: start,
        voters: voters, former: former, gone: gone)
}

/// The record of a founding that nobody has begun.
func claimed(_ numbers: Int...) -> ClusterRecord {
    record(numbers.map { on($0) }, start: numbers.map { on($0) })
}

func found(_ record: ClusterRecord) -> RecordReading {
    .found(StoreReading.Stored(record, version: "v1"), in: zoneStore)
}

/// The swap from `before` to `after`, which only says what changes.
func swap(
    _ reason: RecordSwap.Reason, _ before: ClusterRecord, _ change: (inout ClusterRecord) -> Void
) -> RecordSwap {
    RecordSwap(reason, store: zoneStore, expected: "v1", record: before.changed(change))
}
