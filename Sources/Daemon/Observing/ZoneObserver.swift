/// Looks at the hosted zone, seldom, and changes it.

import AWS
import ClusterPlanning
import HTTP

/// The hosted zone, as far as it concerns one cluster. Reads again after a change and every ten minutes.
actor ZoneObserver {
    /// All that stands under the cluster's name: its DNS records, and whatever else there is, such as its record.
    struct Contents: Sendable {
        var hosted: Route53.HostedZone
        var sets: [Route53.RecordSet]

        fileprivate var zone: Zone {
            Zone(domain: hosted.name.lowercased(), records: sets.compactMap(RecordSet.init))
        }
    }

    private let hosted: HostedZone
    private let clock = ContinuousClock()
    private var last: (name: String, zone: Zone, readAt: ContinuousClock.Instant)?
    /// How often what was read was forgotten: a reading that was under way meanwhile is not remembered.
    private var timesForgotten = 0

    private static let maximumAge = Duration.seconds(600)

    init(_ hosted: HostedZone) { self.hosted = hosted }

    /// - Parameters:
    ///   - type: settles a name that two zones share.
    init(aws: AWSClient, zone: Configuration.HostedZone, type: Configuration.ZoneType?) {
        self.init(HostedZone(aws: aws, zone: zone, type: type))
    }

    /// The zone's ID, or, while it has not been found, what it is looked up by.
    var label: String { get async { await hosted.label } }

    /// What the zone holds under the cluster's name: as remembered, while that is young enough.
    func zone(forCluster name: String) async throws -> Zone {
        if let last, last.name == name, last.readAt.duration(to: clock.now) < Self.maximumAge { return last.zone }
        return try await read(forCluster: name)
    }

    /// What the zone holds under the cluster's name now.
    func read(forCluster name: String) async throws -> Zone {
        try await contents(forCluster: name).zone
    }

    /// The same with everything else that stands there. One call serves both: whoever asks for `zone` next gets what
    /// was read here.
    func contents(forCluster name: String) async throws -> Contents {
        forget()
        let before = timesForgotten
        let (zone, sets) = try await hosted.recordSets { ClusterDNSNames(cluster: name, domain: $0).base }
        let contents = Contents(hosted: zone, sets: sets)
        if timesForgotten == before { last = (name, contents.zone, clock.now) }
        return contents
    }

    /// Forgets what was read: a leader that was none until now has not seen what the last one wrote.
    func forget() {
        last = nil
        timesForgotten += 1
    }

    /// Carries out one batch, all or nothing. What was read is forgotten, whatever comes of it.
    func change(_ changes: [RecordChange]) async throws {
        defer { forget() }
        try await hosted.change { _ in changes.map(Route53.Change.init) }
    }

    /// Carries out one batch that does not touch the DNS records: those are remembered still.
    func changeRecord(_ changes: @Sendable (Route53.HostedZone) throws -> [Route53.Change]) async throws {
        try await hosted.change(changes)
    }
}

extension RecordSet {
    /// Nil for a type that is not ours to write.
    init?(_ set: Route53.RecordSet) {
        guard let kind = RecordSet.Kind(rawValue: set.type) else { return nil }
        self.init(
            set.name.lowercased(), kind, timeToLive: set.ttl ?? 0, values: set.values,
            isSimple: set.setIdentifier == nil && set.aliasTarget == nil)
    }
}

extension Route53.Change {
    init(_ change: RecordChange) {
        let record = change.record
        let set = Route53.RecordSet(
            name: record.name, type: record.kind.rawValue, ttl: record.timeToLive, values: record.values)
        switch change {
        case .upsert: self.init(.upsert, set)
        case .delete: self.init(.delete, set)
        }
    }
}
