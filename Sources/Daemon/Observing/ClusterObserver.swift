/// The look at the world while etcd runs: the pulse of our member, and the leader's whole view.

import AWS
import ClusterPlanning
import Etcd

/// Builds pulses and `ClusterView`s.
struct ClusterObserver: Sendable {
    let identity: Identity
    let configuration: Configuration
    let group: GroupObserver
    let facts: FactsObserver
    let records: RecordKeeper
    let backups: BackupKeeper
    let zone: ZoneObserver?
    let etcd: EtcdObserver
    let ownReport: OwnReport

    /// What our own member says of itself, and, where it leads, of the others.
    struct Beat: Sendable {
        var pulse: Pulse
        var own: MemberID
        var term: UInt64
        /// As far as it is known without a linearizable read; nil where we don't lead.
        var cluster: RunningCluster?
        var clusterID: ClusterID
        /// Of the newest change that our member has applied.
        var revision: UInt64?
        var abilities = EtcdAbilities()
    }

    /// Takes the pulse: local calls to etcd, none to AWS.
    ///
    /// - Throws: `EtcdError` where our member does not answer, as while it starts; `ObservationError` where its list can't be
    ///   compared; `CancellationError`.
    func beat() async throws -> Beat {
        let client = etcd.client(identity.clientURL)
        let status = try await client.status(deadline: .seconds(1))
        let id = ClusterID(status.clusterID)
        let own = MemberID(status.memberID)
        guard status.isLeader else {
            return Beat(
                pulse: Pulse(isLeader: false, hasLeader: status.leader != nil, members: [], healthy: []), own: own,
                term: status.raftTerm, clusterID: id)
        }
        let members = try await client.members(deadline: .seconds(1)).translated()
        let answers = try await etcd.answers(of: members, in: id)
        let cluster = RunningCluster(id: id, leader: own, members: members, health: answers.mapValues(\.health))
        return Beat(
            pulse: Pulse(
                isLeader: true, hasLeader: true, members: members,
                healthy: members.filter(cluster.isHealthy).map(\.id)),
            own: own, term: status.raftTerm, cluster: cluster, clusterID: id,
            revision: UInt64(exactly: status.revision),
            abilities: EtcdAbilities(oldestOf: answers.values.compactMap(\.version)))
    }

    /// The leader's whole view, on a linearizable member list that is younger than the record in it.
    ///
    /// - Parameters:
    ///   - generation: what our own stamp says.
    ///   - readsRecord: whether the record has to be read now; else one that was read lately will do.
    ///   - probesAWS: whether peers are asked to see if AWS answers them.
    /// - Throws: `EtcdError`, `ObservationError` where etcd does not give one: nothing can be planned then.
    func view(
        _ beat: Beat, now: Duration, generation: Int?, readsRecord: Bool, probesAWS: Bool
    ) async throws -> ClusterView? {
        guard var cluster = beat.cluster else { return nil }
        let seen = try await observed { try await group.group() }
        let name = seen.value?.clusterName(configured: configuration.clusterName)
        let record = try await record(of: name, seen, notOlderThan: readsRecord ? nil : records.maximumAge)
        let client = etcd.client(identity.clientURL)
        let members = try await client.linearizableMembers().translated()
        if members != cluster.members {
            let answers = try await etcd.answers(of: members, in: cluster.id)
            cluster = RunningCluster(
                id: cluster.id, leader: cluster.leader, members: members, health: answers.mapValues(\.health))
        }
        cluster.generation = generation
        var view = ClusterView(
            now: now, time: timeNow(backups.clockOffset), salt: randomHex(8), own: identity.instance,
            ownMember: beat.own,
            ownGeneration: generation, settings: configuration.planSettings, cluster: cluster,
            abilities: beat.abilities, record: record.reading, isRecordFresh: record.isFresh,
            backupWork: await backups.work(now), revision: beat.revision)
        view.alarms = try await client.alarms().compactMap(Alarm.init)
        if let group = seen.value {
            // Before the facts: our own report counts only once it names the owner.
            let isRead = if case .unknown = view.record { false } else { true }
            ownReport.learn(owner: group.owner, cluster: name, stores: isRead ? await records.names(for: name) : [])
        }
        view.facts = try await facts(seen, cluster, record.reading.record, probesAWS: probesAWS)
        if let group = seen.value { try await lookAtAWS(&view, group, name) }
        return view
    }

    /// Without the group there is no name to look for, but the one that is configured.
    private func record(
        of name: String?, _ seen: Observed<Group>, notOlderThan age: Duration?
    ) async throws(CancellationError) -> (reading: RecordReading, isFresh: Bool) {
        guard records.isConfigured, seen.value == nil else {
            return try await records.read(for: name, notOlderThan: age)
        }
        guard let configured = configuration.clusterName?.lowercased() else {
            return (.unknown("the group that names the cluster could not be read"), true)
        }
        return try await records.read(for: configured, notOlderThan: age)
    }

    private func facts(
        _ seen: Observed<Group>, _ cluster: RunningCluster, _ record: ClusterRecord?, probesAWS: Bool
    ) async throws(CancellationError) -> Facts {
        var facts = Facts(group: seen)
        if let group = seen.value {
            let known = await self.group.knownInstances
            let ids = instancesToAsk(about: cluster, record: record, group: group, known: known)
            facts.asked = try await observed { ids.isEmpty ? [] : try await self.group.ask(ids) }
        }
        // Also while AWS does not answer: members' own addresses will do.
        var instances = facts.instances
        for member in cluster.members {
            guard let id = member.instanceID, !instances.contains(where: { $0.id == id && $0.address != nil }) else {
                continue
            }
            instances.append(Instance(id, .unclear, address: member.peerURLs.first?.host))
        }
        return try await self.facts.complete(facts, asking: instances, record: record, probesAWS: probesAWS)
    }

    private func lookAtAWS(
        _ view: inout ClusterView, _ group: Group, _ name: String?
    ) async throws(CancellationError) {
        if let zone, let name {
            view.zone = try await observed { try await zone.zone(forCluster: name) }
        } else if zone != nil {
            view.zone = .unavailable("no name to look for: set --cluster-name")
        }
        if case .absent = view.record {
            view.backups = try await backups.seen(for: name)
        } else if configuration.planSettings.backups != nil {
            view.backups = await backups.known(for: name)
        }
        let isHeld = group.instances.contains { $0.lifecycle == .pendingWait || $0.lifecycle == .terminatingWait }
        if isHeld { view.hooks = try await observed { try await self.group.hooks() } }
    }
}
