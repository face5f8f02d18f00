import ClusterPlanning
import Testing

@Suite struct DNSTests {
    static func plan(_ voters: [Member], _ held: [RecordSet]) -> DNSPlan {
        planDNS(cluster: "main", voters: voters, zone: zone(held))
    }

    /// The zone after the batch, as Route 53 would have it: a deletion has to name exactly what is there.
    static func apply(_ plan: DNSPlan, to held: [RecordSet]) throws -> [RecordSet] {
        let changes = if case .change(let changes) = plan { changes } else { [RecordChange]() }
        var records = held
        for change in changes {
            switch change {
            case .delete(let record):
                records.remove(at: try #require(records.firstIndex(of: record)))
            case .upsert(let record):
                try #require(!record.values.isEmpty)
                records.removeAll { $0.name == record.name && $0.kind == record.kind }
                records.append(record)
            }
        }
        return records.sorted { $0.name < $1.name }
    }

    static let foreign = [
        RecordSet("example.org.", .a, timeToLive: 60, values: ["192.0.2.1"]),
        RecordSet("www.main.example.org.", .a, timeToLive: 300, values: ["192.0.2.2"]),
        RecordSet("_ldap._tcp.main.example.org.", .srv, timeToLive: 60, values: ["1 1 389 www.main.example.org."]),
        RecordSet("i-1.other.example.org.", .a, timeToLive: 60, values: ["10.0.0.1"]),
        RecordSet("www.main.example.org.", .a, timeToLive: 0, values: [], isSimple: false),
    ]

    static let holdings: [(String, [RecordSet])] = [
        ("nothing", []),
        ("others' records only", foreign),
        ("what is right already", records([1, 2, 3])),
        ("one member too many", records([1, 2, 3, 4])),
        ("one member too few", records([1, 2])),
        ("quite other members", records([7, 8, 9]) + foreign),
        ("the names of TLS", records([1, 2, 3], scheme: .https)),
        (
            "another time to live",
            records([1, 2, 3]).map { RecordSet($0.name, $0.kind, timeToLive: 5, values: $0.values) }
        ),
    ]

    @Test(arguments: holdings)
    func whateverItHeldTheZoneNamesExactlyTheVoters(name: String, held: [RecordSet]) throws {
        let voters = [member(3), member(1), member(2)]
        let after = try Self.apply(Self.plan(voters, held), to: held)
        let others = held.filter(Self.foreign.contains)
        #expect(after == (records([1, 2, 3]) + others).sorted { $0.name < $1.name })
        #expect(Self.plan(voters, after) == .unchanged, "a second turn changes nothing")
    }

    @Test func theOrderOfVotersAndRecordsDoesNotMatter() {
        var random = SplitMix64(seed: 3)
        let held = records([2, 5, 4]) + Self.foreign
        let expected = Self.plan([member(1), member(2), member(3)], held)
        for _ in 0..<20 {
            let voters = [member(1), member(2), member(3)].shuffled(using: &random)
            #expect(Self.plan(voters, held.shuffled(using: &random)) == expected)
        }
    }

    @Test func withTLSTheTwinsAreWrittenInstead() throws {
        let voters = [1, 2].map { number in
            Member(
                MemberID(UInt64(number)), name: "i-\(number)", peerURLs: [Endpoint(.https, address(number), 2380)],
                clientURLs: [Endpoint(.https, address(number), 2379)])
        }
        let after = try Self.apply(Self.plan(voters, records([1, 2])), to: records([1, 2]))
        #expect(after == records([1, 2], scheme: .https).sorted { $0.name < $1.name })
    }

    @Test func withTLSAmongPeersOnlyEachServiceGoesItsOwnWay() throws {
        let voter = Member(
            1, name: "i-1", peerURLs: [Endpoint(.https, address(1), 2380)], clientURLs: [clientURL(1)])
        let names = try Self.apply(Self.plan([voter], []), to: []).filter { $0.kind == .srv }.map(\.name)
        #expect(
            names == [
                "_etcd-client._tcp.main.example.org.", "_etcd-server-ssl._tcp.main.example.org.",
                "_etcd._tcp.main.example.org.",
            ])
    }

    @Test func oddPortsAreSaid() throws {
        let voter = Member(
            1, name: "i-1", peerURLs: [Endpoint(.http, address(1), 12380)],
            clientURLs: [Endpoint(.http, "127.0.0.1", 2379), Endpoint(.http, address(1), 12379)])
        let values = try Self.apply(Self.plan([voter], []), to: []).filter { $0.kind == .srv }.flatMap(\.values)
        #expect(values == ["1 1 12379 \(host(1))", "1 1 12380 \(host(1))", "1 1 12379 \(host(1))"])
    }

    @Test func nobodyToNameLeavesTheZoneAlone() {
        #expect(Self.plan([], records([1, 2])) == .deferred(.nobodyForDNS))
    }

    /// Moving from an older tool: its members have names of their own, and go one by one.
    @Test func membersOfAnOlderToolAreNamedAndForgottenLikeOurs() throws {
        let old = Member(9, name: "node-9", peerURLs: [peerURL(9)], clientURLs: [clientURL(9)])
        let mixed = try Self.apply(Self.plan([old, member(1)], []), to: [])
        #expect(mixed.contains(RecordSet("node-9.main.example.org.", .a, timeToLive: 60, values: [address(9)])))
        #expect(Self.plan([old, member(1)], mixed) == .unchanged)
        let after = try Self.apply(Self.plan([member(1), member(2)], mixed), to: mixed)
        #expect(after == records([1, 2]).sorted { $0.name < $1.name })
    }

    @Test(arguments: [
        Member(
            1, name: "i-1", peerURLs: [Endpoint(.http, "fd00::1", 2380)], clientURLs: [Endpoint(.http, "fd00::1", 2379)]
        ),
        Member(1, name: "a.b", peerURLs: [peerURL(1)], clientURLs: [clientURL(1)]),
        Member(1, name: "", peerURLs: [peerURL(1)], clientURLs: [clientURL(1)]),
        Member(1, name: "i-1", peerURLs: [], clientURLs: [clientURL(1)]),
        Member(1, name: "i-1", peerURLs: [peerURL(1)], clientURLs: [Endpoint(.http, "127.0.0.1", 2379)]),
    ])
    func whoCanNotBeNamedHoldsDNS(member odd: Member) {
        #expect(Self.plan([odd, member(2)], []) == .deferred(.unnameable(odd)))
        #expect(Self.plan([odd], []) == .deferred(.unnameable(odd)))
    }

    @Test(arguments: [
        RecordSet("main.example.org.", .a, timeToLive: 0, values: [], isSimple: false),
        RecordSet(host(1), .a, timeToLive: 60, values: ["10.0.0.1"], isSimple: false),
        RecordSet("_etcd._tcp.main.example.org.", .srv, timeToLive: 60, values: ["1 1 2379 x."], isSimple: false),
    ])
    func aRoutedSetUnderOurNameHoldsDNS(record: RecordSet) {
        #expect(Self.plan([member(1)], [record]) == .deferred(.recordNotOurs(record.name)))
    }
}

@Suite struct ClusterNameTests {
    static let names: [(configured: String?, stack: String?, group: String, expected: String?)] = [
        ("Main", "etcd-cluster-v1", "asg", "main"),
        (nil, "etcd-cluster-v1", "asg", "v1"),
        (nil, "etcd", "asg", "etcd"),
        (nil, nil, "asg-Name", "asg-name"),
        (nil, "stack-", "asg", nil),
        (nil, nil, "my_group", nil),
        (nil, nil, "-a", nil), (nil, nil, "a-", nil), (nil, nil, "", nil),
        ("", "etcd-v1", "asg", nil),
        ("a.b", nil, "asg", nil),
        (nil, nil, String(repeating: "a", count: 63), String(repeating: "a", count: 63)),
        (nil, nil, String(repeating: "a", count: 64), nil),
    ]

    @Test(arguments: names)
    func clusterIsNamedByFlagThenStackThenGroup(
        configured: String?, stack: String?, group: String, expected: String?
    ) {
        #expect(clusterName(configured: configured, stackName: stack, groupName: group) == expected)
        let seen = Group(name: group, owner: ourGroup, desiredCapacity: 3, stackName: stack, instances: [])
        #expect(seen.clusterName(configured: configured) == expected)
    }

    @Test(arguments: [
        ("i-0123456789abcdef0", true), ("i-1", true), ("i-", false), ("i-A", false), ("j-1", false), ("i-1.b", false),
        ("", false), ("etcd-server", false),
    ])
    func onlyAnInstanceIDIsOne(name: String, expected: Bool) {
        #expect(InstanceID.isInstanceID(name) == expected)
    }
}
