/// Whole looks, before etcd runs and while it does: what can't be seen is in them as unseen, with its cause, and no look
/// asks for more than it needs.

import AWS
import ClusterPlanning
import Etcd
import HTTP
import StubServer
import Testing

@testable import Daemon

/// Observers of an instance at an AWS of the test's own.
private struct Stand {
    let aws: StubAWS
    let start: StartObserver
    let cluster: ClusterObserver

    init(_ identity: Identity, _ world: AWSWorld, zone: Configuration.HostedZone? = nil) throws {
        aws = try StubAWS(world)
        let client = try aws.client()
        let group = GroupObserver(aws: client, own: identity.instance, group: nil)
        let zone = zone.map { ZoneObserver(aws: client, zone: $0, type: nil) }
        var configuration = Configuration()
        configuration.clusterSize = 3
        start = StartObserver(
            identity: identity, configuration: configuration, group: group, zone: zone, etcd: .plain)
        cluster = ClusterObserver(
            identity: identity, configuration: configuration, group: group, zone: zone, etcd: .plain)
    }

    /// The look before a start, at an empty disk.
    func look() async throws -> StartView {
        try await start.look(disk: .empty(nil), lastExit: .failure, now: .seconds(7))
    }
}

private func world(_ instances: (id: String, state: String, address: String?)...) -> AWSWorld {
    var world = AWSWorld()
    world.groups = [.init("etcd-main", desired: 3, instances.map { ($0.id, "InService") })]
    for instance in instances { world.instances[instance.id] = .init(state: instance.state, address: instance.address) }
    world.zones = [.init(id: "Z0NET", name: "example.net.", isPrivate: false)]
    world.records["Z0NET"] = [.init(name: "i-0f.etcd-main.example.net.", type: "A"): ["10.0.0.9"]]
    return world
}

private func unavailable<Value>(_ part: Observed<Value>) -> String? {
    if case .unavailable(let cause) = part { cause } else { nil }
}

private let zone = Configuration.HostedZone.id("Z0NET")

// MARK: -

@Suite struct StartViewTests {
    private let own = Identity(
        instance: InstanceID("i-0a"), peerURL: Endpoint(.http, "127.0.0.1", 2380),
        clientURL: Endpoint(.http, "127.0.0.1", 2379))

    @Test func peersAreTheOthersThatRunAndHaveAnAddress() async throws {
        let address = loopbackAddress()
        let stand = try Stand(
            own,
            world(
                ("i-0a", "running", "127.0.0.1"), ("i-0b", "running", address), ("i-0c", "pending", "127.9.9.9"),
                ("i-0d", "running", nil), ("i-0e", "terminated", "127.9.9.8")), zone: zone)
        let view = try await stand.look()
        #expect(view.peers == [Peer(InstanceID("i-0b"), Endpoint(.http, address, 2380), .refused)])
        #expect(view.clusters == [])
        #expect(view.group.value?.instances.count == 5)
        #expect(view.zone.value?.records.map(\.name) == ["i-0f.etcd-main.example.net."])
        #expect(view.disk == .empty(nil))
        #expect(view.lastExit == .failure)
        #expect(view.now == .seconds(7))
        #expect(view.configuredSize == 3)
        #expect(
            stand.aws.takeCalls() == [
                "DescribeAutoScalingInstances", "DescribeAutoScalingGroups", "DescribeInstances", "GetHostedZone",
                "ListResourceRecordSets",
            ])
        // The zone is a witness, not a memory: it is read anew for every look.
        _ = try await stand.look()
        #expect(
            stand.aws.takeCalls() == ["DescribeAutoScalingGroups", "DescribeInstances", "ListResourceRecordSets"])
    }

    /// A cluster that answers settles everything: what the zone says then is nobody's question.
    @Test func aClusterIsSeenAndTheZoneIsNotAsked() async throws {
        try await withEtcd("i-0b") { etcd in
            let stand = try Stand(
                own, world(("i-0a", "running", "127.0.0.1"), ("i-0b", "running", etcd.address)), zone: zone)
            let view = try await stand.look()
            #expect(view.clusters.map(\.members.count) == [1])
            #expect(view.zone == .notAsked)
            #expect(!stand.aws.takeCalls().contains("ListResourceRecordSets"))
        }
    }

    @Test(arguments: [
        ("DescribeAutoScalingInstances", StubReply.error("Throttling", "Rate exceeded", status: 400), "Rate exceeded"),
        ("DescribeAutoScalingGroups", .status(503), "503"), ("DescribeInstances", .reset, "broken off"),
        ("DescribeInstances", .text("<DescribeInstancesResponse><reserv"), "can't be read"),
        ("DescribeAutoScalingGroups", .text("<R></R>"), "can't be read"),
    ])
    func withoutTheGroupNothingElseIsClaimed(_ call: String, _ reply: StubReply, _ cause: String) async throws {
        let stand = try Stand(
            own, world(("i-0a", "running", "127.0.0.1"), ("i-0b", "running", "127.0.0.1")), zone: zone)
        stand.aws.change { $0.fault = { $0 == call ? reply : nil } }
        let view = try await stand.look()
        let said = try #require(unavailable(view.group))
        #expect(said.contains(" \(call) at http://"))
        #expect(said.contains(cause))
        #expect(view.peers == [])
        #expect(view.clusters == [])
        #expect(view.zone == .notAsked)
        #expect(!stand.aws.takeCalls().contains("ListResourceRecordSets"))
    }

    /// F33: a zone that can't be read is not an empty one.
    @Test func aZoneThatCantBeReadIsNotEmpty() async throws {
        let stand = try Stand(own, world(("i-0a", "running", "127.0.0.1")), zone: zone)
        stand.aws.change { $0.fault = { $0.hasPrefix("List") ? .error("AccessDenied", status: 403) : nil } }
        let cause = try #require(unavailable(try await stand.look().zone))
        #expect(cause.hasPrefix("Route 53 ListResourceRecordSets at "))
        #expect(cause.contains("AccessDenied"))
    }

    @Test func withoutAZoneNoneIsAsked() async throws {
        let stand = try Stand(own, world(("i-0a", "running", "127.0.0.1")))
        #expect(try await stand.look().zone == .notAsked)
    }

    @Test func aGroupWithoutANameForDNSIsTold() async throws {
        var world = world(("i-0a", "running", "127.0.0.1"))
        world.groups[0].name = "etcd main"
        let stand = try Stand(own, world, zone: zone)
        #expect(unavailable(try await stand.look().zone) == "no name to look for: set --cluster-name")
    }
}

// MARK: -

@Suite struct ClusterViewTests {
    @Test func whereNothingListensThereIsNoBeat() async throws {
        let address = loopbackAddress()
        let identity = Identity(
            instance: InstanceID("i-0a"), peerURL: Endpoint(.http, address, 2380),
            clientURL: Endpoint(.http, address, 2379))
        let stand = try Stand(identity, world())
        let error = try await #require(throws: EtcdError.self) { _ = try await stand.cluster.beat() }
        #expect(error.description.contains("connection refused"))
    }

    @Test func aLeaderSeesItsCluster() async throws {
        try await withEtcd { etcd in
            let stand = try Stand(etcd.identity, world(("i-0a", "running", etcd.address)), zone: zone)
            let beat = try await stand.cluster.beat()
            let status = try await etcd.client.status()
            #expect(stand.aws.takeCalls() == [], "a pulse asks AWS nothing")
            #expect(beat.pulse.isLeader)
            #expect(beat.own == MemberID(status.memberID.rawValue))
            #expect(beat.clusterID == ClusterID(status.clusterID.rawValue))
            #expect(beat.term == status.raftTerm)
            #expect(beat.pulse.healthy == [beat.own])

            let view = try #require(try await stand.cluster.view(beat, now: .seconds(3)))
            #expect(view.now == .seconds(3))
            #expect(view.own == InstanceID("i-0a"))
            #expect(view.cluster.members.map(\.name) == ["i-0a"])
            #expect(view.cluster.leader == beat.own)
            #expect(view.group.value?.instances.count == 1)
            #expect(view.alarms == [])
            #expect(view.zone.value?.domain == "example.net.")
            // The first turn asks about everybody; an idle turn is one call.
            #expect(
                stand.aws.takeCalls() == [
                    "DescribeAutoScalingInstances", "DescribeAutoScalingGroups", "DescribeInstances", "GetHostedZone",
                    "ListResourceRecordSets",
                ])
            let again = try #require(try await stand.cluster.view(beat, now: .seconds(13)))
            #expect(again.zone == view.zone)
            #expect(stand.aws.takeCalls() == ["DescribeAutoScalingGroups"])
        }
    }

    @Test(arguments: [
        ("DescribeAutoScalingGroups", false), ("DescribeInstances", true), ("ListResourceRecordSets", true),
    ])
    func whatAWSDoesNotTellIsUnavailable(_ call: String, _ hasGroup: Bool) async throws {
        try await withEtcd { etcd in
            let stand = try Stand(
                etcd.identity, world(("i-0a", "running", etcd.address), ("i-0b", "running", "127.0.0.1")), zone: zone)
            let beat = try await stand.cluster.beat()
            stand.aws.change { $0.fault = { $0 == call ? .error("ServiceUnavailable", status: 503) : nil } }
            let view = try #require(try await stand.cluster.view(beat, now: .zero))
            let causes = [unavailable(view.group), unavailable(view.askedInstances), unavailable(view.zone)]
                .compactMap { $0 }
            #expect(causes.count == 1)
            #expect(causes.first?.contains(" \(call) at http://") == true)
            #expect((view.group.value != nil) == hasGroup)
            // etcd's side is there, whatever AWS says.
            #expect(view.cluster.members.count == 1)
        }
    }

    @Test func alarmsAreInTheView() async throws {
        try await withEtcd { etcd in
            let stand = try Stand(etcd.identity, world(("i-0a", "running", etcd.address)))
            let beat = try await stand.cluster.beat()
            let alarm = #"{"action":"ACTIVATE","memberID":"\#(beat.own.rawValue)","alarm":"CORRUPT"}"#
            _ = try await http.send(
                HTTPRequest("POST", "\(etcd.clientURL)/v3/maintenance/alarm", body: .bytes(Array(alarm.utf8))),
                deadline: .seconds(10))
            let view = try #require(try await stand.cluster.view(beat, now: .zero))
            #expect(view.alarms == [.corrupt(beat.own)])
            #expect(view.zone == .notAsked)
        }
    }

    /// A change of members between the pulse and the turn is in the view.
    @Test func theListIsTakenAnew() async throws {
        try await withEtcd { etcd in
            let stand = try Stand(etcd.identity, world(("i-0a", "running", etcd.address)))
            let beat = try await stand.cluster.beat()
            _ = try await etcd.client.addLearner(peerURLs: ["http://127.0.0.1:1"])
            let view = try #require(try await stand.cluster.view(beat, now: .zero))
            #expect(view.cluster.members.count == 2)
            #expect(view.cluster.members.filter(view.cluster.isHealthy).map(\.id) == [beat.own])
        }
    }

    @Test func withoutAQuorumThereIsNoView() async throws {
        try await withEtcd { etcd in
            let stand = try Stand(etcd.identity, world(("i-0a", "running", etcd.address)))
            let beat = try await stand.cluster.beat()
            _ = try await etcd.client.addMember(peerURLs: ["http://127.0.0.1:1"])
            await #expect(throws: EtcdError.self) { _ = try await stand.cluster.view(beat, now: .zero) }
            #expect(stand.aws.takeCalls() == [], "nothing is asked for a turn that can't be planned")
        }
    }
}
