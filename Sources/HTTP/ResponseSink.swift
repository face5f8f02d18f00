import Glibc

/// Takes an answer's body where the request wants it, and no more of it than allowed.
///
/// Used on the loop's thread only.
final class ResponseSink {
    /// Why the sink takes no more.
    enum Refusal: Error, Equatable {
        case tooLarge(limit: Int64)
        case unwritable(String)
    }

    /// How much of an answer that isn't 2xx is read in place of a file.
    static let errorBodyLimit = 1 << 20

    private(set) var body: [UInt8] = []
    private let memoryLimit: Int
    private let file: ResponseFile?

    /// - Throws: `Refusal` where the file exists already or can't be made.
    init(_ sink: HTTPRequest.Sink) throws {
        switch sink {
        case .memory(let limit):
            memoryLimit = limit
            file = nil
        case .file(let path, let limit):
            memoryLimit = Self.errorBodyLimit
            file = try ResponseFile(path: path, limit: limit)
        }
    }

    /// - Parameter isSuccess: whether the status is 2xx, which alone makes a file.
    func write(_ bytes: UnsafeRawBufferPointer, isSuccess: Bool) throws {
        if let file, isSuccess { return try file.write(bytes) }
        guard body.count + bytes.count <= memoryLimit else { throw Refusal.tooLarge(limit: Int64(memoryLimit)) }
        body.append(contentsOf: bytes)
    }

    /// Ends the transfer. The file stays only if `keep`, and then holds all that was written.
    func close(keep: Bool) throws {
        try file?.close(keep: keep)
    }
}

/// A new file that is there in the end only if all went well.
private final class ResponseFile {
    private let path: String
    private let limit: Int64
    private var descriptor: Int32
    private var length: Int64 = 0

    init(path: String, limit: Int64) throws {
        self.path = path
        self.limit = limit
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw refusal() }
    }

    deinit {
        // Ours to take back: nobody was told that it is complete.
        if descriptor >= 0 {
            Glibc.close(descriptor)
            unlink(path)
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        length += Int64(bytes.count)
        guard length <= limit else { throw ResponseSink.Refusal.tooLarge(limit: limit) }
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw refusal() }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    func close(keep: Bool) throws {
        defer { descriptor = -1 }
        // Network file systems report at the close what they could not write.
        let isClosed = Glibc.close(descriptor) == 0
        let failure = refusal()
        if !keep || !isClosed { unlink(path) }
        if keep && !isClosed { throw failure }
    }

    private func refusal() -> ResponseSink.Refusal { .unwritable("\(path): \(String(cString: strerror(errno)))") }
}
