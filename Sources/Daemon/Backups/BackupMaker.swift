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
        if !isLast, let same = await keeper.has(revision, of: origin.generation, origin.cluster) {
            return Made(backup: same, isOld: true)
        }
        return try await scratch.with { directory in
            let path = "\(directory)/snapshot.db"
            try await save(origin, bytes: UInt64(max(0, status.dbSize)), to: path, progress)
            let saved = try await tools.verify(path) { content, isWhole in
                let backup = Backup(
                    generation: origin.generation, cluster: origin.cluster,
                    revision: max(revision, UInt64(content.revision)),
                    time: UTCTime(seconds: secondsNow() + Int(keeper.clockOffset.components.seconds)),
                    isCompressed: configuration.compressesBackups)
                let snapshot = Snapshot(path: path, status: content, etcdVersion: status.version)
                return try await upload(snapshot, as: backup, origin, in: store, once: isWhole, progress)
            }
            guard configuration.provesBackups, !isLast else { return Made(backup: saved.backup, isOld: false) }
            progress?(.proving, 0, Int64(saved.backup.size))
            return Made(backup: try await prove(saved, in: store, under: directory), isOld: false)
        }
    }

    /// What a member's database was, in a file.
    private struct Snapshot {
        var path: String
        var status: SnapshotStatus
        var etcdVersion: EtcdVersion
    }

    /// A snapshot that is a backup by now, and what its source has said of it.
    private struct Saved {
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
        var expectation = SnapshotExpectation(revision: revision)
        do {
            expectation.keyCount = try await origin.client.keyCount(revision: revision, deadline: .seconds(60))
            expectation.hash = try await tools.hashKV(
                of: origin.client.endpoint, revision: revision, databaseBytes: UInt64(snapshot.status.totalSize))
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            // Compacted away since, or for users alone: then the snapshot's own word has to do.
            logger.debug("the source could not be compared with", ["error": "\(error)"])
        }
        return expectation
    }

    /// Sends it while it is still being read for errors, and while its source counts its keys: each takes as long as the other.
    private func upload(
        _ snapshot: Snapshot, as backup: Backup, _ origin: Origin, in store: BackupStore,
        once isWhole: @escaping SnapshotTools.Verdict, _ progress: Progress?
    ) async throws -> Saved {
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
            // Its name tells generation, cluster, revision and second: somebody else has made the very same.
            logger.info("this backup is there already", ["name": backup.name])
        }
        await keeper.added(made)
        let expectation = try await told
        let saved = Saved(snapshot: snapshot, backup: made, expectation: expectation)
        try await describe(saved, origin, in: store)
        let keys = expectation.keyCount.map(String.init) ?? "unknown"
        logger.info("backup made", ["name": made.name, "bytes": made.size, "keys": keys])
        return saved
    }

    private func describe(
        _ saved: Saved, _ origin: Origin, in store: BackupStore
    ) async throws(CancellationError) {
        let status = saved.snapshot.status
        let description = BackupDescription(
            saved.backup, hash: status.hash, size: status.totalSize, keys: saved.expectation.keyCount,
            keysHash: saved.expectation.hash?.hash, compactRevision: saved.expectation.hash?.compactRevision,
            etcdVersion: "\(saved.snapshot.etcdVersion)", voters: origin.voters, takenFrom: origin.member,
            takenBy: instance.rawValue)
        do {
            try await store.describe(saved.backup, description)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            logger.warning("backup made, and not described", ["name": saved.backup.name, "error": "\(error)"])
        }
    }

    /// - Returns: the backup, proven or not.
    private func prove(
        _ saved: Saved, in store: BackupStore, under directory: String
    ) async throws -> Backup {
        let (snapshot, backup) = (saved.snapshot, saved.backup)
        do {
            switch try await proof.run(
                snapshot.path, status: snapshot.status, expecting: saved.expectation, under: directory)
            {
            case .proven(let finding):
                try await store.note(
                    BackupProofNote(
                        time: timeNow(), revision: finding.revision, keys: finding.keyCount,
                        isHashCompared: finding.isHashCompared, provenBy: instance.rawValue), of: backup)
                var proven = backup
                proven.isProven = true
                await keeper.added(proven)
                logger.info("backup proven", ["name": backup.name, "hash_compared": finding.isHashCompared])
                return proven
            case .refuted(let why):
                logger.error("backup refuted: what came back is not what was saved", ["name": backup.name, "why": why])
                try await store.note(
                    BackupProofNote(
                        time: timeNow(), refutation: why, isHashCompared: false, provenBy: instance.rawValue),
                    of: backup)
                var refuted = backup
                refuted.isRefuted = true
                await keeper.added(refuted)
                return refuted
            case .notEnoughRoom(let free, let needed):
                logger.warning(
                    "backup not proven: too little room for a second copy",
                    ["name": backup.name, "free": megabytes(free), "needed": megabytes(needed)])
            }
        } catch let error where !(error is CancellationError) {
            logger.warning("backup not proven", ["name": backup.name, "error": "\(error)"])
        }
        return backup
    }
}
