import Foundation
import HTTP
import Synchronization
import Testing

/// Runs a server for as long as the body takes, and then its cancellation.
func withServer<Result>(
    address: String = "127.0.0.1", limits: HTTPServer.Limits = .patient,
    respond: @escaping @Sendable (HTTPServerRequest) async -> HTTPServerResponse = { _ in .hello },
    _ body: (HTTPServer) async throws -> Result
) async throws -> Result {
    let server = try HTTPServer(address: address, port: 0, limits: limits)
    let running = Task { try await server.run(respond) }
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body(server)) } catch { result = .failure(error) }
    running.cancel()
    await #expect(throws: CancellationError.self) { try await running.value }
    return try result.get()
}

extension HTTPServerResponse {
    static let hello = HTTPServerResponse(contentType: "text/plain", body: Array("hello".utf8))
}

extension HTTPServer.Limits {
    /// No test waits for one of these times: the task pool may be held up for as long by the tests beside it.
    static let patient = {
        var limits = Self.standard
        (limits.headTime, limits.answerTime, limits.writeTime) = (patience * 2, patience * 2, patience * 2)
        return limits
    }()

    static func with(_ change: (inout Self) -> Void) -> Self {
        var limits = Self.patient
        change(&limits)
        return limits
    }
}

let plainRequest = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
let lastRequest = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

/// Somebody with a plain socket and no manners, from any loopback address. Nothing here blocks.
final class Visitor {
    private let descriptor: Int32
    private(set) var received: [UInt8] = []
    private(set) var isClosed = false

    init(_ port: Int, from source: String = "127.0.0.1", to address: String = "127.0.0.1") throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        let isBound = withAddress(source, 0) { bind(descriptor, $0, $1) } == 0
        let isOnItsWay =
            isBound && (withAddress(address, port) { connect(descriptor, $0, $1) } == 0 || errno == EINPROGRESS)
        guard isOnItsWay else {
            let code = errno
            Glibc.close(descriptor)
            throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EIO)
        }
    }

    convenience init(
        _ server: HTTPServer, from source: String = "127.0.0.1", to address: String = "127.0.0.1",
        saying text: String = ""
    ) async throws {
        try self.init(server.port, from: source, to: address)
        try await say(text)
    }

    deinit { Glibc.close(descriptor) }

    /// Waits until the kernel has taken all of it.
    func say(_ text: String) async throws { try await say(Array(text.utf8)) }

    func say(_ bytes: [UInt8]) async throws {
        var rest = bytes[...]
        try #require(await eventually { isConnected })
        try #require(
            await eventually {
                let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                rest = rest.dropFirst(max(0, count))
                return rest.isEmpty || (count < 0 && errno != EAGAIN)
            })
    }

    /// What has come by the time that it contains the text, or everything where the server closes first.
    func hear(_ text: String) async -> String {
        _ = await eventually { listen() || String(decoding: received, as: UTF8.self).contains(text) }
        return String(decoding: received, as: UTF8.self)
    }

    /// All that comes until the server closes.
    func hearAll() async throws -> String {
        try #require(await eventually(listen), "the server does not close")
        return String(decoding: received, as: UTF8.self)
    }

    /// Takes what has come; whether the server has closed.
    @discardableResult func listen() -> Bool {
        guard isConnected else { return isClosed }
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while !isClosed {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count < 0, errno == EAGAIN { return false }
            if count <= 0 { isClosed = true } else { received += chunk[..<count] }
        }
        return true
    }

    /// Says something, whether anybody listens or not; whether the server has reset the connection.
    func isRefused(_ bytes: [UInt8]) -> Bool {
        let count = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        return count < 0 && errno != EAGAIN
    }

    /// Says that it will say no more.
    func fallSilent() { shutdown(descriptor, Int32(SHUT_WR)) }

    private var isConnected: Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&entry, 1, 0) > 0 || !received.isEmpty
    }
}

private func withAddress(_ text: String, _ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    inet_pton(AF_INET, text, &address.sin_addr)
    return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
}

/// How many descriptors this process has open.
func openDescriptors() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }

/// How often something has happened.
final class Counter: Sendable {
    private let value = Atomic(0)

    var count: Int { value.load(ordering: .sequentiallyConsistent) }

    func add() { value.add(1, ordering: .sequentiallyConsistent) }
}
