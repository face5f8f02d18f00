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
    /// For what is done to data while nobody is served.
    let loopback: LoopbackEtcd
    let record: ChildRecord
    let running: RunningChild
    let ownReport: OwnReport
    let watch: EtcdWatch
    let sickness: Sickness
    let ownHooks: OwnHooks
    let notices: ServiceNotices
    let logger: Logger

    static let clock = ContinuousClock()
    private let startedAt = clock.now

    /// What goes from one round to the next.
    struct State {
        var memory = StartMemory()
        var lastExit = LastExit.none
        /// Whether etcd was told to stop, or has shown that there is more to see: then nothing is decided at once.
        var looksFirst = false
        /// What the data has shown while etcd was looked at.
        var shown: EtcdState?
        var backoff = RestartBackoff()
        /// Steps that failed one right after the other.
        var failedSteps = 0
        /// When etcd last ended, for the log.
        var endedAt: ContinuousClock.Instant?
    }

    var now: Duration { startedAt.duration(to: Self.clock.now) }

    /// Returns only by cancellation, and then only when etcd has ended.
    ///
    /// - Throws: `CancellationError`.
    func run() async throws {
        var state = State()
        while true {
            let (launch, disk) = try await decide(&state)
            switch launch.kind {
            case .inspect: try await inspect(launch, &state)
            case .force: try await force(launch, disk, &state)
            case .resume, .found, .join: try await supervise(launch, disk, &state)
            }
        }
    }

    // MARK: Deciding

    private func decide(_ state: inout State) async throws -> (Launch, Disk) {
        var waiting = Waiting()
        while true {
            let disk = await stamp.observe()
            if !state.looksFirst, let plan = planAtOnce(observer.identity, disk: disk, lastExit: state.lastExit),
                case .start(let launch) = plan
            {
                return (launch, disk)
            }
            var view = try await observer.look(
                disk: disk, own: OwnEtcd(lastExit: state.lastExit, shown: state.shown), now: now)
            if case .empty = disk, !view.clusters.isEmpty {
                view.programFault = try await program.fault(for: observer.identity)
            }
            try await sickness.heed(view, sickFor: watch.leaderless)
            let plan = planStart(view, memory: &state.memory)
            try await ownHooks.heed(view, plan)
            switch plan {
            case .start(let launch): return (launch, disk)
            case .wait(let reason):
                ownReport.learn(waitingFor: reason, founders: state.memory.founders)
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
            case .setAside(let reason): try setAside(reason, plan, &state)
            case .claim(let swap): try await executor.swap(swap)
            case .act(let step, let cluster): try await act(step, on: cluster)
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

    private func setAside(_ reason: SetAsideReason, _ plan: StartPlan, _ state: inout State) throws {
        let aside = try directory.setAside(reason: reason.word, time: Int(Date().timeIntervalSince1970))
        state.lastExit = .none
        state.looksFirst = false
        state.shown = nil
        ownReport.learn(isEtcdRunning: false)
        ownReport.learn(shown: nil)
        logger.warning("data set aside", ["reason": plan, "to": aside])
    }

    /// Acts for ourselves, where the leader has no supervisor of ours.
    private func act(_ step: ReconcilePlan.Step, on cluster: RunningCluster) async throws {
        if case .addMember = step {
            try await stamp.note { $0.cluster = cluster.id }
        }
        try await executor.perform(step, through: cluster)
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
        let output: OutputTail?
        do {
            (child, output) = try await start(launch, disk, state)
        } catch let error where !(error is CancellationError) {
            await finishStamp(isFirst: isFirst)
            logger.error("etcd can't be started", ["plan": launch, "error": "\(error)"])
            try await pauseBeforeRestart(afterRunning: .zero, &state)
            return
        }
        await note(child, launch, &state)
        guard let status = try await waitForEnd(of: child, isFirst: isFirst, state.memory) else {
            _ = try await output?.finish()
            state.looksFirst = true
            state.lastExit = .none
            return
        }
        state.endedAt = .now
        state.lastExit = status.isSuccess ? .unaskedSuccess : .failure
        ownReport.learn(isEtcdRunning: false, lastExit: state.lastExit)
        try await judge(output, status, &state)
        let ran = child.startedAt.duration(to: .now)
        logger.warning("etcd ended by itself", ["status": status, "pid": child.pid, "ran": ran])
        try await pauseBeforeRestart(afterRunning: ran, &state)
    }

    /// Prepares the disk, writes the stamp, and starts etcd.
    ///
    /// - Returns: what it writes, too, where its end is likely to need explaining.
    private func start(
        _ launch: Launch, _ disk: Disk, _ state: State
    ) async throws -> (child: Child, output: OutputTail?) {
        let command = try await program.command(for: launch)
        let version = try await program.version()
        if let refusal = version.refusal(toFollow: disk.stamp?.etcdVersion) { throw ObservationError(refusal) }
        if let place = try await stamp.clear(for: launch, time: Int(Date().timeIntervalSince1970)) {
            logger.warning("data without a log set aside", ["to": place])
        }
        try await stamp.prepare(launch, on: disk.stamp, etcdVersion: version.minorText)
        if isSuspicious(disk, state) {
            let (child, output) = try await spawner.spawnKeepingOutput(command, isForwarded: true, record: record)
            return (child, output)
        }
        return (try await spawner.spawn(command, record: record), nil)
    }

    /// etcd runs: whoever has to know is told.
    private func note(_ child: Child, _ launch: Launch, _ state: inout State) async {
        logger.info(
            "etcd started",
            ["plan": launch, "pid": child.pid, "down": state.endedAt.map { "\($0.duration(to: .now))" } ?? "-"])
        notices.tell(.status("etcd runs: \(launch)"))
        await running.began(child)
        ownReport.learn(isEtcdRunning: true)
        watch.sawLeader()
        state.looksFirst = false
        state.shown = nil
    }

    /// - Returns: how etcd ended by itself; nil where the record had it stopped.
    /// - Throws: `CancellationError` where we are to stop; etcd has been stopped then.
    private func waitForEnd(
        of child: Child, isFirst: Bool, _ memory: StartMemory
    ) async throws(CancellationError) -> ExitStatus? {
        let status: ExitStatus?
        do {
            status = try await firstOf(child, memory)
        } catch {
            await stop(child, isFirst: isFirst)
            throw CancellationError()
        }
        if let status {
            await running.ended()
            await finishStamp(isFirst: isFirst)
            return status
        }
        await stop(child, isFirst: isFirst)
        watch.overtaken(false)
        ownReport.learn(isEtcdRunning: false)
        return nil
    }

    /// Waits until etcd ends, or has to.
    private func firstOf(_ child: Child, _ memory: StartMemory) async throws -> ExitStatus? {
        let loop = RunningLoop(
            configuration: configuration, observer: observer, executor: executor, stamp: stamp, ownReport: ownReport,
            watch: watch, sickness: sickness, ownHooks: ownHooks, logger: logger)
        return try await withThrowingTaskGroup(of: ExitStatus?.self) { group in
            group.addTask { try await child.exit }
            group.addTask {
                _ = try await loop.untilToldToStop(memory) { now }
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    private func stop(_ child: Child, isFirst: Bool) async {
        logger.info("stopping etcd", ["pid": child.pid, "within": configuration.stopTimeout])
        let teardown = await child.terminate(.graceful(within: configuration.stopTimeout))
        await running.ended()
        await finishStamp(isFirst: isFirst)
        if teardown.wasKilled {
            logger.warning("etcd stopped", ["teardown": teardown])
        } else {
            logger.info("etcd stopped", ["teardown": teardown])
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

    func pauseBeforeRestart(afterRunning ran: Duration, _ state: inout State) async throws {
        let pause = state.backoff.childEnded(afterRunning: ran, random: .random(in: 0..<1))
        guard pause > .zero else { return }
        logger.info("restarting etcd after a pause", ["pause": pause, "ends_in_a_row": state.backoff.endsInARow])
        notices.tell(.status("etcd does not run; starting it again after \(pause)"))
        try await Self.clock.sleep(for: pause)
    }
}

extension Disk {
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
        case .ofEarlierGeneration(let generation, _): "generation-\(generation)"
        case .corrupt: "corrupt"
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
