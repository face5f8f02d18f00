/// `backup`: one now, from any instance, into the bucket or into a file.

import ClusterPlanning
import Etcd
import FoundationEssentials
import Glibc
import HTTP
import Supervision

/// - Parameters:
///   - file: must not exist; nil: the bucket.
///   - spawner: another one only where `main` is not ours, as in a test runner.
/// - Returns: the exit code: 0 where it is made, 1 where no cluster could be asked, 70 where it failed, or its proof did.
func runBackup(_ configuration: Configuration, to file: String?, spawner: Spawner = Spawner()) async -> Int32 {
    do {
        return try await BackupCommand(configuration, spawner).run(to: file.map(absolute))
    } catch let error as NoClusterToSave {
        writeToStandardError("etcd-cluster: no backup was made: \(error)\n")
        return 1
    } catch is CancellationError {
        writeToStandardError("etcd-cluster: interrupted; `etcd-cluster backups` shows whether one was made\n")
        return 70
    } catch {
        writeToStandardError("etcd-cluster: no backup was made: \(error)\n")
        return 70
    }
}

/// Nobody is there whose data could be saved.
private struct NoClusterToSave: Error, CustomStringConvertible {
    var description: String
}

private struct BackupCommand {
    let surroundings: Surroundings
    let observer: OperatorObserver
    let workshop: BackupWorkshop
    let longLook: LongLook
    let terminal: Terminal

    init(_ configuration: Configuration, _ spawner: Spawner) async throws {
        let directory = DataDirectory(configuration.dataDirectory, requiresMount: configuration.requiresMount)
        // What is worth saying is said at the end; what goes wrong, at once.
        let logger = Logger(format: .logfmt, least: .warning, isJournal: false)
        let loop = try CurlLoop()
        longLook = LongLook(over: loop)
        terminal = longLook.terminal
        surroundings = try await longLook.during { try await Surroundings(configuration, loop: loop) }
        let observers = Observers(configuration, surroundings, directory)
        observer = OperatorObserver(start: observers.start, reports: surroundings.reports, directory: directory)
        workshop = BackupWorkshop(
            configuration, surroundings, directory, EtcdProgram(configuration: configuration, spawner: spawner),
            spawner, logger, isCommands: true)
    }

    func run(to file: String?) async throws -> Int32 {
        let view = try await longLook.during { try await observer.look() }.start
        let (cluster, member) = try who(view)
        guard let url = member.clientURLs.first else {
            throw NoClusterToSave(description: "\(member.label) has no client URL")
        }
        let client = surroundings.etcd.client(url)
        terminal.say(
            "asking \(member.label) of cluster \(cluster.id), \(member.id == cluster.leader ? "its leader" : "a follower")\n"
        )
        if let file {
            try await save(client, to: file)
            return 0
        }
        return try await make(view, cluster, member, client)
    }

    private func who(_ view: StartView) throws -> (RunningCluster, Member) {
        let answering = view.record.record.map(view.answering) ?? view.clusters
        guard answering.count == 1, let cluster = answering.first else {
            throw NoClusterToSave(
                description: answering.isEmpty
                    ? "no cluster answers; `etcd-cluster plan` says what is waited for"
                    : "several clusters answer, which only a person can settle")
        }
        guard let member = cluster.memberToSave() else {
            throw NoClusterToSave(description: "no healthy voter of cluster \(cluster.id) could be asked")
        }
        return (cluster, member)
    }

    private func save(_ client: EtcdClient, to file: String) async throws {
        try await client.linearizableRead(deadline: .seconds(10))
        let bytes = UInt64(max(0, try await client.status().dbSize))
        let bar = ProgressBar("saving", terminal)
        let status = try await workshop.tools.saveVerified(from: client.endpoint, to: file, databaseBytes: bytes) {
            bar.show($0, of: $1)
        }
        bar.end()
        terminal.say("\(file): \(size(status.totalSize)), up to revision \(status.revision), verified\n")
    }

    private func make(
        _ view: StartView, _ cluster: RunningCluster, _ member: Member, _ client: EtcdClient
    ) async throws -> Int32 {
        guard let generation = view.record.record?.generation else {
            throw NoClusterToSave(
                description:
                    "without a record nothing tells which cluster's life a backup belongs to; --to FILE needs none")
        }
        let (saving, uploading) = (ProgressBar("saving", terminal), ProgressBar("uploading", terminal))
        let origin = BackupMaker.Origin(
            generation: generation, cluster: cluster.id, voters: cluster.voters.map(\.name), member: member.name,
            client: client)
        let made = try await workshop.maker.make(of: origin, in: try await surroundings.backups.store()) {
            [terminal] stage, done, total in
            switch stage {
            case .saving: saving.show(done, of: total)
            case .uploading:
                if done == 0 { saving.end() }
                uploading.show(done, of: total)
            case .proving:
                uploading.end()
                terminal.say("proving it, by restoring it beside the data\n")
            }
        }
        if !made.isOld { uploading.end() }
        let backup = made.backup
        if let why = made.refutation {
            terminal.complain("\(backup.name) is in the bucket, and no backup: \(why)")
            return 70
        }
        terminal.say(
            "\(backup.name): \(made.isOld ? "nothing has changed since; " : "")\(size(Int64(backup.size))), up to revision "
                + "\(backup.revision), \(backup.isProven ? "proven" : "verified, not proven")\n")
        return 0
    }
}
