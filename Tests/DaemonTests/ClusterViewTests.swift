/// The leader's looks: a pulse that asks AWS nothing, and a view whose record is older than its member list.

import AWS
import ClusterPlanning
import Etcd
import HTTP
import StubServer
import Testing

@testable import Daemon

/// A cluster of one, and what its leader looks with.
private func withLeader(
    _ more: [(id: String, state: String, address: String?)] = [], hasZone: Bool = false,
    named name: String? = nil, _ body: (RealEtcd, Stand) async throws -> Void
) async throws {
    try await withEtcd { etcd in
        var world = groupWorld(("i-0a", "running", etcd.address))
        for instance in more {
            world.groups[0].instances.append((instance.id, "InService"))
            world.instances[instance.id] = .init(state: instance.state, address: instance.address)
        }
        try await body(etcd, try Stand(etcd.identity, world, hasZone: hasZone) { $0.clusterName = name })
    }
}

@Suite(.fewAtOnce) struct ClusterViewTests {
    private let other = InstanceID("i-0b")

    @Test func whereNothingListensThereIsNoBeat() async throws {
        let stand = try Stand(identityOf("i-0a", at: loopbackAddress()), groupWorld())
        let error = try await #require(throws: EtcdError.self) { _ = try await stand.cluster.beat() }
        #expect(error.description.contains("connection refused"))
    }

    @Test func aFollowersPulseKnowsWhetherSomebodyLeads() async throws {
        for leader: UInt64 in [3, 0] {
            let member = try StubMember(1, leader: leader)
            let identity = Identity(
                instance: InstanceID("i-1"), peerURL: member.endpoint, clientURL: member.endpoint)
            let stand = try Stand(identity, groupWorld())
            let beat = try await stand.beat()
            #expect(beat.pulse == Pulse(isLeader: false, hasLeader: leader != 0, members: [], healthy: []))
            #expect(beat.own == MemberID(1))
            #expect(beat.term == 5)
            #expect(beat.cluster == nil)
            #expect(member.changes == [], "a follower asks nobody but itself")
            let view = try await stand.cluster.view(
                beat, now: .zero, generation: nil, readsRecord: true, probesAWS: false)
            #expect(view == nil)
            #expect(stand.aws.takeCalls() == [])
        }
    }

    @Test func aLeaderSeesItsCluster() async throws {
        try await withLeader(hasZone: true) { etcd, stand in
            let beat = try await stand.beat()
            let status = try await etcd.client.status()
            #expect(stand.aws.takeCalls() == [], "a pulse asks AWS nothing")
            #expect(beat.pulse.isLeader && beat.pulse.hasLeader)
            #expect(beat.own == MemberID(status.memberID.rawValue))
            #expect(beat.clusterID == ClusterID(status.clusterID.rawValue))
            #expect(beat.term == status.raftTerm)
            #expect(beat.pulse.healthy == [beat.own])
            #expect(beat.abilities == EtcdAbilities(oldestOf: [status.version]))

            let view = try await stand.view(beat, now: .seconds(3), generation: 2)
            #expect(view.now == .seconds(3))
            #expect(view.own == InstanceID("i-0a"))
            #expect(view.ownGeneration == 2 && view.cluster.generation == 2)
            #expect(view.cluster.members.map(\.name) == ["i-0a"])
            #expect(view.cluster.leader == beat.own)
            #expect(view.facts.group.value?.instances.count == 1)
            #expect(view.alarms == [])
            #expect(view.record == .absent(StoreName("route53:Z0NET")) && view.isRecordFresh)
            #expect(view.zone.value?.domain == "example.net.")
            // Its own report counts from the first view on: it names the owner.
            guard case .report(let own)? = view.facts.reports[InstanceID("i-0a")] else {
                Issue.record("\(view.facts.reports)")
                return
            }
            #expect(own.owner == view.facts.owner)
            // The first turn asks about everybody. The zone is read once, for the record and for DNS.
            #expect(
                stand.aws.takeCalls() == [
                    "DescribeAutoScalingInstances", "DescribeAutoScalingGroups", "GetHostedZone",
                    "ListResourceRecordSets", "DescribeInstances",
                ])
            // An idle turn is one call: the record that was read lately will do, and says so.
            let idle = try await stand.view(beat, now: .seconds(13), readsRecord: false)
            #expect(idle.zone == view.zone && idle.record == view.record)
            #expect(!idle.isRecordFresh)
            #expect(idle.hooks == .notAsked && idle.backups == .notAsked)
            #expect(stand.aws.takeCalls() == ["DescribeAutoScalingGroups"])
            #expect(try await stand.view(beat, readsRecord: true).isRecordFresh)
        }
    }

    /// Upkeep swaps from the record that was read: no change of members that came before may be missing from the list.
    @Test func theRecordIsReadBeforeTheMemberList() async throws {
        try await withLeader(hasZone: true) { etcd, stand in
            let beat = try await stand.beat()
            // As if somebody were added the very moment that the record is read.
            let reads = Counter()
            stand.aws.change { [client = etcd.client] world in
                world.fault = { call in
                    guard call == "ListResourceRecordSets", reads.next() == 1 else { return nil }
                    runBlocked { _ = try await client.addLearner(peerURLs: ["http://127.0.0.1:1"]) }
                    return nil
                }
            }
            let view = try await stand.view(beat)
            #expect(view.cluster.members.count == 2)
            #expect(view.cluster.members.filter(view.cluster.isHealthy).map(\.id) == [beat.own])
        }
    }

    @Test func noTurnWaitsForTheListOfBackups() async throws {
        try await withEtcd { etcd in
            let stand = try Stand(etcd.identity, groupWorld(("i-0a", "running", etcd.address)), hasBucket: true)
            let beat = try await stand.beat()
            #expect(try await stand.view(beat).backups == .seen(BackupsSeen()))
            try stand.put(groupRecord(("i-0a", etcd.address, "d1")), inBucket: true)
            let view = try await stand.view(beat)
            #expect(view.record.record?.voters.count == 1)
            #expect(view.backups == .seen(BackupsSeen()))
            await stand.backups.forget()
            _ = stand.aws.takeCalls()
            #expect(try await stand.view(beat).backups == .notAsked)
            #expect(!stand.aws.takeCalls().contains("ListObjectsV2"))
            #expect(view.revision == 1)
            #expect(view.backupWork == BackupWork())
        }
    }

    @Test func hooksAreAskedOnlyWhileSomebodyIsHeld() async throws {
        try await withLeader { _, stand in
            stand.aws.change { $0.groups[0].hooks = [.terminating("bye")] }
            let beat = try await stand.beat()
            #expect(try await stand.view(beat).hooks == .notAsked)
            for lifecycle in ["Terminating:Wait", "Pending:Wait"] {
                stand.aws.change { $0.groups[0].instances[0].lifecycle = lifecycle }
                let hooks = try await stand.view(beat).hooks
                #expect(hooks == .seen([LifecycleHook("bye", .terminating, heartbeatTimeout: .seconds(300))]))
            }
            stand.aws.change { $0.fault = { $0 == "DescribeLifecycleHooks" ? .error("Denied", status: 403) : nil } }
            #expect(unavailable(try await stand.view(beat).hooks)?.contains("Denied") == true)
        }
    }

    /// EC2 knows addresses for life, so only the new, the missing and the ill are asked about.
    @Test func whoIsNewMissingOrIllIsAskedAbout() async throws {
        try await withLeader([("i-0b", "running", "127.0.0.1")], hasZone: true) { etcd, stand in
            let beat = try await stand.beat()
            let both = try await stand.view(beat).facts.asked.value
            #expect(both?.map(\.id.rawValue) == ["i-0a", "i-0b"])
            #expect(try await stand.view(beat).facts.asked == .seen([]))
            try stand.put(groupRecord(("i-0a", etcd.address, "d1"), ("i-0d", "10.0.0.4", "d4")))
            let missing = try await stand.view(beat).facts.asked
            #expect(missing == .seen([Instance(InstanceID("i-0d"), .unknownToEC2)]))
            stand.aws.change { world in
                world.groups[0].instances.append(("i-0c", "Pending"))
                world.instances["i-0c"] = .init(state: "pending")
            }
            let new = try await stand.view(beat).facts.asked.value
            #expect(new?.map(\.id.rawValue) == ["i-0c", "i-0d"])
        }
    }

    @Test func supervisorsAreAskedAlsoWhileAWSIsSilent() async throws {
        let supervisor = try StubSupervisor("i-0b")
        try await withLeader([("i-0b", "running", supervisor.address)]) { etcd, stand in
            let beat = try await stand.beat()
            let view = try await stand.view(beat)
            #expect(view.facts.reports[other] == .report(supervisor.report))
            #expect(supervisor.asked.forAWS == 0)
            stand.aws.change { $0.fault = { _ in .status(503) } }
            let blind = try await stand.view(beat, probesAWS: true)
            #expect(blind.facts.owner == view.facts.owner, "known also while AWS does not answer")
            #expect(
                blind.facts.reports.keys.sorted() == [InstanceID("i-0a")], "whoever is no member has no address then")
            #expect(supervisor.asked.all == 1)
        }
    }

    /// A member's own address will do: by its answer the blind leader learns whether AWS answers others.
    @Test func aBlindLeaderAsksItsMembers() async throws {
        let place = try TemporaryDirectory()
        let (leader, follower) = (RealEtcd("i-0a", in: place), RealEtcd("i-0b", in: place))
        do {
            try await leader.start(with: [follower])
            try await follower.start(with: [leader])
            try await leader.leads()
            try await follower.leads()
            let lead = try await leader.client.status().isLeader ? leader : follower
            let peer = lead === leader ? follower : leader
            let supervisor = try StubSupervisor(peer.name, at: peer.address) { $0.reachesAWS = true }
            let stand = try Stand(lead.identity, groupWorld((lead.name, "running", lead.address)))
            stand.aws.change { $0.fault = { _ in .status(503) } }
            let view = try await stand.view(try await stand.beat(), probesAWS: true)
            #expect(view.facts.reports[supervisor.instance] == .report(supervisor.report))
            #expect(supervisor.asked == (1, 1))
        } catch {
            await leader.end()
            await follower.end()
            throw error
        }
        await leader.end()
        await follower.end()
    }

    @Test(arguments: [
        ("DescribeAutoScalingGroups", false), ("DescribeInstances", true), ("ListResourceRecordSets", true),
    ])
    func whatAWSDoesNotTellIsUnavailable(_ call: String, _ hasGroup: Bool) async throws {
        try await withLeader([("i-0b", "running", "127.0.0.1")], hasZone: true) { etcd, stand in
            let beat = try await stand.beat()
            stand.aws.change { $0.fault = { $0 == call ? .error("ServiceUnavailable", status: 503) : nil } }
            let view = try await stand.view(beat)
            let causes = [
                unavailable(view.facts.group), unavailable(view.facts.asked), unavailable(view.zone),
            ].compactMap { $0 }
            #expect(causes.count == 1)
            #expect(causes.first?.contains(" \(call) at http://") == true)
            #expect((view.facts.group.value != nil) == hasGroup)
            // etcd's side is there, whatever AWS says.
            #expect(view.cluster.members.count == 1)
        }
    }

    /// Why there is no record is told by what is missing, and not by a name that the group would give.
    @Test func withoutTheGroupTheRecordIsUnknownForThatReason() async throws {
        try await withLeader(hasZone: true) { _, stand in
            let beat = try await stand.beat()
            stand.aws.change { $0.fault = { $0.hasPrefix("Describe") ? .status(503) : nil } }
            let view = try await stand.view(beat)
            #expect(view.record == .unknown("the group that names the cluster could not be read"))
        }
        try await withLeader(hasZone: true, named: "etcd-main") { etcd, stand in
            let beat = try await stand.beat()
            let record = groupRecord(("i-0a", etcd.address, "d1"))
            try stand.put(record)
            stand.aws.change { $0.fault = { $0.hasPrefix("Describe") ? .status(503) : nil } }
            #expect(try await stand.view(beat).record.record == record, "a configured name needs no group")
        }
    }

    @Test func alarmsAreInTheView() async throws {
        try await withLeader { etcd, stand in
            let beat = try await stand.beat()
            let alarm = #"{"action":"ACTIVATE","memberID":"\#(beat.own.rawValue)","alarm":"CORRUPT"}"#
            _ = try await http.send(
                HTTPRequest("POST", "\(etcd.clientURL)/v3/maintenance/alarm", body: .bytes(Array(alarm.utf8))),
                deadline: .seconds(10))
            let view = try await stand.view(beat)
            #expect(view.alarms == [.corrupt(beat.own)])
            #expect(view.zone == .notAsked)
        }
    }

    @Test func withoutAQuorumThereIsNoView() async throws {
        try await withLeader { etcd, stand in
            let beat = try await stand.beat()
            _ = try await etcd.client.addMember(peerURLs: ["http://127.0.0.1:1"])
            await #expect(throws: EtcdError.self) { _ = try await stand.view(beat) }
        }
    }
}
