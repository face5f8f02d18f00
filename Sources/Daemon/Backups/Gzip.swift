/// Compression by the machine's own gzip.

import FoundationEssentials
import Supervision

/// Compresses and decompresses files, behind everything else on the machine.
struct Gzip: Sendable {
    private let environment: [String: String]
    private let spawner: Spawner
    /// How many bytes are free where a path lies.
    var freeBytes: @Sendable (_ path: String) throws -> UInt64 = { try DiskSpace.freeBytes(at: $0) }

    init(_ configuration: Configuration, _ spawner: Spawner) {
        environment = [
            "PATH": configuration.environment["PATH"] ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        ]
        self.spawner = spawner
    }

    /// - Returns: the path of the compressed file, beside the other, which stays.
    func compress(_ path: String) async throws -> String {
        // The fastest level: a database compresses well by any, and the machine is etcd's.
        try await run(["-1", "--keep", "--no-name", path], path, bytes: try SnapshotFile(path: path).bytes())
        return path + ".gz"
    }

    /// - Parameter path: ends in `.gz`.
    /// - Returns: the path without that; the compressed file is gone.
    /// - Throws: `SnapshotDefect.unreadable` where it is no such file, or a damaged one; `DataDirectoryError`, also where all of it
    ///   would leave too little room on the disk; `SpawnError`, `CaptureError`; `CancellationError`. What was written stays then.
    func decompress(_ path: String) async throws -> String {
        // A database that is mostly empty pages may grow fifty times.
        let bytes = 50 * (try SnapshotFile(path: path).bytes())
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await run(["--decompress", path], path, bytes: bytes) }
            group.addTask { try await watchRoom(for: path) }
            defer { group.cancelAll() }
            try await group.next()
        }
        return String(path.dropLast(3))
    }

    /// Nothing tells beforehand how much comes out, and the disk may be that of an etcd that serves.
    ///
    /// - Throws: where too little is left. Returns by nothing else but cancellation, which it throws, too.
    private func watchRoom(for path: String) async throws {
        while true {
            try DiskSpace(free: try freeBytes(parent(of: path)), needed: DiskSpace.reserve)
                .require(to: "decompress \(path)")
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    /// What gzip says where the content is at fault, GNU's and busybox's. Anything else may be the machine's.
    private static let complaintsOfContent = [
        "not in gzip format", "unexpected end of file", "invalid compressed data", "unknown method", "flags",
        "multi-part", "encrypted", "header checksum", "trailing garbage", "corrupt", "crc error", "length error",
        "invalid magic", "invalid gzip magic",
    ]

    /// - Parameter bytes: how large what is read or written may be, for the deadline.
    private func run(_ arguments: [String], _ path: String, bytes: UInt64) async throws {
        let gzip = try findExecutable("gzip", searchPath: environment["PATH"] ?? "")
        let command = try await LowPriority(spawner: spawner)
            .lower(Supervision.Command(gzip, arguments, environment: environment))
        let output = try await spawner.capture(command, deadline: .seconds(60) + .seconds(Int64(bytes / 1_000_000)))
        guard !output.status.isSuccess else { return }
        let words = String(decoding: output.standardError.prefix(300), as: UTF8.self)
        guard case .exited = output.status, complains(words, of: Self.complaintsOfContent, naming: path) else {
            throw DataDirectoryError("run gzip on \(path)", "it \(output.status)\(words.isEmpty ? "" : ": \(words)")")
        }
        throw SnapshotDefect.unreadable(path: path, words)
    }
}
