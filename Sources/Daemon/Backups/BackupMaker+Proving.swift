/// Whether what was saved comes back: right after it was made, or later by what the bucket gives back.

import AWS
import ClusterPlanning
import Etcd
import FoundationEssentials

extension BackupMaker {
    /// Proves one that is there already, by what the bucket gives back.
    ///
    /// - Returns: nil where it is not there any more.
    func proveLater(_ backup: Backup, in store: BackupStore, _ progress: Progress?) async throws -> Made? {
        let unproven = Made(backup: backup, isOld: true)
        guard configuration.provesBackups, !backup.isProven else { return unproven }
        progress?(.proving, 0, Int64(backup.size))
        do {
            return try await scratch.with { directory in
                let described = try await reader.description(of: backup, in: store)
                // It is restored from beside it, and etcd runs on that.
                let (status, path) = try await reader.read(
                    backup.name, backup, from: store, into: directory, copies: 2
                ) { file, _ in file }
                let snapshot = Snapshot(path: path, status: status)
                let expectation = SnapshotExpectation(status.revision, described)
                let saved = Saved(snapshot: snapshot, backup: backup, expectation: expectation)
                return try await prove(saved, isOld: true, in: store, under: directory)
            }
        } catch let spoilt as SpoiltBackup where spoilt.isGone {
            logger.warning("a backup is gone: another one is made", ["name": backup.name])
            await keeper.removed([backup])
            return nil
        } catch let spoilt as SpoiltBackup {
            return try await refute(unproven, because: "\(spoilt)", in: store)
        } catch let error where !(error is CancellationError) {
            logger.warning("backup not proven", ["name": backup.name, "error": "\(error)"])
            return unproven
        }
    }

    /// - Returns: the backup, with what its proof has come to.
    func prove(
        _ saved: Saved, isOld: Bool = false, in store: BackupStore, under directory: String
    ) async throws -> Made {
        let (snapshot, backup) = (saved.snapshot, saved.backup)
        var made = Made(backup: backup, isOld: isOld)
        do {
            switch try await proof.run(
                snapshot.path, status: snapshot.status, expecting: saved.expectation, under: directory)
            {
            case .proven(let finding):
                try await store.note(
                    BackupProofNote(
                        time: timeNow(), revision: finding.revision, keys: finding.keyCount,
                        isHashCompared: finding.isHashCompared, provenBy: instance.rawValue), of: backup)
                made.backup.verdict = .proven
                await keeper.added(made.backup)
                logger.info("backup proven", ["name": backup.name, "hash_compared": finding.isHashCompared])
            case .refuted(let why): return try await refute(made, because: why, in: store)
            case .notEnoughRoom(let free, let needed):
                logger.warning(
                    "backup not proven: too little room for a second copy",
                    ["name": backup.name, "free": megabytes(free), "needed": megabytes(needed)])
            }
        } catch let error where !(error is CancellationError) {
            logger.warning("backup not proven", ["name": backup.name, "error": "\(error)"])
        }
        return made
    }

    private func refute(
        _ made: Made, because why: String, in store: BackupStore
    ) async throws(CancellationError) -> Made {
        let name = made.backup.name
        logger.error("backup refuted: what came back is not what was saved", ["name": name, "why": why])
        var refuted = made
        refuted.backup.verdict = .refuted
        refuted.refutation = why
        let note = BackupProofNote(
            time: timeNow(), refutation: why, isHashCompared: false, provenBy: instance.rawValue)
        // Before it is written: a list that is read meanwhile does not say it.
        await keeper.keep(note, on: refuted.backup)
        await keeper.added(refuted.backup)
        do {
            try await store.note(note, of: refuted.backup)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            logger.error("nobody else knows yet that a backup is refuted", ["name": name, "error": "\(error)"])
        }
        return refuted
    }
}
