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
    let backups: BackupKeeper
    let maker: BackupMaker
    let restorer: Restorer
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
        /// Up to which revision the data is in a backup that was made after etcd had served for the last time.
        var savedRevision: UInt64?
        /// Backups that could not be restored here.
        var spoiltBackups: Set<String> = []
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
            case .restore(let name, _): try await restore(launch, name, &state)
            case .save: try await save(launch, &state)
            case .resume, .found, .join: try await supervise(launch, disk, &state)
            }
        }
    }

    // MARK: Deciding

    private func decide(_ state: inout State) async throws -> (Launch, Disk) {
        var waiting = Waiting(since: now)
        while true {
            let disk = await stamp.observe()
            if !state.looksFirst, let plan = planAtOnce(observer.identity, disk: disk, lastExit: state.lastExit),
                case .start(let launch) = plan
            {
                try await lookIfSick(disk, state)
                return (launch, disk)
            }
            var view = try await observer.look(
                disk: disk,
                own: OwnEtcd(lastExit: state.lastExit, shown: state.shown, savedRevision: state.savedRevision),
                now: now)
            view.spoiltBackups = state.spoiltBackups
            view.programFault = try await program.fault(in: view)
            try await sickness.heed(view, sickFor: watch.sickFor)
            let plan = planStart(view, memory: &state.memory)
            ownReport.learn(founders: state.memory.founders)
            try await ownHooks.heed(view, plan)
            switch plan {
            case .start(let launch): return (launch, disk)
            case .wait(let reason):
                ownReport.learn(waitingFor: reason)
                say(reason, waiting.begin(reason, now))
                let pause = pause(
                    waitingFor: reason, waited: now - waiting.since, interval: configuration.interval)
                try await Self.clock.sleep(for: pause)
            default:
                try await act(plan, &state)
            }
        }
    }

    /// An etcd that ends as often as it is started never gets as far as a look, and yet its instance may have to be replaced.
    private func lookIfSick(_ disk: Disk, _ state: State) async throws {
        guard await sickness.needsLook(configuration.planSettings, sickFor: watch.sickFor) else { return }
        let view = try await observer.look(disk: disk, own: OwnEtcd(lastExit: state.lastExit), now: now)
        try await sickness.heed(view, sickFor: watch.sickFor)
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
                for: pause(
                    afterFailedSteps: state.failedSteps, lostRace: error is LostRace,
                    interval: configuration.interval))
        }
    }

    private func setAside(_ reason: SetAsideReason, _ plan: StartPlan, _ state: inout State) throws {
        let aside = try directory.setAside(reason: reason.word, time: secondsNow())
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
