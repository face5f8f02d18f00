/// The backups of one cluster in its bucket: `<prefix>/<name>/<generation>-<cluster ID>-<revision>-<time>.db`.

import AWS
import ClusterPlanning
import FoundationEssentials

/// Lists, writes, reads and deletes. Nothing is ever written over.
struct BackupStore: Sendable {
    let aws: AWSClient
    let place: BucketPlace
    let encryption: S3.Encryption

    /// How far something large has come, in bytes.
    typealias Progress = @Sendable (_ done: Int64, _ total: Int64) -> Void

    /// The largest database that etcd allows is far below: what is larger is none.
    static let sizeLimit: Int64 = 1 << 40

    /// What is there.
    ///
    /// - Throws: where the list could not be read to its end; never a part of it. A bucket that does not exist is an error,
    ///   and not an empty one.
    func list() async throws -> BackupsSeen {
        let objects = try await aws.all(.listObjects(under: place.backupsPrefix, in: place.bucket))
        var found = objects.map { (name: String($0.key.dropFirst(place.backupsPrefix.count)), size: $0.size) }
        if let older = try await backupOfOlderTool() { found.append((name: older, size: 0)) }
        return BackupsSeen(objects: found)
    }

    /// What etcd-aws wrote, over and over, at the very key that is our prefix. By a list, for the role need not be able to read
    /// what is not ours; of all keys with that beginning, the one that is no longer comes first.
    private func backupOfOlderTool() async throws -> String? {
        guard let key = place.olderKey else { return nil }
        let page = try await aws.send(.listObjects(under: key, in: place.bucket, pageSize: 1))
        return page.items.first?.key == key ? key : nil
    }

    /// Brings a file there under a name of its own.
    ///
    /// - Parameter approval: awaited when all of it is on the other side, and before there is anything of that name.
    /// - Throws: `AWSError`; where it is that something has this name already, nothing was written; what `approval` throws.
    func upload(
        _ file: String, as name: String, progress: Progress? = nil, once approval: S3.Approval? = nil
    ) async throws {
        _ = try await aws.upload(
            file, to: key(name), in: place.bucket,
            S3.UploadOptions(condition: .absent, encryption: encryption), progress: progress, once: approval)
    }

    /// Writes what is known of a backup.
    func describe(_ backup: Backup, _ description: BackupDescription) async throws {
        try await write(try description.json(), as: backup.descriptionName)
    }

    /// Notes what a proof has come to.
    func note(_ proof: BackupProofNote, of backup: Backup) async throws {
        try await write(try proof.json(), as: proof.refutation == nil ? backup.proofName : backup.refutationName)
    }

    private func write(_ json: [UInt8], as name: String) async throws {
        do {
            _ = try await aws.send(
                .putObject(
                    json, as: key(name), in: place.bucket, if: .absent, contentType: "application/json",
                    encryption: encryption))
        } catch let error as AWSError where error.isPreconditionFailed {
            // Somebody wrote it first, or we did, and the answer was lost: it says the same.
        }
    }

    /// - Returns: nil where there is none.
    /// - Throws: `ObservationError` where it is no description; `AWSError` where it could not be asked for.
    func description(of backup: Backup) async throws -> BackupDescription? {
        do {
            let object = try await aws.send(.getObject(key(backup.descriptionName), in: place.bucket))
            return try BackupDescription(json: object.bytes, named: backup.descriptionName)
        } catch let error as AWSError where error.isTooLarge {
            throw ObservationError("\(backup.descriptionName) is too large for a description")
        } catch let error as AWSError where error.isAbsentObject {
            return nil
        }
    }

    /// Reads a backup into a file that must not exist yet.
    ///
    /// - Parameters:
    ///   - name: as the record has it: below the prefix, or `s3://bucket/key`.
    ///   - admit: called with its bytes before any is received; what it throws ends the download.
    func download(
        _ name: String, to file: String, admit: (UInt64) throws -> Void = { _ in }, progress: Progress? = nil
    ) async throws {
        let (bucket, key) = try location(of: name)
        _ = try await aws.download(
            key, from: bucket, to: file, limit: Self.sizeLimit, admit: { try admit(UInt64(max(0, $0.size))) },
            progress: progress)
    }

    private func location(of name: String) throws -> (bucket: String, key: String) {
        guard name.hasPrefix("s3://") else { return (place.bucket, key(name)) }
        let parts = name.dropFirst(5).split(separator: "/", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { throw ObservationError("\(name) is no s3://bucket/key") }
        return (parts[0], parts[1])
    }

    /// The backup goes before nothing but its refutation: what is left by an interruption is a backup that may be restored, not a
    /// name for nothing; and none that was refuted looks as if it had not been.
    func delete(_ backups: [Backup]) async throws {
        for backup in backups {
            for name in [backup.proofName, backup.descriptionName, backup.name, backup.refutationName] {
                try await aws.send(.deleteObject(key(name), in: place.bucket))
            }
        }
    }

    private func key(_ name: String) -> String { place.backupsPrefix + name }
}
