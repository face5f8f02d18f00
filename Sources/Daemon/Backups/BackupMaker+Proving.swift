/// Whether what was saved comes back: right after it was made, or later by what the bucket gives back.

import AWS
import ClusterPlanning
import Etcd
import FoundationEssentials

extension BackupMaker {
    /// Proves one that is there already, by what the bucket gives back.
    func proveLater(_ backup: Backup, in store: BackupStore, _ progress: Progress?) async throws -> Backup {
        guard configuration.provesBackups, !backup.isProven else { return backup }
        progress?(.proving, 0, Int64(backup.size))
        do {
            return try await scratch.with { directory in
                let described = try await store.description(of: backup)
                let bytes = UInt64(max(Int64(backup.size), described?.size ?? 0))
                // It comes, compressed or not, and is restored from beside that.
                let copies: UInt64 = backup.isCompressed ? 4 : 3
                try DiskSpace(
                    free: try DiskSpace.freeBytes(at: directory), needed: DiskSpace.reserve + bytes * copies
                ).require(to: "prove \(backup.name)")
                let (status, path) = try await reader.read(backup.name, backup, from: store, into: directory) {
                    file, _ in file
                }
                let snapshot = Snapshot(path: path, status: status)
                let expectation = SnapshotExpectation(status.revision, described)
                return try await prove(
                    Saved(snapshot: snapshot, backup: backup, expectation: expectation), in: store, under: directory)
            }
        } catch let spoilt as SpoiltBackup {
            return try await refute(backup, because: "\(spoilt)", in: store)
        } catch let error where !(error is CancellationError) {
            logger.warning("backup not proven", ["name": backup.name, "error": "\(error)"])
            return backup
        }
    }

    /// - Returns: the backup, proven or not.
    func prove(
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
            case .refuted(let why): return try await refute(backup, because: why, in: store)
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

    private func refute(
        _ backup: Backup, because why: String, in store: BackupStore
    ) async throws(CancellationError) -> Backup {
        logger.error("backup refuted: what came back is not what was saved", ["name": backup.name, "why": why])
        var refuted = backup
        refuted.isRefuted = true
        await keeper.added(refuted)
        do {
            try await store.note(
                BackupProofNote(
                    time: timeNow(), refutation: why, isHashCompared: false, provenBy: instance.rawValue), of: backup)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            logger.error("nobody else knows that a backup is refuted", ["name": backup.name, "error": "\(error)"])
        }
        return refuted
    }
}
