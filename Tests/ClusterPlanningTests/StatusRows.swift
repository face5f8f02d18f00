/// What `status` makes of what was seen, look by look.

@testable import ClusterPlanning

struct StatusCase: CustomStringConvertible, Sendable {
    var claim: String
    var view: StatusView
    /// The table without its head, cells between bars.
    var rows: [String]

    init(
        _ claim: String, _ seen: OperatorView, zones: [InstanceID: String] = [:],
        versions: [MemberID: String] = [:], _ rows: [String]
    ) {
        self.claim = claim
        self.view = StatusView(seen, availabilityZones: zones, etcdVersions: versions)
        self.rows = rows
    }

    var description: String { claim }
}

let whole = sight(
    facts([1, 2, 3].map { holds($0) }), clusters: [cluster(members(1, 2, 3), leader: 2)],
    zone: .seen(zone(records([1, 2, 3]))))

/// The same look, with something else in it.
private func whole(_ change: (inout StartView) -> Void) -> OperatorView {
    var view = whole
    change(&view.start)
    return view
}

private func well(_ number: Int, _ role: String = "voter", names: String = "named") -> String {
    "i-\(number) | running, InService | ? | 10.0.0.\(number) | \(number) | \(role) | healthy | generation 1 | \(names)"
}

let rowsOfStatus: [StatusCase] = [
    StatusCase("everything is well", whole, [well(1), well(2, "leader"), well(3)]),
    StatusCase(
        "what only some tell stands with them", whole, zones: [1: "eu-1a"], versions: [2: "3.4.23"],
        [
            "i-1 | running, InService | eu-1a | 10.0.0.1 | 1 | voter | healthy | generation 1 | named",
            "i-2 | running, InService | ? | 10.0.0.2 | 2 | leader | healthy, 3.4.23 | generation 1 | named", well(3),
        ]),
    StatusCase(
        "without a zone there are no names", whole { $0.zone = .notAsked },
        [well(1, names: "-"), well(2, "leader", names: "-"), well(3, names: "-")]),
    StatusCase(
        "of a zone that can't be read nothing is known", whole { $0.zone = .unavailable("403") },
        [well(1, names: "?"), well(2, "leader", names: "?"), well(3, names: "?")]),
    StatusCase(
        "a name that is to come is missing", whole { $0.zone = .seen(zone(records([1, 2]))) },
        [well(1), well(2, "leader"), well(3, names: "missing")]),
    StatusCase(
        "an address that is another's is wrong",
        whole { start in
            let others = records([1, 2, 3]).filter { $0.name != host(3) }
            start.zone = .seen(zone(others + [RecordSet(host(3), .a, timeToLive: 60, values: ["10.0.0.9"])]))
        }, [well(1), well(2, "leader"), well(3, names: "wrong")]),
    StatusCase(
        "a service that lacks a host is wrong",
        whole { start in
            let lacking = records([1, 2, 3]).filter { $0.kind == .a } + records([1, 2]).filter { $0.kind == .srv }
            start.zone = .seen(zone(lacking))
        }, [well(1), well(2, "leader"), well(3, names: "wrong")]),
    StatusCase(
        "a member that is ill for a moment keeps its names",
        whole { $0.clusters = [cluster(members(1, 2, 3), leader: 2, ill: [3])] },
        [
            well(1), well(2, "leader"),
            "i-3 | running, InService | ? | 10.0.0.3 | 3 | voter | ill | generation 1 | named",
        ]),
    StatusCase(
        "a member whose instance is gone is in the record still, and its names are to go",
        sight(
            facts(.seen(group([1, 2])), asked: [away(3, .terminated)], [holds(1), holds(2)]),
            clusters: [cluster(members(1, 2), leader: 2)], zone: .seen(zone(records([1, 2, 3])))),
        [
            well(1), well(2, "leader"), "i-3 | terminated | ? | 10.0.0.3 | - | - | - | ? | stale",
        ]),
    StatusCase(
        "a member without an instance stands last",
        sight(
            facts([1, 2, 3].map { holds($0) }),
            clusters: [
                cluster(
                    members(1, 2, 3) + [
                        Member(9, name: "node9", peerURLs: [peerURL(9)], clientURLs: [clientURL(9)])
                    ], leader: 2, ill: [9])
            ]),
        [
            well(1, names: "-"), well(2, "leader", names: "-"), well(3, names: "-"),
            "? | ? | ? | 10.0.0.9 | 9 | voter | ill | ? | -",
        ]),
    StatusCase(
        "a joiner and a spare are no members yet",
        sight(
            facts(
                .seen(group([1, 2, 3, 4, 5])),
                [1, 2, 3].map { holds($0) } + [blank(4, asks: true)], silent: [5]),
            clusters: [cluster(members(1, 2) + [member(3, learner: true)], leader: 2)],
            zone: .seen(zone(records([1, 2])))),
        [
            well(1), well(2, "leader"), well(3, "learner", names: "-"),
            "i-4 | running, InService | ? | 10.0.0.4 | - | - | - | empty | -",
            "i-5 | running, InService | ? | 10.0.0.5 | - | - | - | ? | -",
        ]),
    StatusCase(
        "an entry that has not started stands with its instance, by its address",
        sight(
            facts(.seen(group([1, 2])), [holds(1), blank(2)]), record: found(record([on(1), on(2, joining: true)])),
            clusters: [cluster([member(1), entry(7, at: 2, learner: true)], leader: 1)]),
        [
            well(1, "leader", names: "-"),
            "i-2 | running, InService | ? | 10.0.0.2 | 7 | learner | ill | empty | -",
        ]),
    StatusCase(
        "without a quorum the disks show who is a member",
        sight(
            facts(
                .seen(group([1, 2, 3])), asked: [away(2, .stopped)], [holds(1, commit: nil)], silent: [2, 3]),
            zone: .seen(zone(records([1, 2, 3])))),
        [
            "i-1 | running, InService | ? | 10.0.0.1 | 1 | voter | ill | generation 1 | named",
            "i-2 | stopped, InService | ? | 10.0.0.2 | 2 | voter | ? | ? | named",
            "i-3 | running, InService | ? | 10.0.0.3 | 3 | voter | ? | ? | named",
        ]),
    StatusCase(
        "without any list nobody is known to be a member, or to be none",
        sight(facts([blank(1), reporting(2, .unknown("no mount"))], silent: [3])),
        [
            "i-1 | running, InService | ? | 10.0.0.1 | ? | ? | ill | empty | -",
            "i-2 | running, InService | ? | 10.0.0.2 | ? | ? | ill | ? | -",
            "i-3 | running, InService | ? | 10.0.0.3 | ? | ? | ? | ? | -",
        ]),
    StatusCase(
        "without the group the others still tell",
        whole { start in
            start.facts = facts(.unavailable("503"), asked: [away(1, .running)], [holds(1), holds(2)], silent: [3])
            start.facts.cluster = "main"
        },
        [
            "i-1 | running | ? | 10.0.0.1 | 1 | voter | healthy | generation 1 | named",
            "i-2 | ? | ? | 10.0.0.2 | 2 | leader | healthy | generation 1 | named",
            "i-3 | ? | ? | 10.0.0.3 | 3 | voter | healthy | ? | named",
        ]),
    StatusCase(
        "a volume that has moved stands where its member is reached",
        sight(
            facts(.seen(group([1, 4])), [holds(1), holds(3, on: 4)]),
            record: found(record([on(1), on(4, disk(3))])),
            clusters: [
                cluster(
                    [member(1), Member(3, name: "i-3", peerURLs: [peerURL(4)], clientURLs: [clientURL(4)])], leader: 1)
            ]),
        [
            well(1, "leader", names: "-"),
            "i-4 | running, InService | ? | 10.0.0.4 | 3 | voter | healthy | generation 1 | -",
        ]),
    StatusCase(
        "of two clusters both are shown",
        sight(
            facts(.seen(group([1, 2])), [holds(1), holds(2)]),
            clusters: [cluster([member(1)], leader: 1, id: 0xc1), cluster([member(2)], leader: 2, id: 0xc2)]),
        [well(1, "leader", names: "-"), well(2, "leader", names: "-"), "i-3 | ? | ? | 10.0.0.3 | - | - | - | ? | -"]),
]
