/// What the leader makes of the hosted zone, row by row.

import ClusterPlanning

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

private func ill(_ id: MemberID, since: Duration) -> ReconcileMemory {
    var memory = ReconcileMemory()
    memory.unhealthySince[id] = since
    return memory
}

private let illButRunning = Deferral.unhealthyButRunning(member(3), .running, "no answer")
private func thirdIsIll(_ held: [RecordSet]) -> ClusterView {
    lead(three(ill: [3]), asked: .seen([asked(3, .running)]), zone: .seen(zone(held)))
}

let rowsOfZone: [ReconcileRow] = [
    ReconcileRow(
        "an empty zone is filled by one batch", lead(zone: .seen(emptyZone)),
        steps: [.changeDNS(records([1, 2, 3]).map(RecordChange.upsert))]),
    ReconcileRow("a zone that is right is left alone", lead(zone: .seen(zone(records([1, 2, 3]))))),
    ReconcileRow(
        "a member leaves DNS in the turn in which it leaves the cluster",
        lead(three(ill: [3]), asked: .seen([asked(3, .terminated)]), zone: .seen(zone(records([1, 2, 3])))),
        steps: [
            .removeMember(member(3), because: .instanceTerminated(3)),
            .changeDNS(
                records([1, 2]).dropFirst(2).map(RecordChange.upsert) + [.delete(records([3])[0])]),
        ]),
    ReconcileRow(
        "a member that is ill for a moment stays in DNS", thirdIsIll(records([1, 2, 3])), ill(3, since: .seconds(71)),
        deferred: [illButRunning]),
    ReconcileRow(
        "one that stays ill leaves it", thirdIsIll(records([1, 2, 3])), ill(3, since: .seconds(70)),
        steps: [
            .changeDNS(records([1, 2]).dropFirst(2).map(RecordChange.upsert) + [.delete(records([3])[0])])
        ], deferred: [illButRunning]),
    ReconcileRow("one that is ill does not enter it", thirdIsIll(records([1, 2])), deferred: [illButRunning]),
    ReconcileRow(
        "neither a learner nor an entry enters it",
        lead(
            cluster([member(1), member(2), member(3), member(4, learner: true), entry(7, at: 5)], leader: 1),
            group: .seen(group([1, 2, 3, 4, 5])), zone: .seen(zone(records([1, 2, 3]))))),
    ReconcileRow(
        "with nobody well, DNS keeps what it says", lead(three(ill: [1, 2, 3]), zone: .seen(emptyZone)),
        deferred: [1, 2, 3].map { .unhealthyButRunning(member($0), .running, "no answer") } + [.nobodyForDNS]),
    ReconcileRow(
        "a zone that can't be read is not written", lead(zone: .unavailable("AccessDenied")),
        deferred: [.zoneNotRead("AccessDenied")]),
    ReconcileRow(
        "without the group nobody knows the cluster's name",
        lead(group: .unavailable("503"), zone: .seen(emptyZone)), deferred: [.groupNotRead("503")]),
    ReconcileRow(
        "a name that DNS can't bear is not written",
        lead(group: .seen(group([1, 2, 3].map { instance($0) }, name: "a group")), zone: .seen(emptyZone)),
        deferred: [.noClusterName(group: "a group")]),
    ReconcileRow(
        "a member at no IPv4 address leaves DNS as it is",
        lead(
            cluster(
                [
                    member(1),
                    Member(2, name: "i-2", peerURLs: [Endpoint(.http, "node2", 2380)], clientURLs: [clientURL(2)]),
                ], leader: 1), group: .seen(group([1, 2], desired: 2)), zone: .seen(zone(records([1])))),
        deferred: [
            .unnameable(Member(2, name: "i-2", peerURLs: [Endpoint(.http, "node2", 2380)], clientURLs: [clientURL(2)]))
        ]),
    ReconcileRow(
        "an alias that somebody made is left alone",
        lead(
            zone: .seen(
                zone([RecordSet("main.example.org.", .a, timeToLive: 0, values: [], isSimple: false)]))),
        deferred: [.recordNotOurs("main.example.org.")]),
]
