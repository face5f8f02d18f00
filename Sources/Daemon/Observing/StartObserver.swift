/// The look at the world before etcd runs.

import AWS
import ClusterPlanning

/// Builds a `StartView`. Whatever can't be seen is in it as unseen, with the reason.
struct StartObserver: Sendable {
    let identity: Identity
    let configuration: Configuration
    let group: GroupObserver
    let zone: ZoneObserver?
    let etcd: EtcdObserver

    /// Looks at everything that a start may rest on: the group, every peer of it, the clusters behind them, and the zone.
    ///
    /// - Parameters:
    ///   - disk: as it was just found.
    ///   - now: monotonic, since the supervisor's start.
    func look(disk: Disk, lastExit: LastExit, now: Duration) async throws(CancellationError) -> StartView {
        var view = StartView(
            now: now, identity: identity, configuredName: configuration.clusterName, disk: disk, lastExit: lastExit,
            configuredSize: configuration.clusterSize)
        view.group = try await observed { try await group.groupWithInstances() }
        guard let seen = view.group.value else { return view }
        let others = seen.instances.compactMap { instance -> (InstanceID, ClusterPlanning.Endpoint)? in
            guard instance.id != identity.instance, instance.state == .running, let address = instance.address else {
                return nil
            }
            let own = identity.peerURL
            return (instance.id, ClusterPlanning.Endpoint(own.scheme, address, own.port))
        }
        view.peers = try await inParallel(others) { other throws(CancellationError) in
            try await etcd.askPeer(other.0, other.1)
        }
        view.clusters = try await etcd.runningClusters(seenBy: view.peers)
        if let zone, view.clusters.isEmpty {
            view.zone = try await observed {
                guard let name = seen.clusterName(configured: configuration.clusterName) else {
                    throw ObservationError("no name to look for: set --cluster-name")
                }
                return try await zone.read(forCluster: name)
            }
        }
        return view
    }
}

/// Turns every failure into an answer that says so.
func observed<Value: Equatable & Sendable>(
    _ look: () async throws -> Value
) async throws(CancellationError) -> Observed<Value> {
    do {
        return .seen(try await look())
    } catch is CancellationError {
        throw CancellationError()
    } catch {
        return .unavailable("\(error)")
    }
}
