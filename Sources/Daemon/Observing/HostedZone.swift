/// The hosted zone that is configured: which one it is, and the two calls that are made in it.

import AWS

/// Finds the zone once, for all who read and write in it.
actor HostedZone {
    private let aws: AWSClient
    private let configured: Configuration.HostedZone
    private let type: Configuration.ZoneType?
    private var found: Route53.HostedZone?

    /// - Parameters:
    ///   - type: settles a name that two zones share.
    init(aws: AWSClient, zone: Configuration.HostedZone, type: Configuration.ZoneType?) {
        self.aws = aws
        configured = zone
        self.type = type
    }

    /// The zone's ID, or, while it has not been found, what it is looked up by.
    var label: String {
        if let found { return found.id.text }
        return switch configured {
        case .id(let id): id
        case .name(let name): name
        }
    }

    /// The record sets at a name of the zone and below it, pending changes included, with the zone that they are in.
    ///
    /// - Parameter name: of the zone's own name makes the one that is looked under.
    func recordSets(
        under name: @Sendable (_ domain: String) -> String
    ) async throws -> (zone: Route53.HostedZone, sets: [Route53.RecordSet]) {
        try await inZone { zone in
            (zone, try await aws.all(.listRecordSets(in: zone.id, under: name(zone.name.lowercased()))))
        }
    }

    /// Carries out one batch, all or nothing.
    ///
    /// - Parameter changes: of the zone that was found. What it throws is thrown, and nothing is changed.
    func change(_ changes: @Sendable (Route53.HostedZone) throws -> [Route53.Change]) async throws {
        try await inZone { zone in
            _ = try await aws.send(.changeRecordSets(changes(zone), in: zone.id, comment: "etcd-cluster"))
        }
    }

    /// Looks the zone up once, and again after AWS has said that it is no more: one made anew has another ID.
    private func inZone<Result: Sendable>(
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
