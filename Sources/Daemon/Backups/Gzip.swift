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

    /// How many bytes will come out, at least as far as anything tells: nothing in a compressed file does.
    ///
    /// - Parameters:
    ///   - bytes: of the compressed file.
    ///   - described: what was written down beside it, which counts only where it can be so: no file grows by more
    ///     (https://zlib.net/zlib_tech.html), and hardly one by less.
    static func bytes(inside bytes: UInt64, described: Int64?) -> UInt64 {
        min(max(bytes, UInt64(max(0, described ?? 0))), bytes * 1032)
    }

    /// - Parameters:
    ///   - path: ends in `.gz`.
    ///   - reserve: how many bytes have to stay free on its disk.
    /// - Returns: the path without that; the compressed file is gone.
    /// - Throws: `SnapshotDefect.unreadable` where it is no such file, or a damaged one; `DataDirectoryError`, also where all of it
    ///   would leave too little room on the disk; `SpawnError`, `CaptureError`; `CancellationError`. What was written stays then.
    func decompress(_ path: String, leaving reserve: UInt64 = DiskSpace.reserve) async throws -> String {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await run(["--decompress", path], path) }
            group.addTask { try await watch(reserve, at: path) }
            defer { group.cancelAll() }
            try await group.next()
        }
        return String(path.dropLast(3))
    }

    /// Nothing tells beforehand how much comes out, and the disk may be that of an etcd that serves.
    ///
    /// - Throws: where too little is left. Returns by nothing else but cancellation, which it throws, too.
    private func watch(_ reserve: UInt64, at path: String) async throws {
        let directory = String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
        while true {
            try DiskSpace(free: try DiskSpace.freeBytes(at: directory), needed: reserve)
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

    private func run(_ arguments: [String], _ path: String) async throws {
        let bytes = try SnapshotFile(path: path).bytes()
        let gzip = try findExecutable("gzip", searchPath: environment["PATH"] ?? "")
        let command = try await LowPriority(spawner: spawner)
            .lower(Supervision.Command(gzip, arguments, environment: environment))
        let output = try await spawner.capture(command, deadline: .seconds(60) + .seconds(Int64(bytes / 1_000_000)))
        guard !output.status.isSuccess else { return }
        let words = String(decoding: output.standardError.prefix(300), as: UTF8.self)
        guard case .exited = output.status, Self.complaintsOfContent.contains(where: words.contains) else {
            throw DataDirectoryError("run gzip on \(path)", "it \(output.status)\(words.isEmpty ? "" : ": \(words)")")
        }
        throw SnapshotDefect.unreadable(path: path, words)
    }
}
