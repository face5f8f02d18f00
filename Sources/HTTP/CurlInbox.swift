/// What other threads leave for the loop's thread: transfers to begin and to cancel.

import Synchronization

typealias CurlContinuation = CheckedContinuation<HTTPResponse, any Error>

/// What other threads leave for the loop's thread.
final class CurlInbox: Sendable {
    struct Contents {
        var added: [(CurlOrder, CurlContinuation)] = []
        var cancelled: [CurlOrder] = []
        var isClosed = false
    }

    private struct State {
        var contents = Contents()
        /// The handle to wake, for as long as the thread lives.
        var multi: CurlMulti?
    }

    private let state: Mutex<State>

    init(_ multi: CurlMulti) {
        state = Mutex(State(multi: multi))
    }

    func add(_ order: CurlOrder, _ continuation: CurlContinuation) {
        let isClosed = state.withLock { state in
            if state.contents.isClosed { return true }
            state.contents.added.append((order, continuation))
            state.multi?.wake()
            return false
        }
        if isClosed { continuation.resume(throwing: CancellationError()) }
    }

    func cancel(_ order: CurlOrder) {
        state.withLock { state in
            if state.contents.isClosed { return }
            state.contents.cancelled.append(order)
            state.multi?.wake()
        }
    }

    func close() {
        state.withLock { state in
            state.contents.isClosed = true
            state.multi?.wake()
        }
    }

    /// Everything left since the last call.
    func take() -> Contents {
        state.withLock { state in
            defer { state.contents = Contents(isClosed: state.contents.isClosed) }
            return state.contents
        }
    }

    /// From now on wakes another handle, or none: only then may the old one be freed.
    func wake(_ multi: CurlMulti?) {
        state.withLock { $0.multi = multi }
    }
}
