/// The look at the world before etcd runs, or while it runs and knows no leader.

import AWS
import ClusterPlanning
import Etcd

/// Builds a `StartView`. Whatever can't be seen is in it as unseen, with the reason.
struct StartObserver: Sendable {
    let identity: Identity
    let configuration: Configuration
    let group: GroupObserver
    let facts: FactsObserver
    let records: RecordKeeper
    let backups: BackupKeeper
    let zone: ZoneObserver?
    let etcd: EtcdObserver
    let ownReport: OwnReport

    /// Looks at everything that a start may rest on: the group, the record, every peer and its supervisor, the clusters
    /// behind them, and, where nobody answers, the zone and the backups.
    ///
    /// - Parameters:
    ///   - disk: as it was just found.
    ///   - own: what is known of etcd here.
    ///   - now: monotonic, since the supervisor's start.
    func look(disk: Disk, own: OwnEtcd, now: Duration) async throws(CancellationError) -> StartView {
        var view = StartView(
            now: now, time: timeNow(), salt: randomHex(8), identity: identity, settings: configuration.planSettings,
            disk: disk, isMountPoint: ownReport.isMountPoint, etcd: own, record: records.unread)
        view.facts.owner = await group.owner
        view.facts.group = try await observed { try await group.groupWithInstances() }
        guard let seen = view.facts.group.value else { return view }
        let name = seen.clusterName(configured: configuration.clusterName)
        view.record = try await records.read(for: name).reading
        view.stores = await records.names(for: name)
        let isRead = if case .unknown = view.record { false } else { true }
        ownReport.learn(owner: seen.owner, cluster: name, stores: isRead ? view.stores : [])
        let record = view.record.record
        let missing = instancesToAsk(record: record, group: seen)
        view.facts.asked = try await observed { missing.isEmpty ? [] : try await group.ask(missing) }
        view.facts = try await facts.complete(
            view.facts, asking: seen.instances + (view.facts.asked.value ?? []), record: record)
        try await lookAtPeers(&view, seen)
        try await askAboutMembers(&view, seen)
        if view.clusters.isEmpty {
            try await lookForTraces(&view, name)
        } else if case .snapshot = record?.source, disk.stamp?.generation != record?.generation {
            view.backups = try await backups.seen(for: name)
        }
        return view
    }

    private func lookAtPeers(_ view: inout StartView, _ group: Group) async throws(CancellationError) {
        let own = identity.peerURL
        let listed = group.instances + (view.facts.asked.value ?? [])
        let others = listed.compactMap { instance -> (InstanceID, ClusterPlanning.Endpoint)? in
            guard instance.id != identity.instance, instance.state == .running, let address = instance.address else {
                return nil
            }
            return (instance.id, ClusterPlanning.Endpoint(own.scheme, address, own.port))
        }
        view.peers = try await inParallel(others) { other throws(CancellationError) in
            try await etcd.askPeer(other.0, other.1)
        }
        view.clusters = try await etcd.runningClusters(seenBy: view.peers, view.facts)
    }

    /// EC2's word on the instances of members that neither the group nor the record names: where their leader has no supervisor
    /// of ours, nobody else asks.
    private func askAboutMembers(_ view: inout StartView, _ seen: Group) async throws(CancellationError) {
        guard case .seen(let asked) = view.facts.asked else { return }
        let known = asked.map(\.id)
        let missing = instancesToAsk(record: view.record.record, clusters: view.clusters, group: seen)
            .filter { !known.contains($0) }
        guard !missing.isEmpty else { return }
        view.facts.asked = try await observed { asked + (try await group.ask(missing)) }
    }

    /// Nobody answers: does anything tell that somebody once did?
    private func lookForTraces(_ view: inout StartView, _ name: String?) async throws(CancellationError) {
        if let zone {
            view.zone = try await observed {
                guard let name else { throw ObservationError("no name to look for: set --cluster-name") }
                return try await zone.read(forCluster: name)
            }
        }
        view.backups = try await backups.seen(for: name)
    }
}
