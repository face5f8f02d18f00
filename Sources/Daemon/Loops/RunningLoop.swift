/// Watches an etcd that runs: where nobody leads, or the record knows more than the data, it looks at the world as a start
/// does.

import ClusterPlanning
import FoundationEssentials

/// Observes, asks the plan, and acts, beside a running etcd. Decides nothing itself.
struct RunningLoop: Sendable {
    let configuration: Configuration
    let observer: StartObserver
    let executor: Executor
    let stamp: StampKeeper
    let ownReport: OwnReport
    let watch: EtcdWatch
    let sickness: Sickness
    let ownHooks: OwnHooks
    let logger: Logger

    private static let clock = ContinuousClock()

    /// Returns only where etcd has to stop; the next look before a start tells what is to follow.
    ///
    /// - Parameters:
    ///   - memory: of the looks before etcd was started.
    ///   - now: monotonic, since the supervisor's start.
    func untilToldToStop(_ memory: StartMemory, _ now: @Sendable () -> Duration) async throws {
        var memory = memory
        var waiting = Waiting(since: now())
        var lastLook: Duration?
        while true {
            try await Self.clock.sleep(for: min(.seconds(1), configuration.interval))
            let generation = await stamp.running?.generation
            let lacksGeneration = observer.records.isConfigured && generation == nil
            func isDue(sinceLastLook: Duration?) -> Bool {
                isLookDue(
                    leaderless: watch.leaderless, isOvertaken: watch.isOvertaken, lacksGeneration: lacksGeneration,
                    sinceLastLook: sinceLastLook, waited: now() - waiting.since, interval: configuration.interval)
            }
            guard isDue(sinceLastLook: nil) else {
                // Nothing calls for looks: what does the next time is watched as closely as if it were the first.
                lastLook = nil
                waiting = Waiting(since: now())
                ownReport.learn(leaderlessFor: nil)
                continue
            }
            guard isDue(sinceLastLook: lastLook.map { now() - $0 }) else { continue }
            lastLook = now()
            if try await look(&memory, &waiting, now()) { return }
        }
    }

    /// - Returns: whether etcd has to stop.
    private func look(
        _ memory: inout StartMemory, _ waiting: inout Waiting, _ now: Duration
    ) async throws -> Bool {
        guard let running = await stamp.running else { return false }
        let own = OwnEtcd(isRunning: true, shown: try await ownReport.etcdState())
        let view = try await observer.look(disk: .data(running), own: own, now: now)
        try await sickness.heed(view, sickFor: watch.sickFor)
        try await ownHooks.heed(view, nil)
        let plan = planRunning(view, memory: &memory)
        if case .stay(let reason) = plan { ownReport.learn(leaderlessFor: reason) }
        switch plan {
        case .stay(nil): break
        case .stay(let reason?):
            if waiting.begin(reason, now) { logger.info("etcd runs without a leader", ["reason": reason]) }
        case .stop(let next):
            logger.warning("etcd has to stop", ["plan": next])
            return true
        case .claim(let swap): try await claim(swap)
        case .stamp(let stamp): try await adopt(stamp)
        }
        return false
    }

    private func claim(_ swap: RecordSwap) async throws {
        logger.warning("acting", ["plan": swap])
        do {
            try await executor.swap(swap)
        } catch let error where !(error is CancellationError) {
            logger.warning("step failed; looking again", ["plan": swap, "error": "\(error)"])
        }
    }

    private func adopt(_ stamp: Stamp) async throws {
        do {
            try await self.stamp.adopt(generation: stamp.generation, owner: stamp.owner)
            logger.info("the record names this member", ["generation": stamp.generation ?? 0])
        } catch let error where !(error is CancellationError) {
            logger.warning("the stamp could not be written", ["error": "\(error)"])
        }
    }
}
