/// What is done with data while etcd does not serve: seeing what it holds, and carrying it into the next generation.

import ClusterPlanning
import FoundationEssentials
import Supervision

extension EtcdLoop {
    /// Runs etcd for a moment, on loopback alone, and remembers what it showed.
    func inspect(_ launch: Launch, _ state: inout State) async throws {
        state.looksFirst = true
        do {
            logger.info("looking at the data", ["plan": launch])
            let shown = try await inspection(launch).run()
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
            try await forcedStart(launch).run()
            try await self.stamp.raise(stamp, by: launch)
            logger.warning("data carried over", ["generation": launch.generation ?? 0])
        } catch let error where !(error is CancellationError) {
            try await heed(error, during: launch, &state)
        }
    }

    /// etcd's own words decide whether it can run on this data at all.
    private func heed(_ error: any Error, during launch: Launch, _ state: inout State) async throws {
        logger.error("etcd did not do on this data what it was to do", ["plan": launch, "error": "\(error)"])
        if let words = corruption(in: error) {
            state.lastExit = .corruptData(words)
            ownReport.learn(isEtcdRunning: false, lastExit: state.lastExit)
        }
        try await pauseBeforeRestart(afterRunning: .zero, &state)
    }
}
