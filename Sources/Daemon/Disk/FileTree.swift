/// A directory with all that is below it: its size, a copy of it, its removal.

import FoundationEssentials
import Glibc

/// The files and directories below one path. Links are followed: what counts is what etcd would read.
struct FileTree {
    let path: String

    /// A file or directory, by its path below the tree's.
    private struct Entry {
        var name: String
        /// Nil of a directory.
        var bytes: UInt64?
    }

    /// How deep and how many: etcd's own has two levels and some dozens. More is not etcd's, or a loop of links.
    private static let deepest = 16
    private static let most = 100_000

    init(_ path: String) { self.path = path }

    /// What the files say that they hold, be there holes in them or not: a copy has none.
    func bytes() throws(DataDirectoryError) -> UInt64 {
        try entries().reduce(0) { $0 + ($1.bytes ?? 0) }
    }

    /// Copies everything to a place where nothing is yet, and has it on the disk when it returns.
    ///
    /// - Parameter isCancelled: asked between pieces of a megabyte.
    /// - Throws: `DataDirectoryError`, `CancellationError`; what was copied until then stays.
    func copy(to destination: String, unless isCancelled: () -> Bool) throws {
        try makeDirectory(destination)
        let entries = try entries()
        for entry in entries {
            let target = "\(destination)/\(entry.name)"
            if let bytes = entry.bytes {
                try copyFile("\(path)/\(entry.name)", to: target, bytes: bytes, unless: isCancelled)
            } else {
                try makeDirectory(target)
            }
        }
        for entry in entries where entry.bytes == nil { try syncDirectory("\(destination)/\(entry.name)") }
        try syncDirectory(destination)
    }

    /// Has all of it on the disk when it returns, and what it is called where it lies.
    func sync() throws(DataDirectoryError) {
        for entry in try entries() {
            if entry.bytes == nil {
                try syncDirectory("\(path)/\(entry.name)")
            } else {
                try syncFile("\(path)/\(entry.name)")
            }
        }
        try syncDirectory(path)
    }

    /// Removes all of it, links as links. Does nothing where nothing is.
    func remove() throws(DataDirectoryError) {
        var status = stat()
        if lstat(path, &status) != 0, errno == ENOENT { return }
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            throw DataDirectoryError("remove \(path)", "\(error)")
        }
    }

    /// Directories before what is in them.
    private func entries() throws(DataDirectoryError) -> [Entry] {
        var found: [Entry] = []
        try collect(below: "", depth: 0, into: &found)
        return found
    }

    private func collect(
        below parent: String, depth: Int, into found: inout [Entry]
    ) throws(DataDirectoryError) {
        guard depth <= Self.deepest, found.count <= Self.most else {
            throw DataDirectoryError("list \(path)", "it is deeper or has more files than etcd's data has")
        }
        for name in try names(in: parent.isEmpty ? path : "\(path)/\(parent)") {
            let entry = parent.isEmpty ? name : "\(parent)/\(name)"
            var status = stat()
            guard stat("\(path)/\(entry)", &status) == 0 else { throw .system("look at \(path)/\(entry)") }
            switch status.st_mode & S_IFMT {
            case S_IFDIR:
                found.append(Entry(name: entry))
                try collect(below: entry, depth: depth + 1, into: &found)
            case S_IFREG: found.append(Entry(name: entry, bytes: UInt64(status.st_size)))
            default: throw DataDirectoryError("look at \(path)/\(entry)", "it is neither a file nor a directory")
            }
        }
    }

    private func names(in directory: String) throws(DataDirectoryError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
        } catch {
            throw DataDirectoryError("list \(directory)", "\(error)")
        }
    }

    private func makeDirectory(_ path: String) throws(DataDirectoryError) {
        guard mkdir(path, 0o700) == 0 else { throw .system("make directory \(path)") }
    }

    private func copyFile(_ source: String, to target: String, bytes: UInt64, unless isCancelled: () -> Bool) throws {
        let reading = open(source, O_RDONLY | O_CLOEXEC)
        guard reading >= 0 else { throw DataDirectoryError.system("open \(source)") }
        defer { close(reading) }
        let writing = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard writing >= 0 else { throw DataDirectoryError.system("create \(target)") }
        defer { close(writing) }
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        var copied: UInt64 = 0
        while true {
            if isCancelled() { throw CancellationError() }
            let count = read(reading, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw DataDirectoryError.system("read \(source)") }
            if count == 0 { break }
            try writeWhole(chunk[..<count], to: writing, named: target)
            copied += UInt64(count)
        }
        guard copied == bytes else { throw DataDirectoryError("copy \(source)", "it changed meanwhile") }
        guard fsync(writing) == 0 else { throw DataDirectoryError.system("sync \(target)") }
    }
}

/// Writes all of it.
func writeWhole(_ bytes: ArraySlice<UInt8>, to descriptor: Int32, named path: String) throws(DataDirectoryError) {
    var rest = bytes
    while !rest.isEmpty {
        let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if written < 0, errno == EINTR { continue }
        guard written > 0 else { throw .system("write \(path)") }
        rest = rest.dropFirst(written)
    }
}

/// Makes what was renamed or created in a directory last a power cut.
func syncDirectory(_ path: String) throws(DataDirectoryError) {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system("open \(path)") }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .system("sync \(path)") }
}

/// Makes what was written to a file last a power cut, whoever wrote it.
func syncFile(_ path: String) throws(DataDirectoryError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system("open \(path)") }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .system("sync \(path)") }
}

/// Reads a file from its beginning to its end.
///
/// - Throws: `DataDirectoryError`, also where it is longer than `limit`: half of it would say something else.
func readWhole(_ path: String, limit: Int) throws(DataDirectoryError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system("open \(path)") }
    defer { close(descriptor) }
    return try readWhole(descriptor, named: path, limit: limit)
}

/// As above, from an open descriptor.
func readWhole(_ descriptor: Int32, named path: String, limit: Int) throws(DataDirectoryError) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while bytes.count <= limit {
        let count = read(descriptor, &chunk, chunk.count)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw .system("read \(path)") }
        if count == 0 { return bytes }
        bytes += chunk[..<count]
    }
    throw DataDirectoryError("read \(path)", "it is longer than \(limit) bytes")
}
