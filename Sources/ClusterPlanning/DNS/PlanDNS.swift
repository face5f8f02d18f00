/// From members to record sets, and from what the zone holds to the one batch that makes it so.

/// One change of a batch. `delete` names the set exactly as the zone holds it, as Route 53 demands.
package enum RecordChange: Equatable, Sendable {
    case upsert(RecordSet)
    case delete(RecordSet)

    package var record: RecordSet {
        switch self {
        case .upsert(let record), .delete(let record): record
        }
    }
}

/// What is to become of the zone.
package enum DNSPlan: Equatable, Sendable {
    /// The zone already says what is true.
    case unchanged
    /// One batch, all or nothing.
    case change([RecordChange])
    /// Not now: see the deferral.
    case deferred(Deferral)
}

/// Makes the zone name exactly `voters`: one address for each, one name for all, and the SRV sets that clients look up.
///
/// Never leaves a set empty: without a voter to name, the zone keeps what it says (F41).
///
/// - Parameters:
///   - voters: healthy started voters; the order does not matter.
///   - zone: as last read, at and below the cluster's name.
package func planDNS(cluster: String, voters: [Member], zone: Zone) -> DNSPlan {
    let names = ClusterDNSNames(cluster: cluster, domain: zone.domain)
    if voters.isEmpty { return .deferred(.nobodyForDNS) }
    let hosts = voters.compactMap(DNSHost.init).sorted { $0.label < $1.label }
    let unnameable = voters.filter { DNSHost($0) == nil }.min { $0.id < $1.id }
    if let unnameable { return .deferred(.unnameable(unnameable)) }

    let desired = recordSets(for: hosts, names)
    let ours = zone.records.filter { names.isOurs($0, in: zone) }
        .sorted { ($0.name, $0.kind.rawValue) < ($1.name, $1.kind.rawValue) }
    let foreign = zone.records.first { held in
        !held.isSimple && (ours.contains(held) || desired.contains { $0.isSameSet(as: held) })
    }
    if let foreign { return .deferred(.recordNotOurs(foreign.name)) }
    let changes =
        desired.filter { !zone.records.contains($0) }.map(RecordChange.upsert)
        + ours.filter { held in !desired.contains { $0.isSameSet(as: held) } }
        .map(RecordChange.delete)
    return changes.isEmpty ? .unchanged : .change(changes)
}

extension RecordSet {
    /// Whether both stand under one name and type, whatever they say.
    fileprivate func isSameSet(as other: RecordSet) -> Bool { name == other.name && kind == other.kind }
}

/// A voter as DNS sees it.
private struct DNSHost {
    var label: String
    var address: String
    var peer: Endpoint
    var client: Endpoint

    /// Nil where DNS can't name it: no IPv4 address, or a name that is no label.
    init?(_ member: Member) {
        guard isDNSLabel(member.name), let peer = member.peerURLs.first, peer.isIPv4,
            // A member may listen for clients in more places than one; its own address is the one for others.
            let client = member.clientURLs.first(where: { $0.host == peer.host })
        else { return nil }
        self.label = member.name
        self.address = peer.host
        self.peer = peer
        self.client = client
    }
}

/// Seconds that resolvers may keep an answer.
private let timeToLive = 60

private func recordSets(for hosts: [DNSHost], _ names: ClusterDNSNames) -> [RecordSet] {
    let addresses = hosts.map(\.address)
    let own = hosts.map { RecordSet(names.host($0.label), .a, timeToLive: timeToLive, values: [$0.address]) }
    let all = [names.base, names.etcdServer].map {
        RecordSet($0, .a, timeToLive: timeToLive, values: addresses)
    }
    let services = Dictionary(
        grouping: hosts.flatMap { host in
            let target = names.host(host.label)
            return [(names.peerService(host.peer.scheme), "1 1 \(host.peer.port) \(target)")]
                + names.clientServices(host.client.scheme).map { ($0, "1 1 \(host.client.port) \(target)") }
        }, by: \.0)
    let srv = services.keys.sorted().map { name in
        RecordSet(name, .srv, timeToLive: timeToLive, values: (services[name] ?? []).map(\.1))
    }
    return own + all + srv
}
