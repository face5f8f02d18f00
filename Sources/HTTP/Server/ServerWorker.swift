import Glibc

/// The server's thread: everything here, and all input and output, happens on it.
final class ServerWorker {
    private let listener: Int32
    private let inbox: ServerInbox
    private let limits: HTTPServer.Limits
    private let visitors: AsyncStream<ServerVisit>.Continuation
    private var connections: [Int: ServerConnection] = [:]
    private var acceptedCount = 0
    /// Nobody is accepted before; nil while there is room.
    private var pauseEnd: ContinuousClock.Instant?

    /// - Parameter listener: a listening descriptor, closed at the end.
    init(
        _ listener: Int32, _ inbox: ServerInbox, _ limits: HTTPServer.Limits,
        _ visitors: AsyncStream<ServerVisit>.Continuation
    ) {
        self.listener = listener
        self.inbox = inbox
        self.limits = limits
        self.visitors = visitors
    }

    /// Until the inbox is closed.
    func run() {
        while let answers = inbox.take() {
            let now = ContinuousClock.now
            for (number, response) in answers {
                guard let connection = connections[number] else { continue }
                connection.answer(response, now)
                advance(connection, now)
            }
            expire(now)
            sleep(now)
        }
        close(listener)
        for connection in connections.values { connection.close() }
    }

    private func advance(_ connection: ServerConnection, _ now: ContinuousClock.Instant) {
        if let visit = connection.advance(now) { visitors.yield(visit) }
        if connection.isOver { connections[connection.number] = nil }
    }

    private func expire(_ now: ContinuousClock.Instant) {
        for connection in connections.values where connection.deadline.map({ $0 <= now }) ?? false {
            connection.expire(now)
            advance(connection, now)
        }
        if let end = pauseEnd, end <= now { pauseEnd = nil }
    }

    /// Until a socket is ready, the inbox has something or a deadline has passed; then serves who is ready.
    private func sleep(_ now: ContinuousClock.Instant) {
        let watched = Array(connections.values)
        var entries = watched.map(\.interest)
        entries.append(pollfd(fd: inbox.wakeUps, events: Int16(POLLIN), revents: 0))
        entries.append(pollfd(fd: pauseEnd == nil ? listener : -1, events: Int16(POLLIN), revents: 0))
        let deadline = (watched.compactMap(\.deadline) + [pauseEnd].compactMap(\.self)).min()
        let timeout = deadline.map { Int32(clamping: now.duration(to: $0).wholeMilliseconds) } ?? -1
        let count = poll(&entries, nfds_t(entries.count), timeout)
        // Interrupted, or short of memory for a moment: the next turn asks again.
        guard count >= 0 else { return pause(for: errno) }
        let wake = ContinuousClock.now
        for (connection, entry) in zip(watched, entries) where entry.revents != 0 { advance(connection, wake) }
        if entries.last?.revents != 0 { acceptVisitors(wake) }
    }

    private func pause(for code: Int32) {
        if code != EINTR { usleep(100_000) }
    }

    /// As many as one turn may take, so that a flood holds up nobody who is inside.
    private func acceptVisitors(_ now: ContinuousClock.Instant) {
        for _ in 0..<limits.connections {
            switch acceptVisitor(listener) {
            case .visitor(let descriptor, let peer): admit(descriptor, peer, now)
            case .nobody: return
            case .noRoom:
                // The listener stays ready, and asking it again at once would only spin.
                pauseEnd = now + .milliseconds(100)
                return
            }
        }
    }

    private func admit(_ descriptor: Int32, _ peer: String, _ now: ContinuousClock.Instant) {
        guard makeRoom(for: peer) else {
            close(descriptor)
            return
        }
        acceptedCount += 1
        let connection = ServerConnection(descriptor, number: acceptedCount, peer: peer, limits: limits, now)
        connections[acceptedCount] = connection
        // Most requests come with their connection: whoever has sent one is not the next to be turned out.
        advance(connection, now)
    }

    /// Closes the connection that has to make way, if one has; false where all who would have to are being answered.
    private func makeRoom(for peer: String) -> Bool {
        let counts = connections.values.reduce(into: [:]) { $0[$1.peer, default: 0] += 1 }
        let isCrowded = counts[peer, default: 0] >= limits.connectionsPerAddress
        guard isCrowded || connections.count >= limits.connections else { return true }
        let candidates = connections.values.filter { $0.isWaiting && (!isCrowded || $0.peer == peer) }
        let victim = candidates.min { left, right in
            (-counts[left.peer, default: 0], left.since, left.number)
                < (-counts[right.peer, default: 0], right.since, right.number)
        }
        guard let victim else { return false }
        victim.close()
        connections[victim.number] = nil
        return true
    }
}
