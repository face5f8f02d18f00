import Glibc

/// One visitor's connection, from accept to close. Only the server's thread touches it.
final class ServerConnection {
    typealias Instant = ContinuousClock.Instant

    private enum Phase {
        /// A head, or its first byte, is waited for.
        case reading
        /// Our own side looks for the answer; the visitor is not listened to meanwhile.
        case answering
        case writing
        /// All is said. What still comes is dropped, so that closing takes no answer back, until the visitor closes.
        case leaving
        case closed
    }

    let number: Int
    let peer: String
    /// When it began to do what it does now.
    private(set) var since: Instant
    private let descriptor: Int32
    private let limits: HTTPServer.Limits
    private var phase = Phase.reading
    private var requestCount = 0
    private var unread: [UInt8] = []
    /// How far `unread` was looked at.
    private var scannedCount = 0
    private var unsent: ArraySlice<UInt8> = []
    private var droppedCount = 0
    private var isHEAD = false
    private var keepsConnection = true
    /// The answer was asked for and has not come; perhaps it no longer counts.
    private var isAnswerDue = false
    private var answerTime: AsyncStream<Never>.Continuation?

    init(_ descriptor: Int32, number: Int, peer: String, limits: HTTPServer.Limits, _ now: Instant) {
        self.descriptor = descriptor
        self.number = number
        self.peer = peer
        self.limits = limits
        since = now
    }

    /// It waits for its visitor, and nothing of ours waits for it.
    var isWaiting: Bool { phase != .closed && !isAnswerDue }

    /// Nothing of it is left. Until its answer has come a closed one keeps its place: else visitors who leave early could
    /// have any number of answers looked for.
    var isOver: Bool { phase == .closed && !isAnswerDue }

    /// What to poll for.
    var interest: pollfd {
        switch phase {
        case .reading, .leaving: pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        case .writing: pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        case .answering, .closed: pollfd(fd: -1, events: 0, revents: 0)
        }
    }

    var deadline: Instant? {
        switch phase {
        case .reading: since + (unread.isEmpty && requestCount > 0 ? limits.idleTime : limits.headTime)
        case .answering: since + limits.answerTime
        case .writing: since + limits.writeTime
        case .leaving: since + limits.farewellTime
        case .closed: nil
        }
    }

    /// Does all that can be done without waiting.
    ///
    /// - Returns: a request, to be answered by `answer`.
    func advance(_ now: Instant) -> ServerVisit? {
        while true {
            let goesOn: Bool
            switch phase {
            case .reading:
                do {
                    if let visit = try nextVisit(now) { return visit }
                    goesOn = receive(now)
                } catch {
                    end(with: HTTPServerResponse(status: error.status, text: error.reason), now)
                    goesOn = true
                }
            case .writing: goesOn = sendMore(now)
            case .leaving: goesOn = dropMore()
            case .answering, .closed: goesOn = false
            }
            guard goesOn else { return nil }
        }
    }

    /// To be followed by `advance`. An answer that comes after its time is dropped.
    func answer(_ response: HTTPServerResponse, _ now: Instant) {
        isAnswerDue = false
        answerTime = nil
        if phase == .answering { write(response, now) }
    }

    /// Where the deadline has passed; to be followed by `advance`.
    func expire(_ now: Instant) {
        guard let deadline, deadline <= now else { return }
        switch phase {
        case .reading where !unread.isEmpty:
            end(with: HTTPServerResponse(status: 408, text: "the request's head took too long"), now)
        case .answering:
            answerTime?.finish()
            end(with: HTTPServerResponse(status: 503, text: "the answer took too long"), now)
        case .reading, .writing, .leaving, .closed: close()
        }
    }

    func close() {
        guard phase != .closed else { return }
        // What the visitor has not taken would stay with the kernel, for as long as it asks whether he wants it now.
        if phase == .writing { closeByReset(descriptor) }
        phase = .closed
        (unread, unsent) = ([], [])
        Glibc.close(descriptor)
    }

    private func enter(_ phase: Phase, _ now: Instant) {
        self.phase = phase
        since = now
    }

    // MARK: Reading

    /// The next request, where its head is there.
    private func nextVisit(_ now: Instant) throws(ServerRequestHead.Refusal) -> ServerVisit? {
        guard let end = try ServerRequestHead.end(in: unread, from: scannedCount) else {
            scannedCount = unread.count
            guard unread.count < limits.headBytes else {
                throw ServerRequestHead.Refusal(431, "the head is longer than \(limits.headBytes) bytes")
            }
            return nil
        }
        let head = try ServerRequestHead(unread[..<end], fieldLimit: limits.headFields)
        unread.removeFirst(end)
        scannedCount = 0
        requestCount += 1
        (isHEAD, isAnswerDue) = (head.isHEAD, true)
        keepsConnection = head.keepsConnection && requestCount < limits.requestsPerConnection
        enter(.answering, now)
        let time: AsyncStream<Never>
        (time, answerTime) = AsyncStream.makeStream()
        return ServerVisit(
            number: number, request: HTTPServerRequest(path: head.path, query: head.query, peer: peer), time: time)
    }

    /// False where nothing is there yet.
    private func receive(_ now: Instant) -> Bool {
        guard let bytes = receiveBytes(upTo: limits.headBytes - unread.count) else { return false }
        if unread.isEmpty { since = now }
        unread += bytes
        return true
    }

    private func dropMore() -> Bool {
        guard let bytes = receiveBytes(upTo: 8 << 10) else { return false }
        droppedCount += bytes.count
        if droppedCount > 64 << 10 { close() }
        return true
    }

    /// nil where nothing is there, now or, as the connection has ended, ever.
    private func receiveBytes(upTo limit: Int) -> [UInt8]? {
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, filled in
            repeat { count = recv(descriptor, buffer.baseAddress, limit, 0) } while count < 0 && errno == EINTR
            filled = max(0, count)
        }
        if count == 0 || (count < 0 && errno != EAGAIN) { close() }
        return count > 0 ? bytes : nil
    }

    // MARK: Writing

    /// The last that is said on this connection.
    private func end(with response: HTTPServerResponse, _ now: Instant) {
        keepsConnection = false
        write(response, now)
    }

    private func write(_ response: HTTPServerResponse, _ now: Instant) {
        unsent = response.bytes(withBody: !isHEAD, keepingConnection: keepsConnection)[...]
        enter(.writing, now)
    }

    /// False where the visitor takes no more for now.
    private func sendMore(_ now: Instant) -> Bool {
        let count = unsent.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard count >= 0 else {
            if errno == EINTR { return true }
            if errno != EAGAIN { close() }
            return false
        }
        unsent = unsent.dropFirst(count)
        if unsent.isEmpty { finishAnswer(now) }
        return true
    }

    private func finishAnswer(_ now: Instant) {
        unsent = []
        isHEAD = false
        if keepsConnection { return enter(.reading, now) }
        shutdown(descriptor, Int32(SHUT_WR))
        enter(.leaving, now)
    }
}
