/// What the loops tell each other: whether somebody leads, and that somebody has asked.

import ClusterPlanning
import Synchronization

/// Shared between the loop that runs etcd, the one that keeps the cluster, and the one that answers peers.
final class EtcdWatch: Sendable {
    private struct Known {
        var leaderSeenAt = ContinuousClock.now
        /// Nobody can be seen to lead before etcd runs.
        var startedAt = ContinuousClock.now
        var isOvertaken = false
        var askers: Set<InstanceID> = []
        var isRecordChanged = false
        /// Whether somebody has asked since the last wait ended.
        var isAskedAnew = false
        var waiter: AsyncStream<Void>.Continuation?
    }

    private let known = Mutex(Known())

    /// etcd was started.
    func started() { known.withLock { $0.startedAt = .now } }

    /// Our member says that somebody leads.
    func sawLeader() { known.withLock { $0.leaderSeenAt = .now } }

    /// The leader's turn has found that the record knows a later generation.
    func overtaken(_ isOvertaken: Bool) { known.withLock { $0.isOvertaken = isOvertaken } }

    var isOvertaken: Bool { known.withLock { $0.isOvertaken } }

    /// For how long nobody was seen to lead while etcd ran.
    var leaderless: Duration { known.withLock { max($0.leaderSeenAt, $0.startedAt).duration(to: .now) } }

    /// For how long nobody was seen to lead, whether etcd ran or not.
    var sickFor: Duration { known.withLock { $0.leaderSeenAt.duration(to: .now) } }

    /// Instances asked for our report; they are trusted for nothing but that they are there.
    func asked(by instances: Set<InstanceID>) {
        known.withLock { known in
            if known.askers.count < 1000 { known.askers.formUnion(instances) }
            known.isAskedAnew = true
            known.waiter?.yield()
        }
    }

    /// Somebody says that the record was changed; it is read again, and nothing else follows from it.
    func recordChanged() {
        known.withLock { known in
            known.isRecordChanged = true
            known.isAskedAnew = true
            known.waiter?.yield()
        }
    }

    /// Whether somebody has said so since the last time.
    func takeRecordChange() -> Bool {
        known.withLock { known in
            defer { known.isRecordChanged = false }
            return known.isRecordChanged
        }
    }

    /// Who has asked since the last time.
    func takeAskers() -> Set<InstanceID> {
        known.withLock { known in
            defer { known.askers = [] }
            return known.askers
        }
    }

    /// Waits until somebody asks, at most so long.
    func wait(atMost limit: Duration) async throws(CancellationError) {
        let (asked, waiter) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let isAskedAnew = known.withLock { known in
            known.waiter = waiter
            return known.isAskedAnew
        }
        if isAskedAnew { waiter.yield() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in asked { return }
            }
            // Losing the error is right: the task fails by cancellation alone, which is looked at below.
            group.addTask { try? await ContinuousClock().sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
        known.withLock { $0.isAskedAnew = false }
        if Task.isCancelled { throw CancellationError() }
    }
}
