/// The leader's housekeeping: feel the pulse, and when a turn is due, observe, plan, act.

import ClusterPlanning
import FoundationEssentials

/// Carries views to `planReconcile` and steps away from it. Decides nothing itself.
struct ReconcileLoop: Sendable {
    let configuration: Configuration
    let observer: ClusterObserver
    let executor: Executor
    let stamp: StampKeeper
    let zone: ZoneObserver?
    let logger: Logger

    private static let clock = ContinuousClock()
    private let startedAt = clock.now

    /// Returns only by cancellation. A turn that fails is dropped whole: the next one plans on a fresh view.
    ///
    /// - Throws: `CancellationError`.
    func run() async throws {
        var state = ReconcileState()
        while true {
            do {
                let beat = try await observer.beat()
                state.silence = Silence()
                await learn(beat, &state)
                try await takeTurnIfDue(beat, &state)
            } catch let error where !(error is CancellationError) {
                await say(silence: error, &state)
            }
            try await Self.clock.sleep(for: min(.seconds(1), configuration.interval))
        }
    }

    private func learn(_ beat: ClusterObserver.Beat, _ state: inout ReconcileState) async {
        do {
            try await stamp.learn(beat.clusterID, beat.own)
            state.stampFailure = ""
        } catch {
            let text = "\(error)"
            if text != state.stampFailure { logger.warning("the stamp could not be written", ["error": text]) }
            state.stampFailure = text
        }
    }

    /// An etcd that runs and does not answer us has nobody who keeps its membership and DNS: worth a line, once it is
    /// not just starting.
    private func say(silence error: any Error, _ state: inout ReconcileState) async {
        guard await stamp.isRunning else {
            state.silence = Silence()
            return
        }
        guard state.silence.isWorthSaying(startedAt.duration(to: Self.clock.now)) else { return }
        logger.warning("etcd runs, and does not answer", ["error": "\(error)"])
    }

    private func takeTurnIfDue(_ beat: ClusterObserver.Beat, _ state: inout ReconcileState) async throws {
        if state.takesLead(beat.pulse, inTerm: beat.term) {
            await zone?.forget()
            logger.info("this member leads", ["member": beat.own, "term": beat.term])
        }
        let isDue = isTurnDue(
            pulse: beat.pulse, lastPulse: state.lastPulse, sinceLastTurn: state.lastTurn?.duration(to: .now),
            isUnderWay: state.isUnderWay, interval: configuration.interval)
        state.lastPulse = beat.pulse
        guard isDue else { return }
        state.lastTurn = .now
        do {
            try await turn(beat, &state)
        } catch let error where !(error is CancellationError) {
            if state.turnFailed("\(error)", startedAt.duration(to: Self.clock.now)) {
                logger.warning("turn dropped; the next one looks afresh", ["error": "\(error)"])
            }
        }
    }

    private func turn(_ beat: ClusterObserver.Beat, _ state: inout ReconcileState) async throws {
        let now = startedAt.duration(to: Self.clock.now)
        guard let view = try await observer.view(beat, now: now) else { return }
        let plan = planReconcile(view, memory: &state.memory)
        say(plan.deferred, &state)
        for step in plan.steps {
            if state.isTroubled {
                logger.debug("acting once more", ["step": step])
            } else {
                logger.info("acting", ["step": step])
            }
            try await executor.perform(step, inTerm: beat.term)
        }
        state.turnDone(isUnderWay: plan.isUnderWay)
        summarize(view, plan, &state)
    }

    /// Says each deferral when it is new.
    private func say(_ deferred: [Deferral], _ state: inout ReconcileState) {
        let texts = deferred.map(\.description)
        for text in texts where !state.said.contains(text) {
            logger.info("deferred", ["reason": text])
        }
        state.said = Set(texts)
    }

    /// One line a turn; loud only where it says something new.
    private func summarize(_ view: ClusterView, _ plan: ReconcilePlan, _ state: inout ReconcileState) {
        let healthy = view.cluster.members.count(where: view.cluster.isHealthy)
        let summary =
            "\(view.cluster.members.count) members, \(healthy) healthy, \(plan.steps.count) steps, "
            + "\(plan.deferred.count) deferred"
        if summary == state.summary {
            logger.debug("turn done", ["summary": summary])
        } else {
            logger.info("turn done", ["summary": summary])
        }
        state.summary = summary
    }
}
