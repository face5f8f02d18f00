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
        of origin: Origin, in store: BackupStore, isLast: Bool = false, progress: BackupStore.Progress? = nil
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
            let snapshot = try await save(origin, status, to: "\(directory)/snapshot.db")
            let backup = Backup(
                generation: origin.generation, cluster: origin.cluster,
                revision: max(revision, UInt64(snapshot.status.revision)),
                time: UTCTime(seconds: secondsNow() + Int(keeper.clockOffset.components.seconds)),
                isCompressed: configuration.compressesBackups)
            let made = try await upload(snapshot, as: backup, origin, in: store, progress)
            guard configuration.provesBackups, !isLast else { return Made(backup: made, isOld: false) }
            return Made(backup: try await prove(snapshot, made, in: store, under: directory), isOld: false)
        }
    }

    /// A verified snapshot in a file.
    private struct Snapshot {
        var path: String
        var status: SnapshotStatus
        var etcdVersion: EtcdVersion
        var expectation: SnapshotExpectation
    }

    private func save(_ origin: Origin, _ member: EtcdStatus, to path: String) async throws -> Snapshot {
        let bytes = UInt64(max(0, member.dbSize))
        // Data that do not compress are there twice.
        let needed = DiskSpace.reserve + bytes * (configuration.compressesBackups ? 2 : 1)
        try DiskSpace(free: try DiskSpace.freeBytes(at: scratch.path), needed: needed).require(to: "make a backup")
        try await tools.save(from: origin.client.endpoint, to: path, databaseBytes: bytes)
        let (status, expectation) = try await tools.verify(path) { status in
            try await told(by: origin, at: status.revision, bytes)
        }
        return Snapshot(path: path, status: status, etcdVersion: member.version, expectation: expectation)
    }

    /// What the member says of itself at the snapshot's revision.
    private func told(
        by origin: Origin, at revision: Int64, _ bytes: UInt64
    ) async throws(CancellationError) -> SnapshotExpectation {
        var expectation = SnapshotExpectation(revision: revision)
        do {
            expectation.keyCount = try await origin.client.keyCount(revision: revision, deadline: .seconds(60))
            expectation.hash = try await tools.hashKV(
                of: origin.client.endpoint, revision: revision, databaseBytes: bytes)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            // Compacted away since, or for users alone: then the snapshot's own word has to do.
            logger.debug("the source could not be compared with", ["error": "\(error)"])
        }
        return expectation
    }

    private func upload(
        _ snapshot: Snapshot, as backup: Backup, _ origin: Origin, in store: BackupStore,
        _ progress: BackupStore.Progress?
    ) async throws -> Backup {
        let description = BackupDescription(
            backup, hash: snapshot.status.hash, size: snapshot.status.totalSize, keys: snapshot.expectation.keyCount,
            keysHash: snapshot.expectation.hash?.hash, compactRevision: snapshot.expectation.hash?.compactRevision,
            etcdVersion: "\(snapshot.etcdVersion)", voters: origin.voters, takenFrom: origin.member,
            takenBy: instance.rawValue)
        let file =
            backup.isCompressed ? try await Gzip(configuration, spawner).compress(snapshot.path) : snapshot.path
        var made = backup
        made.size = Int(try SnapshotFile(path: file).bytes())
        progress?(0, Int64(made.size))
        do {
            try await store.upload(file, as: backup.name, progress: progress)
        } catch let error as AWSError where error.isPreconditionFailed {
            // Its name tells generation, cluster, revision and second: somebody else has made the very same.
            logger.info("this backup is there already", ["name": backup.name])
        }
        await keeper.added(made)
        do {
            try await store.describe(backup, description)
        } catch let error where !(error is CancellationError) {
            logger.warning("backup made, and not described", ["name": made.name, "error": "\(error)"])
        }
        logger.info(
            "backup made",
            ["name": made.name, "bytes": made.size, "keys": description.keys.map(String.init) ?? "unknown"])
        return made
    }

    /// - Returns: the backup, proven or not.
    private func prove(
        _ snapshot: Snapshot, _ backup: Backup, in store: BackupStore, under directory: String
    ) async throws -> Backup {
        do {
            switch try await proof.run(
                snapshot.path, status: snapshot.status, expecting: snapshot.expectation, under: directory)
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
