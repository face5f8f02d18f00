/// Runs etcd for as long as we live: decide how, start, wait for its end, and again.

import ClusterPlanning
import FoundationEssentials
import Supervision

/// Observes, asks the plan how to start, starts, and sees what comes of it. Decides nothing itself.
struct EtcdLoop: Sendable {
    let configuration: Configuration
    let observer: StartObserver
    let executor: Executor
    let directory: DataDirectory
    let stamp: StampKeeper
    let program: EtcdProgram
    let spawner: Spawner
    let record: ChildRecord
    let running: RunningChild
    let notices: ServiceNotices
    let logger: Logger

    private static let clock = ContinuousClock()
    private let startedAt = clock.now

    /// What goes from one round to the next.
    private struct State {
        var memory = StartMemory()
        var lastExit = LastExit.none
        var backoff = RestartBackoff()
        /// Steps that failed one right after the other.
        var failedSteps = 0
        /// When etcd last ended, for the log.
        var endedAt: ContinuousClock.Instant?
    }

    /// Returns only by cancellation, and then only when etcd has ended.
    ///
    /// - Throws: `CancellationError`.
    func run() async throws {
        var state = State()
        while true {
            let (launch, disk) = try await decide(&state)
            try await supervise(launch, disk, &state)
        }
    }

    // MARK: Deciding

    private func decide(_ state: inout State) async throws -> (Launch, Disk) {
        var waiting = Waiting()
        while true {
            let disk = directory.observe()
            if case .start(let launch)? = planAtOnce(observer.identity, disk: disk, lastExit: state.lastExit) {
                return (launch, disk)
            }
            let now = startedAt.duration(to: Self.clock.now)
            let view = try await observer.look(disk: disk, lastExit: state.lastExit, now: now)
            let plan = planStart(view, memory: &state.memory)
            switch plan {
            case .start(let launch): return (launch, disk)
            case .wait(let reason):
                say(reason, waiting.begin(reason, now))
                let pause = pause(
                    waitingFor: reason, waited: now - waiting.since, interval: configuration.interval)
                try await Self.clock.sleep(for: pause)
            default:
                try await act(plan, &state)
            }
        }
    }

    /// A step that fails is not repeated blindly: the next look tells what became of it.
    private func act(_ plan: StartPlan, _ state: inout State) async throws {
        logger.info("acting", ["plan": plan])
        do {
            switch plan {
            case .setAside(let reason):
                let place = try directory.setAside(
                    reason: reason.word, time: Int(Date().timeIntervalSince1970),
                    stamp: .afterSettingAside(reason, observer.identity.instance))
                state.lastExit = .none
                logger.warning("data set aside", ["reason": plan, "to": place])
            case .removeOwnEntry(let member, let cluster):
                try await executor.removeOwnEntry(member, from: cluster)
            case .addSelf(let cluster):
                // From one voter to two the cluster leads again only with us: what can be known before must not keep our
                // etcd from starting then.
                try await program.check(for: observer.identity)
                let instance = observer.identity.instance
                try await stamp.note(.entering(cluster.id, instance))
                let member = try await executor.addSelf(to: cluster)
                try await stamp.note(.entering(cluster.id, as: member, instance))
                logger.info("added to the cluster", ["cluster": cluster.id, "member": member])
            case .start, .wait: break
            }
            state.failedSteps = 0
        } catch let error where !(error is CancellationError) {
            logger.warning("step failed; looking again", ["plan": plan, "error": "\(error)"])
            state.failedSteps += 1
            try await Self.clock.sleep(
                for: pause(afterFailedSteps: state.failedSteps, interval: configuration.interval))
        }
    }

    /// Says what is waited for when that changes, and again every few minutes.
    private func say(_ reason: WaitReason, _ isWorthSaying: Bool) {
        guard isWorthSaying else { return }
        logger.info("waiting", ["reason": reason])
        notices.tell(.status("waiting: \(reason)"))
    }

    // MARK: Running

    private func supervise(_ launch: Launch, _ disk: Disk, _ state: inout State) async throws {
        let isFirst = disk.stampBesideData == nil
        let child: Child
        do {
            let command = try await program.command(for: launch)
            if let place = try await stamp.clear(for: launch, time: Int(Date().timeIntervalSince1970)) {
                logger.warning("data without a log set aside", ["to": place])
            }
            try await stamp.prepare(launch, on: disk.stamp)
            child = try await spawner.spawn(command, record: record)
        } catch let error where !(error is CancellationError) {
            await finishStamp(isFirst: isFirst)
            logger.error("etcd can't be started", ["plan": launch, "error": "\(error)"])
            try await pauseBeforeRestart(afterRunning: .zero, &state)
            return
        }
        logger.info(
            "etcd started",
            ["plan": launch, "pid": child.pid, "down": state.endedAt.map { "\($0.duration(to: .now))" } ?? "-"])
        notices.tell(.status("etcd runs: \(launch)"))
        await running.began(child)
        let status = try await waitForEnd(of: child, isFirst: isFirst)
        state.endedAt = .now
        state.lastExit = status.isSuccess ? .unaskedSuccess : .failure
        let ran = child.startedAt.duration(to: .now)
        logger.warning("etcd ended by itself", ["status": status, "pid": child.pid, "ran": ran])
        try await pauseBeforeRestart(afterRunning: ran, &state)
    }

    /// - Throws: `CancellationError` where we are to stop; etcd has been stopped then.
    private func waitForEnd(
        of child: Child, isFirst: Bool
    ) async throws(CancellationError) -> ExitStatus {
        do {
            let status = try await child.exit
            await running.ended()
            await finishStamp(isFirst: isFirst)
            return status
        } catch {
            logger.info("stopping etcd", ["pid": child.pid, "within": configuration.stopTimeout])
            let teardown = await child.terminate(.graceful(within: configuration.stopTimeout))
            await running.ended()
            await finishStamp(isFirst: isFirst)
            if teardown.wasKilled {
                logger.warning("etcd stopped", ["teardown": teardown])
            } else {
                logger.info("etcd stopped", ["teardown": teardown])
            }
            throw error
        }
    }

    /// A stamp that can't be written goes on saying that etcd was started: at worst this member joins anew, later.
    private func finishStamp(isFirst: Bool) async {
        do {
            try await stamp.finish(isFirst: isFirst)
        } catch {
            logger.warning("the stamp could not be written", ["error": "\(error)"])
        }
    }

    private func pauseBeforeRestart(afterRunning ran: Duration, _ state: inout State) async throws {
        let pause = state.backoff.childEnded(afterRunning: ran, random: .random(in: 0..<1))
        guard pause > .zero else { return }
        logger.info("restarting etcd after a pause", ["pause": pause, "ends_in_a_row": state.backoff.endsInARow])
        notices.tell(.status("etcd does not run; starting it again after \(pause)"))
        try await Self.clock.sleep(for: pause)
    }
}

extension Disk {
    var stamp: Stamp? {
        switch self {
        case .empty(let stamp), .data(let stamp): stamp
        case .unusable: nil
        }
    }

    /// Nil where there is no data.
    fileprivate var stampBesideData: Stamp?? {
        if case .data(let stamp) = self { stamp } else { nil }
    }
}

extension SetAsideReason {
    /// For the name of the directory.
    fileprivate var word: String {
        switch self {
        case .removedFromCluster: "removed"
        }
    }
}

/// The child that runs now, for whoever has to kill it at once.
actor RunningChild {
    private var child: Child?

    func began(_ child: Child) { self.child = child }
    func ended() { child = nil }

    /// Sends SIGKILL to etcd's whole process group.
    func kill() { child?.send(.kill) }
}
