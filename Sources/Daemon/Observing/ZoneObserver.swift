/// Looks at the hosted zone, seldom, and changes it.

import AWS
import ClusterPlanning
import HTTP

/// The hosted zone, as far as it concerns one cluster. Reads again after a change and every ten minutes.
actor ZoneObserver {
    private let aws: AWSClient
    private let configured: Configuration.HostedZone
    private let type: Configuration.ZoneType?
    private let clock = ContinuousClock()
    private var found: Route53.HostedZone?
    private var last: (name: String, zone: Zone, readAt: ContinuousClock.Instant)?
    /// How often what was read was forgotten: a reading that was under way meanwhile is not remembered.
    private var timesForgotten = 0

    private static let maximumAge = Duration.seconds(600)

    /// - Parameters:
    ///   - type: settles a name that two zones share.
    init(aws: AWSClient, zone: Configuration.HostedZone, type: Configuration.ZoneType?) {
        self.aws = aws
        configured = zone
        self.type = type
    }

    /// What the zone holds under the cluster's name: as remembered, while that is young enough.
    func zone(forCluster name: String) async throws -> Zone {
        if let last, last.name == name, last.readAt.duration(to: clock.now) < Self.maximumAge { return last.zone }
        return try await read(forCluster: name)
    }

    /// What the zone holds under the cluster's name now.
    func read(forCluster name: String) async throws -> Zone {
        forget()
        let before = timesForgotten
        let zone = try await inHostedZone { hosted in
            let domain = hosted.name.lowercased()
            let names = ClusterDNSNames(cluster: name, domain: domain)
            let records = try await aws.all(.listRecordSets(in: hosted.id, under: names.base))
            return Zone(domain: domain, records: records.compactMap(RecordSet.init))
        }
        if timesForgotten == before { last = (name, zone, clock.now) }
        return zone
    }

    /// Forgets what was read: a leader that was none until now has not seen what the last one wrote.
    func forget() {
        last = nil
        timesForgotten += 1
    }

    /// Carries out one batch, all or nothing. What was read is forgotten, whatever comes of it.
    func change(_ changes: [RecordChange]) async throws {
        defer { forget() }
        _ = try await inHostedZone { hosted in
            try await aws.send(
                .changeRecordSets(changes.map(Route53.Change.init), in: hosted.id, comment: "etcd-cluster"))
        }
    }

    /// Looks the zone up once, and again after AWS has said that it is no more: one made anew has another ID.
    private func inHostedZone<Result: Sendable>(
        _ body: (Route53.HostedZone) async throws -> Result
    ) async throws -> Result {
        let zone: Route53.HostedZone
        if let found { zone = found } else { zone = try await lookUp() }
        found = zone
        do {
            return try await body(zone)
        } catch let error as AWSError where error.code == "NoSuchHostedZone" {
            found = nil
            throw error
        }
    }

    private func lookUp() async throws -> Route53.HostedZone {
        switch configured {
        case .id(let id): try await aws.send(.getHostedZone(Route53.ZoneID(id)))
        case .name(let name): try await lookUp(name)
        }
    }

    private func lookUp(_ name: String) async throws -> Route53.HostedZone {
        let matching = try await aws.all(.listHostedZones(named: name))
            .filter { type == nil || $0.isPrivate == (type == .private) }
        guard let zone = matching.first else {
            throw ObservationError("there is no \(type.map { "\($0.rawValue) " } ?? "")hosted zone \(name)")
        }
        guard matching.count == 1 else {
            throw ObservationError(
                "\(matching.count) hosted zones are named \(name): \(matching.map(\.id.text).joined(separator: ", ")); "
                    + "choose by --zone-type, or set --hosted-zone to an ID")
        }
        return zone
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
