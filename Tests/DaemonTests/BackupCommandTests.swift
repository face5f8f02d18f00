/// `backup`, `backups` and `restore` against a real etcd and the stub's AWS: what they write, and how they end.

import AWS
import ClusterPlanning
import Etcd
import Foundation
import StubServer
import Testing

@testable import Daemon

@Suite(.fewAtOnce) struct BackupCommandTests {
    /// A group of one, whose etcd serves as generation 1 with three keys, and a record of it in the bucket.
    private struct Served {
        let aws: StubAWS
        let etcd: RealEtcd
        let place: TemporaryDirectory
        let supervisor: StubSupervisor

        init(_ etcd: RealEtcd) async throws {
            self.etcd = etcd
            place = try TemporaryDirectory()
            try FileManager.default.createDirectory(atPath: place["data"], withIntermediateDirectories: false)
            try await etcd.write(3)
            let member = MemberID(try await etcd.client.status().memberID)
            supervisor = try StubSupervisor("i-0a", at: etcd.address) {
                $0.disk = DiskID("d-a")
                $0.holding = .data(HeldData(member: member, generation: 1))
                $0.etcd = EtcdState(isRunning: true)
            }
            var world = groupWorld(("i-0a", "running", etcd.address))
            world.groups[0].desiredCapacity = 1
            let record = try groupRecord(("i-0a", etcd.address, "d-a")).text()
            world.buckets["backups"] = ["etcd/etcd-main.record": Array(record.utf8)]
            aws = try StubAWS(world)
        }

        func command(_ arguments: [String]) throws -> Command {
            try parse(
                arguments + [
                    "--instance-id=i-0a", "--region=eu-central-1", "--address=\(etcd.address)",
                    "--data-dir=\(place["data"])", "--backup-bucket=backups", "--backup-key=etcd",
                    "--without-record=false",
                ], aws.environment.merging(["PATH": searchPath]) { $1 })
        }

        /// - Returns: the exit code.
        func run(_ arguments: String...) async throws -> Int32 { try await run(arguments) }

        func run(_ arguments: [String]) async throws -> Int32 {
            switch try command(arguments) {
            case .backup(let configuration, let file):
                return await runBackup(configuration, to: file, spawner: Built.spawner)
            case .backups(let configuration, let format): return await printBackups(configuration, format)
            case .operate(let command, let configuration, let flags):
                return await runOperatorCommand(command, configuration, flags, spawner: Built.spawner)
            default: throw NeverHappened(description: "a person's command")
            }
        }

        /// The objects below the cluster's prefix.
        var objects: [String: [UInt8]] {
            let prefix = "etcd/etcd-main/"
            let objects = aws.objects(in: "backups").filter { $0.key.hasPrefix(prefix) }
            return Dictionary(uniqueKeysWithValues: objects.map { (String($0.key.dropFirst(prefix.count)), $0.value) })
        }

        var seen: BackupsSeen { BackupsSeen(objects: objects.map { ($0.key, $0.value.count) }) }

        var record: ClusterRecord {
            get throws {
                let bytes = try #require(aws.objects(in: "backups")["etcd/etcd-main.record"])
                return try ClusterRecord(parsing: String(decoding: bytes, as: UTF8.self))
            }
        }
    }

    private func withServed(_ body: (Served) async throws -> Void) async throws {
        try await withEtcd { try await body(try await Served($0)) }
    }

    // MARK: backup

    @Test func aBackupNowGoesIntoTheBucket() async throws {
        try await withServed { served async throws in
            #expect(try await served.run("backup") == 0)
            let backup = try #require(served.seen.backups.first)
            let status = try await served.etcd.client.status()
            #expect(backup.generation == 1 && backup.cluster == ClusterID(status.clusterID))
            #expect(backup.revision == UInt64(status.revision) && backup.isProven)
            // Nothing has changed since: it is there already.
            let before = served.objects
            #expect(try await served.run("backup") == 0)
            #expect(served.objects == before)
            #expect(served.place.names(in: "data/etcd-cluster.scratch") == [])
        }
    }

    @Test func aBackupNowGoesIntoAFile() async throws {
        try await withServed { served async throws in
            let file = served.place["etcd.db"]
            #expect(try await served.run("backup", "--to", file) == 0)
            let status = try await snapshotTools().0.verify(file)
            #expect(status.revision == (try await served.etcd.client.status().revision))
            #expect(served.objects.isEmpty)
            // What is there already is nobody's to overwrite.
            let before = FileManager.default.contents(atPath: file)
            #expect(try await served.run("backup", "--to", file) == 70)
            #expect(FileManager.default.contents(atPath: file) == before)
        }
    }

    @Test func whatKeepsItFromBeingMadeShowsInTheExitCode() async throws {
        try await withServed { served async throws in
            served.aws.change { $0.fault = { $0 == "PutObject" ? .s3("AccessDenied", status: 403) : nil } }
            #expect(try await served.run("backup") == 70)
            served.aws.change { $0.fault = nil }
            await served.etcd.end()
            #expect(try await served.run("backup") == 1, "nobody is there who could be asked")
            #expect(served.objects.isEmpty)
        }
    }

    /// No backup may claim a life that no record tells of; a file is nobody's.
    @Test func withoutARecordABackupGoesIntoAFileAlone() async throws {
        try await withServed { served async throws in
            served.aws.change { $0.buckets["backups"] = [:] }
            #expect(try await served.run("backup") == 1)
            #expect(served.objects.isEmpty)
            #expect(try await served.run("backup", "--to=\(served.place["etcd.db"])") == 0)
        }
    }

    // MARK: backups

    @Test func aListThatCantBeReadIsNoEmptyOne() async throws {
        try await withServed { served async throws in
            #expect(try await served.run("backups") == 0)
            #expect(try await served.run("backups", "-o", "json") == 0)
            served.aws.change { $0.fault = { $0 == "ListObjectsV2" ? .s3("AccessDenied", status: 403) : nil } }
            #expect(try await served.run("backups") == 70)
        }
    }

    // MARK: restore

    @Test func restoreBeginsTheNextGenerationWithTheBackup() async throws {
        try await withServed { served async throws in
            #expect(try await served.run("backup") == 0)
            let backup = try #require(served.seen.backups.first)
            let before = try served.record
            // What the living cluster has taken since would be lost.
            #expect(try await served.run("restore", "--yes") == 1)
            #expect(try served.record == before)
            // Nobody is there who could be asked.
            #expect(try await served.run("restore", "--accept-data-loss") == 1)
            #expect(try served.record == before)
            #expect(try await served.run("restore", "--accept-data-loss", "--yes") == 0)
            let record = try served.record
            #expect(record.generation == 2 && record.source == .snapshot(backup.name))
            #expect(record.start.map(\.instance.rawValue) == ["i-0a"] && record.token != before.token)
        }
    }

    @Test func aFileIsBroughtIntoTheBucketFirst() async throws {
        try await withServed { served async throws in
            let saved = try await SavedSnapshot()
            let arguments = ["restore", "--accept-data-loss", "--yes", "--from"]
            // What could not be restored is not brought.
            let bad = try served.place.write("no snapshot", to: "bad.db")
            #expect(try await served.run(arguments + [bad]) == 70)
            #expect(served.objects.isEmpty)
            #expect(try served.record.generation == 1)

            #expect(try await served.run(arguments + [saved.file]) == 0)
            let (name, bytes) = try #require(served.objects.first)
            #expect(name.hasPrefix("imported/") && name.hasSuffix(".db") && served.objects.count == 1)
            #expect(bytes == [UInt8](try #require(FileManager.default.contents(atPath: saved.file))))
            #expect(try served.record.source == .snapshot(name))
            #expect(try served.record.generation == 2)
            // It is in no order with the backups.
            #expect(served.seen.isEmpty)
        }
    }

    @Test func aBackupThatIsNotThereIsRefused() async throws {
        try await withServed { served async throws in
            for choice in ["--from=snapshot", "--from=\(someBackup(7).name)", "--revision=1"] {
                #expect(try await served.run("restore", "--accept-data-loss", "--yes", choice) == 1, "\(choice)")
            }
            #expect(try served.record.generation == 1)
        }
    }
}
