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

    /// Ends a transfer that came to an answer. A file stays only if the answer is a success.
    func close(isSuccess: Bool) throws {
        if isSuccess { try file?.keep() } else { discard() }
    }

    /// Takes back the file, as nobody was told that it is complete.
    func discard() { file?.discard() }
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

    deinit { discard() }

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

    func keep() throws {
        // Network file systems report at the close what they could not write.
        guard Glibc.close(descriptor) == 0 else {
            let failure = refusal()
            descriptor = -1
            unlink(path)
            throw failure
        }
        descriptor = -1
    }

    func discard() {
        guard descriptor >= 0 else { return }
        Glibc.close(descriptor)
        descriptor = -1
        unlink(path)
    }

    private func refusal() -> ResponseSink.Refusal { .unwritable("\(path): \(String(cString: strerror(errno)))") }
}
