/// What the leader makes of the hosted zone, row by row.

@testable import ClusterPlanning

func host(_ number: Int) -> String { "i-\(number).main.example.org." }

/// Exactly what DNS says of these members of cluster `main`.
func records(_ numbers: [Int], scheme: Endpoint.Scheme = .http) -> [RecordSet] {
    let addresses = numbers.map { address($0) }
    let suffix = scheme == .https ? "-ssl" : ""
    let clients = numbers.map { "1 1 2379 \(host($0))" }
    return numbers.map { RecordSet(host($0), .a, timeToLive: 60, values: [address($0)]) }
        + [
            RecordSet("main.example.org.", .a, timeToLive: 60, values: addresses),
            RecordSet("etcd-server.main.example.org.", .a, timeToLive: 60, values: addresses),
            RecordSet("_etcd-client\(suffix)._tcp.main.example.org.", .srv, timeToLive: 60, values: clients),
            RecordSet(
                "_etcd-server\(suffix)._tcp.main.example.org.", .srv, timeToLive: 60,
                values: numbers.map { "1 1 2380 \(host($0))" }),
            RecordSet("_etcd\(suffix)._tcp.main.example.org.", .srv, timeToLive: 60, values: clients),
        ]
}

func zone(_ records: [RecordSet]) -> Zone { Zone(domain: "example.org.", records: records) }

private func unwell(_ id: MemberID, since: Duration) -> ReconcileMemory {
    var memory = ReconcileMemory()
    memory.unhealthySince[id] = since
    return memory
}

private let illButRunning = Deferral.unhealthyButRunning(member(3), .running, "no answer")
private func thirdIsIll(_ held: [RecordSet]) -> ClusterView {
    lead(three(ill: [3]), zone: .seen(zone(held)))
}

private let abroad = Member(
    2, name: "i-2", peerURLs: [Endpoint(.http, "node2", 2380)], clientURLs: [clientURL(2)])

let rowsOfZone: [ReconcileRow] = [
    ReconcileRow(
        "an empty zone is filled by one batch", lead(zone: .seen(emptyZone)),
        steps: [.changeDNS(records([1, 2, 3]).map(RecordChange.upsert))]),
    ReconcileRow("a zone that is right is left alone", lead(zone: .seen(zone(records([1, 2, 3]))))),
    ReconcileRow(
        "a member leaves DNS in the turn in which it leaves the cluster",
        lead(
            three(ill: [3]), facts(asked: [asked(3, .terminated)], firstTwo), zone: .seen(zone(records([1, 2, 3])))),
        steps: [
            gone(3),
            .changeDNS(
                records([1, 2]).dropFirst(2).map(RecordChange.upsert) + [.delete(records([3])[0])]),
        ]),
    ReconcileRow(
        "a member that is ill for a moment stays in DNS", thirdIsIll(records([1, 2, 3])),
        unwell(3, since: .seconds(971)),
        deferred: [illButRunning]),
    ReconcileRow(
        "one that stays ill leaves it", thirdIsIll(records([1, 2, 3])), unwell(3, since: .seconds(970)),
        steps: [
            .changeDNS(records([1, 2]).dropFirst(2).map(RecordChange.upsert) + [.delete(records([3])[0])])
        ], deferred: [illButRunning]),
    ReconcileRow("one that is ill does not enter it", thirdIsIll(records([1, 2])), deferred: [illButRunning]),
    ReconcileRow(
        "neither a learner nor an entry enters it",
        lead(
            led(members(1, 2, 3) + [member(4, learner: true), entry(7, at: 5)], ill: [4]),
            facts(.seen(group([1, 2, 3, 4, 5])), [1, 2, 3, 4].map { holds($0) } + [blank(5)]),
            record: found(record([1, 2, 3, 4].map { on($0) } + [on(5, joining: true)])),
            zone: .seen(zone(records([1, 2, 3])))),
        deferred: [.unhealthyButRunning(member(4, learner: true), .running, "no answer")]),
    ReconcileRow(
        "with nobody well, DNS keeps what it says", lead(three(ill: [1, 2, 3]), zone: .seen(emptyZone)),
        deferred: [ill(1), ill(2), ill(3), .nobodyForDNS]),
    ReconcileRow(
        "a zone that can't be read is not written", lead(zone: .unavailable("AccessDenied")),
        deferred: [.zoneNotRead("AccessDenied")]),
    ReconcileRow(
        "without the group nobody knows the cluster's name",
        lead(three(), Facts(owner: ourGroup, group: .unavailable("503")), zone: .seen(emptyZone)),
        deferred: [.groupNotRead("503")]),
    ReconcileRow(
        "a name that DNS can't bear is not written",
        lead(
            three(),
            facts(.seen(group([1, 2, 3].map { instance($0) }, name: "a group")), [holds(1), holds(2), holds(3)]),
            zone: .seen(emptyZone)),
        deferred: [.noClusterName(group: "a group")]),
    ReconcileRow(
        "a member at no IPv4 address leaves DNS as it is",
        lead(
            led([member(1), abroad]), facts(.seen(group([1, 2], desired: 2)), [holds(1)], silent: [2]),
            record: found(record([on(1), ClusterRecord.Entry(2, Endpoint(.http, "node2", 2380), disk: disk(2))])),
            zone: .seen(zone(records([1])))), deferred: [.unnameable(abroad)]),
    ReconcileRow(
        "an alias that somebody made is left alone",
        lead(
            zone: .seen(
                zone([RecordSet("main.example.org.", .a, timeToLive: 0, values: [], isSimple: false)]))),
        deferred: [.recordNotOurs("main.example.org.")]),
]
