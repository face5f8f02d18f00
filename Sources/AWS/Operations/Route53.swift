/// Route 53's nouns, as far as they are used here. DNS names are kept as Route 53 gives them, absolute, except that its
/// escapes are resolved (`DNSEscapes`).
package enum Route53 {
    /// `Z0123456789ABC`, without the `/hostedzone/` in front of it.
    package struct ZoneID: Sendable, Hashable, CustomStringConvertible {
        package let text: String

        /// - Parameter text: with or without `/hostedzone/`.
        package init(_ text: some StringProtocol) {
            self.text = String(text.split(separator: "/").last ?? "")
        }

        package var description: String { text }
    }

    /// https://docs.aws.amazon.com/Route53/latest/APIReference/API_HostedZone.html
    package struct HostedZone: Sendable, Equatable {
        package var id: ZoneID
        /// With the dot at the end.
        package var name: String
        package var isPrivate: Bool
    }

    /// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html
    package struct RecordSet: Sendable, Equatable {
        /// Absolute; from Route 53 with the dot at the end and in lower case.
        package var name: String
        /// `A`, `SRV`, `TXT`, ...
        package var type: String
        /// In seconds; nil for an alias.
        package var ttl: Int?
        /// As in a zone file; a `TXT` value is in quotes. Empty for an alias.
        package var values: [String]
        /// Set where several record sets share name and type: weighted, by latency and the like. Never one of ours.
        package var setIdentifier: String?
        /// The name that an alias stands for.
        package var aliasTarget: String?

        package init(
            name: String, type: String, ttl: Int?, values: [String], setIdentifier: String? = nil,
            aliasTarget: String? = nil
        ) {
            self.name = name
            self.type = type
            self.ttl = ttl
            self.values = values
            self.setIdentifier = setIdentifier
            self.aliasTarget = aliasTarget
        }
    }
}

// MARK: Operations

extension Operation where Output == Page<Route53.HostedZone> {
    /// The zones of exactly this name: two, where a private and a public one share it (F42).
    /// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZonesByName.html
    ///
    /// - Parameter name: with or without the dot at the end.
    package static func listHostedZones(named name: String) -> Operation {
        let start = Parameter("dnsname", name)
        return Operation(
            .route53, "ListHostedZonesByName", .rest(method: "GET", path: Route53.zonesByName, query: [start])
        ) { answer throws(XMLError) in
            let zones = try answer.all("HostedZones", "HostedZone").map(Route53.HostedZone.init)
            var page = Page(items: zones.filter { DNSName.areSame($0.name, name) })
            // The list begins at the name and goes on through the alphabet; the next name is there only if more follows.
            guard let next = try answer.optionalText("NextDNSName"), DNSName.areSame(DNSEscapes.resolve(next), name)
            else { return page }
            page.next = .rest(
                method: "GET", path: Route53.zonesByName,
                query: [
                    Parameter("dnsname", next), Parameter("hostedzoneid", try answer.text("NextHostedZoneId")),
                ])
            return page
        }
    }
}

extension Operation where Output == Route53.HostedZone {
    /// https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHostedZone.html
    package static func getHostedZone(_ id: Route53.ZoneID) -> Operation {
        Operation(.route53, "GetHostedZone", .rest(method: "GET", path: id.path)) { answer throws(XMLError) in
            try Route53.HostedZone(answer.child("HostedZone"))
        }
    }
}

extension Operation where Output == Page<Route53.RecordSet> {
    /// The record sets of a zone, pending changes included.
    /// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html
    ///
    /// - Parameters:
    ///   - zone: the zone.
    ///   - name: only that name and the names below it, with or without the dot at the end; nil: the whole zone.
    ///   - pageSize: record sets in a page, 1 to 300.
    package static func listRecordSets(
        in zone: Route53.ZoneID, under name: String? = nil, pageSize: Int = 300
    ) -> Operation {
        precondition((1...300).contains(pageSize))
        let size = Parameter("maxitems", String(pageSize))
        let base = Payload.rest(method: "GET", path: zone.path + "/rrset", query: [size])
        return Operation(
            .route53, "ListResourceRecordSets", name.map { base.adding(Parameter("name", $0)) } ?? base
        ) { answer throws(XMLError) in
            var page = Page<Route53.RecordSet>(items: [])
            for node in try answer.all("ResourceRecordSets", "ResourceRecordSet") {
                let set = try Route53.RecordSet(node)
                if name.map({ DNSName.contains($0, set.name) }) ?? true { page.items.append(set) }
            }
            guard try answer.bool("IsTruncated") else { return page }
            let next = try answer.text("NextRecordName")
            if let name, DNSName.isPast(name, DNSEscapes.resolve(next)) { return page }
            page.next = base.adding(
                Parameter("name", next), Parameter("type", try answer.text("NextRecordType")))
            if let identifier = try answer.optionalText("NextRecordIdentifier") {
                page.next = page.next?.adding(Parameter("identifier", identifier))
            }
            return page
        }
    }
}

extension Route53 {
    /// Of every path the API's version is the first part.
    fileprivate static let zonesByName = "/\(Service.route53.version)/hostedzonesbyname"
}

extension Route53.ZoneID {
    /// Percent-encoded.
    var path: String { "/\(Service.route53.version)/hostedzone/\(URIEncoding.encode(text))" }
}

// MARK: Reading

extension Route53.HostedZone {
    init(_ node: XMLNode) throws(XMLError) {
        id = Route53.ZoneID(try node.text("Id"))
        name = DNSEscapes.resolve(try node.text("Name"))
        isPrivate = try node.bool("Config", "PrivateZone")
    }
}

extension Route53.RecordSet {
    init(_ node: XMLNode) throws(XMLError) {
        self.init(
            name: DNSEscapes.resolve(try node.text("Name")), type: try node.text("Type"),
            ttl: try node.optionalInt("TTL"), values: [], setIdentifier: try node.optionalText("SetIdentifier"),
            aliasTarget: try node.optionalText("AliasTarget", "DNSName").map(DNSEscapes.resolve))
        for record in try node.optionalChild("ResourceRecords")?.all("ResourceRecord") ?? [] {
            values.append(try record.text("Value"))
        }
    }
}
