/// Record sets, and the names under which a cluster stands in its hosted zone.

/// One record set of the hosted zone.
package struct RecordSet: Equatable, Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        case a = "A"
        case srv = "SRV"
    }

    /// Fully qualified, lower case, with the last dot.
    package var name: String
    package var kind: Kind
    /// Seconds.
    package var timeToLive: Int
    /// Sorted, so that two sets with the same values are equal.
    package private(set) var values: [String]
    /// False for an alias and for one of several sets that share the name (weighted, by latency, ...): somebody made
    /// those by hand, and we don't touch them.
    package var isSimple: Bool

    package init(_ name: String, _ kind: Kind, timeToLive: Int, values: [String], isSimple: Bool = true) {
        self.name = name
        self.kind = kind
        self.timeToLive = timeToLive
        self.values = values.sorted()
        self.isSimple = isSimple
    }
}

/// The part of a hosted zone that concerns us.
package struct Zone: Equatable, Sendable {
    /// `example.org.`, with the last dot.
    package var domain: String
    /// A and SRV record sets at and below the cluster's name, in the zone's order.
    package var records: [RecordSet]

    package init(domain: String, records: [RecordSet]) {
        self.domain = domain
        self.records = records
    }

    /// The host names by which the zone knows members of a cluster: instance IDs that have an address of their own.
    package func hostsOfMembers(ofCluster name: String) -> [String] {
        let names = ClusterDNSNames(cluster: name, domain: domain)
        return records.filter { $0.kind == .a && names.isHost($0.name) }.map(\.name).sorted()
    }
}

/// Every name that belongs to a cluster, and so to us.
package struct ClusterDNSNames: Equatable, Sendable {
    /// `<cluster>.<domain>`: all members' addresses.
    package let base: String

    package init(cluster: String, domain: String) {
        base = "\(cluster.lowercased()).\(domain.lowercased())"
    }

    package var etcdServer: String { "etcd-server.\(base)" }

    package func host(_ instance: String) -> String { "\(instance.lowercased()).\(base)" }

    /// Where peers are found: what etcd's own `--discovery-srv` looks up.
    package func peerService(_ scheme: Endpoint.Scheme) -> String {
        scheme == .https ? "_etcd-server-ssl._tcp.\(base)" : "_etcd-server._tcp.\(base)"
    }

    /// Where clients look: etcdctl and Vault the first, confd and older clients the second. They trust the `-ssl` twins
    /// to speak TLS, so only one family is ever written.
    package func clientServices(_ scheme: Endpoint.Scheme) -> [String] {
        scheme == .https
            ? ["_etcd-client-ssl._tcp.\(base)", "_etcd-ssl._tcp.\(base)"]
            : ["_etcd-client._tcp.\(base)", "_etcd._tcp.\(base)"]
    }

    /// Whether it is a member's own name: an instance ID right below the base.
    package func isHost(_ name: String) -> Bool {
        guard name.hasSuffix(".\(base)") else { return false }
        return InstanceID.isInstanceID(String(name.dropLast(base.utf8.count + 1)))
    }

    /// Whether a record set is one that we write: by its name, or, for the address of a member that an older tool has
    /// named otherwise, because one of our services points to it.
    package func isOurs(_ record: RecordSet, in zone: Zone) -> Bool {
        switch record.kind {
        case .a:
            record.name == base || record.name == etcdServer || isHost(record.name)
                || (record.name.hasSuffix(".\(base)") && isTarget(record.name, in: zone))
        case .srv: isService(record.name)
        }
    }

    private func isService(_ name: String) -> Bool {
        [Endpoint.Scheme.http, .https].contains { scheme in
            name == peerService(scheme) || clientServices(scheme).contains(name)
        }
    }

    private func isTarget(_ name: String, in zone: Zone) -> Bool {
        zone.records.contains { record in
            record.kind == .srv && isService(record.name) && record.values.contains { $0.hasSuffix(" \(name)") }
        }
    }
}
