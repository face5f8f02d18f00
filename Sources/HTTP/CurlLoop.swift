import Glibc
import Synchronization

/// One thread on which libcurl carries any number of transfers at once.
///
/// The task pool has as few threads as the machine has processors, so nothing that blocks may run there. The thread
/// sleeps without ticking while nothing is under way. It ends when the loop is shut down or its last reference goes.
package final class CurlLoop: Sendable {
    private let inbox: CurlInbox
    private let underWay = Mutex<[CurlOrder]>([])

    /// - Parameter idleLimit: how long an unused connection is kept, in whole seconds.
    /// - Throws: `CurlLoopError` where this machine's libcurl won't do, or no thread can be had.
    package init(idleLimit: Duration = .seconds(60)) throws {
        if let shortcoming = LibCurl.shortcoming { throw CurlLoopError(description: shortcoming) }
        guard let multi = CurlMulti() else { throw CurlLoopError(description: "libcurl: curl_multi_init failed") }
        inbox = CurlInbox(multi)
        let failure = startForeignThread { [inbox] in CurlWorker(inbox, multi, idleLimit: idleLimit).run() }
        guard failure == 0 else {
            multi.free()
            throw CurlLoopError(description: "no thread for libcurl: \(String(cString: strerror(failure)))")
        }
    }

    deinit { inbox.close() }

    /// Ends the thread. Transfers under way, and later ones, throw `CancellationError`.
    package func shutdown() { inbox.close() }

    /// The hosts of whose answers something is missing, each of them once, the one that was asked first in front.
    package var unanswered: [String] {
        underWay.withLock { orders in
            orders.reduce(into: []) { hosts, order in
                let host = URLParts(order.request.url).host
                if !hosts.contains(host) { hosts.append(host) }
            }
        }
    }

    /// Carries out the order; where the task is cancelled, takes it back at once.
    func perform(_ order: CurlOrder) async throws -> HTTPResponse {
        underWay.withLock { $0.append(order) }
        defer { underWay.withLock { orders in orders.removeAll { $0 === order } } }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { inbox.add(order, $0) }
        } onCancel: {
            order.isCancelled.store(true, ordering: .releasing)
            inbox.cancel(order)
        }
    }
}

/// The libcurl of this machine can't carry our transfers.
package struct CurlLoopError: Error, Sendable, CustomStringConvertible {
    package var description: String
}

/// One request on its way to the loop's thread.
final class CurlOrder: Sendable {
    let request: HTTPRequest
    let settings: CurlSettings
    let end: ContinuousClock.Instant
    /// Set before the inbox hears of it, as cancellation may overtake the order itself.
    let isCancelled = Atomic(false)

    init(_ request: HTTPRequest, settings: CurlSettings, deadline: Duration) {
        self.request = request
        self.settings = settings
        end = ContinuousClock.now + deadline
    }
}
