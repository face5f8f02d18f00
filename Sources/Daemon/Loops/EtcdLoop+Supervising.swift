/// One life of etcd: started on a prepared disk, watched, and seen off.

import ClusterPlanning
import Etcd
import FoundationEssentials
import Supervision

extension EtcdLoop {
    func supervise(_ launch: Launch, _ disk: Disk, _ state: inout State) async throws {
        let isFirst = if case .data = disk { false } else { true }
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
        // Before its end is judged: a look at the data by a second etcd may take minutes, and is no part of this life.
        let ran = child.startedAt.duration(to: .now)
        state.endedAt = .now
        state.lastExit = status.isSuccess ? .unaskedSuccess : .failure
        ownReport.learn(isEtcdRunning: false, lastExit: state.lastExit)
        try await judge(output, status, &state)
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
        if let place = try await stamp.clear(for: launch, time: secondsNow()) {
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
        watch.started()
        state.looksFirst = false
        state.shown = nil
        state.savedRevision = nil
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
                try await loop.untilToldToStop(memory) { now }
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
