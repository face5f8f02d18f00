import Glibc

/// A file, or a part of one, on its way out as a request's body.
///
/// Used on the loop's thread only.
final class RequestFile {
    /// Why it can't be sent.
    struct Unreadable: Error, Equatable {
        var detail: String
    }

    /// In bytes, as found when it was opened, or as asked for: this much is announced, so exactly this much is sent.
    let length: Int64
    private let path: String
    private let descriptor: Int32
    /// Where in the file its first byte is.
    private let start: Int64
    private var sent: Int64 = 0

    /// - Parameter range: the bytes to send; nil: all.
    /// - Throws: `Unreadable` where it can't be opened, is no regular file, or has not all of the range.
    init(path: String, range: Range<Int64>? = nil) throws {
        self.path = path
        // Without O_NONBLOCK opening a named pipe would stop the whole loop.
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
            let reason = String(cString: strerror(errno))
            if descriptor >= 0 { close(descriptor) }
            throw Unreadable(detail: "\(path): \(reason)")
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw Unreadable(detail: "\(path): not a regular file")
        }
        let size = Int64(status.st_size)
        let range = range ?? 0..<size
        guard range.lowerBound >= 0, range.upperBound <= size else {
            close(descriptor)
            throw Unreadable(
                detail: "\(path): no bytes \(range.lowerBound)..<\(range.upperBound) in a file of \(size) bytes")
        }
        start = range.lowerBound
        length = range.upperBound - range.lowerBound
    }

    deinit { close(descriptor) }

    /// Fills as much of the buffer as there is; 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let wanted = min(Int64(buffer.count), length - sent)
        guard wanted > 0 else { return 0 }
        while true {
            let count = pread(descriptor, buffer.baseAddress, Int(wanted), off_t(start + sent))
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw Unreadable(detail: "\(path): \(String(cString: strerror(errno)))") }
            guard count > 0 else { throw Unreadable(detail: "\(path): became shorter while it was sent") }
            sent += Int64(count)
            return count
        }
    }
}
