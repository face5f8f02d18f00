/// What other threads leave for the server's thread.

import Glibc
import Synchronization

/// One request on its way to whoever answers it.
struct ServerVisit: Sendable {
    /// The connection's.
    let number: Int
    let request: HTTPServerRequest
    /// Ends when the time for the answer is over. (Of a `Task.sleep` that is cancelled, as nearly each would be, the timer
    /// lives on to its end: some kilobytes for every thousand requests a second, times the seconds.)
    let time: AsyncStream<Never>
}

/// Answers for the server's thread, and a pipe that wakes it.
final class ServerInbox: Sendable {
    private struct State {
        var answers: [(number: Int, response: HTTPServerResponse)] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    /// Can be read when there is something to take.
    let wakeUps: Int32
    private let waker: Int32

    init() throws(HTTPServerError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw HTTPServerError("make a pipe", code: errno) }
        for end in ends {
            // pipe2(2) is not visible from Swift.
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        (wakeUps, waker) = (ends[0], ends[1])
    }

    deinit {
        Glibc.close(wakeUps)
        Glibc.close(waker)
    }

    func answer(_ number: Int, _ response: HTTPServerResponse) {
        state.withLock { $0.answers.append((number, response)) }
        wake()
    }

    /// Ends the thread.
    func close() {
        state.withLock { $0.isClosed = true }
        wake()
    }

    /// Everything left since the last call; nil once closed.
    func take() -> [(number: Int, response: HTTPServerResponse)]? {
        var bytes = [UInt8](repeating: 0, count: 64)
        while read(wakeUps, &bytes, bytes.count) == bytes.count {}
        return state.withLock { state in
            defer { state.answers = [] }
            return state.isClosed ? nil : state.answers
        }
    }

    /// A pipe that is full wakes as well.
    private func wake() {
        var byte: UInt8 = 0
        _ = write(waker, &byte, 1)
    }
}
