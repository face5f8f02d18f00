/// A look at what the data on this disk hold, by etcd itself, while it serves nobody.

import ClusterPlanning
import Etcd

/// Runs etcd on loopback just long enough to read its member list and how far its log is known to be committed.
struct Inspection: Sendable {
    let etcd: LoopbackEtcd
    /// Reading a large log and a large database from a cold disk takes minutes. It ends as soon as both are read, long before
    /// the fifty seconds after which a member that is alone would lead.
    var limit = Duration.seconds(900)

    /// - Parameter launch: of the kind `inspect`.
    /// - Returns: what it shows, as an etcd that does not run.
    /// - Throws: as `LoopbackEtcd.run`; `LoopbackEtcdError.corruption` tells whether it can't run on these data.
    func run(_ launch: Launch) async throws -> EtcdState {
        try await etcd.run(launch, within: limit) { etcd in
            let index = try await etcd.poll("the log is applied") { try await appliedToTheEnd(etcd) }
            // The list that is read now is at least as new as that index, and no newer: nothing is committed meanwhile.
            let members = try await etcd.poll("the member list") { try await etcd.peer.members().translated() }
            return EtcdState(isRunning: false, leader: nil, members: members, commitIndex: index)
        }
    }

    /// The commit index, once everything up to it is applied.
    ///
    /// etcd answers while it still reads its log, with a list that grows, so an answer alone, or two that are equal, prove
    /// nothing on a slow disk. But it says, when it starts its raft node, where the log is known to be committed and at which
    /// entry its snapshot stands. The list is whole when what is applied has come to the former: by the metric, or by the
    /// snapshot, after which there may be nothing left to apply.
    ///
    /// - Returns: nil while there is something left.
    private func appliedToTheEnd(_ etcd: RunningLoopbackEtcd) async throws -> UInt64? {
        let beginning = EtcdRestart(etcd.lines)
        guard let committed = beginning.commitIndex else { return nil }
        // Read also where the snapshot is enough: it is served no sooner than the list is.
        let applied = try await etcd.metrics.read().appliedIndex ?? 0
        let reached = max(applied, beginning.snapshotIndex ?? 0)
        return reached >= committed ? reached : nil
    }
}
