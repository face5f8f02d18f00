/// Compression by the machine's own gzip.

import FoundationEssentials
import Supervision

/// Compresses and decompresses files, behind everything else on the machine.
struct Gzip: Sendable {
    private let environment: [String: String]
    private let spawner: Spawner

    init(_ configuration: Configuration, _ spawner: Spawner) {
        environment = [
            "PATH": configuration.environment["PATH"] ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        ]
        self.spawner = spawner
    }

    /// - Returns: the path of the compressed file, beside the other, which stays.
    func compress(_ path: String) async throws -> String {
        // The fastest level: a database compresses well by any, and the machine is etcd's.
        try await run(["-1", "--keep", "--no-name", path], path)
        return path + ".gz"
    }

    /// - Parameter path: ends in `.gz`.
    /// - Returns: the path without that; the compressed file is gone.
    /// - Throws: `SnapshotDefect.unreadable` where it is no such file, or a damaged one.
    func decompress(_ path: String) async throws -> String {
        try await run(["--decompress", path], path)
        return String(path.dropLast(3))
    }

    private static let faultsOfTheMachine = [
        "No space left", "Permission denied", "Input/output error", "Read-only file system", "Disk quota exceeded",
        "File too large", "Cannot allocate",
    ]

    private func run(_ arguments: [String], _ path: String) async throws {
        let bytes = try SnapshotFile(path: path).bytes()
        let gzip = try findExecutable("gzip", searchPath: environment["PATH"] ?? "")
        let command = try await LowPriority(spawner: spawner)
            .lower(Supervision.Command(gzip, arguments, environment: environment))
        let output = try await spawner.capture(command, deadline: .seconds(60) + .seconds(Int64(bytes / 1_000_000)))
        guard !output.status.isSuccess else { return }
        let words = String(decoding: output.standardError.prefix(300), as: UTF8.self)
        // Only what gzip says of the content is the file's fault; a full disk, or whoever killed it, is another's.
        guard case .exited = output.status, !Self.faultsOfTheMachine.contains(where: words.contains) else {
            throw DataDirectoryError("run gzip on \(path)", "it \(output.status)\(words.isEmpty ? "" : ": \(words)")")
        }
        throw SnapshotDefect.unreadable(path: path, words)
    }
}
