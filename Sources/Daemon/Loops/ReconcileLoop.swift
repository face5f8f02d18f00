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

    /// What goes from one turn to the next.
    private struct State {
        var memory = ReconcileMemory()
        var lastPulse: Pulse?
        /// The term in which we lead; nil while we don't.
        var term: UInt64?
        var lastTurn: ContinuousClock.Instant?
        var isUnderWay = false
        var failures = Failures()
        /// What was deferred last time, not to be said again.
        var said: Set<String> = []
        var summary = ""
        var silence = Silence()
        var stampFailure = ""
    }

    /// Returns only by cancellation. A turn that fails is dropped whole: the next one plans on a fresh view.
    ///
    /// - Throws: `CancellationError`.
    func run() async throws {
        var state = State()
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

    private func learn(_ beat: ClusterObserver.Beat, _ state: inout State) async {
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
    private func say(silence error: any Error, _ state: inout State) async {
        guard await stamp.isRunning else {
            state.silence = Silence()
            return
        }
        guard state.silence.isWorthSaying(startedAt.duration(to: Self.clock.now)) else { return }
        logger.warning("etcd runs, and does not answer", ["error": "\(error)"])
    }

    private func takeTurnIfDue(_ beat: ClusterObserver.Beat, _ state: inout State) async throws {
        if beat.pulse.isLeader, state.term != beat.term {
            // Others may have led in between: what they wrote to the zone we have not read, and who was ill all the time
            // we don't know.
            await zone?.forget()
            state.memory = ReconcileMemory()
            state.lastTurn = nil
            state.said = []
            logger.info("this member leads", ["member": beat.own, "term": beat.term])
        }
        state.term = beat.pulse.isLeader ? beat.term : nil
        let isDue = isTurnDue(
            pulse: beat.pulse, lastPulse: state.lastPulse, sinceLastTurn: state.lastTurn?.duration(to: .now),
            isUnderWay: state.isUnderWay && !state.failures.areMany, interval: configuration.interval)
        state.lastPulse = beat.pulse
        guard isDue else { return }
        state.lastTurn = .now
        do {
            try await turn(beat, &state)
            state.failures = Failures()
        } catch let error where !(error is CancellationError) {
            let text = "\(error)"
            guard state.failures.isWorthSaying(text, startedAt.duration(to: Self.clock.now)) else { return }
            logger.warning("turn dropped; the next one looks afresh", ["error": text])
        }
    }

    private func turn(_ beat: ClusterObserver.Beat, _ state: inout State) async throws {
        let now = startedAt.duration(to: Self.clock.now)
        guard let view = try await observer.view(beat, now: now) else { return }
        let plan = planReconcile(view, memory: &state.memory)
        state.isUnderWay = plan.isUnderWay
        say(plan.deferred, &state)
        for step in plan.steps {
            if state.failures.areMany {
                logger.debug("acting", ["step": step])
            } else {
                logger.info("acting", ["step": step])
            }
            try await executor.perform(step, inTerm: beat.term)
        }
        summarize(view, plan, &state)
    }

    /// Says each deferral when it is new.
    private func say(_ deferred: [Deferral], _ state: inout State) {
        let texts = deferred.map(\.description)
        for text in texts where !state.said.contains(text) {
            logger.info("deferred", ["reason": text])
        }
        state.said = Set(texts)
    }

    /// One line a turn; loud only where it says something new.
    private func summarize(_ view: ClusterView, _ plan: ReconcilePlan, _ state: inout State) {
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

/// For how long our own etcd has not answered, and when that is worth a line in the log.
struct Silence {
    private var since: Duration?
    private var saidAt: Duration?

    private static let patience = Duration.seconds(10)
    private static let repetition = Duration.seconds(300)

    /// Takes note of one more look without an answer.
    mutating func isWorthSaying(_ now: Duration) -> Bool {
        let since = since ?? now
        self.since = since
        guard now - since >= Self.patience, saidAt.map({ now - $0 >= Self.repetition }) ?? true else { return false }
        saidAt = now
        return true
    }
}

/// Turns that failed one after the other, and when that is worth a line in the log.
struct Failures {
    private var inARow = 0
    private var kind = ""
    private var saidAt: Duration?

    private static let repetition = Duration.seconds(300)

    /// What failed so often, AWS's refusal of a change say, is tried no more than once an interval, and more quietly.
    var areMany: Bool { inARow >= 5 }

    /// Takes note of one more.
    mutating func isWorthSaying(_ text: String, _ now: Duration) -> Bool {
        inARow += 1
        let kind = text.filter { !$0.isHexDigit && $0 != "-" }  // durations, ports and request IDs differ each time
        if areMany, kind == self.kind, let saidAt, now - saidAt < Self.repetition { return false }
        self.kind = kind
        saidAt = now
        return true
    }
}
