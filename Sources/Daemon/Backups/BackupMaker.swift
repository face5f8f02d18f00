/// Makes one backup: save, verify, upload, prove.

import AWS
import ClusterPlanning
import Etcd
import FoundationEssentials
import Supervision

/// Makes backups, one at a time. Nothing that fails here concerns etcd.
struct BackupMaker: Sendable {
    let configuration: Configuration
    let instance: InstanceID
    let scratch: Scratch
    let tools: SnapshotTools
    let proof: SnapshotProof
    let reader: BackupReader
    let spawner: Spawner
    let keeper: BackupKeeper
    let logger: Logger

    /// Whose data it is, and who is asked for it.
    struct Origin: Sendable {
        var generation: Int
        var cluster: ClusterID
        var voters: [String]
        /// The member's name.
        var member: String
        var client: EtcdClient
    }

    /// What takes its time.
    enum Stage: Sendable {
        case saving, uploading
        /// Of this nothing tells how far it has come.
        case proving
    }

    /// How far that has come, in bytes. Called with zero when it begins.
    typealias Progress = @Sendable (_ stage: Stage, _ done: Int64, _ total: Int64) -> Void

    /// What a backup has come to.
    struct Made: Sendable {
        var backup: Backup
        /// Whether it was there already: nothing had changed since.
        var isOld: Bool
        /// Why it is no backup, where it was refuted just now.
        var refutation: String?
    }

    /// Makes a backup of everything that was acknowledged before this was called.
    ///
    /// - Parameter isLast: whether nothing will ever be added to it: it is made whatever there is already, since users and roles
    ///   change no revision, and its instance does not wait for a proof.
    /// - Throws: whatever kept it from being in the bucket. A proof that fails, or does not fit, is told in the log, and the
    ///   backup stays one that was not proven.
    func make(
        of origin: Origin, in store: BackupStore, isLast: Bool = false, progress: Progress? = nil
    ) async throws -> Made {
        // A follower may lag: what it has applied by the time it answers is all that was acknowledged before.
        try await origin.client.linearizableRead(deadline: .seconds(10))
        let status = try await origin.client.status(deadline: .seconds(10))
        guard ClusterID(status.clusterID) == origin.cluster else {
            throw ObservationError(
                "\(origin.member) is of cluster \(status.clusterID) by now, not of \(origin.cluster)")
        }
        let revision = UInt64(max(0, status.revision))
        if !isLast, let same = await keeper.has(revision, of: origin.generation, origin.cluster),
            let made = try await proveLater(same, in: store, progress)
        {
            return made
        }
        return try await scratch.with { directory in
            let path = "\(directory)/snapshot.db"
            try await save(origin, bytes: UInt64(max(0, status.dbSize)), to: path, progress)
            let made = try await tools.verify(path) { content, isWhole in
                let backup = Backup(
                    generation: origin.generation, cluster: origin.cluster,
                    revision: max(revision, UInt64(content.revision)),
                    time: UTCTime(seconds: secondsNow() + Int(keeper.clockOffset.components.seconds)),
                    isCompressed: configuration.compressesBackups)
                let snapshot = Snapshot(path: path, status: content)
                let made = try await upload(snapshot, as: backup, origin, in: store, once: isWhole, progress)
                if let saved = made.saved { try await describe(saved, origin, status.version, in: store) }
                return made
            }
            guard let saved = made.saved else { return Made(backup: made.backup, isOld: true) }
            guard configuration.provesBackups, !isLast else { return Made(backup: saved.backup, isOld: false) }
            progress?(.proving, 0, Int64(saved.backup.size))
            return try await prove(saved, in: store, under: directory)
        }
    }

    /// What a member's database was, in a file.
    struct Snapshot {
        var path: String
        var status: SnapshotStatus
    }

    /// A snapshot that is a backup by now, and what its source has said of it.
    struct Saved {
        var snapshot: Snapshot
        var backup: Backup
        var expectation: SnapshotExpectation
    }

    private func save(_ origin: Origin, bytes: UInt64, to path: String, _ progress: Progress?) async throws {
        // Data that do not compress are there twice.
        let needed = DiskSpace.reserve + bytes * (configuration.compressesBackups ? 2 : 1)
        try DiskSpace(free: try DiskSpace.freeBytes(at: scratch.path), needed: needed).require(to: "make a backup")
        try await tools.save(
            from: origin.client.endpoint, to: path, databaseBytes: bytes, progress: part(.saving, of: progress))
    }

    private func part(_ stage: Stage, of progress: Progress?) -> BackupStore.Progress? {
        guard let progress else { return nil }
        return { done, total in progress(stage, done, total) }
    }

    /// What the member says of itself at the snapshot's revision.
    private func told(
        by origin: Origin, of snapshot: Snapshot
    ) async throws(CancellationError) -> SnapshotExpectation {
        let revision = snapshot.status.revision
        let bytes = UInt64(snapshot.status.totalSize)
        let keys = try await observed {
            try await origin.client.keyCount(revision: revision, deadline: tools.deadline(for: bytes))
        }
        let hash = try await observed {
            try await tools.hashKV(of: origin.client.endpoint, revision: revision, databaseBytes: bytes)
        }
        if case .unavailable(let cause) = hash {
            // Compacted away since, or for users alone: then the snapshot's own word has to do.
            logger.info("the source can't be compared with", ["member": origin.member, "error": cause])
        }
        return SnapshotExpectation(revision: revision, keyCount: keys.value, hash: hash.value)
    }

    /// Sends it while it is still being read for errors, and while its source counts its keys: each takes as long as the other.
    ///
    /// - Returns: nothing that was saved where somebody else's of this name is there.
    private func upload(
        _ snapshot: Snapshot, as backup: Backup, _ origin: Origin, in store: BackupStore,
        once isWhole: @escaping SnapshotTools.Verdict, _ progress: Progress?
    ) async throws -> (backup: Backup, saved: Saved?) {
        async let told = told(by: origin, of: snapshot)
        let file =
            backup.isCompressed ? try await Gzip(configuration, spawner).compress(snapshot.path) : snapshot.path
        var made = backup
        made.size = Int(try SnapshotFile(path: file).bytes())
        progress?(.uploading, 0, Int64(made.size))
        do {
            try await store.upload(
                file, as: backup.name, progress: part(.uploading, of: progress), once: isWhole)
        } catch let error as AWSError where error.isPreconditionFailed {
            // Its name tells generation, cluster, revision and second. What was saved with it is not described by what we saved:
            // the two need not be alike byte by byte.
            logger.info("this backup is there already", ["name": backup.name])
            // Who made it may have proven it, too.
            await keeper.forget()
            return (made, nil)
        }
        await keeper.added(made)
        return (made, Saved(snapshot: snapshot, backup: made, expectation: try await told))
    }

    /// Writes down what is known of it; without that it is a backup all the same.
    private func describe(
        _ saved: Saved, _ origin: Origin, _ etcd: EtcdVersion, in store: BackupStore
    ) async throws(CancellationError) {
        let status = saved.snapshot.status
        let description = BackupDescription(
            saved.backup, hash: status.hash, size: status.totalSize, keys: saved.expectation.keyCount,
            keysHash: saved.expectation.hash?.hash, compactRevision: saved.expectation.hash?.compactRevision,
            etcdVersion: "\(etcd)", voters: origin.voters, takenFrom: origin.member,
            takenBy: instance.rawValue)
        do {
            try await store.describe(saved.backup, description)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            logger.warning("backup made, and not described", ["name": saved.backup.name, "error": "\(error)"])
        }
        let keys = saved.expectation.keyCount.map(String.init) ?? "unknown"
        logger.info("backup made", ["name": saved.backup.name, "bytes": saved.backup.size, "keys": keys])
    }
}
