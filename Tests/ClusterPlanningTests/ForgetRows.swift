/// What `adopt` and `forget` do for a person, and what they refuse, row by row.

@testable import ClusterPlanning

typealias AdoptRow = OperatorRow<Void>
typealias ForgetRow = OperatorRow<ForgetRequest>

private let three = members(1, 2, 3)
private let alive = [cluster(three)]
private let everybody = facts([holds(1), holds(2), holds(3)])
private let noRecord = RecordReading.absent(zoneStore)

private func adopts(_ entries: [ClusterRecord.Entry], generation: Int) -> OperatorPlan {
    let record = ClusterRecord(
        owner: ourGroup, generation: generation, token: "main-\(generation)-salt", source: .empty, voters: entries)
    return .act(
        [.swapRecord(RecordSwap(.adoption, store: zoneStore, expected: nil, record: record))],
        then: ["the leader keeps the record true from its next turn on"])
}

private let conflict = [
    StoreReading(zoneStore, stored(record())), StoreReading(bucketStore, stored(record(owner: "other"), "v2")),
]

let adoptRows: [AdoptRow] = [
    AdoptRow(
        "the record is what the members and their supervisors say", sight(everybody, record: noRecord, clusters: alive),
        (),
        adopts([on(1), on(2), on(3)], generation: 1)),
    AdoptRow(
        "of an older tool's members nobody names the disks",
        sight(facts(silent: [1, 2, 3]), record: noRecord, clusters: [cluster(three, generation: nil)]), (),
        adopts([unnamed(1), unnamed(2), unnamed(3)], generation: 1)),
    AdoptRow(
        "it outranks every backup",
        sight(
            facts(silent: [1, 2, 3]), record: noRecord, clusters: [cluster(three, generation: nil)],
            backups: bucket(backup(9, of: 4))), (),
        adopts([unnamed(1), unnamed(2), unnamed(3)], generation: 5)),
    AdoptRow(
        "a record that is there is not replaced", sight(everybody, clusters: alive), (),
        .refuse(.recordExists(generation: 1, owner: ourGroup))),
    AdoptRow(
        "another group's neither", sight(everybody, record: found(record(owner: "other")), clusters: alive), (),
        .refuse(.recordExists(generation: 1, owner: "other"))),
    AdoptRow(
        "nor one of two", sight(everybody, record: .conflicting(conflict), clusters: alive), (),
        .refuse(.recordsConflict(conflict))),
    AdoptRow(
        "nor one that can't be read", sight(everybody, record: .unknown("503"), clusters: alive), (),
        .refuse(.blind(WaitReason.recordNotRead("503").description))),
    AdoptRow(
        "there has to be a place for it", sight(everybody, record: .notConfigured, clusters: alive), (),
        .refuse(.noRecordKept)),
    AdoptRow("a cluster has to answer", sight(everybody, record: noRecord), (), .refuse(.nobodyAnswers)),
    AdoptRow(
        "one, and not two", sight(everybody, record: noRecord, clusters: alive + [cluster(three, id: 0xc2)]), (),
        .refuse(.severalClusters([0xc1, 0xc2]))),
    AdoptRow(
        "backups have to be listed, for their generations",
        sight(everybody, record: noRecord, clusters: alive, backups: .unavailable("403")), (),
        .refuse(.blind(WaitReason.backupsNotRead("403").description))),
    AdoptRow(
        "who keeps it elsewhere has one there",
        sight(
            facts([holds(1), blank(2, stores: [bucketStore]), holds(3)]), record: noRecord, clusters: alive), (),
        .refuse(.waits(.storesDiffer([2])))),
    AdoptRow(
        "the group has to be read", sight(Facts(group: .unavailable("503")), record: noRecord, clusters: alive), (),
        .refuse(.blind(WaitReason.groupNotRead("503").description))),
]

private let base = "main.example.org."
private func named(_ name: String, _ kind: RecordSet.Kind = .a, _ values: [String] = ["10.0.0.1"], simple: Bool = true)
    -> RecordSet
{
    RecordSet(name, kind, timeToLive: 60, values: values, isSimple: simple)
}
private let names = [
    named(base), named("i-1.\(base)"),
    named("_etcd-server._tcp.\(base)", .srv, ["1 1 2380 i-1.\(base)"]),
]
private let others = [
    named("www.\(base)"), named("i-1.other.example.org."), named("_ldap._tcp.\(base)", .srv, ["1 1 389 www.\(base)"]),
]
private let zone = Observed<Zone>.seen(Zone(domain: "example.org.", records: names + others))
private let blanks = facts([blank(1), blank(2), blank(3)])
private let dropped = OperatorStep.removeRecord(from: zoneStore, version: "v1")
private let unnames = OperatorStep.changeDNS([names[2], names[1], names[0]].map(RecordChange.delete))
private let anew = ["the supervisors found a new cluster once the group is whole"]

private func ask(_ store: StoreName? = nil, evenIfAlive: Bool = false) -> ForgetRequest {
    ForgetRequest(store: store, evenIfAlive: evenIfAlive)
}

let forgetRows: [ForgetRow] = [
    ForgetRow(
        "the record goes, then the names that are ours, and no others", sight(blanks, zone: zone), ask(),
        .act([dropped, unnames], then: anew)),
    ForgetRow(
        "names without a record go too", sight(blanks, record: noRecord, zone: zone), ask(), .act([unnames], then: anew)
    ),
    ForgetRow("a record without names goes too", sight(blanks), ask(), .act([dropped], then: anew)),
    ForgetRow(
        "where there is nothing, nothing is done", sight(blanks, record: noRecord), ask(),
        .nothing("there is neither a record nor a name in DNS to forget")),
    ForgetRow(
        "names that somebody routes by hand stay",
        sight(
            blanks,
            zone: .seen(Zone(domain: "example.org.", records: [named(base, simple: false), named("i-1.\(base)")]))),
        ask(),
        .act(
            [dropped, .changeDNS([.delete(named("i-1.\(base)"))])],
            then: ["\(base) stays: an alias or routed set that we did not make"] + anew)),
    ForgetRow(
        "it goes from every store that holds one",
        sight(
            blanks, record: .found(StoreReading.Stored(record(generation: 2), version: "v2"), in: bucketStore),
            readings: [
                StoreReading(zoneStore, stored(record())),
                StoreReading(bucketStore, stored(record(generation: 2), "v2")),
            ]),
        ask(), .act([dropped, .removeRecord(from: bucketStore, version: "v2")], then: anew)),
    ForgetRow(
        "data stays, and what it means is said", sight(facts([holds(1), blank(2), blank(3)])), ask(),
        .act(
            [dropped],
            then: ["data is held by i-1, and stays: with it the old cluster goes on, and nothing new is founded"])),
    ForgetRow(
        "a cluster that answers needs its record", sight(everybody, clusters: alive), ask(),
        .refuse(.stillAlive("cluster c1 answers"))),
    ForgetRow(
        "unless a person says otherwise", sight(everybody, clusters: alive), ask(evenIfAlive: true),
        .act([dropped], then: ["the leader of cluster c1 writes a new record, and its names, within ten minutes"])),
    ForgetRow(
        "so does one that is led unseen", sight(facts([holds(1, leader: 2), blank(2)])), ask(),
        .refuse(.stillAlive("i-1 knows a leader that can't be reached from here"))),
    ForgetRow(
        "of two records one has to be named", sight(blanks, record: .conflicting(conflict), readings: conflict), ask(),
        .refuse(.recordsConflict(conflict))),
    ForgetRow(
        "that one goes, and the names stay with the other",
        sight(blanks, record: .conflicting(conflict), readings: conflict, zone: zone), ask(bucketStore),
        .act(
            [.removeRecord(from: bucketStore, version: "v2")],
            then: ["what is left is the record: \(zoneStore): generation 1 of \(ourGroup)"])),
    ForgetRow(
        "also beside the cluster whose record stays",
        sight(everybody, record: .conflicting(conflict), readings: conflict, clusters: alive), ask(bucketStore),
        .act(
            [.removeRecord(from: bucketStore, version: "v2")],
            then: ["what is left is the record: \(zoneStore): generation 1 of \(ourGroup)"])),
    ForgetRow(
        "not the one that is that cluster's",
        sight(everybody, record: .conflicting(conflict), readings: conflict, clusters: alive), ask(zoneStore),
        .refuse(.stillAlive("cluster c1 answers"))),
    ForgetRow(
        "what is no record goes where its store is named",
        sight(blanks, record: .unknown("no record"), readings: [StoreReading(zoneStore, .unavailable("no record"))]),
        ask(zoneStore), .act([.removeRecord(from: zoneStore, version: nil)], then: anew)),
    ForgetRow(
        "and not otherwise",
        sight(blanks, record: .unknown("no record"), readings: [StoreReading(zoneStore, .unavailable("no record"))]),
        ask(),
        .refuse(.blind("\(zoneStore): no record; what is no record goes if you name its store by --store"))),
    ForgetRow(
        "a store that is named has to be one", sight(blanks), ask(bucketStore),
        .refuse(.storeUnknown(bucketStore, known: [zoneStore]))),
    ForgetRow(
        "there has to be one", sight(blanks, record: .notConfigured, readings: []), ask(), .refuse(.noRecordKept)),
    ForgetRow(
        "a living group's record is not dropped",
        sight(
            facts([blank(1)], otherOwner: .seen(.exists)), record: found(record(owner: "other"))), ask(),
        .refuse(.stillAlive("the group that the record belongs to is alive"))),
    ForgetRow(
        "nor one of which it can't be told",
        sight(facts([blank(1)], otherOwner: .unavailable("503")), record: found(record(owner: "other"))), ask(),
        .refuse(.blind("whether the record's owner is alive could not be read: 503"))),
    ForgetRow(
        "that of one out of sight is, at a person's word",
        sight(
            facts([blank(1)], otherOwner: .seen(.outOfSight("another account"))), record: found(record(owner: "other"))),
        ask(), .act([dropped], then: anew)),
    ForgetRow(
        "the zone has to be read", sight(blanks, zone: .unavailable("503")), ask(),
        .refuse(.blind(WaitReason.zoneNotRead("503").description))),
    ForgetRow(
        "the group has to be read", sight(Facts(group: .unavailable("503"))), ask(),
        .refuse(.blind(WaitReason.groupNotRead("503").description))),
]
