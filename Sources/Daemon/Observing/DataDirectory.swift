/// The data directory: what it holds, and the stamp in it.

import ClusterPlanning
import FoundationEssentials
import Glibc

/// One data directory of etcd. Looks and writes; what follows from a look is decided elsewhere.
package struct DataDirectory: Sendable {
    package let path: String
    /// Whether it is worth nothing unless something is mounted there, be it now or later (F18).
    package let requiresMount: Bool

    package init(_ path: String, requiresMount: Bool = false) {
        self.path = path
        self.requiresMount = requiresMount
    }

    private var stampPath: String { path + "/etcd-cluster.json" }

    /// Makes the directory where it is missing, for our eyes only, as etcd wants it.
    ///
    /// - Throws: `DataDirectoryError` where it can't be made or written to.
    package func prepare() throws(DataDirectoryError) {
        try make(path)
        guard access(path, R_OK | W_OK | X_OK) == 0 else { throw .system("use directory \(path)") }
    }

    /// Makes a directory and those above it. By hand: FileManager's errors say what failed in a page of its own insides,
    /// in another order each time.
    private func make(_ directory: String) throws(DataDirectoryError) {
        if mkdir(directory, 0o700) == 0 { return }
        var status = stat()
        if errno == EEXIST, stat(directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return }
        let parent = directory.split(separator: "/", omittingEmptySubsequences: true).dropLast().joined(separator: "/")
        if errno == ENOENT, !parent.isEmpty {
            try make(directory.hasPrefix("/") ? "/\(parent)" : parent)
            if mkdir(directory, 0o700) == 0 { return }
        }
        throw .system("make directory \(directory)")
    }

    /// What is there now: a volume may have been mounted over it since the last look. A directory that can't be read is not an
    /// empty one.
    ///
    /// - Parameter making: whether a missing directory is made; else it counts as an empty one.
    package func observe(making: Bool = true) -> Disk {
        do {
            if requiresMount, try !isMounted() { return .unusable("\(path) is not mounted") }
            if making { try prepare() }
            guard try exists(path) else { return .empty(nil) }
            let stamp = try readStamp()
            return try hasLog() ? .data(stamp) : .empty(stamp)
        } catch {
            return .unusable(error.description)
        }
    }

    /// Writes the stamp so that it is there after a power cut, or throws.
    package func write(_ stamp: Stamp) throws(DataDirectoryError) {
        let bytes: [UInt8]
        do {
            bytes = try prettyJSON(StampFile(stamp))
        } catch {
            throw DataDirectoryError("encode the stamp", "\(error)")
        }
        let temporary = stampPath + ".new"
        try writeSynced(bytes, to: temporary)
        guard rename(temporary, stampPath) == 0 else { throw .system("rename \(temporary)") }
        try syncDirectory(path)
    }

    /// Removes what a first start has left that never got as far as a log. Does nothing where there is one.
    package func removeUnfinished() throws(DataDirectoryError) {
        guard try exists(path + "/member"), try !hasLog() else { return }
        try FileTree(path + "/member").remove()
    }

    // MARK: -

    /// etcd's own test of whether there is data: a file named `*.wal` in `member/wal`.
    /// https://github.com/etcd-io/etcd/blob/v3.4.23/wal/util.go
    func hasLog() throws(DataDirectoryError) -> Bool {
        let log = path + "/member/wal"
        guard try exists(path + "/member"), try exists(log) else { return false }
        do {
            return try FileManager.default.contentsOfDirectory(atPath: log).contains { $0.hasSuffix(".wal") }
        } catch {
            throw DataDirectoryError("list \(log)", "\(error)")
        }
    }

    /// Whether something is there. A link that leads nowhere is not nothing: a disk may be missing that it leads to.
    func exists(_ path: String) throws(DataDirectoryError) -> Bool {
        var status = stat()
        if lstat(path, &status) != 0 {
            if errno == ENOENT { return false }
            throw .system("look at \(path)")
        }
        guard stat(path, &status) == 0 else { throw .system("look at \(path)") }
        return true
    }

    private static let stampLimit = 64 << 10

    private func readStamp() throws(DataDirectoryError) -> Stamp? {
        // Neither a link nor a pipe: what we wrote is a plain file, and nothing else is read, or waited for.
        let descriptor = open(stampPath, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw .system("open \(stampPath)")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system("look at \(stampPath)") }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_size < Self.stampLimit else {
            throw DataDirectoryError("read \(stampPath)", "this is no file that etcd-cluster has written")
        }
        let bytes = try readWhole(descriptor, named: stampPath, limit: Self.stampLimit)
        return try StampFile.decode(Data(bytes), from: stampPath, isMountPoint: isMountPoint)
    }

    private func writeSynced(_ bytes: [UInt8], to file: String) throws(DataDirectoryError) {
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("create \(file)") }
        defer { close(descriptor) }
        try writeWhole(bytes[...], to: descriptor, named: file)
        guard fsync(descriptor) == 0 else { throw .system("sync \(file)") }
    }

    /// A name that nothing has yet: the wanted one, or one with a number behind it.
    func freeName(_ wanted: String) throws(DataDirectoryError) -> String {
        for attempt in 0..<100 {
            let name = attempt == 0 ? wanted : "\(wanted)-\(attempt)"
            var status = stat()
            if lstat(name, &status) != 0, errno == ENOENT { return name }
        }
        throw DataDirectoryError("set data aside", "a hundred names like \(wanted) are taken")
    }
}

/// What could not be done in the data directory, and what the system said.
package struct DataDirectoryError: Error, Equatable, Sendable, CustomStringConvertible {
    package var attempt: String
    package var cause: String

    package init(_ attempt: String, _ cause: String) {
        self.attempt = attempt
        self.cause = cause
    }

    static func system(_ attempt: String) -> Self {
        let code = errno
        return Self(attempt, strerror(code).map { String(cString: $0) } ?? "error \(code)")
    }

    package var description: String { "\(attempt): \(cause)" }
}
