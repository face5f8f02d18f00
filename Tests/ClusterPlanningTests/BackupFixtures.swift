/// Backups of the small world: of cluster c1, and at noon of the last day of January everything happens.

import ClusterPlanning

let noon = UTCTime("2026-01-31T12:00:00Z")!

/// - Parameters:
///   - generation: of the cluster's life.
///   - age: how many seconds before noon it was taken.
func backup(
    _ revision: UInt64, of generation: Int = 1, age: Int = 3600, proven: Bool = false, compressed: Bool = false,
    refuted: Bool = false, cluster: ClusterID = 0xc1
) -> Backup {
    Backup(
        generation: generation, cluster: cluster, revision: revision, time: UTCTime(seconds: noon.seconds - age),
        isCompressed: compressed, verdict: refuted ? .refuted : proven ? .proven : .unproven)
}

/// A list that was read to its end.
func bucket(_ backups: Backup..., strangers: [String] = [], highest: Int = 0) -> Observed<BackupsSeen> {
    .seen(BackupsSeen(backups, strangers: strangers, highestGeneration: highest))
}
