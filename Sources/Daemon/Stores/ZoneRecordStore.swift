/// The record in the hosted zone: one TXT record set, changed by batches that Route 53 carries out whole or not at all.

import AWS
import ClusterPlanning

/// `_etcd-cluster.<name>.<zone>`. Read through the API, which shows every change at once, and never through DNS.
struct ZoneRecordStore: RecordStore {
    let zone: ZoneObserver
    /// The cluster's name.
    let cluster: String

    private static let timeToLive = 60

    init(_ zone: ZoneObserver, cluster: String) {
        self.zone = zone
        self.cluster = cluster
    }

    var name: StoreName { get async { StoreName("route53:\(await zone.label)") } }

    func read() async throws -> StoreReading.Stored? {
        guard let held = try await held() else { return nil }
        do {
            let record = try ClusterRecord(parsing: Route53.TXTValue.read(held.onlyValue))
            return StoreReading.Stored(record, version: held.version)
        } catch {
            throw ObservationError("TXT \(label) is no record: \(error)")
        }
    }

    func swap(_ swap: RecordSwap) async throws -> SwapOutcome {
        let value = try Route53.TXTValue.write(swap.record.text())
        return try await replace(swap.expected, with: value, in: swap.store)
    }

    func remove(ifStill version: String?) async throws -> SwapOutcome {
        guard let expected = if let version { version } else { try await held()?.version } else { return .lost }
        return try await replace(expected, with: nil, in: await name)
    }

    // MARK: -

    private var label: String { "_etcd-cluster.\(cluster)" }

    private func recordName(in zone: Route53.HostedZone) -> String {
        "_etcd-cluster.\(ClusterDNSNames(cluster: cluster, domain: zone.name).base)"
    }

    /// What is there now, whatever it says.
    private func held() async throws -> HeldText? {
        let contents = try await zone.contents(forCluster: cluster)
        let name = recordName(in: contents.hosted)
        let sets = contents.sets.filter { $0.type == "TXT" && $0.name.lowercased() == name }
        guard let set = sets.first else { return nil }
        guard sets.count == 1, set.setIdentifier == nil, let timeToLive = set.ttl else {
            throw ObservationError("TXT \(label) is an alias, or one of several that are routed between: no record")
        }
        return HeldText(timeToLive: timeToLive, values: set.values)
    }

    /// `DELETE` fails unless the set is there with exactly these values, and `CREATE` if one is there at all; a batch is
    /// carried out whole or not at all.
    private func replace(
        _ expected: String?, with value: String?, in store: StoreName
    ) async throws -> SwapOutcome {
        do {
            try await zone.changeRecord { zone in
                // A zone that was made anew is another store, though it may have the same name.
                guard StoreName("route53:\(zone.id)") == store else {
                    throw ObservationError("the hosted zone is \(zone.id) now, and \(store) was read")
                }
                return changes(of: recordName(in: zone), from: expected.map(HeldText.init(version:)), to: value)
            }
            return .won
        } catch let error as AWSError where error.refusedBatch != nil {
            // Route 53 says the same of a batch that it does not understand. Taken for a lost race, it would be tried for
            // ever without a word.
            guard try await held()?.version != expected else { throw error }
            return .lost
        }
    }

    private func changes(of name: String, from held: HeldText?, to value: String?) -> [Route53.Change] {
        func change(_ action: Route53.Change.Action, _ text: HeldText) -> Route53.Change {
            .init(action, .init(name: name, type: "TXT", ttl: text.timeToLive, values: text.values))
        }
        let new = value.map { HeldText(timeToLive: Self.timeToLive, values: [$0]) }
        return [held.map { change(.delete, $0) }, new.map { change(.create, $0) }].compactMap(\.self)
    }
}

/// All of a TXT record set that Route 53 compares, spelled as it was read: one text has several spellings.
private struct HeldText: Equatable {
    var timeToLive: Int
    var values: [String]

    /// No value holds a line feed: Route 53 writes it as `\012`.
    var version: String { "\(timeToLive)\n\(values.joined(separator: "\n"))" }

    init(timeToLive: Int, values: [String]) {
        self.timeToLive = timeToLive
        self.values = values
    }

    /// A version that is none of ours stands for what is not there, and nothing is swapped from it.
    init(version: String) {
        let lines = version.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        self.init(timeToLive: lines.first.flatMap(Int.init) ?? 0, values: Array(lines.dropFirst()))
    }

    var onlyValue: String {
        get throws {
            guard values.count == 1 else { throw ObservationError("it has \(values.count) values, a record is one") }
            return values[0]
        }
    }
}
