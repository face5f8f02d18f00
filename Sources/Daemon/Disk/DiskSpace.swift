/// Whether there is room for a second set of data beside the first.

import Glibc

/// How much is free where a path lies, and how much is asked for.
struct DiskSpace: Equatable, Sendable {
    /// What anything that is not etcd's own has to leave free, in bytes: etcd writes to the same disk, dies where it can't, and may
    /// need two segments of its log meanwhile.
    static let reserve: UInt64 = 128 << 20

    var free: UInt64
    var needed: UInt64

    /// - Throws: `DataDirectoryError` where the file system does not tell.
    static func freeBytes(at path: String) throws(DataDirectoryError) -> UInt64 {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { throw .system("ask for the free space at \(path)") }
        // What others than root may use: etcd may not be root.
        return UInt64(status.f_bavail) * UInt64(status.f_frsize)
    }

    /// - Throws: `DataDirectoryError` with both numbers where there is too little.
    func require(to attempt: String) throws(DataDirectoryError) {
        guard free < needed else { return }
        throw DataDirectoryError(
            attempt, "it needs \(megabytes(needed)) of free space, and there are \(megabytes(free)): make room first")
    }
}

/// Rounded up, so that what is missing is never called nothing.
func megabytes(_ bytes: UInt64) -> String { "\(bytes / 1_000_000 + (bytes % 1_000_000 == 0 ? 0 : 1)) MB" }
