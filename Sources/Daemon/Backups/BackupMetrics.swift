/// How backups fare, as CloudWatch is told.

import AWS
import ClusterPlanning

/// Puts the figures of the older tool, and those that it should have had, with its dimension.
struct BackupMetrics: Sendable {
    let aws: AWSClient
    let namespace: String
    let group: GroupObserver

    func publish(_ figures: BackupFigures, of store: BackupStore) async throws {
        let dimensions = ["AutoScalingGroupName": try await group.group().name]
        var data: [CloudWatch.Datum] = []
        func add(_ name: String, _ value: Double, _ unit: CloudWatch.Unit) {
            data.append(CloudWatch.Datum(name, value, unit, dimensions: dimensions))
        }
        if let newest = figures.newest {
            add("BackupSize", Double(newest.size), .bytes)
            // Of a description that can't be read only the keys are missing.
            let keys = try await observed { try await store.description(of: newest)?.keys }.value ?? nil
            if let keys { add("BackupKeyCount", Double(keys), .count) }
        }
        // Without a proven backup there is no age: an alarm on missing data tells so.
        if let age = figures.provenAge { add("BackupAge", Double(age), .seconds) }
        if !data.isEmpty { _ = try await aws.send(.putMetricData(namespace: namespace, data)) }
    }
}
