/// A backup, from the bucket to a file that is known to be whole.

import AWS
import ClusterPlanning
import Etcd
import FoundationEssentials
import Glibc
import Supervision

/// A backup that no further attempt would make better.
struct SpoiltBackup: Error, Equatable, CustomStringConvertible {
    var name: String
    var why: String
    /// Whether it may have been spoilt on its way to us.
    var mayBeOurs = true
    /// Whether nothing is there any more, of which nobody can say what it was.
    var isGone = false

    var description: String { "the backup \(name) can't be restored: \(why)" }
}

/// Downloads, decompresses, verifies, and compares with what is known of it.
struct BackupReader: Sendable {
    let configuration: Configuration
    let tools: SnapshotTools
    let spawner: Spawner
    let logger: Logger

    /// Reads a backup, and does `body` with the file, beside its verification: that reads all of it as well, and there is more
    /// than one processor. What `body` has made counts only if this returns.
    ///
    /// A bad disk or a bad line may spoil what is good in the bucket: all of it is done once more before anybody says so.
    ///
    /// - Parameters:
    ///   - name: as the record has it.
    ///   - backup: what the list says of it; nil of one that is not ours.
    ///   - directory: there, and for nothing else.
    ///   - copies: how often as much room as the database takes is needed beside it, for what is made of it.
    ///   - checksItself: whether `body` compares the hash at the file's end, as etcd's own restore does: hashing gigabytes twice
    ///     at a time takes the processors that the restoration needs.
    ///   - body: gets a directory of its own, below the other.
    /// - Throws: `SpoiltBackup` where another backup has to do; anything else where this one may do the next time.
    func read<Result: Sendable>(
        _ name: String, _ backup: Backup?, from store: BackupStore, into directory: String,
        _ progress: BackupStore.Progress? = nil, copies: UInt64 = 0, checksItself: Bool = false,
        while body: (_ file: String, _ own: String) async throws -> Result
    ) async throws -> (status: SnapshotStatus, result: Result) {
        let described = if let backup { try await description(of: backup, in: store) } else { BackupDescription?.none }
        if let refusal = try await refusal(of: described) { throw ObservationError(refusal) }
        func attempt(in own: String) async throws -> (status: SnapshotStatus, result: Result) {
            try await self.attempt(
                name, described, in: own, checksItself,
                { try await download(name, copies, from: store, into: own, progress) }, body)
        }
        do {
            return try await attempt(in: "\(directory)/1")
        } catch let spoilt as SpoiltBackup where spoilt.mayBeOurs {
            logger.warning("reading a backup a second time", ["name": name, "error": "\(spoilt)"])
            // The first attempt may be what has filled the disk.
            try await runBlocking { _ in try FileTree("\(directory)/1").remove() }
            return try await attempt(in: "\(directory)/2")
        }
    }

    private func attempt<Result: Sendable>(
        _ name: String, _ described: BackupDescription?, in directory: String, _ checksItself: Bool,
        _ download: () async throws -> String, _ body: (String, String) async throws -> Result
    ) async throws -> (status: SnapshotStatus, result: Result) {
        guard mkdir(directory, 0o700) == 0 else { throw DataDirectoryError.system("make directory \(directory)") }
        do {
            let file = try await download()
            let (status, made) = try await look(at: file, checksItself) { try await body(file, directory) }
            if let described, described.hash != status.hash {
                throw SpoiltBackup(
                    name: name, why: "it is not what its description says: another hash", mayBeOurs: false)
            }
            return (status, made)
        } catch let defect as SnapshotDefect {
            throw SpoiltBackup(name: name, why: "\(defect)")
        } catch let error as AWSError where error.isAbsentObject {
            throw SpoiltBackup(name: name, why: "\(error)", mayBeOurs: false, isGone: true)
        } catch let error as S3.TransferError where error.isTheObjects {
            throw SpoiltBackup(name: name, why: "\(error)")
        }
    }

    private func look<Result: Sendable>(
        at file: String, _ checksItself: Bool, while body: () async throws -> Result
    ) async throws -> (SnapshotStatus, Result) {
        async let looked = checksItself ? tools.status(of: file) : tools.verify(file)
        do {
            let made = try await body()
            return (try await looked, made)
        } catch let error where !(error is CancellationError || error is SnapshotDefect) {
            // What is wrong with the file is the reason for whatever went wrong with what was made of it.
            _ = try await tools.verify(file)
            throw error
        }
    }

    private func download(
        _ name: String, _ copies: UInt64, from store: BackupStore, into directory: String,
        _ progress: BackupStore.Progress?
    ) async throws -> String {
        let isCompressed = name.hasSuffix(".gz")
        let file = "\(directory)/backup.db" + (isCompressed ? ".gz" : "")
        // The disk may be that of an etcd that serves.
        let admit = { (bytes: UInt64) in
            // How large it is inside nothing tells that could be relied on: no smaller, at least.
            let needed = bytes * (copies + (isCompressed ? 2 : 1))
            try DiskSpace(free: try DiskSpace.freeBytes(at: directory), needed: DiskSpace.reserve + needed)
                .require(to: "read \(name)")
        }
        try await store.download(name, to: file, admit: admit, progress: progress)
        return isCompressed ? try await Gzip(configuration, spawner).decompress(file) : file
    }

    /// Why the etcd that is here must not run on it: it was made by a newer one (F22). To be waited for, until that is installed.
    private func refusal(of described: BackupDescription?) async throws -> String? {
        guard let newest = described.flatMap({ EtcdVersion($0.etcdVersion) }) else { return nil }
        return try await tools.program.version().refusal(toFollow: newest.minorText)
    }

    /// - Returns: nil where nothing readable describes it: then the hash at the file's own end has to do.
    /// - Throws: where it could not be asked for, which says nothing: it may be all that tells of a newer etcd.
    func description(of backup: Backup, in store: BackupStore) async throws -> BackupDescription? {
        do {
            return try await store.description(of: backup)
        } catch let error as ObservationError {
            logger.warning("a backup's description can't be compared with", ["name": backup.name, "error": "\(error)"])
            return nil
        }
    }
}

extension S3.TransferError {
    /// Whether what is in the bucket is at fault: the same would come again.
    fileprivate var isTheObjects: Bool {
        switch self {
        case .otherContent, .tooLarge: true
        // An object that is too short says so itself; this one did not come to its end.
        case .truncated, .unreadable, .unwritable, .fileChanged, .objectChanged, .otherPart: false
        }
    }
}
