/// A backup becomes the data of this disk: what recovery comes to where no disk holds anything.

import ClusterPlanning
import FoundationEssentials
import Glibc

/// Has a backup read, has etcd's program make data of it, and puts them in their place.
///
/// No etcd may run. All of it may be repeated from the beginning, wherever it broke off: the stamp says so until its generation
/// is raised, which is what ends it.
struct Restorer: Sendable {
    let directory: DataDirectory
    let scratch: Scratch
    let reader: BackupReader
    let stamp: StampKeeper
    let logger: Logger
    /// Called after each step; an error ends the attempt.
    var reached: @Sendable (Step) async throws -> Void = { _ in }

    enum Step: Equatable, Sendable, CustomStringConvertible {
        case downloaded(bytes: UInt64)
        case verified(revision: Int64)
        /// The data are made, beside their place.
        case made
        /// The stamp says that what is here is being replaced.
        case announced
        case cleared(SetAside?)
        case placed
        case stamped

        var description: String {
            switch self {
            case .downloaded(let bytes): "\(megabytes(bytes)) are here"
            case .verified(let revision): "it is whole, up to revision \(revision)"
            case .made: "etcd's data are made of it"
            case .announced: "the stamp says that the data are being replaced"
            case .cleared(let place): place.map { "what was here is at \($0)" } ?? "nothing was here"
            case .placed: "the data are in their place"
            case .stamped: "the stamp says what they are"
            }
        }
    }

    /// How far revisions are raised, where the version can: clients that watch must not take what comes after the restore for
    /// what they have seen before it. https://etcd.io/docs/v3.5/op-guide/recovery/#restoring-with-revision-bump
    private static let revisionBump: UInt64 = 1_000_000_000

    /// - Parameters:
    ///   - launch: of the kind `restore`, with its generation.
    ///   - backup: what the list says of it; nil of one that is not ours.
    /// - Throws: `SpoiltBackup` where another backup has to do; anything else where this one may do the next time.
    func run(
        _ launch: Launch, from store: BackupStore, _ backup: Backup?, progress: BackupStore.Progress? = nil
    ) async throws {
        guard case .restore(let name, let token) = launch.kind else { preconditionFailure("this is no restoration") }
        if let backup, backup.isRefuted {
            logger.error("this backup's proof has failed, and it is all that there is to restore", ["name": name])
        } else if let backup, !backup.isProven {
            logger.warning("this backup was never proven; it is restored all the same", ["name": name])
        }
        try await scratch.with { directory in
            let (status, data) = try await reader.read(
                name, backup, from: store, into: directory, progress, copies: 1, checksItself: true
            ) { file, own in
                try await reached(.downloaded(bytes: try SnapshotFile(path: file).bytes()))
                return try await make(of: file, in: "\(own)/restored", launch, token)
            }
            try await reached(.verified(revision: status.revision))
            try await place("\(data)/member", launch)
        }
    }

    /// - Returns: where etcd's data are.
    private func make(of file: String, in data: String, _ launch: Launch, _ token: String) async throws -> String {
        let isRaised = try await reader.tools.restore(
            file, into: data, name: launch.identity.instance.rawValue,
            peerURL: launch.identity.peerURL.description, token: token, bumpingRevisionsBy: Self.revisionBump,
            isUrgent: true)
        if !isRaised { logger.info("revisions go on from the backup's: this etcd can't raise them") }
        try await reached(.made)
        return data
    }

    private func place(_ data: String, _ launch: Launch) async throws {
        // From here on until the stamp is raised, nothing that is found here counts as data.
        try await stamp.note { stamp in
            stamp.carriedInto = launch.generation
            stamp.started = false
        }
        try await reached(.announced)
        try await reached(.cleared(try clear()))
        try directory.place(data)
        try await reached(.placed)
        try await stamp.restored(by: launch)
        try await reached(.stamped)
    }

    private func clear() throws -> SetAside? {
        if case .data = directory.observe(making: false) {
            // It does not come back from anybody: no room is kept for it.
            return try directory.setAside(reason: "before-restore", time: secondsNow(), keepingRoom: false)
        }
        return try directory.setIncompleteAside(time: secondsNow())
    }
}

extension DataDirectory {
    /// Puts data into the place of etcd's, where nothing is.
    ///
    /// - Parameter data: a directory on the same file system.
    func place(_ data: String) throws(DataDirectoryError) {
        guard try !exists(path + "/member") else { throw DataDirectoryError("place \(data)", "something is there") }
        guard rename(data, path + "/member") == 0 else { throw .system("rename \(data)") }
        try syncDirectory(path)
    }
}
