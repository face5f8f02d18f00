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

    /// How much of an answer that is not for the file is read in its place.
    static let errorBodyLimit = 1 << 20

    private(set) var body: [UInt8] = []
    private let memoryLimit: Int
    private let file: ResponseFile?
    /// The statuses of answers that are for the file.
    private let fileStatuses: ClosedRange<Int>

    /// - Throws: `Refusal` where a new file exists already or can't be made, or an old one can't be opened.
    init(_ sink: HTTPRequest.Sink) throws {
        switch sink {
        case .memory(let limit):
            (memoryLimit, fileStatuses, file) = (limit, 0...0, nil)
        case .file(let path, let limit):
            (memoryLimit, fileStatuses) = (Self.errorBodyLimit, 200...299)
            file = try ResponseFile(new: path, limit: limit)
        case .fileEnd(let path, let status, let limit):
            (memoryLimit, fileStatuses) = (Self.errorBodyLimit, status...status)
            file = try ResponseFile(existing: path, limit: limit)
        }
    }

    /// - Parameter status: the answer's, which decides whether its body is for the file.
    func write(_ bytes: UnsafeRawBufferPointer, status: Int) throws {
        if let file, fileStatuses.contains(status) { return try file.write(bytes) }
        guard body.count + bytes.count <= memoryLimit else { throw Refusal.tooLarge(limit: Int64(memoryLimit)) }
        body.append(contentsOf: bytes)
    }

    /// Ends a transfer that came to an answer. A new file stays only if the answer is for it.
    func close(status: Int) throws {
        if fileStatuses.contains(status) { try file?.keep() } else { discard() }
    }

    /// Takes back a new file, as nobody was told that it is complete.
    func discard() { file?.discard() }
}

/// A file that a body is written to. A new one is there in the end only if all went well.
private final class ResponseFile {
    private let path: String
    private let limit: Int64
    private let isNew: Bool
    private var descriptor: Int32
    private var length: Int64 = 0

    init(new path: String, limit: Int64) throws {
        (self.path, self.limit, isNew) = (path, limit, true)
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw refusal() }
    }

    /// Writes behind what is there.
    init(existing path: String, limit: Int64) throws {
        (self.path, self.limit, isNew) = (path, limit, false)
        // Without O_NONBLOCK opening a named pipe would stop the whole loop.
        descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw refusal() }
    }

    deinit { discard() }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        guard Int64(bytes.count) <= limit - length else { throw ResponseSink.Refusal.tooLarge(limit: limit) }
        length += Int64(bytes.count)
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
            removeIfNew()
            throw failure
        }
        descriptor = -1
    }

    func discard() {
        guard descriptor >= 0 else { return }
        Glibc.close(descriptor)
        descriptor = -1
        removeIfNew()
    }

    private func removeIfNew() {
        if isNew { unlink(path) }
    }

    private func refusal() -> ResponseSink.Refusal { .unwritable("\(path): \(String(cString: strerror(errno)))") }
}
