/// The look for `status`: that of a person's command, and, where AWS does not tell, whatever else does.

import AWS
import ClusterPlanning

/// Builds a `StatusView`. Changes nothing, and lets no answer that is missing hide another one.
struct StatusObserver: Sendable {
    let observer: OperatorObserver
    private var start: StartObserver { observer.start }

    func look() async throws(CancellationError) -> StatusView {
        var view = try await observer.look()
        let before = view.start
        try await askOn(&view)
        if before.facts.group.value == nil { try await lookWithoutInstances(&view) }
        if view.start.peers != before.peers || view.start.facts != before.facts {
            view.start.clusters = try await start.etcd.runningClusters(seenBy: view.start.peers, view.start.facts)
        }
        return StatusView(
            view, availabilityZones: await start.group.availabilityZones,
            etcdVersions: try await versions(view.start.clusters))
    }

    /// Asks those who are named by what others say, and whom the group does not list.
    private func askOn(_ view: inout OperatorView) async throws(CancellationError) {
        let unasked = view.unasked
        let reports = try await observer.reports.ask(
            unasked.map { ReportObserver.Asked(instance: $0.instance, address: $0.peerURL.host) })
        view.start.facts.reports.merge(reports) { asked, _ in asked }
        let peers = try await inParallel(unasked) { one throws(CancellationError) in
            try await start.etcd.askPeer(one.instance, one.peerURL)
        }
        view.start.peers = (view.start.peers + peers).sorted { $0.instance < $1.instance }
    }

    /// The group with its instances names the cluster, whose name leads to everything else. Where it can't be read, AutoScaling
    /// alone may name the group, the members' supervisors tell the name, and EC2 may still tell of single instances.
    private func lookWithoutInstances(_ view: inout OperatorView) async throws(CancellationError) {
        view.start.facts.group = try await observed { try await start.group.group() }
        view.start.facts.owner = await start.group.owner
        view.learnFromReports()
        let name = view.start.clusterName
        async let readings = start.records.readings(for: name)
        async let backups = start.backups.seen(for: name)
        async let zone = zone(name)
        do {
            view.readings = try await readings
            view.start.backups = try await backups
            view.start.zone = try await zone
        } catch {
            throw CancellationError()  // nothing else is thrown by these
        }
        view.start.record = view.readings.isEmpty ? start.records.unnamed : RecordReading(view.readings)
        try await askOn(&view)
        view.learnFromReports()
        let named = view.named
        view.start.facts.asked = try await observed { try await start.group.ask(named) }
    }

    private func zone(_ name: String?) async throws(CancellationError) -> Observed<Zone> {
        guard let zone = start.zone else { return .notAsked }
        return try await observed {
            guard let name else { throw ObservationError("nobody tells the cluster's name: set --cluster-name") }
            return try await zone.read(forCluster: name)
        }
    }

    private func versions(_ clusters: [RunningCluster]) async throws(CancellationError) -> [MemberID: String] {
        var versions: [MemberID: String] = [:]
        for cluster in clusters {
            let answers = try await start.etcd.answers(of: cluster.members, in: cluster.id)
            versions.merge(answers.compactMapValues { $0.version?.description }) { first, _ in first }
        }
        return versions
    }
}
