import Dispatch
import Glibc
import Synchronization

/// An HTTP/1.1 server inside the test process: what the clients talk to instead of mocks.
///
/// It listens on a loopback address, has threads of its own (never the task pool's), asks `handler` for each reply and
/// remembers what it was asked. It ends with `stop()`, or when the last reference to it goes.
package final class StubServer: Sendable {
    private let state: StubState
    private let listener: Int32

    package let address: String
    package let port: UInt16

    /// Listens at once.
    ///
    /// - Parameters:
    ///   - address: any IPv4 address of the loopback interface (127.0.0.0/8).
    ///   - port: 0 for a free one.
    ///   - bodyLimit: how many bytes of each request's body are remembered; the rest is read, counted and dropped.
    ///   - requestLimit: how many requests are remembered; later ones are answered and forgotten.
    ///   - greeting: sent on each connection before anything is read, which no HTTP server does.
    ///   - handler: decides each reply; called on the connection's thread, so it may block.
    /// - Throws: `StubServerError` where the address can't be had.
    package init(
        address: String = "127.0.0.1", port: UInt16 = 0, bodyLimit: Int = 8 << 20, remembers requestLimit: Int = .max,
        greeting: [UInt8] = [],
        handler: @escaping @Sendable (StubRequest) -> StubReply
    ) throws {
        (listener, self.port) = try listen(address: address, port: port)
        self.address = address
        state = StubState(bodyLimit: bodyLimit, requestLimit: requestLimit, greeting: greeting, handler: handler)
        let (state, listener) = (state, listener)
        state.startThread { acceptLoop(listener, state) }
    }

    deinit { stop() }

    /// The base of its URLs, without a slash at the end.
    package var url: String { "http://\(address):\(port)" }

    /// Every request whose head and body arrived, oldest first.
    package var requests: [StubRequest] { state.books.withLock { $0.requests } }

    /// How many connections were ever accepted.
    package var connections: Int { state.books.withLock { $0.accepted } }

    /// How many connections are open now.
    package var openConnections: Int { state.books.withLock { $0.open.count } }

    /// Waits until at least `count` requests arrived, or until `limit` has passed; returns what arrived.
    package func requests(atLeast count: Int, within limit: Duration = .seconds(10)) async throws -> [StubRequest] {
        let end = ContinuousClock.now + limit
        while requests.count < count, ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(5))
        }
        return requests
    }

    /// Closes the listener and every connection and returns when all threads have ended: at once, unless a handler blocks.
    package func stop() {
        guard state.stop() else { return }
        // Wakes the accept: on Linux it then fails with EINVAL.
        shutdown(listener, Int32(SHUT_RDWR))
        state.threads.wait()
        close(listener)
    }
}

/// The address could not be listened on.
package struct StubServerError: Error, CustomStringConvertible {
    package var description: String
}

/// What all threads of one server share. It outlives the server, which may be gone before its threads are.
final class StubState: Sendable {
    struct Books {
        var requests: [StubRequest] = []
        var accepted = 0
        var open: Set<Int32> = []
        var stopped = false
    }

    let books = Mutex(Books())
    let threads = DispatchGroup()
    let bodyLimit: Int
    let requestLimit: Int
    let greeting: [UInt8]
    let handler: @Sendable (StubRequest) -> StubReply

    init(
        bodyLimit: Int, requestLimit: Int, greeting: [UInt8], handler: @escaping @Sendable (StubRequest) -> StubReply
    ) {
        self.greeting = greeting
        self.bodyLimit = bodyLimit
        self.requestLimit = requestLimit
        self.handler = handler
    }

    /// Marks the server stopped and wakes every connection's thread; false where it was stopped before.
    func stop() -> Bool {
        books.withLock { books in
            guard !books.stopped else { return false }
            books.stopped = true
            for descriptor in books.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
            return true
        }
    }

    /// The connection's number, or nil where the server has stopped meanwhile.
    func opened(_ descriptor: Int32) -> Int? {
        books.withLock { books in
            guard !books.stopped else { return nil }
            books.accepted += 1
            books.open.insert(descriptor)
            return books.accepted
        }
    }

    func remember(_ request: StubRequest) {
        books.withLock { if $0.requests.count < requestLimit { $0.requests.append(request) } }
    }

    /// Closes the descriptor: under the lock, so that `stop` never shuts down a number that has been given away anew.
    func close(_ descriptor: Int32) {
        books.withLock { books in
            books.open.remove(descriptor)
            _ = Glibc.close(descriptor)
        }
    }

    func startThread(_ body: @escaping @Sendable () -> Void) {
        threads.enter()
        let box = Unmanaged.passRetained(
            ThreadBody { [threads] in
                body()
                threads.leave()
            })
        var thread = pthread_t()
        let failure = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, box.toOpaque())
        precondition(failure == 0, "no thread: \(String(cString: strerror(failure)))")
        pthread_detach(thread)
    }
}

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

private func acceptLoop(_ listener: Int32, _ state: StubState) {
    while true {
        let descriptor = accept(listener, nil, nil)
        if descriptor < 0 {
            if errno == EINTR || errno == ECONNABORTED { continue }
            return
        }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        // Else the second part of an answer waits 40 ms for the client's delayed acknowledgement of the first.
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        guard let number = state.opened(descriptor) else {
            close(descriptor)
            return
        }
        state.startThread {
            var connection = StubConnection(descriptor: descriptor, number: number, state: state)
            connection.serve()
            state.close(descriptor)
        }
    }
}

/// A listening socket and its port.
private func listen(address: String, port: UInt16) throws -> (Int32, UInt16) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var one: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = port.bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isListening =
        inet_pton(AF_INET, address, &name.sin_addr) == 1
        && withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, size) == 0 && Glibc.listen(descriptor, 128) == 0
                    && getsockname(descriptor, pointer, &size) == 0
            }
        }
    guard isListening else {
        let reason = String(cString: strerror(errno))
        close(descriptor)
        throw StubServerError(description: "can't listen on \(address):\(port): \(reason)")
    }
    return (descriptor, UInt16(bigEndian: name.sin_port))
}
