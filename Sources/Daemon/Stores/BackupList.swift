/// What a bucket holds of backups, by nothing but their names.

import AWS
import ClusterPlanning

/// Lists the backups of one cluster: `<prefix>/<name>/<generation>-<cluster ID>-<revision>-<time>.db`.
struct BackupList: Sendable {
    let aws: AWSClient
    let place: BucketPlace

    /// - Throws: where the list could not be read to its end; never a part of it. A bucket that does not exist is an error,
    ///   and not an empty one.
    func read() async throws -> BackupsSeen {
        let objects = try await aws.all(.listObjects(under: place.backupsPrefix, in: place.bucket))
        return BackupsSeen(keys: objects.map { String($0.key.dropFirst(place.backupsPrefix.count)) })
    }
}

extension BackupsSeen {
    /// - Parameter keys: of all objects below the cluster's prefix, without the prefix. What we did not name ourselves (an
    ///   older tool's backup) counts as one of generation 0; the description beside a backup does not count.
    init(keys: [String]) {
        let all = Set(keys)
        let backups = keys.filter { key in
            // The console makes an empty object of that name when a person makes a folder.
            !key.isEmpty && !(key.hasSuffix(".json") && all.contains("\(key.dropLast(5)).db"))
        }
        self.init(count: backups.count, highestGeneration: keys.map(Self.generation).max() ?? 0)
    }

    private static func generation(ofKey key: String) -> Int {
        guard key.hasSuffix(".db") || key.hasSuffix(".json") else { return 0 }
        let parts = key.split(separator: "-", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            UInt64(parts[1], radix: 16) != nil, UInt64(parts[2]) != nil, let generation = Int(parts[0]),
            ClusterRecord.counts.contains(generation)
        else { return 0 }
        return generation
    }
}
