/// The look at the world while etcd runs: the pulse of our member, and the leader's whole view.

import AWS
import ClusterPlanning
import Etcd

/// Builds pulses and `ClusterView`s.
struct ClusterObserver: Sendable {
    let identity: Identity
    let configuration: Configuration
    let group: GroupObserver
    let zone: ZoneObserver?
    let etcd: EtcdObserver

    /// What our own member says of itself, and, where it leads, of the others.
    struct Beat: Sendable {
        var pulse: Pulse
        var own: MemberID
        var term: UInt64
        /// As far as it is known without a linearizable read; nil where we don't lead.
        var cluster: RunningCluster?
        var clusterID: ClusterID
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
                pulse: Pulse(isLeader: false, members: [], healthy: []), own: own, term: status.raftTerm,
                clusterID: id)
        }
        let members = try await client.members(deadline: .seconds(1)).translated()
        let health = try await etcd.health(of: members, in: id)
        let cluster = RunningCluster(id: id, leader: own, members: members, health: health)
        return Beat(
            pulse: Pulse(isLeader: true, members: members, healthy: members.filter(cluster.isHealthy).map(\.id)),
            own: own, term: status.raftTerm, cluster: cluster, clusterID: id)
    }

    /// The leader's whole view, on a linearizable member list.
    ///
    /// - Throws: `EtcdError`, `ObservationError` where etcd does not give one: nothing can be planned then.
    func view(_ beat: Beat, now: Duration) async throws -> ClusterView? {
        guard var cluster = beat.cluster else { return nil }
        let client = etcd.client(identity.clientURL)
        let members = try await client.linearizableMembers().translated()
        if members != cluster.members {
            let health = try await etcd.health(of: members, in: cluster.id)
            cluster = RunningCluster(id: cluster.id, leader: cluster.leader, members: members, health: health)
        }
        var view = ClusterView(
            now: now, own: identity.instance, ownMember: beat.own, configuredName: configuration.clusterName,
            cluster: cluster, configuredSize: configuration.clusterSize)
        view.alarms = try await client.alarms().compactMap(Alarm.init)
        view.group = try await observed { try await group.group() }
        guard let seen = view.group.value else { return view }
        let ids = instancesToAsk(about: cluster, group: seen, known: await group.knownInstances)
        if !ids.isEmpty { view.askedInstances = try await observed { try await group.ask(ids) } }
        if let zone, let name = seen.clusterName(configured: configuration.clusterName) {
            view.zone = try await observed { try await zone.zone(forCluster: name) }
        } else if zone != nil {
            view.zone = .unavailable("no name to look for: set --cluster-name")
        }
        return view
    }
}
