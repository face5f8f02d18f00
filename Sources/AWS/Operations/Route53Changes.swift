/// Changing record sets: the batch, and how it is written as XML.

extension Route53 {
    /// One change of a batch.
    package struct Change: Sendable, Equatable {
        package enum Action: String, Sendable, Hashable {
            /// Fails, and the whole batch with it, where the record set exists.
            case create = "CREATE"
            /// Fails unless the record set exists with exactly these values and this TTL.
            case delete = "DELETE"
            /// Creates or replaces.
            case upsert = "UPSERT"
        }

        package var action: Action
        package var recordSet: RecordSet

        package init(_ action: Action, _ recordSet: RecordSet) {
            self.action = action
            self.recordSet = recordSet
        }
    }

    /// A batch that Route 53 accepted. The API shows its effect at once, the name servers within a minute.
    package struct ChangeInfo: Sendable, Equatable {
        package var id: String
        /// `PENDING`, then `INSYNC`.
        package var status: String
    }
}

extension Operation where Output == Route53.ChangeInfo {
    /// Carries out all of the changes, or none of them.
    /// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
    ///
    /// A batch of `UPSERT` alone has the same end whether it is sent once or twice, so it is repeated after a timeout. One
    /// that creates or deletes is not: if the first had been carried out, the second would be refused, and a caller that
    /// compares and swaps would take its own success for a lost race. It has to read again instead.
    ///
    /// - Parameters:
    ///   - changes: at least one; what is created or replaced has at least one value (F41). Aliases and sets with an
    ///     identifier, which this program does not write, are refused by Route 53.
    ///   - zone: the zone.
    ///   - comment: shown in the change's history; at most 256 characters are kept.
    package static func changeRecordSets(
        _ changes: [Route53.Change], in zone: Route53.ZoneID, comment: String
    ) -> Operation {
        precondition(!changes.isEmpty && changes.allSatisfy { $0.action == .delete || !$0.recordSet.values.isEmpty })
        let payload = Payload.rest(
            method: "POST", path: zone.path + "/rrset/", body: Array(batch(changes, comment).utf8))
        return Operation(
            .route53, "ChangeResourceRecordSets", payload,
            isIdempotent: changes.allSatisfy { $0.action == .upsert }
        ) { answer throws(XMLError) in
            let info = try answer.child("ChangeInfo")
            return Route53.ChangeInfo(id: try info.text("Id"), status: try info.text("Status"))
        }
    }
}

private func batch(_ changes: [Route53.Change], _ comment: String) -> String {
    let request = "ChangeResourceRecordSetsRequest"
    return """
        <?xml version="1.0" encoding="UTF-8"?>
        <\(request) xmlns="https://route53.amazonaws.com/doc/\(Service.route53.version)/"><ChangeBatch>\
        \(element("Comment", String(comment.prefix(256))))\
        <Changes>\(changes.map(change).joined())</Changes></ChangeBatch></\(request)>
        """
}

private func change(_ change: Route53.Change) -> String {
    let set = change.recordSet
    let records = set.values.map { "<ResourceRecord>\(element("Value", $0))</ResourceRecord>" }.joined()
    return """
        <Change>\(element("Action", change.action.rawValue))<ResourceRecordSet>\
        \(element("Name", set.name))\(element("Type", set.type))\(set.ttl.map { element("TTL", String($0)) } ?? "")\
        <ResourceRecords>\(records)</ResourceRecords></ResourceRecordSet></Change>
        """
}
