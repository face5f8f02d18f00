/// Whole looks before etcd runs: what can't be seen is in them as unseen, with its cause, and no look asks for more than it
/// needs.

import AWS
import ClusterPlanning
import Etcd
import StubServer
import Testing

@testable import Daemon

@Suite struct StartViewTests {
    private let own = identityOf()
    private let store = StoreName("route53:Z0NET")

    @Test func peersAreTheOthersThatRunAndHaveAnAddress() async throws {
        let address = loopbackAddress()
        var world = groupWorld(
            ("i-0a", "running", "127.0.0.1"), ("i-0b", "running", address), ("i-0c", "pending", "127.9.9.9"),
            ("i-0d", "running", nil), ("i-0e", "terminated", "127.9.9.8"))
        world.records["Z0NET"] = [.init(name: "i-0f.etcd-main.example.net.", type: "A"): ["10.0.0.9"]]
        let stand = try Stand(own, world, hasZone: true, hasBucket: true) { $0.clusterSize = 3 }
        let stamp = Stamp(disk: DiskID("d-1"), instance: own.instance)
        let view = try await stand.look(.empty(stamp))
        #expect(view.peers == [Peer(InstanceID("i-0b"), Endpoint(.http, address, 2380), .refused)])
        #expect(view.clusters == [])
        #expect(view.facts.group.value?.instances.count == 5)
        #expect(view.record == .absent(store))
        #expect(view.stores == [store, StoreName("s3:backups/etcd/etcd-main.record")])
        #expect(view.zone.value?.records.map(\.name) == ["i-0f.etcd-main.example.net."])
        #expect(view.backups == .seen(BackupsSeen()))
        #expect(view.disk == .empty(stamp))
        #expect(view.etcd == OwnEtcd(lastExit: .failure))
        #expect(view.now == .seconds(7))
        #expect(view.settings.clusterSize == 3)
        #expect(view.salt.utf8.count == 16)
        #expect(view.time.hasSuffix("Z"))
        // The zone is a witness, not a memory: record and zone are read anew for every look.
        let first = stand.aws.takeCalls()
        #expect(first.prefix(3) == ["DescribeAutoScalingInstances", "DescribeAutoScalingGroups", "DescribeInstances"])
        let again = try await stand.look()
        #expect(again.salt != view.salt)
        let calls = stand.aws.takeCalls()
        #expect(calls.count { $0 == "ListResourceRecordSets" } == 2)
        #expect(calls.filter { $0.hasPrefix("Describe") } == ["DescribeAutoScalingGroups", "DescribeInstances"])
    }

    /// Everybody who could hold data is asked for the report, ourselves without a detour.
    @Test func supervisorsAreAskedAndWeAnswerForOurselves() async throws {
        let supervisor = try StubSupervisor("i-0b") { $0.holding = .data(HeldData(generation: 2)) }
        let silent = loopbackAddress()
        let stand = try Stand(
            own,
            groupWorld(
                ("i-0a", "running", "127.0.0.1"), ("i-0b", "running", supervisor.address),
                ("i-0c", "running", silent), ("i-0e", "terminated", supervisor.address)), hasZone: true)
        try stand.directory.prepare()
        try stand.directory.write(Stamp(disk: DiskID("d-1"), instance: own.instance))
        let view = try await stand.look()
        #expect(view.facts.reports.keys.sorted().map(\.rawValue) == ["i-0a", "i-0b", "i-0c"])
        #expect(view.facts.reports[InstanceID("i-0b")] == .report(supervisor.report))
        guard case .silent(let cause)? = view.facts.reports[InstanceID("i-0c")] else {
            Issue.record("i-0c answers")
            return
        }
        #expect(cause.contains("connection refused"))
        guard case .report(let ours)? = view.facts.reports[own.instance] else {
            Issue.record("we don't answer")
            return
        }
        #expect(ours.disk == DiskID("d-1"))
        #expect(ours.owner == view.facts.owner)
        #expect(ours.stores == [store])
        #expect(supervisor.asked.all == 1)
        #expect(supervisor.asked.forAWS == 0)
    }

    /// The record may name who is in no list any more: EC2 is asked, and, if it runs, its supervisor and its etcd are too.
    @Test func whoTheRecordNamesIsAskedForSingly() async throws {
        let detached = try StubSupervisor("i-0d")
        var world = groupWorld(("i-0a", "running", "127.0.0.1"))
        world.instances["i-0d"] = .init(address: detached.address)
        let stand = try Stand(own, world, hasZone: true)
        let record = groupRecord(
            ("i-0a", "127.0.0.1", "d1"), ("i-0d", detached.address, "d2"), ("i-0e", "10.0.0.5", "d3"))
        try stand.put(record)
        let view = try await stand.look()
        #expect(view.record.record == record)
        #expect(
            view.facts.asked
                == .seen([
                    Instance(InstanceID("i-0d"), .running, address: detached.address),
                    Instance(InstanceID("i-0e"), .unknownToEC2),
                ]))
        #expect(view.facts.reports[InstanceID("i-0d")] == .report(detached.report))
        #expect(view.peers.map(\.instance) == [InstanceID("i-0d")])
        #expect(view.facts.otherOwner == .notAsked)
    }

    @Test func anotherOwnersGroupIsAskedFor() async throws {
        let stand = try Stand(own, groupWorld(("i-0a", "running", "127.0.0.1")), hasZone: true)
        var record = groupRecord(("i-0f", "10.0.0.6", "d1"))
        record.owner = AWSWorld.Group("etcd-old", desired: 3, []).arn
        try stand.put(record)
        #expect(try await stand.look().facts.otherOwner == .seen(.isGone))
        stand.aws.change { $0.groups.append(.init("etcd-old", desired: 3, [])) }
        #expect(try await stand.look().facts.otherOwner == .seen(.exists))
        let calls = Counter()
        stand.aws.change { world in
            world.fault = { $0 == "DescribeAutoScalingGroups" && calls.next() > 1 ? .status(503) : nil }
        }
        #expect(unavailable(try await stand.look().facts.otherOwner)?.contains("503") == true)
    }

    /// A cluster that answers settles everything: what the zone and the backups say then is nobody's question.
    @Test func aClusterIsSeenAndTracesAreNotLookedFor() async throws {
        try await withEtcd("i-0b") { etcd in
            let supervisor = try StubSupervisor("i-0b", at: etcd.address) {
                $0.holding = .data(HeldData(generation: 4))
                $0.etcd = EtcdState(isRunning: true)
            }
            let status = try await etcd.client.status()
            supervisor.change {
                $0.holding = .data(HeldData(member: MemberID(status.memberID.rawValue), generation: 4))
            }
            let stand = try Stand(
                own, groupWorld(("i-0a", "running", "127.0.0.1"), ("i-0b", "running", etcd.address)), hasZone: true,
                hasBucket: true)
            _ = try await stand.lookAtCluster()
            _ = stand.aws.takeCalls()
            let view = try await stand.lookAtCluster()
            #expect(view.clusters.map(\.members.count) == [1])
            #expect(view.clusters.first?.generation == 4)
            #expect(view.zone == .notAsked)
            #expect(view.backups == .notAsked)
            let calls = stand.aws.takeCalls()
            #expect(calls.count { $0 == "GetObject" } == calls.count { $0.hasPrefix("List") }, "the record alone")
        }
    }

    /// Whoever is to restore a backup beside a cluster that still answers has to know which there are.
    @Test func whoIsToRestoreLooksForBackups() async throws {
        try await withEtcd("i-0b") { etcd in
            let stand = try Stand(
                own, groupWorld(("i-0a", "running", "127.0.0.1"), ("i-0b", "running", etcd.address)), hasBucket: true)
            let backup = someBackup(7)
            try stand.put(
                groupRecord(generation: 3, source: .snapshot(backup.name), ("i-0a", "127.0.0.1", "d1")), inBucket: true)
            stand.aws.change { $0.buckets["backups"]?["etcd/etcd-main/\(backup.name)"] = [1] }
            let view = try await stand.lookAtCluster()
            #expect(view.backups.value?.backups.map(\.name) == [backup.name], "\(view.record) \(view.backups)")
            // Its disk holds that generation: nothing is left to be restored.
            let disk = Disk.data(Stamp(disk: DiskID("d1"), instance: own.instance, generation: 3))
            try await eventually("the cluster is seen") { try await !stand.look(disk).clusters.isEmpty }
            #expect(try await stand.look(disk).backups == .notAsked)
        }
    }

    /// Where the leader has no supervisor of ours, nobody else asks EC2 about the members.
    @Test func membersThatNobodyListsAreAskedAboutToo() async throws {
        try await withEtcd("i-0f") { etcd in
            var world = groupWorld(("i-0a", "running", "127.0.0.1"), ("i-0b", "running", etcd.address))
            world.instances["i-0f"] = .init(state: "terminated")
            let stand = try Stand(own, world, hasZone: true)
            let view = try await stand.lookAtCluster()
            #expect(view.clusters.first?.members.map(\.name) == ["i-0f"])
            #expect(view.facts.asked == .seen([Instance(InstanceID("i-0f"), .terminated)]))
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
            own, groupWorld(("i-0a", "running", "127.0.0.1"), ("i-0b", "running", "127.0.0.1")), hasZone: true)
        stand.aws.change { $0.fault = { $0 == call ? reply : nil } }
        let view = try await stand.look()
        let said = try #require(unavailable(view.facts.group))
        #expect(said.contains(" \(call) at http://"))
        #expect(said.contains(cause))
        #expect(view.record == .unknown("it was not read yet"))
        #expect(view.peers == [] && view.clusters == [] && view.facts.reports == [:])
        #expect(view.zone == .notAsked)
        #expect(!stand.aws.takeCalls().contains("ListResourceRecordSets"))
    }

    /// F33: a store that can't be read is not an empty one; and who can't read it does not pretend to.
    @Test func aZoneThatCantBeReadIsNotEmpty() async throws {
        let stand = try Stand(own, groupWorld(("i-0a", "running", "127.0.0.1")), hasZone: true)
        stand.aws.change { $0.fault = { $0.hasPrefix("List") ? .error("AccessDenied", status: 403) : nil } }
        let view = try await stand.look()
        let cause = try #require(unavailable(view.zone))
        #expect(cause.hasPrefix("Route 53 ListResourceRecordSets at "))
        #expect(cause.contains("AccessDenied"))
        guard case .unknown(let why) = view.record else {
            Issue.record("\(view.record)")
            return
        }
        #expect(why.contains("AccessDenied"))
        #expect(try await stand.ownReport.now().stores == [])
    }

    @Test func backupsThatCantBeListedAreNotNone() async throws {
        let stand = try Stand(own, groupWorld(("i-0a", "running", "127.0.0.1")), hasBucket: true)
        stand.aws.change { $0.buckets["backups"]?["etcd/etcd-main/3-c1-990-20260131T120000Z.db"] = [1] }
        #expect(try await stand.look().backups.value?.backups.map(\.revision) == [990])
        stand.aws.change { $0.fault = { $0 == "ListObjectsV2" ? .s3("SlowDown", status: 503) : nil } }
        #expect(unavailable(try await stand.look().backups)?.contains("SlowDown") == true)
    }

    @Test func withoutAStoreNoneIsAsked() async throws {
        let stand = try Stand(own, groupWorld(("i-0a", "running", "127.0.0.1")))
        let view = try await stand.look()
        #expect(view.zone == .notAsked && view.backups == .notAsked)
        #expect(view.record == .notConfigured)
        #expect(view.stores == [])
    }

    @Test func aGroupWithoutANameForDNSIsTold() async throws {
        var world = groupWorld(("i-0a", "running", "127.0.0.1"))
        world.groups[0].name = "etcd main"
        let stand = try Stand(own, world, hasZone: true)
        let view = try await stand.look()
        #expect(unavailable(view.zone) == "no name to look for: set --cluster-name")
        #expect(view.record == .unknown("the cluster has no name to look for: set --cluster-name"))
    }
}
