/// A backup is worth what comes back from it: a snapshot is restored beside everything, started, and compared with its source.

import Etcd
import FoundationEssentials
import HTTP
import Supervision
import Synchronization

/// What was seen at the snapshot's source, to be found again in what is restored.
struct SnapshotExpectation: Sendable, Equatable {
    /// At which revision both were taken: the snapshot's own.
    var revision: Int64
    var keyCount: Int64?
    var hash: EtcdHashKV?
}

extension SnapshotExpectation {
    /// As it was written down beside a backup; nil: nothing was.
    init(_ revision: Int64, _ description: BackupDescription?) {
        self.init(revision: revision, keyCount: description?.keys)
        if let hash = description?.keysHash, let compactRevision = description?.compactRevision {
            self.hash = EtcdHashKV(hash: hash, compactRevision: compactRevision, currentRevision: revision)
        }
    }
}

/// What a proof has come to.
enum ProofOutcome: Sendable, Equatable {
    case proven(ProofFinding)
    /// What came back is not what was saved, or etcd can't run on it.
    case refuted(String)
    /// There is too little room beside the data for a second copy. It says nothing of the snapshot.
    case notEnoughRoom(free: UInt64, needed: UInt64)
}

/// What an etcd on the restored data said.
struct ProofFinding: Sendable, Equatable {
    /// Of the store, right after the start.
    var revision: Int64
    /// At the snapshot's revision, as the hash is; nil where etcd has users, and we are none.
    var keyCount: Int64?
    var hash: EtcdHashKV?
    /// Whether the hash was compared with that of the source: nothing follows from hashes of differently compacted stores.
    var isHashCompared = false
}

/// Proves snapshots, one after the other. Everything that is made for it lies in directories of their own, which are removed
/// whatever happens; those of a proof that ended with our own process are removed by `clean`.
///
/// Its etcd listens on loopback alone, behind everything else on the machine. No child record names it: that is the serving
/// etcd's, which runs beside it. When we end, the kernel ends it with us.
struct SnapshotProof: Sendable {
    private let tools: SnapshotTools
    private let program: EtcdProgram
    private let spawner: Spawner
    private let http: any HTTPClient
    /// Shared by the copies of one value.
    private let turn = ProofTurn()

    /// - Parameter http: for plain HTTP on loopback, past any proxy.
    init(tools: SnapshotTools, program: EtcdProgram, spawner: Spawner, http: any HTTPClient) {
        self.tools = tools
        self.program = program
        self.spawner = spawner
        self.http = http
    }

    private static let prefix = "snapshot-proof-"
    /// The log of a new member, and what the etcd that serves may write while it runs: the disk is that one's.
    private static let margin = 64 << 20 + DiskSpace.reserve
    private static let member = "proof"
    /// It is never dialled: a member that is alone dials nobody.
    private static let peerURL = "http://127.0.0.1:2380"

    /// - Parameters:
    ///   - path: of a snapshot that has been verified, absolute.
    ///   - status: what that verification has shown.
    ///   - expected: what its source said of itself; nil: there is only the snapshot's own word.
    ///   - parent: an absolute path of a directory in which we alone prove snapshots; twice the snapshot has to fit there.
    /// - Throws: whatever kept us from finding out: `ProofBusy`; `SnapshotToolError`; `LoopbackEtcdError`;
    ///   `DataDirectoryError`; `SpawnError` and the like; `CancellationError`. It says nothing of the snapshot.
    func run(
        _ path: String, status: SnapshotStatus, expecting expected: SnapshotExpectation?, under parent: String
    ) async throws -> ProofOutcome {
        guard turn.take() else { throw ProofBusy() }
        defer { turn.giveBack() }
        try await Self.clean(under: parent)
        let bytes = try SnapshotFile(path: path).bytes()
        let space = DiskSpace(free: try DiskSpace.freeBytes(at: parent), needed: 2 * bytes + Self.margin)
        guard space.free >= space.needed else { return .notEnoughRoom(free: space.free, needed: space.needed) }
        do {
            let outcome = try await restoreAndCompare(path, bytes: bytes, status, expected, under: parent)
            try await Self.clean(under: parent)
            return outcome
        } catch {
            // The error that counts is the first one; what stays in spite of that is removed by the next proof.
            try? await Self.clean(under: parent)
            // It was whole a moment ago: if its bytes are not the same any more, that is this machine's disk.
            if case SnapshotDefect.unreadable? = error as? SnapshotDefect { return .refuted("\(error)") }
            throw error
        }
    }

    /// Removes what proofs have left below `parent`. To be called before anything else is done there, and while none runs.
    ///
    /// - Throws: `DataDirectoryError`. Takes no notice of cancellation.
    static func clean(under parent: String) async throws {
        try await runBlocking { _ in
            let names: [String]
            do {
                names = try FileManager.default.contentsOfDirectory(atPath: parent)
            } catch {
                throw DataDirectoryError("list \(parent)", "\(error)")
            }
            for name in names where name.hasPrefix(prefix) { try FileTree("\(parent)/\(name)").remove() }
        }
    }

    private func restoreAndCompare(
        _ path: String, bytes: UInt64, _ status: SnapshotStatus, _ expected: SnapshotExpectation?, under parent: String
    ) async throws -> ProofOutcome {
        // Another one each time: an etcd that is still about to end writes into none but its own.
        let scratch = "\(parent)/\(Self.prefix)\(UUID().uuidString)"
        let restoration = SnapshotTool.Restoration(
            file: path, dataDirectory: scratch, name: Self.member, peerURL: Self.peerURL, token: "\(Self.prefix)token")
        try await tools.restore(
            path, into: scratch, name: restoration.name, peerURL: restoration.peerURL, token: restoration.token)
        do {
            let finding = try await look(at: restoration, bytes: bytes, revision: status.revision)
            return finding.compared(with: status, expected)
        } catch let error as LoopbackEtcdError {
            guard let words = error.corruption else { throw error }
            return .refuted("etcd can't run on what was restored: \(words)")
        }
    }

    /// Starts etcd on the restored data and asks it, as long as it takes to read them.
    private func look(
        at restoration: SnapshotTool.Restoration, bytes: UInt64, revision: Int64
    ) async throws -> ProofFinding {
        let etcd = LoopbackEtcd(
            directory: DataDirectory(restoration.dataDirectory), program: program, spawner: spawner, http: http,
            stopTimeout: .seconds(15), isForwarded: false)
        let start: (LoopbackPorts) async throws -> Supervision.Command = { try await command(for: restoration, on: $0) }
        return try await etcd.run(within: tools.deadline(for: bytes), as: start) { etcd in
            let status = try await etcd.poll("it leads") {
                let status = try await etcd.client.status()
                return status.isLeader ? status : nil
            }
            return try await finding(etcd.client, status.revision, at: revision, bytes: bytes)
        }
    }

    private func command(
        for restoration: SnapshotTool.Restoration, on ports: LoopbackPorts
    ) async throws -> Supervision.Command {
        var command = try await program.command(proving: restoration, in: restoration.dataDirectory, on: ports)
        command.executable = try findExecutable(command.executable, searchPath: command.environment["PATH"] ?? "")
        return try await LowPriority(spawner: spawner).lower(command)
    }

    private func finding(
        _ client: EtcdClient, _ current: Int64, at revision: Int64, bytes: UInt64
    ) async throws -> ProofFinding {
        var finding = ProofFinding(revision: current)
        // A store that stands before it can't be asked about it; that it does is what the comparison tells.
        guard current >= revision else { return finding }
        do {
            finding.keyCount = try await client.keyCount(revision: revision, deadline: .seconds(60))
        } catch let error as EtcdError where error.isUnauthenticated || error.isPermissionDenied {
            return finding
        } catch let error as EtcdError where error.isCompacted {
            // The last change was a deletion, and has been compacted away: the store stands behind what is left of it.
            finding.keyCount = try await client.keyCount(deadline: .seconds(60))
            finding.hash = try await hash(client, at: 0, bytes: bytes)
            return finding
        }
        finding.hash = try await hash(client, at: revision, bytes: bytes)
        return finding
    }

    private func hash(_ client: EtcdClient, at revision: Int64, bytes: UInt64) async throws -> EtcdHashKV {
        try await tools.hashKV(of: client.endpoint, revision: revision, databaseBytes: bytes)
    }
}

private final class ProofTurn: Sendable {
    private let isTaken = Mutex(false)

    /// False where somebody has it.
    func take() -> Bool {
        isTaken.withLock { isTaken in
            defer { isTaken = true }
            return !isTaken
        }
    }

    func giveBack() { isTaken.withLock { $0 = false } }
}

/// Another proof is running; each takes a copy's room and a disk's time.
struct ProofBusy: Error, Equatable, CustomStringConvertible {
    var description: String { "another snapshot is being proved" }
}

extension ProofFinding {
    /// - Returns: `refuted` with the first difference, else `proven`.
    func compared(with status: SnapshotStatus, _ expected: SnapshotExpectation?) -> ProofOutcome {
        // It may be ahead, never behind: a deletion that was compacted away still counts, and a lease that ran out since the
        // start deletes its keys.
        guard revision >= status.revision else {
            return .refuted("the restored store is at revision \(revision), and the snapshot at \(status.revision)")
        }
        var finding = self
        guard let expected, expected.revision == status.revision else { return .proven(finding) }
        if let found = keyCount, let wanted = expected.keyCount, found != wanted {
            return .refuted("there are \(found) keys at revision \(expected.revision) where the source had \(wanted)")
        }
        if let found = hash, let wanted = expected.hash, found.compactRevision == wanted.compactRevision {
            guard found.hash == wanted.hash else {
                return .refuted(
                    "the keys' hash at revision \(expected.revision) is \(found.hash), and the source's was \(wanted.hash)"
                )
            }
            finding.isHashCompared = true
        }
        return .proven(finding)
    }
}
