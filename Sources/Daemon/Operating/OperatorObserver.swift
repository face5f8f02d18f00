/// The look for a person's command: that of a start, with our own instance seen from outside, as any other one is.

import AWS
import ClusterPlanning
import Etcd

/// Builds an `OperatorView`. Nothing here runs etcd; the supervisor beside us does, and is asked what it knows.
struct OperatorObserver: Sendable {
    let start: StartObserver
    let reports: ReportObserver
    let directory: DataDirectory

    func look() async throws(CancellationError) -> OperatorView {
        let identity = start.identity
        let disk = directory.observe(making: false)
        var view = try await start.look(disk: disk, own: OwnEtcd(), now: .zero)
        let group = view.facts.group.value
        let name = group?.clusterName(configured: start.configuration.clusterName)
        try await lookAtOurselves(&view, identity)
        if let zone = start.zone, group != nil {
            view.zone = try await observed {
                guard let name else { throw ObservationError("no name to look for: set --cluster-name") }
                return try await zone.read(forCluster: name)
            }
        }
        if group != nil { view.backups = try await start.backups.seen(for: name) }
        let readings = try await start.records.readings(for: name)
        // One reading for both: what is decided on is what the steps are made of.
        if !readings.isEmpty { view.record = RecordReading(readings) }
        return OperatorView(view, readings: readings)
    }

    /// Asks our own supervisor and etcd by their ports. What we know of the disk alone is not what they know.
    private func lookAtOurselves(_ view: inout StartView, _ identity: Identity) async throws(CancellationError) {
        let asked = ReportObserver.Asked(instance: identity.instance, address: address(identity))
        let answer = try await reports.ask([asked])[identity.instance] ?? .silent("its supervisor was not asked")
        view.facts.reports[identity.instance] = answer
        if case .silent(let cause) = answer { view.disk = .unusable("no supervisor answers here: \(cause)") }
        let own = try await start.etcd.askPeer(identity.instance, identity.peerURL)
        view.peers = (view.peers + [own]).sorted { $0.instance < $1.instance }
        view.clusters = try await start.etcd.runningClusters(seenBy: view.peers, view.facts)
    }

    private func address(_ identity: Identity) -> String {
        let configured = start.configuration.statusAddress
        return configured.flatMap { $0 == "0.0.0.0" ? nil : $0 } ?? identity.peerURL.host
    }
}
