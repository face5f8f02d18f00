/// Who asked for a report since somebody looked last.

import ClusterPlanning
import Synchronization

/// Rings once for any number of askers. Bounded: whoever makes names up fills it, and hides nobody for longer than until
/// the next look.
final class Doorbell: Sendable {
    /// One element after each look, once somebody has asked.
    let rings: AsyncStream<Void>
    private let ringer: AsyncStream<Void>.Continuation
    private let waiting = Mutex<Set<InstanceID>>([])

    private let lastNews = Mutex<ContinuousClock.Instant?>(nil)

    private static let limit = 256

    init() { (rings, ringer) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    /// What is no instance ID is ignored.
    func ring(_ name: String) {
        guard name.utf8.count <= 32, InstanceID.isInstanceID(name) else { return }
        let isNew = waiting.withLock { waiting in
            waiting.count < Self.limit && waiting.insert(InstanceID(name)).inserted
        }
        if isNew { ringer.yield() }
    }

    /// Whether what somebody says may be heard: it is a second since the last time. Anybody may say anything, and each time costs
    /// calls.
    func mayBeNews() -> Bool {
        lastNews.withLock { last in
            if let last, last.duration(to: .now) < .seconds(1) { return false }
            last = .now
            return true
        }
    }

    func take() -> Set<InstanceID> {
        waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
    }
}
