/// What is done with data while etcd does not serve: seeing what it holds, and carrying it into the next generation.

import ClusterPlanning
import Etcd
import FoundationEssentials
import Supervision

extension EtcdLoop {
    /// Runs etcd for a moment, on loopback alone, and remembers what it showed.
    func inspect(_ launch: Launch, _ state: inout State) async throws {
        state.looksFirst = true
        do {
            logger.info("looking at the data", ["plan": launch])
            let shown = try await Inspection(etcd: loopback).run(launch)
            state.shown = shown
            ownReport.learn(shown: shown)
            logger.info(
                "the data was looked at",
                ["members": shown.members?.count ?? 0, "committed": shown.commitIndex ?? 0])
        } catch let error where !(error is CancellationError) {
            try await heed(error, during: launch, &state)
        }
    }

    /// Carries this disk's data into the record's generation. All of it may be repeated until the stamp is raised.
    func force(_ launch: Launch, _ disk: Disk, _ state: inout State) async throws {
        guard let stamp = disk.stamp else { preconditionFailure("data without a stamp was to be carried over") }
        do {
            logger.warning("carrying data over", ["plan": launch])
            let forced = ForcedStart(directory: directory, etcd: loopback) { [logger] step, _ in
                logger.info("carrying data over", ["step": step])
            }
            // Whoever starts here next must know that this data is no longer what it was.
            try await self.stamp.note { $0.carriedInto = launch.generation }
            try await forced.run(launch)
            try await self.stamp.raise(stamp, by: launch)
            logger.warning("data carried over", ["generation": launch.generation ?? 0])
        } catch let error where !(error is CancellationError) {
            try await heed(error, during: launch, &state)
        }
    }

    /// etcd's own words decide whether it can run on this data at all.
    private func heed(_ error: any Error, during launch: Launch, _ state: inout State) async throws {
        logger.error("etcd did not do on this data what it was to do", ["plan": launch, "error": "\(error)"])
        if let words = (error as? LoopbackEtcdError)?.corruption { noteCorruption(words, &state) }
        try await pauseBeforeRestart(afterRunning: .zero, &state)
    }

    /// Whether etcd has ended twice in a row shortly after it was started on data: then its last words are worth keeping.
    func isSuspicious(_ disk: Disk, _ state: State) -> Bool {
        if case .data = disk { state.backoff.endsInARow >= 2 } else { false }
    }

    /// What etcd says before it ends tells whether its data is at fault (F20).
    func judge(_ output: OutputTail?, _ status: ExitStatus, _ state: inout State) async throws {
        guard let lines = try await output?.finish(), !status.isSuccess else { return }
        var said = EtcdOutput.classify(lines)
        if isLogElsewhere, let heard = try await failureOnLoopback() { said = heard }
        guard case .corruptData(let words) = said else { return }
        logger.error("etcd can't run on the data here", ["because": words])
        noteCorruption(words, &state)
    }

    /// Whether the operator has etcd's log written where we don't hear it.
    private var isLogElsewhere: Bool {
        !configuration.etcdSettings.namesOfPassedFlags.isDisjoint(with: ["log-outputs", "log-output"])
    }

    /// What etcd says of the data to us alone; nil where it runs on them.
    private func failureOnLoopback() async throws -> EtcdFailure? {
        let identity = observer.identity
        let launch = Launch(
            .inspect, identity, initialCluster: [InitialMember(identity.instance.rawValue, identity.peerURL)])
        do {
            _ = try await Inspection(etcd: loopback).run(launch)
            return nil
        } catch LoopbackEtcdError.ended(_, let failure) {
            return failure
        } catch let error where !(error is CancellationError) {
            logger.debug("etcd says nothing of the data either", ["error": "\(error)"])
            return nil
        }
    }

    /// From now on that is what is decided about.
    private func noteCorruption(_ words: String, _ state: inout State) {
        state.lastExit = .corruptData(words)
        ownReport.learn(isEtcdRunning: false, lastExit: state.lastExit)
    }
}
