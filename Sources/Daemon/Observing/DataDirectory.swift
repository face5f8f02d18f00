/// The data directory: what it holds, the stamp in it, and renaming data out of the way.

import ClusterPlanning
import FoundationEssentials
import Glibc

/// One data directory of etcd. Looks and writes; what follows from a look is decided elsewhere.
package struct DataDirectory: Sendable {
    package let path: String

    package init(_ path: String) { self.path = path }

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

    /// What is there now. A directory that can't be read is not an empty one.
    ///
    /// - Parameter making: whether a missing directory is made; else it counts as an empty one.
    package func observe(making: Bool = true) -> Disk {
        do {
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
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        let data: Data
        do {
            data = try encoder.encode(StampFile(stamp))
        } catch {
            throw DataDirectoryError("encode the stamp", "\(error)")
        }
        let temporary = stampPath + ".new"
        try writeSynced(Array(data) + [UInt8(ascii: "\n")], to: temporary)
        guard rename(temporary, stampPath) == 0 else { throw .system("rename \(temporary)") }
        try syncDirectory()
    }

    /// Renames etcd's data to `aside-<time>-<reason>`, beside it, so that it works on a mount point too, and renews the stamp.
    ///
    /// - Parameters:
    ///   - reason: a word for the name.
    ///   - time: seconds since 1970; part of the name.
    /// - Returns: where the data is now.
    package func setAside(reason: String, time: Int, stamp: Stamp) throws(DataDirectoryError) -> String {
        // The new stamp first would claim an empty disk while the data is still there; the old one beside no data only
        // says that it was lost, which is what a crash in between should look like.
        let destination = try freeName("\(path)/aside-\(time)-\(reason)")
        guard rename(path + "/member", destination) == 0 else { throw .system("rename \(path)/member") }
        try syncDirectory()
        try write(stamp)
        return destination
    }

    /// Renames what lies in the place of etcd's data without being data, to `aside-<time>-incomplete`. etcd would take a
    /// database whose log is gone for its own, and tell other things than the other members from then on.
    ///
    /// - Returns: where it is now; nil where nothing was there.
    package func setIncompleteAside(time: Int) throws(DataDirectoryError) -> String? {
        guard try exists(path + "/member") else { return nil }
        guard try !hasLog() else { throw DataDirectoryError("start anew in \(path)", "there is data") }
        let destination = try freeName("\(path)/aside-\(time)-incomplete")
        guard rename(path + "/member", destination) == 0 else { throw .system("rename \(path)/member") }
        try syncDirectory()
        return destination
    }

    /// Removes what a first start has left that never got as far as a log. Does nothing where there is one.
    package func removeUnfinished() throws(DataDirectoryError) {
        guard try exists(path + "/member"), try !hasLog() else { return }
        do {
            try FileManager.default.removeItem(atPath: path + "/member")
        } catch {
            throw DataDirectoryError("remove \(path)/member", "\(error)")
        }
    }

    // MARK: -

    /// etcd's own test of whether there is data: a file named `*.wal` in `member/wal`.
    /// https://github.com/etcd-io/etcd/blob/v3.4.23/wal/util.go
    private func hasLog() throws(DataDirectoryError) -> Bool {
        let log = path + "/member/wal"
        guard try exists(path + "/member"), try exists(log) else { return false }
        do {
            return try FileManager.default.contentsOfDirectory(atPath: log).contains { $0.hasSuffix(".wal") }
        } catch {
            throw DataDirectoryError("list \(log)", "\(error)")
        }
    }

    /// Whether something is there. A link that leads nowhere is not nothing: a disk may be missing that it leads to.
    private func exists(_ path: String) throws(DataDirectoryError) -> Bool {
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
        return try StampFile.decode(try read(descriptor), from: stampPath, isMountPoint: isMountPoint())
    }

    private func read(_ descriptor: Int32) throws(DataDirectoryError) -> Data {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while bytes.count < Self.stampLimit {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .system("read \(stampPath)") }
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        return Data(bytes)
    }

    private func writeSynced(_ bytes: [UInt8], to file: String) throws(DataDirectoryError) {
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("create \(file)") }
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw .system("write \(file)") }
            rest = rest.dropFirst(written)
        }
        guard fsync(descriptor) == 0 else { throw .system("sync \(file)") }
    }

    private func syncDirectory() throws(DataDirectoryError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open \(path)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system("sync \(path)") }
    }

    private func freeName(_ wanted: String) throws(DataDirectoryError) -> String {
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
