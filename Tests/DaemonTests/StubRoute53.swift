/// The hosted zones of the stub's AWS.

import StubServer

@testable import AWS

extension AWSWorld {
    func route53Call(_ request: StubRequest) -> String {
        switch (request.method, request.path.split(separator: "/").count) {
        case ("GET", 2): "ListHostedZonesByName"
        case ("GET", 3): "GetHostedZone"
        case ("GET", 4): "ListResourceRecordSets"
        case ("POST", 4): "ChangeResourceRecordSets"
        default: "\(request.method) \(request.path)"
        }
    }

    func zoneID(_ request: StubRequest) -> String {
        request.path.split(separator: "/").dropFirst(2).first.map(String.init) ?? ""
    }

    func listZones(_ name: String) -> StubReply {
        let zones = zones.sorted { $0.name < $1.name }.filter { $0.name >= name }.map(element).joined()
        return .route53("ListHostedZonesByName", "<HostedZones>\(zones)</HostedZones><IsTruncated>false</IsTruncated>")
    }

    func getZone(_ id: String) -> StubReply {
        guard let zone = zones.first(where: { $0.id == id }) else { return .error("NoSuchHostedZone", status: 404) }
        return .route53("GetHostedZone", element(zone))
    }

    private func element(_ zone: HostedZone) -> String {
        """
        <HostedZone><Id>/hostedzone/\(zone.id)</Id><Name>\(zone.name)</Name>\
        <Config><PrivateZone>\(zone.isPrivate)</PrivateZone></Config></HostedZone>
        """
    }

    func listRecords(_ id: String) -> StubReply {
        guard zones.contains(where: { $0.id == id }) else { return .error("NoSuchHostedZone", status: 404) }
        let sets = (records[id] ?? [:]).sorted { $0.key < $1.key }.map { key, values in
            let records = values.map { "<ResourceRecord><Value>\($0)</Value></ResourceRecord>" }.joined()
            return """
                <ResourceRecordSet><Name>\(key.name)</Name><Type>\(key.type)</Type><TTL>60</TTL>\
                <ResourceRecords>\(records)</ResourceRecords></ResourceRecordSet>
                """
        }
        return .route53(
            "ListResourceRecordSets",
            "<ResourceRecordSets>\(sets.joined())</ResourceRecordSets><IsTruncated>false</IsTruncated>")
    }

    /// All of the changes or none, as AWS does it: `CREATE` of what is there and `DELETE` of anything but what is there are
    /// refused, with the whole batch.
    mutating func changeRecords(_ id: String, _ body: [UInt8]) -> StubReply {
        guard zones.contains(where: { $0.id == id }) else { return .error("NoSuchHostedZone", status: 404) }
        var after = records[id] ?? [:]
        var complaints: [String] = []
        do {
            for change in try XMLNode(parsing: body).all("ChangeBatch", "Changes", "Change") {
                let set = try change.child("ResourceRecordSet")
                let key = RecordKey(name: try set.text("Name"), type: try set.text("Type"))
                let values = try set.all("ResourceRecords", "ResourceRecord").map { try $0.text("Value") }
                let timeToLive = try set.text("TTL")
                switch try change.text("Action") {
                case "DELETE" where after[key]?.sorted() != values.sorted() || timeToLive != "60":
                    complaints.append("Tried to delete \(key), but the values provided do not match the current values")
                case "DELETE": after[key] = nil
                case "CREATE" where after[key] != nil:
                    complaints.append("Tried to create \(key) but it already exists")
                default: after[key] = values
                }
            }
        } catch {
            return .error("InvalidInput", status: 400)
        }
        guard complaints.isEmpty else {
            let messages = complaints.map { "<Message>\($0)</Message>" }.joined()
            return .text(
                "<InvalidChangeBatch><Messages>\(messages)</Messages><RequestId>r</RequestId></InvalidChangeBatch>",
                status: 400)
        }
        records[id] = after
        return .route53(
            "ChangeResourceRecordSets", "<ChangeInfo><Id>/change/C1</Id><Status>PENDING</Status></ChangeInfo>")
    }
}

extension StubReply {
    fileprivate static func route53(_ operation: String, _ result: String) -> StubReply {
        .text("<\(operation)Response>\(result)</\(operation)Response>")
    }
}
