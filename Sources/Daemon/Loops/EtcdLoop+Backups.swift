/// What is done with backups while etcd does not serve: making data of one, and making one of data that no one adds to.

import ClusterPlanning
import Etcd
import FoundationEssentials
import Supervision

extension EtcdLoop {
    /// Makes this disk's data of a backup. All of it may be repeated until the stamp is raised.
    func restore(_ launch: Launch, _ name: String, _ state: inout State) async throws {
        state.looksFirst = true
        do {
            logger.warning("restoring", ["plan": launch])
            notices.tell(.status("restoring the backup \(name)"))
            var restorer = restorer
            restorer.reached = { [logger] step in logger.info("restoring", ["step": step]) }
            let began = Self.clock.now
            let store = try await backups.store()
            let backup = try await store.list().named(name)
            try await restorer.run(launch, from: store, backup)
            logger.warning(
                "restored",
                [
                    "name": name, "generation": launch.generation ?? 0,
                    "took": began.duration(to: Self.clock.now),
                ])
            state.lastExit = .none
        } catch let spoilt as SpoiltBackup {
            logger.error("a backup is spoilt, and another one has to do", ["name": name, "why": spoilt.why])
            state.spoiltBackups.insert(name)
        } catch let error where !(error is CancellationError) {
            logger.error("the backup was not restored", ["name": name, "error": "\(error)"])
            try await pauseBeforeRestart(afterRunning: .zero, &state)
        }
    }

    /// Makes a last backup, of an etcd that only we can reach.
    func save(_ launch: Launch, _ state: inout State) async throws {
        state.looksFirst = true
        do {
            logger.warning("the last member leaves: making a last backup", ["plan": launch])
            notices.tell(.status("making a last backup"))
            let backup = try await whileAskingForTime(launch) {
                try await loopback.run(launch, within: Self.saveLimit) { etcd in
                    try await lastBackup(etcd, launch)
                }
            }
            logger.warning("the last backup is made", ["name": backup.name])
            state.savedRevision = backup.revision
        } catch let error where !(error is CancellationError) {
            logger.error("the last backup was not made", ["error": "\(error)"])
            try await pauseBeforeRestart(afterRunning: .zero, &state)
        }
    }

    /// As long as the largest database takes to be read on a slow disk, before it leads. The upload has as long as it takes: while
    /// the hook is told that we are at it, it holds the instance.
    private static let saveLimit = Duration.seconds(7200)

    /// Runs `body`, and has the hook that holds this instance hear of us meanwhile: an upload may take longer than it waits.
    private func whileAskingForTime<Result: Sendable>(
        _ launch: Launch, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                while true {
                    let view = try await observer.look(
                        disk: directory.observe(making: false), own: OwnEtcd(), now: now)
                    try await ownHooks.heed(view, .start(launch))
                    try await Self.clock.sleep(for: configuration.interval)
                }
            }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CancellationError()
        }
    }

    private func lastBackup(_ etcd: RunningLoopbackEtcd, _ launch: Launch) async throws -> Backup {
        let status = try await etcd.poll("it leads") {
            let status = try await etcd.client.status()
            return status.isLeader ? status : nil
        }
        let name = launch.identity.instance.rawValue
        let origin = BackupMaker.Origin(
            generation: launch.generation ?? 0, cluster: ClusterID(status.clusterID), voters: [name], member: name,
            client: etcd.client)
        return try await maker.make(of: origin, in: try await backups.store(), isLast: true).backup
    }
}
