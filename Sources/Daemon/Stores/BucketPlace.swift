/// Where in a bucket a cluster's record and its backups are.

import ClusterPlanning

/// The record stands beside the backups and not under them, so that a rule that expires what is under them, and a list of
/// them, does not meet it.
struct BucketPlace: Equatable, Sendable {
    let bucket: String
    /// `<prefix>/<name>.record`
    let recordKey: String
    /// `<prefix>/<name>/`
    let backupsPrefix: String
    /// The prefix as it was given, without slashes around it: the whole key of the one backup that etcd-aws kept there. Nil
    /// where there is none.
    let olderKey: String?

    /// - Parameters:
    ///   - prefix: with or without slashes around it; may be empty.
    ///   - cluster: the cluster's name.
    init(bucket: String, prefix: String, cluster: String) {
        self.bucket = bucket
        let prefixes = prefix.split(separator: "/").map(String.init)
        olderKey = prefixes.isEmpty ? nil : prefixes.joined(separator: "/")
        let parts = prefixes + [cluster]
        let place = parts.joined(separator: "/")
        recordKey = "\(place).record"
        backupsPrefix = "\(place)/"
    }

    var storeName: StoreName { StoreName("s3:\(bucket)/\(recordKey)") }
}
