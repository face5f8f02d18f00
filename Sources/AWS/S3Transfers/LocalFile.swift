/// The local side of a transfer: what the system's calls on files are needed for besides streaming.

import Glibc
import HTTP
import Synchronization

/// A file as it was at one moment.
struct LocalFile: Sendable, Equatable {
    let path: String
    /// In bytes.
    let size: Int64
    private let device: UInt64
    private let inode: UInt64
    private let modified: [Int]

    /// - Throws: `S3.TransferError.unreadable` where there is no regular file that may be read.
    init(at path: String) throws(S3.TransferError) {
        let descriptor = try Self.open(path)
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(path: path, reason: systemReason()) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .unreadable(path: path, reason: "not a regular file")
        }
        self.path = path
        size = Int64(status.st_size)
        (device, inode) = (UInt64(status.st_dev), UInt64(status.st_ino))
        modified = [Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec)]
    }

    /// The SHA-256 of each of some parts of it. Reads piece by piece, on a thread of its own.
    ///
    /// - Throws: `S3.TransferError.unreadable`, `.fileChanged` where a part is not all there any more;
    ///   `CancellationError`.
    func sha256(of ranges: [Range<Int64>]) async throws -> [[UInt8]] {
        try await onAThreadOfItsOwn(reading: path) { [path] isCancelled in
            let descriptor = try Self.open(path)
            defer { close(descriptor) }
            return try RangeHasher(path: path, descriptor: descriptor, isCancelled: isCancelled).hash(ranges)
        }
    }

    /// Makes an empty file that only its owner may read.
    ///
    /// - Throws: `S3.TransferError.unwritable`, also where there is one already.
    static func create(_ path: String) throws(S3.TransferError) {
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unwritable(path: path, reason: systemReason()) }
        close(descriptor)
    }

    private static func open(_ path: String) throws(S3.TransferError) -> Int32 {
        // Without O_NONBLOCK opening a named pipe would wait for its other end.
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadable(path: path, reason: systemReason()) }
        return descriptor
    }
}

/// Runs work that takes seconds, such as hashing a part, outside the task pool, which has as many threads as the machine has
/// processors.
///
/// - Parameters:
///   - path: what `work` reads, for the error.
///   - work: gets a function that says whether the waiting task has been cancelled; to be asked now and then.
/// - Throws: what `work` throws; `S3.TransferError.unreadable` where the system has no thread to give.
private func onAThreadOfItsOwn<Value: Sendable>(
    reading path: String, _ work: @escaping @Sendable (_ isCancelled: @escaping @Sendable () -> Bool) throws -> Value
) async throws -> Value {
    let flag = Flag()
    return try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
            let failure = startForeignThread {
                continuation.resume(with: Result { try work { flag.isRaised } })
            }
            guard failure != 0 else { return }
            let reason = "no thread for it: \(String(cString: strerror(failure)))"
            continuation.resume(throwing: S3.TransferError.unreadable(path: path, reason: reason))
        }
    } onCancel: {
        flag.raise()
    }
}

private final class Flag: Sendable {
    private let value = Atomic(false)

    var isRaised: Bool { value.load(ordering: .acquiring) }
    func raise() { value.store(true, ordering: .releasing) }
}
