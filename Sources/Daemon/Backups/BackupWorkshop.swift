/// What makes and restores backups, put together: for the daemon, and for the commands.

import ClusterPlanning
import HTTP
import Supervision

struct BackupWorkshop: Sendable {
    let maker: BackupMaker
    let scratch: Scratch
    let tools: SnapshotTools
    private let reader: BackupReader
    private let configuration: Configuration
    private let directory: DataDirectory
    private let spawner: Spawner
    private let logger: Logger

    init(
        _ configuration: Configuration, _ surroundings: Surroundings, _ directory: DataDirectory,
        _ program: EtcdProgram, _ spawner: Spawner, _ logger: Logger, isCommands: Bool = false
    ) {
        self.configuration = configuration
        self.directory = directory
        self.spawner = spawner
        self.logger = logger
        scratch = Scratch(directory, isCommands: isCommands, logger: logger)
        tools = SnapshotTools(configuration: configuration, program: program, spawner: spawner)
        reader = BackupReader(configuration: configuration, tools: tools, spawner: spawner, logger: logger)
        maker = BackupMaker(
            configuration: configuration, instance: surroundings.identity.instance, scratch: scratch, tools: tools,
            proof: SnapshotProof(tools: tools, program: program, spawner: spawner, http: surroundings.direct),
            reader: reader, spawner: spawner, keeper: surroundings.backups, logger: logger)
    }

    func loop(_ surroundings: Surroundings, _ ownReport: OwnReport) -> BackupLoop {
        BackupLoop(
            keeper: surroundings.backups, maker: maker, etcd: surroundings.etcd,
            retention: configuration.backupRetention,
            metrics: configuration.metricsNamespace.map {
                BackupMetrics(aws: surroundings.aws, namespace: $0, group: surroundings.group)
            }, logger: logger, ended: { failure, time in ownReport.learn(backupFailure: failure, at: time) })
    }

    func restorer(_ stamp: StampKeeper) -> Restorer {
        Restorer(directory: directory, scratch: scratch, reader: reader, stamp: stamp, logger: logger)
    }

    /// Reads a backup to its end, and nothing more.
    ///
    /// - Throws: as `BackupReader.read`.
    func check(_ name: String, in store: BackupStore, progress: BackupStore.Progress? = nil) async throws {
        let backup = try await store.list().named(name)
        try await scratch.with { directory in
            _ = try await reader.read(name, backup, from: store, into: directory, progress) { _, _ in }
        }
    }
}
