import Glibc
import Synchronization

/// A small read-only HTTP/1.1 server: answers GET and HEAD, takes no body, and can be hurt by nobody who connects.
///
/// Everything is bounded by `Limits`. One thread with poll(2) does all of the input and output, so that no lock guards a
/// connection, a socket is closed the moment it is given up, and every deadline is one number handed to the kernel; with
/// Dispatch each of these would be a handler on a queue that has to be waited for. Nothing ticks: the thread sleeps until a
/// socket, an answer or the next deadline wakes it, and without a visitor there is no deadline.
package final class HTTPServer: Sendable {
    /// How much the visitors may ask of us.
    package struct Limits: Sendable {
        /// Connections at once. Where they are used up, the visitor's address that holds the most of them pays for
        /// the next one: with the connection that has waited longest.
        package var connections = 64
        /// Connections of one address at once; the next one takes the place of that which has waited longest.
        package var connectionsPerAddress = 16
        package var requestsPerConnection = 100
        /// Of a request's head: bytes, and fields.
        package var headBytes = 8 << 10
        package var headFields = 64
        /// For a whole head to arrive, from the connection's beginning or the head's first byte.
        package var headTime = Duration.seconds(2)
        /// Between two requests.
        package var idleTime = Duration.seconds(30)
        /// For our own side to find the answer; then it is 503.
        package var answerTime = Duration.seconds(5)
        /// For the visitor to take the answer.
        package var writeTime = Duration.seconds(5)
        /// For the visitor to close after us; the kernel would take back an answer that crosses with more bytes.
        package var farewellTime = Duration.seconds(1)

        package static let standard = Limits()

        package init() {}
    }

    private let limits: Limits
    private let inbox: ServerInbox
    private let listener: ServerSocket

    /// Listens at once; nobody is answered before `run`.
    ///
    /// - Parameters:
    ///   - address: a numeric IPv4 or IPv6 address of this machine; nothing else is listened on.
    ///   - port: 0 for any free one.
    /// - Throws: `HTTPServerError`.
    package init(address: String, port: Int, limits: Limits = .standard) throws(HTTPServerError) {
        self.limits = limits
        listener = try ServerSocket(address: address, port: port)
        inbox = try ServerInbox()
    }

    package var port: Int { listener.port }

    /// Answers visitors until it is cancelled; may be called once.
    ///
    /// - Parameter respond: the answer to a GET or HEAD (a HEAD's body is left out). It is cancelled when
    ///   `Limits.answerTime` is over, and where it doesn't end then, its connection's place stays taken.
    /// - Throws: `CancellationError`, with everything closed; `HTTPServerError` where there is no thread to be had.
    package func run(_ respond: @escaping @Sendable (HTTPServerRequest) async -> HTTPServerResponse) async throws {
        let (visits, visitors) = AsyncStream.makeStream(of: ServerVisit.self)
        try await withTaskCancellationHandler {
            try await withThrowingDiscardingTaskGroup { group in
                group.addTask { try await self.serve(visitors) }
                for await visit in visits {
                    group.addTask { await self.answer(visit, respond) }
                }
            }
        } onCancel: {
            inbox.close()
        }
        throw CancellationError()
    }

    /// The thread's life, from its start to its end.
    private func serve(_ visitors: AsyncStream<ServerVisit>.Continuation) async throws {
        defer { visitors.finish() }
        guard let descriptor = listener.take() else { preconditionFailure("a server runs once") }
        try await withCheckedThrowingContinuation { (ended: CheckedContinuation<Void, any Error>) in
            let failure = startForeignThread { [inbox, limits] in
                ServerWorker(descriptor, inbox, limits, visitors).run()
                ended.resume()
            }
            guard failure != 0 else { return }
            close(descriptor)
            ended.resume(throwing: HTTPServerError("start a thread", code: failure))
        }
    }

    /// The thread sends 503 by itself when the time is over; here the work is only taken back.
    private func answer(
        _ visit: ServerVisit, _ respond: @escaping @Sendable (HTTPServerRequest) async -> HTTPServerResponse
    ) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [inbox] in inbox.answer(visit.number, await respond(visit.request)) }
            group.addTask { for await _ in visit.time {} }
            await group.next()
            group.cancelAll()
        }
    }
}
