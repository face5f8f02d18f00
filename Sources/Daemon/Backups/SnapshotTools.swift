/// Snapshots by etcd's own programs: taken from a member, looked at, turned into data.

import Etcd
import FoundationEssentials
import Glibc
import Supervision

/// Runs etcdctl and etcdutl. Each run is one child with an environment of its own, behind everything else on the machine, and
/// with an end: its deadline, or the task's cancellation, kills it before the call returns.
struct SnapshotTools: Sendable {
    let configuration: Configuration
    /// Tells which etcd is to run on what is restored.
    let program: EtcdProgram
    let spawner: Spawner
    /// How long anything may take, however little there is of it.
    var shortestDeadline = Duration.seconds(60)

    // MARK: What they do

    /// Takes a snapshot of one member's database. Needs its client port, hence a quorum since that member started.
    ///
    /// - Parameters:
    ///   - clientURL: of the member; it is spoken to with the certificate that etcd itself shows there.
    ///   - path: absolute; must not exist. It is there only once it is complete and on the disk.
    ///   - databaseBytes: how large the member's database is; from it follow the room that has to be free, and the deadline.
    ///   - progress: called now and then with what is there of so many bytes.
    /// - Throws: `SnapshotToolError`; `DataDirectoryError`, also where there is no room; `SpawnError`, `CaptureError`;
    ///   `CancellationError`. Nothing is left of the attempt then.
    func save(
        from clientURL: String, to path: String, databaseBytes: UInt64, progress: BackupStore.Progress? = nil
    ) async throws {
        try requireNothing(at: path)
        try DiskSpace(free: try DiskSpace.freeBytes(at: parent(of: path)), needed: databaseBytes)
            .require(to: "write \(path)")
        let etcdctl = try await find(.etcdctl)
        // What nothing here could look at would be read from the member for nothing.
        _ = try await fileTool()
        let limit = deadline(for: databaseBytes)
        // Ended with this call, however it ends.
        async let _: Void = watch(Self.draftOfSave(path), of: Int64(databaseBytes), progress)
        do {
            _ = try await run(
                etcdctl,
                SnapshotTool.saveArguments(
                    endpoint: clientURL, to: path, within: Int(limit.components.seconds),
                    as: credentials(for: clientURL)),
                within: limit + Self.lastWordsTake)
            try await runBlocking { _ in
                try syncFile(path)
                try syncDirectory(parent(of: path))
            }
        } catch {
            for leftover in [path, Self.draftOfSave(path)] { unlink(leftover) }
            throw error
        }
    }

    /// Takes a snapshot that stays here, and verifies it before it has its name.
    ///
    /// - Parameters:
    ///   - path: absolute; must not exist.
    ///   - databaseBytes: as with `save`, and `progress`, too.
    /// - Throws: as `save` and `verify`. Nothing is left of the attempt then, but where the process was killed: beside `path`, under
    ///   a name that says that it was not verified.
    func saveVerified(
        from clientURL: String, to path: String, databaseBytes: UInt64, progress: BackupStore.Progress? = nil
    ) async throws -> SnapshotStatus {
        try requireNothing(at: path)
        let draft = "\(path).unverified-\(randomHex(4))"
        do {
            try await save(from: clientURL, to: draft, databaseBytes: databaseBytes, progress: progress)
            let status = try await verify(draft)
            try requireNothing(at: path)
            try await runBlocking { _ in
                guard rename(draft, path) == 0 else { throw DataDirectoryError.system("rename \(draft)") }
                try syncDirectory(parent(of: path))
            }
            return status
        } catch {
            unlink(draft)
            throw error
        }
    }

    /// Where etcdctl writes until it has everything.
    private static func draftOfSave(_ path: String) -> String { path + ".part" }

    /// etcdctl itself is silent until it is done.
    private func watch(_ path: String, of total: Int64, _ progress: BackupStore.Progress?) async {
        guard let progress else { return }
        progress(0, total)
        while (try? await Task.sleep(for: .milliseconds(200))) != nil {
            // It is not there yet, or not any more.
            if let bytes = try? SnapshotFile(path: path).bytes() { progress(Int64(bytes), total) }
        }
    }

    /// What a snapshot holds.
    ///
    /// - Throws: `SnapshotToolError`; `ToolOutputError`; `DataDirectoryError`; `SpawnError`, `CaptureError`; `CancellationError`.
    func status(of path: String) async throws -> SnapshotStatus {
        let bytes = try SnapshotFile(path: path).bytes()
        let output = try await run(
            try await fileTool(), SnapshotTool.statusArguments(of: path), within: deadline(for: bytes))
        return try SnapshotStatus(json: output.standardOutput)
    }

    /// Whether a snapshot is whole, by the hash at its end, and then by etcd's own program, and what it holds. One after the other:
    /// a damaged number may have the program look for pages without end, and that is nothing to begin beside an etcd that serves.
    ///
    /// - Throws: `SnapshotDefect` where it is not; anything else, as `status(of:)`, where that is not known.
    func verify(_ path: String) async throws -> SnapshotStatus {
        try await runBlocking { try SnapshotFile(path: path).check(unless: $0) }
        do {
            return try await status(of: path)
        } catch {
            try await Self.blameFile(path, {}, for: error)
            throw error
        }
    }

    /// The same, with something done beside it as soon as it is known what the snapshot holds: each reads all of it, and there is
    /// more than one processor.
    ///
    /// - Parameter body: gets what the snapshot holds, and a function that returns once it is known to be whole.
    /// - Returns: what `body` does, and that only where the snapshot is whole.
    func verify<Result>(
        _ path: String, while body: (SnapshotStatus, _ isWhole: @escaping Verdict) async throws -> Result
    ) async throws -> Result {
        let looking = Task { try await status(of: path) }
        let reading = Task {
            do {
                try await runBlocking { try SnapshotFile(path: path).check(unless: $0) }
            } catch {
                // Whatever the program is still looking for, it is not there.
                looking.cancel()
                throw error
            }
        }
        let isWhole: Verdict = { try await reading.value }
        return try await withTaskCancellationHandler {
            do {
                let result = try await body(try await status(looking, of: path, isWhole), isWhole)
                try await isWhole()
                return result
            } catch {
                looking.cancel()
                reading.cancel()
                _ = (await looking.result, await reading.result)
                throw error
            }
        } onCancel: {
            looking.cancel()
            reading.cancel()
        }
    }

    /// Returns where the verdict is good, and throws it where it is not.
    typealias Verdict = @Sendable () async throws -> Void

    private func status(
        _ looking: Task<SnapshotStatus, any Error>, of path: String, _ isWhole: Verdict
    ) async throws -> SnapshotStatus {
        do {
            return try await looking.value
        } catch {
            try await Self.blameFile(path, isWhole, for: error)
            throw error
        }
    }

    /// Turns a snapshot into the data of a cluster of one member.
    ///
    /// The data are made beside their place, brought to the disk and then renamed, so that an interrupted restoration leaves
    /// nothing that looks like data. What an earlier one has left is removed first.
    ///
    /// - Parameters:
    ///   - path: of the snapshot, absolute.
    ///   - directory: absolute; must not exist, but the one above it must. The data are in `member` below it.
    ///   - peerURL: which address the member has in its list.
    ///   - token: makes the cluster's ID its own.
    ///   - revisionBump: by how much the revisions are raised, with all before marked as compacted; nil: not at all.
    ///   - isUrgent: whether a cluster waits for it, so that it does not stand behind everything else.
    /// - Returns: whether the revisions were raised, which not every version does.
    /// - Throws: `SnapshotDefect` where the file is not whole, or etcd's program can make nothing of it; `SnapshotToolError`;
    ///   `DataDirectoryError`, also where there is no room; `SpawnError`, `CaptureError`; `CancellationError`. Nothing is left of
    ///   the attempt then.
    @discardableResult func restore(
        _ path: String, into directory: String, name: String, peerURL: String, token: String,
        bumpingRevisionsBy revisionBump: UInt64? = nil, isUrgent: Bool = false
    ) async throws -> Bool {
        try requireNothing(at: directory)
        let bytes = try SnapshotFile(path: path).bytes()
        try DiskSpace(free: try DiskSpace.freeBytes(at: parent(of: directory)), needed: bytes)
            .require(to: "restore \(path)")
        let found = try await fileTool()
        let draft = Self.draft(of: directory)
        let restoration = SnapshotTool.Restoration(
            file: path, dataDirectory: draft, name: name, peerURL: peerURL, token: token, revisionBump: revisionBump)
        do {
            try await remove(draft)
            _ = try await run(
                found, found.tool.restoreArguments(restoration, version: found.version),
                within: deadline(for: bytes), isUrgent: isUrgent)
            try await complete(draft, as: directory)
        } catch {
            // The error that counts is the first one; what stays in spite of that is removed by the next attempt.
            try? await remove(draft)
            try await Self.blameFile(
                path, { try await runBlocking { try SnapshotFile(path: path).check(unless: $0) } }, for: error)
            throw error
        }
        return (revisionBump ?? 0) > 0 && found.tool.bumpsRevisions(found.version)
    }

    /// The hash over all keys of a member. It reads all of them.
    ///
    /// - Parameters:
    ///   - revision: up to which; zero: the last.
    ///   - databaseBytes: how large its database is, for the deadline.
    /// - Throws: `SnapshotToolError`, also where that revision has been compacted or etcd wants a user; `ToolOutputError`;
    ///   `SpawnError`, `CaptureError`; `CancellationError`.
    func hashKV(
        of clientURL: String, revision: Int64, databaseBytes: UInt64
    ) async throws -> EtcdHashKV {
        let limit = deadline(for: databaseBytes)
        let arguments = SnapshotTool.hashArguments(
            endpoint: clientURL, revision: revision, within: Int(limit.components.seconds),
            as: credentials(for: clientURL))
        let output = try await run(try await find(.etcdctl), arguments, within: limit + Self.lastWordsTake)
        return try EtcdHashKV(json: output.standardOutput)
    }

    /// How long something may take that reads or writes so much, on a disk that is busy with better things.
    func deadline(for bytes: UInt64) -> Duration { shortestDeadline + .seconds(Int64(min(bytes, 1 << 50) / 4_000_000)) }

    /// A program that knows its own limit says what it was waiting for, if it is given the time.
    private static let lastWordsTake = Duration.seconds(10)

    /// Where the data of `directory` are made.
    static func draft(of directory: String) -> String { directory + ".new" }

    // MARK: Finding them

    /// One of the programs on this machine.
    private struct Found: Sendable {
        var tool: SnapshotTool
        var path: String
        var version: EtcdVersion
    }

    /// - Throws: `SnapshotToolError.missing`; `SnapshotToolError.failed` where it tells no version.
    private func find(_ tool: SnapshotTool) async throws -> Found {
        guard let path = locate(tool) else {
            throw SnapshotToolError.missing(
                """
                no \(tool.rawValue) is beside \(configuration.etcd) or in PATH (\(searchPath)): install it, in the version \
                of etcd itself
                """)
        }
        let command = Supervision.Command(path, SnapshotTool.versionArguments, environment: environment(of: tool, nil))
        let output = try await spawner.capture(command, deadline: .seconds(10))
        guard output.status.isSuccess, let version = tool.version(inOutput: output.text) else {
            throw SnapshotToolError.failed(command.description, output.status, "it tells no version")
        }
        return Found(tool: tool, path: path, version: version)
    }

    /// The program that handles files here. It is no newer than etcd itself, which might not take what that has made.
    private func fileTool() async throws -> Found {
        let etcd = try await program.version()
        var seen: [String] = []
        for tool in [SnapshotTool.etcdutl, .etcdctl] where locate(tool) != nil {
            let found = try await find(tool)
            let isNewer = (found.version.major, found.version.minor) > (etcd.major, etcd.minor)
            if tool.handlesFiles(found.version), !isNewer { return found }
            seen.append("\(found.path) is of version \(found.version)")
        }
        let wanted = etcd.isAtLeast(3, 5) ? SnapshotTool.etcdutl : .etcdctl
        let others = seen.isEmpty ? "" : "; \(seen.joined(separator: ", "))"
        throw SnapshotToolError.missing(
            """
            no program that reads snapshots for etcd \(etcd) is beside \(configuration.etcd) or in PATH \
            (\(searchPath))\(others): install \(wanted.rawValue) \(etcd)
            """)
    }

    private func locate(_ tool: SnapshotTool) -> String? {
        // Why one is not to be run matters to nobody if the next is; that none is, is told by the callers.
        try? findExecutable(tool.rawValue, searchPath: searchPath)
    }

    /// What belongs to etcd lies beside it, be it in PATH or not.
    private var searchPath: String {
        // That etcd itself is not to be found is told by whoever starts it.
        guard let etcd = try? findExecutable(configuration.etcd, searchPath: path) else { return path }
        return "\(parent(of: etcd)):\(path)"
    }

    private var path: String {
        configuration.environment["PATH"] ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    }

    // MARK: Running them

    /// - Throws: `SnapshotToolError.failed` for any end but success.
    ///
    /// - Parameter isUrgent: whether somebody waits for it, so that it does not stand behind everything else.
    private func run(
        _ found: Found, _ arguments: [String], within limit: Duration, isUrgent: Bool = false
    ) async throws -> CapturedOutput {
        let command = Supervision.Command(
            found.path, arguments, environment: environment(of: found.tool, found.version))
        let output = try await spawner.capture(
            isUrgent ? command : try await LowPriority(spawner: spawner).lower(command), deadline: limit)
        guard output.status.isSuccess else {
            throw SnapshotToolError.failed(command.description, output.status, Self.lastWords(output))
        }
        return output
    }

    /// What a program needs to run, and nothing of the operator's: a variable `ETCDCTL_*` would change what is done.
    private func environment(of tool: SnapshotTool, _ version: EtcdVersion?) -> [String: String] {
        var environment = tool.environment(for: version)
        environment["PATH"] = path
        environment["HOME"] = configuration.environment["HOME"]
        return environment
    }

    /// As whom a member is spoken to: with the certificate that etcd itself shows, where there is TLS at all.
    private func credentials(for clientURL: String) -> SnapshotTool.Credentials {
        guard clientURL.hasPrefix("https:") else { return SnapshotTool.Credentials() }
        let settings = configuration.etcdSettings
        return SnapshotTool.Credentials(
            caFile: settings.trustedCAFile, certificateFile: settings.certificateFile, keyFile: settings.keyFile)
    }

    /// The line with which it gave up; a log may stand before it and a trace behind.
    private static func lastWords(_ output: CapturedOutput) -> String {
        let lines = String(decoding: output.standardError, as: UTF8.self).split(whereSeparator: \.isNewline)
        let severe = lines.first { line in ["Error:", "panic:", "fatal error:"].contains(where: line.hasPrefix) }
        return String((severe ?? lines.last ?? "").prefix(300))
    }

    // MARK: Files

    private func requireNothing(at path: String) throws {
        precondition(path.hasPrefix("/"), "a relative path may read as a flag")
        var status = stat()
        guard lstat(path, &status) != 0, errno == ENOENT else { throw SnapshotToolError.exists(path) }
    }

    private func complete(_ draft: String, as directory: String) async throws {
        try await runBlocking { isCancelled in
            try FileTree(draft).sync()
            if isCancelled() { throw CancellationError() }
            guard rename(draft, directory) == 0 else { throw DataDirectoryError.system("rename \(draft)") }
            try syncDirectory(parent(of: directory))
        }
    }

    private func remove(_ path: String) async throws {
        try await runBlocking { _ in try FileTree(path).remove() }
    }
}

/// Why one of etcd's programs did not do what it was to do.
enum SnapshotToolError: Error, Equatable, CustomStringConvertible {
    /// It has to be installed first; a sentence that says what.
    case missing(String)
    /// It ran, and failed; with the line in which it says why.
    case failed(String, ExitStatus, String)
    /// Something is where the result was to be.
    case exists(String)

    var description: String {
        switch self {
        case .missing(let sentence): sentence
        case .failed(let command, let status, let words): "\(command) \(status)\(words.isEmpty ? "" : ": \(words)")"
        case .exists(let path): "\(path) is there already"
        }
    }
}

/// The directory that something is in; of an absolute path.
func parent(of path: String) -> String {
    let parts = path.split(separator: "/")
    return "/" + parts.dropLast().joined(separator: "/")
}
