/// The hosted zone: which one it is, what is read of it when, and what a change does to that.

import AWS
import ClusterPlanning
import StubServer
import Synchronization
import Testing

@testable import Daemon

/// Counts from 1.
final class Counter: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}

private func world() -> AWSWorld {
    var world = AWSWorld()
    world.zones = [
        .init(id: "Z0PUBLIC", name: "example.org.", isPrivate: false),
        .init(id: "Z0PRIVATE", name: "example.org.", isPrivate: true),
        .init(id: "Z0NET", name: "example.net.", isPrivate: false),
        .init(id: "Z0INTERNAL", name: "internal.", isPrivate: true),
    ]
    world.records["Z0NET"] = [
        .init(name: "main.example.net.", type: "A"): ["10.0.0.2", "10.0.0.1"],
        .init(name: "i-0a.main.example.net.", type: "A"): ["10.0.0.1"],
        .init(name: "_etcd-cluster.main.example.net.", type: "TXT"): ["not ours to read here"],
        .init(name: "other.example.net.", type: "A"): ["10.9.9.9"],
    ]
    return world
}

private func observer(
    _ aws: StubAWS, _ zone: Configuration.HostedZone, _ type: Configuration.ZoneType? = nil
) throws -> ZoneObserver {
    ZoneObserver(aws: try aws.client(), zone: zone, type: type)
}

@Suite struct ZoneObserverTests {
    @Test func whatStandsUnderTheNameIsRead() async throws {
        let zone = try await observer(StubAWS(world()), .name("example.net")).zone(forCluster: "main")
        #expect(zone.domain == "example.net.")
        #expect(
            zone.records.sorted { $0.name < $1.name } == [
                RecordSet("i-0a.main.example.net.", .a, timeToLive: 60, values: ["10.0.0.1"]),
                RecordSet("main.example.net.", .a, timeToLive: 60, values: ["10.0.0.1", "10.0.0.2"]),
            ])
    }

    @Test(arguments: [
        (Configuration.HostedZone.id("Z0PRIVATE"), nil, "GetHostedZone"),
        (.name("internal"), nil, "ListHostedZonesByName"),
        (.name("example.org"), Configuration.ZoneType.public, "ListHostedZonesByName"),
        (.name("example.org"), .private, "ListHostedZonesByName"),
    ])
    func aZoneIsFoundOnce(_ zone: Configuration.HostedZone, _ type: Configuration.ZoneType?, _ call: String)
        async throws
    {
        let aws = try StubAWS(world())
        let observer = try observer(aws, zone, type)
        let change = RecordChange.upsert(RecordSet("x.example.org.", .a, timeToLive: 60, values: ["10.0.0.1"]))
        try await observer.change([change])
        try await observer.change([change])
        #expect(aws.takeCalls() == [call, "ChangeResourceRecordSets", "ChangeResourceRecordSets"])
        let expected =
            switch (zone, type) {
            case (.id(let id), _): id
            case (.name("internal"), _): "Z0INTERNAL"
            case (_, .public): "Z0PUBLIC"
            default: "Z0PRIVATE"
            }
        #expect(!aws.records(in: expected).isEmpty)
    }

    /// F42: the first of two is a guess, and a guess may publish private addresses.
    @Test func twoZonesOfOneNameAreNotGuessedBetween() async throws {
        let error = try await #require(throws: ObservationError.self) {
            try await observer(StubAWS(world()), .name("example.org")).read(forCluster: "main")
        }
        #expect(error.description.hasPrefix("2 hosted zones are named example.org: Z0"))
        #expect(error.description.contains("Z0PUBLIC"))
        #expect(error.description.contains("Z0PRIVATE"))
        #expect(error.description.hasSuffix("; choose by --zone-type, or set --hosted-zone to an ID"))
    }

    @Test(arguments: [
        ("example.com", Configuration.ZoneType?.none, "there is no hosted zone example.com"),
        ("example.net", .private, "there is no private hosted zone example.net"),
        ("internal", .public, "there is no public hosted zone internal"),
        // Zones of longer names follow in AWS's answer.
        ("main.example.net", nil, "there is no hosted zone main.example.net"),
    ])
    func aMissingZoneIsTold(_ name: String, _ type: Configuration.ZoneType?, _ message: String) async throws {
        let error = try await #require(throws: ObservationError.self) {
            try await observer(StubAWS(world()), .name(name), type).read(forCluster: "main")
        }
        #expect(error.description == message)
    }

    @Test func whatWasReadIsRemembered() async throws {
        let aws = try StubAWS(world())
        let observer = try observer(aws, .name("example.net"))
        let first = try await observer.zone(forCluster: "main")
        #expect(aws.takeCalls() == ["ListHostedZonesByName", "ListResourceRecordSets"])
        #expect(try await observer.zone(forCluster: "main") == first)
        #expect(aws.takeCalls() == [])
        // Another name is another part of the zone.
        #expect(try await observer.zone(forCluster: "other").records.count == 1)
        #expect(aws.takeCalls() == ["ListResourceRecordSets"])
    }

    @Test func readingAnewAndForgettingAskAgain() async throws {
        let aws = try StubAWS(world())
        let observer = try observer(aws, .id("Z0NET"))
        let first = try await observer.zone(forCluster: "main")
        aws.change { $0.records["Z0NET"]?[.init(name: "etcd-server.main.example.net.", type: "A")] = ["10.0.0.3"] }
        #expect(try await observer.zone(forCluster: "main") == first)
        #expect(try await observer.read(forCluster: "main").records.count == 3)
        #expect(try await observer.zone(forCluster: "main").records.count == 3)
        _ = aws.takeCalls()
        await observer.forget()
        _ = try await observer.zone(forCluster: "main")
        #expect(aws.takeCalls() == ["ListResourceRecordSets"])
    }

    @Test(arguments: [true, false]) func aChangeMakesWhatWasReadOld(_ succeeds: Bool) async throws {
        let aws = try StubAWS(world())
        let observer = try observer(aws, .id("Z0NET"))
        _ = try await observer.zone(forCluster: "main")
        if !succeeds {
            aws.change { $0.fault = { $0 == "ChangeResourceRecordSets" ? .error("Throttling", status: 400) : nil } }
        }
        let change = RecordChange.delete(
            RecordSet("main.example.net.", .a, timeToLive: 60, values: ["10.0.0.1", "10.0.0.2"]))
        do {
            try await observer.change([change])
            #expect(succeeds)
        } catch {
            #expect(!succeeds)
        }
        _ = aws.takeCalls()
        let records = try await observer.zone(forCluster: "main").records
        #expect(records.contains { $0.name == "main.example.net." } == !succeeds)
        #expect(aws.takeCalls() == ["ListResourceRecordSets"])
    }

    /// A reading that was under way while a change was made may show the time before it.
    @Test func aReadingThatAChangeOvertookIsNotRemembered() async throws {
        let aws = try StubAWS(world())
        let observer = try observer(aws, .id("Z0NET"))
        _ = try await observer.read(forCluster: "main")
        let calls = Counter()
        aws.change { world in
            world.fault = { call in
                call == "ListResourceRecordSets" && calls.next() == 1
                    ? .delayed(
                        .milliseconds(400),
                        .text(
                            "<R><ResourceRecordSets></ResourceRecordSets><IsTruncated>false</IsTruncated></R>"))
                    : nil
            }
        }
        async let slow = observer.read(forCluster: "main")
        try await eventually("the slow reading begins") { aws.calls.last == "ListResourceRecordSets" }
        try await observer.change([.upsert(RecordSet("main.example.net.", .a, timeToLive: 60, values: ["10.0.0.9"]))])
        #expect(try await slow.records == [])
        #expect(try await observer.zone(forCluster: "main").records.contains { $0.values == ["10.0.0.9"] })
    }

    @Test func aFailedReadingIsNotRemembered() async throws {
        let aws = try StubAWS(world())
        let observer = try observer(aws, .name("example.net"))
        aws.change { $0.fault = { $0 == "ListResourceRecordSets" ? .error("AccessDenied", status: 403) : nil } }
        let error = try await #require(throws: AWSError.self) { try await observer.zone(forCluster: "main") }
        #expect(error.isAccessDenied)
        aws.change { $0.fault = nil }
        #expect(try await observer.zone(forCluster: "main").records.count == 2)
    }

    @Test func aZoneMadeAnewIsFoundAgain() async throws {
        let aws = try StubAWS(world())
        let observer = try observer(aws, .name("example.net"))
        _ = try await observer.read(forCluster: "main")
        aws.change { $0.zones = [.init(id: "Z0NEW", name: "example.net.", isPrivate: false)] }
        let error = try await #require(throws: AWSError.self) { try await observer.read(forCluster: "main") }
        #expect(error.code == "NoSuchHostedZone")
        #expect(try await observer.read(forCluster: "main").records == [])
        #expect(aws.takeCalls().suffix(2) == ["ListHostedZonesByName", "ListResourceRecordSets"])
    }

    @Test func routedSetsAndAliasesAreSeenAsNotOurs() {
        let routed = Route53.RecordSet(
            name: "Main.example.net.", type: "A", ttl: 60, values: ["10.0.0.1"], setIdentifier: "blue")
        #expect(RecordSet(routed)?.isSimple == false)
        #expect(RecordSet(routed)?.name == "main.example.net.")
        let alias = Route53.RecordSet(name: "a.", type: "A", ttl: nil, values: [], aliasTarget: "lb.")
        #expect(RecordSet(alias)?.isSimple == false)
        #expect(RecordSet(Route53.RecordSet(name: "a.", type: "TXT", ttl: 60, values: ["x"])) == nil)
    }
}
