/// The whole program: what is made in which order, what runs side by side, and what ends last.

import AWS
import ClusterPlanning
import FoundationEssentials
import HTTP
import Supervision

/// Supervises one member for the life of this process.
struct Daemon: Sendable {
    let configuration: Configuration
    let logger: Logger
    private let notices: ServiceNotices
    private let spawner: Spawner
    private let running = RunningChild()

    /// - Parameter spawner: another one only where `main` is not ours, as in a test runner.
    init(_ configuration: Configuration, logger: Logger, spawner: Spawner = Spawner()) {
        self.configuration = configuration
        self.logger = logger
        self.spawner = spawner
        notices = ServiceNotices(environment: configuration.environment, logger: logger)
    }

    /// Runs until a signal ends it. etcd is stopped last, and gracefully; a second signal kills it.
    ///
    /// - Parameter signals: installed before anything was started.
    func run(_ signals: SignalSequence) async throws {
        SignalSequence.ignoreBrokenPipes()
        try Reaper.reapOrphansIfFirstProcess()
        logger.info("etcd-cluster starts", ["version": version, "data_dir": configuration.dataDirectory])
        let (stop, stopping) = AsyncStream<Void>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await heed(signals, stopping) }
            defer { group.cancelAll() }
            try await work(until: stop)
        }
        logger.info("etcd-cluster ends")
    }

    /// The first SIGTERM or SIGINT ends the work, the second one etcd.
    private func heed(_ signals: SignalSequence, _ stopping: AsyncStream<Void>.Continuation) async {
        var isStopping = false
        for await signal in signals {
            switch (signal, isStopping) {
            case (.hangup, _):
                logger.info("nothing to read again: configuration is read at the start", ["signal": signal])
            case (_, false):
                isStopping = true
                logger.info("stopping", ["signal": signal])
                notices.tell(.stopping, .status("stopping etcd"))
                stopping.yield()
            case (_, true):
                logger.warning("killing etcd", ["signal": signal])
                await running.kill()
            }
        }
    }

    /// Returns when told to stop, and everything has ended.
    ///
    /// - Throws: what keeps the work from going on.
    private func work(until stop: AsyncStream<Void>) async throws {
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await live() }
                group.addTask {
                    for await _ in stop { throw CancellationError() }
                }
                for try await _ in group {}  // unlike waitForAll, ends with the first that throws
            }
        } catch is CancellationError {
            // We were told to stop, and have.
        }
    }

    private func live() async throws {
        let directory = DataDirectory(configuration.dataDirectory, requiresMount: configuration.requiresMount)
        let lock = try await takeOver(directory)
        defer { withExtendedLifetime(lock) {} }
        let record = ChildRecord(path: directory.path + "/etcd-cluster.child")
        let predecessor = try await awaitPredecessor(record, grace: configuration.stopTimeout)
        if predecessor != .noRecord { logger.info("took over", ["predecessor": predecessor]) }
        // Ready means that this member is looked after. Whether etcd serves may depend on instances that are yet to come,
        // and must not hold up the boot that waits for us (F6).
        notices.tell(.ready)

        sayWhatIsAtStake()
        for failure in await Scratch(directory, logger: logger).clean() {
            logger.warning("what an earlier process left takes room, and can't be removed", ["error": failure])
        }
        let program = EtcdProgram(configuration: configuration, spawner: spawner)
        // Asked for while the metadata service answers: a resume needs nothing else.
        async let earlyVersion = program.version()
        let loop = try CurlLoop()
        let surroundings = try await persist("who this instance is") {
            try await Surroundings(configuration, loop: loop)
        }
        logger.info(
            "this instance",
            ["instance": surroundings.identity.instance, "peer_url": surroundings.identity.peerURL])
        // Whatever is wrong with the program is told when etcd is to be started, and looked at again each time.
        _ = try? await earlyVersion
        try await runLoops(surroundings, program, directory, record)
    }

    /// What an operator should know before it matters.
    private func sayWhatIsAtStake() {
        if configuration.isWithoutRecord {
            logger.warning("no record is kept: that no second cluster is founded rests on the instances' reports alone")
        }
        if configuration.planSettings.backups == nil {
            logger.warning("no backups are made: one loss of every disk away from empty")
        }
    }

    private func runLoops(
        _ surroundings: Surroundings, _ program: EtcdProgram, _ directory: DataDirectory, _ record: ChildRecord
    ) async throws {
        let observers = Observers(configuration, surroundings, directory)
        let executor = Executor(surroundings)
        let stamp = StampKeeper(directory, surroundings.identity.instance)
        let watch = EtcdWatch()
        let workshop = BackupWorkshop(configuration, surroundings, directory, program, spawner, logger)
        let etcdLoop = EtcdLoop(
            configuration: configuration, observer: observers.start, executor: executor, directory: directory,
            stamp: stamp, program: program, spawner: spawner,
            loopback: LoopbackEtcd(
                directory: directory, program: program, spawner: spawner, http: surroundings.direct, record: record,
                runningChild: running, stopTimeout: configuration.stopTimeout),
            backups: surroundings.backups, maker: workshop.maker, restorer: workshop.restorer(stamp),
            record: record, running: running,
            ownReport: observers.ownReport, watch: watch,
            sickness: Sickness(group: surroundings.group, logger: logger),
            ownHooks: OwnHooks(group: surroundings.group, logger: logger), notices: notices, logger: logger)
        let reconcileLoop = ReconcileLoop(
            configuration: configuration, observer: observers.cluster, executor: executor, stamp: stamp,
            zone: surroundings.zone, watch: watch, ownReport: observers.ownReport, logger: logger)
        let reportLoop = ReportLoop(
            configuration: configuration, identity: surroundings.identity, ownReport: observers.ownReport,
            watch: watch, logger: logger)
        let departureLoop = DepartureLoop(
            configuration: configuration, metadata: surroundings.metadata, ownReport: observers.ownReport,
            logger: logger)
        // Whichever throws first cancels the others; etcd's loop stops etcd before it returns, so etcd ends last.
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await etcdLoop.run() }
            group.addTask { try await reconcileLoop.run() }
            group.addTask { try await reportLoop.run() }
            group.addTask { try await departureLoop.run() }
            group.addTask { try await workshop.loop(surroundings, observers.ownReport).run() }
            group.addTask { try await MemoryLoop(configuration: configuration, logger: logger).run() }
            for try await _ in group {}  // unlike waitForAll, ends with the first that throws
        }
    }

    /// The right to run etcd on the directory: waited for while another supervisor, or a missing mount, stands in the way.
    private func takeOver(_ directory: DataDirectory) async throws -> DirectoryLock {
        try await persist("the data directory") {
            try directory.prepare()
            return try DirectoryLock(directory.path, name: "etcd-cluster.lock", holder: "etcd-cluster")
        }
    }

    /// Tries again until it succeeds, and says each new reason why it does not.
    private func persist<Value: Sendable>(
        _ what: String, _ attempt: () async throws -> Value
    ) async throws -> Value {
        var said = ""
        while true {
            do {
                return try await attempt()
            } catch let error where !(error is CancellationError) {
                let text = "\(error)"
                if text != said {
                    logger.warning("waiting", ["for": what, "reason": text])
                    notices.tell(.status("waiting for \(what): \(text)"))
                }
                said = text
            }
            try await ContinuousClock().sleep(for: min(.seconds(1), configuration.interval))
        }
    }
}
