/// Backups for tests: a bucket at the stub's AWS, what makes backups there, and what makes data of them.

import AWS
import ClusterPlanning
import Etcd
import Foundation
import StubServer
import Supervision
import Testing

@testable import Daemon

/// The bucket `backups` with the prefix `etcd` and the cluster `main`, and an instance that uses it.
struct BackupStand {
    static let prefix = "etcd/main/"

    let aws: StubAWS
    let place: TemporaryDirectory
    let configuration: Configuration
    let directory: DataDirectory
    let keeper: BackupKeeper
    let store: BackupStore
    let writes = Writes()

    /// - Parameters:
    ///   - data: the name of the data directory, below `place`.
    ///   - path: where programs are looked for before the usual places.
    ///   - sharing: another stand's AWS.
    init(
        _ arguments: [String] = [], data: String = "data", in place: TemporaryDirectory? = nil, path: String = "",
        attempts: Int = 1, sharing: StubAWS? = nil
    ) throws {
        var world = AWSWorld()
        world.buckets["backups"] = [:]
        aws = try sharing ?? StubAWS(world)
        self.place = try place ?? TemporaryDirectory()
        let parsed = try parse(
            ["--data-dir", self.place[data], "--backup-bucket=backups", "--backup-key=/etcd/"] + arguments,
            ["PATH": path.isEmpty ? searchPath : "\(path):\(searchPath)"])
        guard case .run(let configuration) = parsed else { throw NeverHappened(description: "run") }
        self.configuration = configuration
        directory = DataDirectory(configuration.dataDirectory)
        try directory.prepare()
        let client = try aws.client(attempts: attempts)
        keeper = BackupKeeper(configuration, aws: client)
        store = BackupStore(
            aws: client, place: BucketPlace(bucket: "backups", prefix: "/etcd/", cluster: "main"),
            encryption: configuration.backupEncryption)
    }

    var scratch: Scratch { Scratch(directory, logger: Writes().logger()) }

    private var program: EtcdProgram { EtcdProgram(configuration: configuration, spawner: Built.spawner) }

    var tools: SnapshotTools {
        SnapshotTools(configuration: configuration, program: program, spawner: Built.spawner)
    }

    var maker: BackupMaker {
        BackupMaker(
            configuration: configuration, instance: InstanceID("i-0a"), scratch: scratch, tools: tools,
            proof: SnapshotProof(tools: tools, program: program, spawner: Built.spawner, http: http),
            reader: reader, spawner: Built.spawner, keeper: keeper, logger: writes.logger())
    }

    private var reader: BackupReader {
        BackupReader(configuration: configuration, tools: tools, spawner: Built.spawner, logger: writes.logger())
    }

    var stamp: StampKeeper { StampKeeper(directory, InstanceID("i-0a")) }

    var restorer: Restorer {
        Restorer(
            directory: directory, scratch: scratch, reader: reader, stamp: stamp, logger: writes.logger())
    }

    /// The objects below the cluster's prefix, by their names there.
    var objects: [String: [UInt8]] {
        var found: [String: [UInt8]] = [:]
        for (key, bytes) in aws.objects(in: "backups") where key.hasPrefix(Self.prefix) {
            found[String(key.dropFirst(Self.prefix.count))] = bytes
        }
        return found
    }

    func put(_ bytes: [UInt8]?, as name: String) {
        aws.change { $0.buckets["backups"]?[Self.prefix + name] = bytes }
    }

    /// What was written, in its order: names below the prefix, and the headers that came with them.
    var puts: [(name: String, request: StubRequest)] {
        aws.server.requests.filter { $0.method == "PUT" }.map { request in
            (String(request.path.dropFirst("/backups/\(Self.prefix)".count)), request)
        }
    }

    /// Whether nothing is left of what was made on the way.
    var isTidy: Bool {
        ((try? FileManager.default.contentsOfDirectory(atPath: scratch.path)) ?? []).isEmpty
    }
}

extension BackupMaker.Origin {
    /// A member of a generation 2 with these voters.
    init(_ etcd: RealEtcd, voters: [String]) async throws {
        let status = try await etcd.client.status()
        self.init(
            generation: 2, cluster: ClusterID(status.clusterID), voters: voters, member: etcd.name, client: etcd.client)
    }
}

/// A backup of which nothing is asked but its name.
func someBackup(_ revision: UInt64, generation: Int = 2, compressed: Bool = false) -> Backup {
    Backup(
        generation: generation, cluster: ClusterID(0x1a), revision: revision, time: UTCTime(seconds: 1_769_860_800),
        isCompressed: compressed)
}

func someDescription(_ backup: Backup, hash: UInt32 = 7) -> BackupDescription {
    BackupDescription(
        backup, hash: hash, size: 4096, keys: 3, keysHash: 9, compactRevision: -1, etcdVersion: "3.4.23",
        voters: ["i-0a", "i-0b"], takenFrom: "i-0b", takenBy: "i-0a")
}

extension BackupStore {
    /// A backup, then what is known of it.
    func upload(
        _ file: String, as backup: Backup, _ description: BackupDescription, progress: Progress? = nil
    ) async throws {
        try await upload(file, as: backup.name, progress: progress)
        try await describe(backup, description)
    }
}

extension TemporaryDirectory {
    /// Puts the real etcd and etcdctl here, with lines of shell that run before etcdctl does and after it has succeeded.
    func wrapTools(before: String = "", after: String = "") throws {
        let etcd = try findExecutable("etcd", searchPath: searchPath)
        let etcdctl = try findExecutable("etcdctl", searchPath: searchPath)
        try write("#!/bin/sh\nexec \(etcd) \"$@\"\n", to: "etcd", executable: true)
        try write("#!/bin/sh\n\(before)\n\(etcdctl) \"$@\" || exit\n\(after)\n", to: "etcdctl", executable: true)
    }
}
