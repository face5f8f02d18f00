/// Whether a snapshot file is whole, by nothing but its bytes.

import AWS
import FoundationEssentials
import Glibc

/// Why a file is no snapshot that could be restored. Another attempt at reading it says the same.
enum SnapshotDefect: Error, Equatable, Sendable, CustomStringConvertible {
    /// A database without the hash at its end, as one that was copied out of a data directory: nothing tells whether it is whole.
    case noTrailer(path: String)
    /// It ends within the database or within the hash.
    case truncated(path: String, bytes: UInt64)
    /// The hash at its end is not that of what precedes: bytes have changed, or whole pages are missing.
    case hashMismatch(path: String)
    /// Never was a snapshot of etcd, or etcd's own program can't read it; in its words.
    case unreadable(path: String, String)

    var description: String {
        switch self {
        case .noTrailer(let path): "\(path) has no hash at its end: it is no snapshot, but a copy of a database"
        case .truncated(let path, let bytes): "\(path) is cut off after \(bytes) bytes"
        case .hashMismatch(let path): "\(path) is damaged: the hash at its end is not that of its content"
        case .unreadable(let path, let words): "\(path) is no snapshot of etcd: \(words)"
        }
    }
}

/// A file as `snapshot save` writes it: a database in pages, and the SHA-256 of all of it as the last 32 bytes.
/// https://github.com/etcd-io/etcd/blob/v3.4.23/clientv3/snapshot/v3_snapshot.go
struct SnapshotFile: Sendable {
    let path: String

    private static let hashLength: UInt64 = 32
    /// Database sizes are multiples of it, by which etcd too tells whether there is a hash.
    private static let unit: UInt64 = 512
    /// What a database of etcd's begins with: a page's head of 16 bytes, then this number in the machine's order, which is
    /// little-endian wherever etcd is supported. https://github.com/etcd-io/bbolt/blob/v1.3.6/db.go
    private static let magic: ArraySlice<UInt8> = [0xed, 0xda, 0x0c, 0xed]
    private static let magicOffset = 16

    /// Bytes of the file.
    ///
    /// - Throws: `DataDirectoryError` where it can't be looked at, or is no file.
    func bytes() throws(DataDirectoryError) -> UInt64 {
        var status = stat()
        guard stat(path, &status) == 0 else { throw .system("look at \(path)") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw DataDirectoryError("look at \(path)", "it is no file") }
        return UInt64(status.st_size)
    }

    /// Reads all of it, and blocks for as long.
    ///
    /// - Parameter isCancelled: asked between pieces of a megabyte.
    /// - Throws: `SnapshotDefect`; `DataDirectoryError` where the file can't be read; `CancellationError`.
    func check(unless isCancelled: () -> Bool) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw DataDirectoryError.system("open \(path)") }
        defer { close(descriptor) }
        let size = try bytes()
        try judge(size: size, beginning: try read(descriptor, upTo: Self.magicOffset + Self.magic.count)[...])
        guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw DataDirectoryError.system("read \(path)") }
        let (hash, trailer) = try digest(descriptor, of: size - Self.hashLength, unless: isCancelled)
        guard hash == trailer else { throw SnapshotDefect.hashMismatch(path: path) }
    }

    /// What its length and its first bytes tell. Where only the latter are wrong, the hash is the better witness.
    private func judge(size: UInt64, beginning: ArraySlice<UInt8>) throws(SnapshotDefect) {
        let hasTrailer = size > Self.hashLength && size % Self.unit == Self.hashLength
        if hasTrailer { return }
        guard size > UInt64(Self.magicOffset + Self.magic.count) else { throw .truncated(path: path, bytes: size) }
        guard beginning.dropFirst(Self.magicOffset) == Self.magic else {
            throw .unreadable(path: path, "it does not begin as a database does")
        }
        throw size % Self.unit == 0 ? .noTrailer(path: path) : .truncated(path: path, bytes: size)
    }

    /// The hash of the first `length` bytes, and what follows them.
    private func digest(
        _ descriptor: Int32, of length: UInt64, unless isCancelled: () -> Bool
    ) throws -> (hash: [UInt8], trailer: [UInt8]) {
        var hasher = SHA256()
        var left = length
        while left > 0 {
            if isCancelled() { throw CancellationError() }
            let chunk = try read(descriptor, upTo: Int(min(left, 1 << 20)))
            guard !chunk.isEmpty else { throw SnapshotDefect.truncated(path: path, bytes: length - left) }
            hasher.update(chunk)
            left -= UInt64(chunk.count)
        }
        return (hasher.finalize(), try read(descriptor, upTo: Int(Self.hashLength) + 1))
    }

    /// So many bytes, or all that are left.
    private func read(_ descriptor: Int32, upTo limit: Int) throws(DataDirectoryError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: limit)
        var filled = 0
        while filled < limit {
            let count = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress.map { $0 + filled }, limit - filled)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .system("read \(path)") }
            if count == 0 { break }
            filled += count
        }
        bytes.removeLast(limit - filled)
        return bytes
    }
}
