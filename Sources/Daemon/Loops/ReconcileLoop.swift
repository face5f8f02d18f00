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
    let watch: EtcdWatch
    let ownReport: OwnReport
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
                if beat.pulse.hasLeader { watch.sawLeader() }
                await learn(beat, &state)
                try await takeTurnIfDue(beat, &state)
            } catch let error where !(error is CancellationError) {
                await say(silence: error, &state)
            }
            try await watch.wait(atMost: min(.seconds(1), configuration.interval))
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
        if !beat.pulse.isLeader { ownReport.learn(isLeading: false) }
        if state.takesLead(beat.pulse, inTerm: beat.term) {
            ownReport.learn(isLeading: true)
            await zone?.forget()
            await observer.records.forget()
            await observer.backups.forget()
            logger.info("this member leads", ["member": beat.own, "term": beat.term])
        }
        state.askers.formUnion(watch.takeAskers().subtracting(beat.pulse.members.compactMap(\.instanceID)))
        if watch.takeRecordChange() {
            await observer.records.forget()
            state.hasNews = true
        }
        let isDue = isTurnDue(
            pulse: beat.pulse, lastPulse: state.lastPulse, sinceLastTurn: state.lastTurn?.duration(to: .now),
            isUnderWay: state.isUnderWay, isAsked: !state.askers.isEmpty || state.hasNews,
            interval: configuration.interval)
        state.lastPulse = beat.pulse
        if !beat.pulse.isLeader { state.askers = [] }
        guard isDue else { return }
        state.askers = []
        state.hasNews = false
        state.lastTurn = .now
        do {
            try await turn(beat, &state)
        } catch let error where !(error is CancellationError) {
            ownReport.learn(turnFailure: "\(error)")
            if state.turnFailed("\(error)", startedAt.duration(to: Self.clock.now)) {
                logger.warning("turn dropped; the next one looks afresh", ["error": "\(error)"])
            }
        }
    }

    private func turn(_ beat: ClusterObserver.Beat, _ state: inout ReconcileState) async throws {
        guard let (view, plan) = try await plan(beat, &state) else { return }
        watch.overtaken(plan.isOvertaken || plan.isLastToLeave)
        say(plan.deferred, &state)
        ownReport.learn(deferred: plan.deferred)
        try await carryOut(plan, beat, state)
        ownReport.learn(turnFailure: nil)
        state.turnDone(isUnderWay: plan.isUnderWay)
        summarize(view, plan, &state)
    }

    /// The plan of this turn. One that changes members or the record is made on a record that was read in this very turn.
    private func plan(
        _ beat: ClusterObserver.Beat, _ state: inout ReconcileState
    ) async throws -> (ClusterView, ReconcilePlan)? {
        let generation = await stamp.running?.generation
        var readsRecord = state.isUnderWay
        while true {
            let now = startedAt.duration(to: Self.clock.now)
            let view = try await observer.view(
                beat, now: now, generation: generation, readsRecord: readsRecord,
                probesAWS: state.memory.isBlind)
            guard let view else { return nil }
            var memory = state.memory
            let plan = planReconcile(view, memory: &memory)
            if plan.needsFreshRecord, !view.isRecordFresh {
                readsRecord = true
                continue
            }
            state.memory = memory
            return (view, plan)
        }
    }

    /// Steps in their order; one that fails drops what follows it, unless nothing waits for it.
    private func carryOut(_ plan: ReconcilePlan, _ beat: ClusterObserver.Beat, _ state: ReconcileState) async throws {
        var postponed: (any Error)?
        for step in plan.steps {
            say(step, state)
            do {
                if case .notYet(let why) = try await executor.perform(step, inTerm: beat.term) {
                    logger.debug("not yet", ["reason": why])
                }
            } catch let error where step.holdsNothingUp && !(error is CancellationError) {
                postponed = error
            }
        }
        if let postponed { throw postponed }
    }

    private func say(_ step: ReconcilePlan.Step, _ state: ReconcileState) {
        if state.isTroubled || step.isRoutine {
            logger.debug("acting", ["step": step])
        } else {
            logger.info("acting", ["step": step])
        }
    }

    /// Says each deferral when it is new: what differs in its numbers alone, as the time that a call took, is not.
    private func say(_ deferred: [Deferral], _ state: inout ReconcileState) {
        let texts = deferred.map(\.description)
        for text in texts where !state.said.contains(Repetition.withoutFigures(text)) {
            logger.info("deferred", ["reason": text])
        }
        state.said = Set(texts.map(Repetition.withoutFigures))
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

extension ReconcilePlan.Step {
    /// Repeated until it succeeds, or for as long as something lasts.
    fileprivate var isRoutine: Bool {
        switch self {
        case .heartbeat, .promote, .publish: true
        default: false
        }
    }
}
