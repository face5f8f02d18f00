/// A real snapshot becomes a disk's data, wherever it was interrupted before; and what is spoilt touches nothing.

import ClusterPlanning
import Etcd
import Foundation
import Glibc
import StubServer
import Supervision
import Synchronization
import Testing

@testable import Daemon

/// A bucket that holds a backup, and the empty disk of `i-0a`.
private struct RestoreStand {
    let stand: BackupStand
    let etcd: RealEtcd
    let saved: SavedSnapshot
    let backup: Backup
    let bytes: [UInt8]

    init(compressed: Bool = false, path: String = "") async throws {
        saved = try await SavedSnapshot()
        let place = try TemporaryDirectory()
        stand = try BackupStand(data: "i-0a", in: place, path: path)
        etcd = RealEtcd("i-0a", in: place)
        let status = try await saved.tools.verify(saved.file)
        backup = someBackup(UInt64(status.revision), generation: 1, compressed: compressed)
        let file =
            compressed
            ? try await Gzip(saved.tools.configuration, Built.spawner).compress(saved.file) : saved.file
        bytes = try [UInt8](Data(contentsOf: URL(filePath: file)))
        stand.put(bytes, as: backup.name)
        stand.put(try someDescription(backup, hash: status.hash).json(), as: backup.descriptionName)
        _ = await stand.stamp.observe()
    }

    func launch(_ name: String? = nil) -> Launch {
        Launch(
            .restore(name ?? backup.name, token: "generation-2"), etcd.identity,
            initialCluster: [InitialMember("i-0a", etcd.peerURL)], owner: "arn:group", generation: 2)
    }

    func restore(
        _ name: String? = nil, described: Bool = true,
        reached: @escaping @Sendable (Restorer.Step) throws -> Void = { _ in }
    ) async throws {
        var restorer = stand.restorer
        restorer.reached = reached
        try await restorer.run(launch(name), from: stand.store, described ? backup : nil)
    }

    var disk: Disk { stand.directory.observe() }
    /// What is in the data directory, but for the scratch directory.
    var names: [String] { stand.place.names(in: "i-0a").filter { $0 != "etcd-cluster.scratch" } }

    /// Data that were here before, as far as anything looks at them.
    func holdData() throws { try stand.place.write("old", to: "i-0a/member/wal/0.wal") }

    /// The stamp of restored data.
    func expectStamp(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let stamp = try #require(disk.stamp, sourceLocation: sourceLocation)
        #expect(
            disk
                == .data(
                    Stamp(
                        disk: stamp.disk, instance: InstanceID("i-0a"), owner: "arn:group", generation: 2,
                        started: true)),
            sourceLocation: sourceLocation)
    }

    /// Whether etcd runs on it, as the cluster of one that it is, and has every key.
    func expectKeys(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        do {
            try await etcd.start()
            try await etcd.leads()
            #expect(try await etcd.count() == 250, sourceLocation: sourceLocation)
            let members = try await etcd.client.linearizableMembers()
            #expect(members.members.map(\.name) == ["i-0a"], sourceLocation: sourceLocation)
            #expect(members.members.first?.peerURLs == [etcd.peerURL.description], sourceLocation: sourceLocation)
        } catch {
            await etcd.end()
            throw error
        }
        await etcd.end()
    }
}

private struct Interrupted: Error {}

@Suite(.fewAtOnce) struct RestorerTests {
    @Test func aBackupBecomesData() async throws {
        let restore = try await RestoreStand()
        let disk = try #require(restore.disk.stamp?.disk)
        let steps = Mutex<[String]>([])
        try await restore.restore { step in steps.withLock { $0.append("\(step)") } }
        #expect(
            steps.withLock { $0 } == [
                "\(megabytes(UInt64(restore.bytes.count))) are here",
                "etcd's data are made of it", "it is whole, up to revision \(restore.backup.revision)",
                "the stamp says that the data are being replaced", "nothing was here", "the data are in their place",
                "the stamp says what they are",
            ])
        try restore.expectStamp()
        #expect(restore.disk.stamp?.disk == disk)
        #expect(restore.names == ["etcd-cluster.json", "member"] && restore.stand.isTidy)
        #expect(restore.stand.writes.text.contains("this backup was never proven"))
        try await restore.expectKeys()
    }

    @Test func aCompressedBackupToo() async throws {
        let restore = try await RestoreStand(compressed: true)
        try await restore.restore()
        try restore.expectStamp()
        #expect(restore.stand.isTidy)
        try await restore.expectKeys()
    }

    /// Of another bucket, of which nothing is known but its name.
    @Test func aSnapshotFromAnywhere() async throws {
        let restore = try await RestoreStand()
        let bytes = restore.bytes
        restore.stand.aws.change { $0.buckets["other"] = ["a/etcd.db": bytes] }
        try await restore.restore("s3://other/a/etcd.db", described: false)
        try restore.expectStamp()
        #expect(!restore.stand.writes.text.contains("never proven"))
        try await restore.expectKeys()
    }

    /// It ends after the first, the second, ... of its steps, and is made again.
    @Test(arguments: 1...7, [false, true])
    func whereverItIsInterruptedItMayBeRepeated(_ last: Int, _ hasData: Bool) async throws {
        let restore = try await RestoreStand()
        if hasData { try restore.holdData() }
        let before = restore.disk
        let steps = Mutex(0)
        await #expect(throws: Interrupted.self) {
            try await restore.restore { _ in
                try steps.withLock { steps in
                    steps += 1
                    if steps == last { throw Interrupted() }
                }
            }
        }
        #expect(restore.stand.isTidy)
        if last <= 3 {
            #expect(restore.disk == before, "nothing was touched")
        } else if last <= 6 {
            // Nothing that is found here now counts as data of any generation.
            let stamp = try #require(restore.disk.stamp)
            #expect(stamp.carriedInto == 2 && !stamp.started)
        } else {
            try restore.expectStamp()
        }
        try await restore.restore()
        try restore.expectStamp()
        let aside = restore.names.filter { $0.hasPrefix("aside-") }
        #expect(aside.allSatisfy { $0.contains("-before-restore") })
        // What was made by the first attempt is an aside of its own once it had its place.
        #expect(aside.count == (hasData ? 1 : 0) + (last >= 6 ? 1 : 0))
        let old = aside.filter { restore.stand.place.text(of: "i-0a/\($0)/wal/0.wal") == "old" }
        #expect(old.count == (hasData ? 1 : 0))
        try await restore.expectKeys()
    }

    /// A process that is killed leaves its scratch directory; the next one begins by removing it.
    @Test func whatAKilledProcessLeftIsRemoved() async throws {
        let restore = try await RestoreStand()
        try restore.stand.place.write("half", to: "i-0a/etcd-cluster.scratch/0/backup.db")
        #expect(await restore.stand.scratch.clean() == [])
        #expect(restore.stand.place.names(in: "i-0a") == ["etcd-cluster.json"])
        #expect(await restore.stand.scratch.clean() == [])
        try await restore.restore()
        try restore.expectStamp()
    }

    // MARK: What can't be restored

    enum Spoiling: CaseIterable, Sendable {
        case bitFlipped, overflowFlipped, truncated, shortened, empty, noSnapshot, anotherHash, absent, gzipDamaged,
            gzipTruncated,
            noGzip

        var isCompressed: Bool { [.gzipDamaged, .gzipTruncated, .noGzip].contains(self) }

        func apply(_ bytes: inout [UInt8]) {
            switch self {
            case .bitFlipped: bytes[bytes.count / 2] ^= 1
            // Of a page's head: how many more pages belong to it. etcd's program looks at each of two billions.
            case .overflowFlipped: bytes[4 * 4096 + 15] ^= 0x80
            case .truncated: bytes.removeLast(1000)
            case .shortened: bytes.removeSubrange(8192..<12288)
            case .empty: bytes = []
            case .noSnapshot: bytes = Array(#"{"node":{"key":"/","dir":true}}"#.utf8)
            case .gzipDamaged: bytes[bytes.count / 2] ^= 0xff
            case .gzipTruncated: bytes.removeLast(bytes.count / 2)
            case .noGzip: bytes = Array("no gzip".utf8)
            case .anotherHash, .absent: break
            }
        }
    }

    @Test(arguments: Spoiling.allCases) func whatIsSpoiltTouchesNothing(_ spoiling: Spoiling) async throws {
        let restore = try await RestoreStand(compressed: spoiling.isCompressed)
        try restore.holdData()
        let (before, names) = (restore.disk, restore.names)
        var bytes = restore.bytes
        spoiling.apply(&bytes)
        let backup = restore.backup
        restore.stand.put(spoiling == .absent ? nil : bytes, as: backup.name)
        if spoiling == .anotherHash {
            restore.stand.put(try someDescription(backup, hash: 1).json(), as: backup.descriptionName)
        }
        let error = await #expect(throws: SpoiltBackup.self) { try await restore.restore() }
        #expect(error?.name == backup.name)
        #expect(error.map { "\($0)" }?.hasPrefix("the backup \(backup.name) can't be restored: ") == true)
        #expect(restore.disk == before && restore.names == names && restore.stand.isTidy)
        #expect(restore.stand.place.text(of: "i-0a/member/wal/0.wal") == "old")
    }

    enum Failure: CaseIterable, Sendable {
        case unreachable, refused, breaksOff, descriptionRefused

        func answer(_ call: String, _ calls: Int) -> StubReply? {
            switch self {
            case .unreachable: .status(503)
            case .refused: .s3("AccessDenied", status: 403)
            case .breaksOff: call == "GetObject" ? .truncated(206, claimed: 100_000, body: [1, 2, 3]) : nil
            // It is asked for first; the backup itself would come.
            case .descriptionRefused: call == "GetObject" && calls == 1 ? .s3("SlowDown", status: 503) : nil
            }
        }
    }

    /// The same backup may do the next time.
    @Test(arguments: Failure.allCases) func whatDoesNotArriveIsNotSpoilt(_ failure: Failure) async throws {
        let restore = try await RestoreStand()
        try restore.holdData()
        let (before, names) = (restore.disk, restore.names)
        let gets = Mutex(0)
        restore.stand.aws.change { world in
            world.fault = { call in
                let count = gets.withLock { gets in
                    if call == "GetObject" { gets += 1 }
                    return gets
                }
                return failure.answer(call, count)
            }
        }
        let error = await #expect(throws: (any Error).self) { try await restore.restore() }
        #expect(error != nil && !(error is SpoiltBackup), "\(String(describing: error))")
        #expect(restore.disk == before && restore.names == names && restore.stand.isTidy)
        restore.stand.aws.change { $0.fault = nil }
        try await restore.restore()
        try restore.expectStamp()
    }

    /// Nothing rests on a description: the hash at the file's own end has to do.
    @Test(arguments: [nil, "{", #"{"version":2}"#]) func aDescriptionThatIsNoneStandsInNobodysWay(
        _ text: String?
    ) async throws {
        let restore = try await RestoreStand()
        restore.stand.put(text.map { Array($0.utf8) }, as: restore.backup.descriptionName)
        try await restore.restore()
        try restore.expectStamp()
        #expect(restore.stand.writes.text.contains("description can't be compared with") == (text != nil))
    }

    /// The disk may be that of an etcd that serves: what does not fit is not begun.
    @Test(arguments: [false, true]) func whatWouldFillTheDiskIsNotFetched(_ isCompressed: Bool) async throws {
        let restore = try await RestoreStand(compressed: isCompressed)
        let bytes = UInt64(1) << 39
        let head = "HTTP/1.1 200 OK\r\nETag: \"x\"\r\nContent-Length: \(bytes)\r\n\r\n"
        restore.stand.aws.change { $0.fault = { $0 == "HeadObject" ? .raw(Array(head.utf8)) : nil } }
        let error = await #expect(throws: DataDirectoryError.self) { try await restore.restore() }
        // Compressed it comes as it is; beside it are the database and what is made of that.
        let needed = megabytes(bytes * (isCompressed ? 3 : 2) + 128 << 20)
        #expect(error?.attempt == "read \(restore.backup.name)")
        #expect(
            error?.cause.hasPrefix("it needs \(needed) of free space, and there are ") == true,
            "\(error?.cause ?? "")")
        // The description alone came.
        #expect(restore.stand.aws.calls.count { $0 == "GetObject" } == 1)
        #expect(restore.stand.isTidy)
    }

    /// Nothing that is decided rests on a description, whatever it says.
    @Test(arguments: [false, true], [Int64.max, 1 << 40, -1, 0]) func whatIsDescribedWrongIsRestored(
        _ isCompressed: Bool, _ size: Int64
    ) async throws {
        let restore = try await RestoreStand(compressed: isCompressed)
        let hash = try await restore.saved.tools.verify(restore.saved.file).hash
        var described = someDescription(restore.backup, hash: hash)
        described.size = size
        restore.stand.put(try described.json(), as: restore.backup.descriptionName)
        try await restore.restore()
        try restore.expectStamp()
    }

    /// Whoever killed gzip, and whatever filled the disk, has said nothing of the backup.
    @Test(arguments: [
        ("kill -9 $$", "ended by SIGKILL"),
        ("echo 'gzip: backup.db: No space left on device' >&2; exit 1", "No space left on device"),
        ("echo 'sh: 1: Cannot fork' >&2; exit 2", "Cannot fork"),
    ])
    func aMachineThatCantDecompressIsNotTheBackupsFault(_ script: String, _ words: String) async throws {
        let tools = try TemporaryDirectory()
        try tools.write("#!/bin/sh\n\(script)\n", to: "gzip", executable: true)
        let restore = try await RestoreStand(compressed: true, path: tools.path)
        let error = await #expect(throws: DataDirectoryError.self) { try await restore.restore() }
        #expect(error.map { "\($0)".contains(words) } == true, "\(String(describing: error))")
        #expect(restore.stand.isTidy)
    }
}
