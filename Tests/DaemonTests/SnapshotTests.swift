/// Snapshots of a real etcd: taken, verified, damaged, restored, proved.

import ClusterPlanning
import Etcd
import Foundation
import Glibc
import HTTP
import Supervision
import Testing

@testable import Daemon

@Suite(.fewAtOnce, .timeLimit(.minutes(4))) struct SnapshotTests {
    @Test func savedVerifiedRestoredAndProved() async throws {
        let saved = try await SavedSnapshot()
        #expect(saved.expected.keyCount == 250)
        #expect(saved.expected.hash?.compactRevision == 400)
        let status = try await saved.tools.verify(saved.file)
        #expect(status.revision == saved.expected.revision && status.revision == 651)
        #expect(UInt64(status.totalSize) + 32 == (try SnapshotFile(path: saved.file).bytes()))
        let parent = try saved.directory()
        let outcome = try await saved.proof.run(
            saved.file, status: status, expecting: saved.expected, under: parent)
        guard case .proven(let finding) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(finding.revision == 651)
        #expect(finding.keyCount == 250)
        #expect(finding.hash == saved.expected.hash)
        #expect(finding.isHashCompared)
        #expect(try FileManager.default.contentsOfDirectory(atPath: parent) == [])
        #expect(try running(below: parent) == [])
    }

    @Test func aFollowersSnapshotIsAsGood() async throws {
        let place = try TemporaryDirectory()
        let (tools, proof) = try snapshotTools()
        let members = (0..<3).map { RealEtcd("i-0\($0)", in: place) }
        do {
            for member in members { try await member.start(with: members.filter { $0 !== member }) }
            for member in members { try await member.leads() }
            try await members[0].writeHistory()
            let last = try await members[0].client.status().revision
            var followers: [RealEtcd] = []
            for member in members where try await !member.client.status().isLeader { followers.append(member) }
            let follower = try #require(followers.first)
            try await eventually("the follower has it all") { try await follower.client.status().revision == last }
            let file = place["follower.db"]
            var expected = try await tools.saveExpecting(follower, to: file)
            // What another member says of the same revision is as good a witness.
            expected.hash = try await tools.hashKV(
                of: followers[1].clientURL.description, revision: expected.revision, databaseBytes: 1 << 20)
            let outcome = try await proof.run(
                file, status: try await tools.verify(file), expecting: expected, under: place.path)
            guard case .proven(let finding) = outcome else {
                Issue.record("\(outcome)")
                for member in members { await member.end() }
                return
            }
            #expect(finding.isHashCompared && finding.keyCount == 250)
        } catch {
            for member in members { await member.end() }
            throw error
        }
        for member in members { await member.end() }
    }

    @Test func restoredDataAreThereWhole() async throws {
        let saved = try await SavedSnapshot()
        let directory = "\(try saved.directory())/data"
        // What an interrupted one has left.
        try FileManager.default.createDirectory(
            atPath: "\(directory).new/member/wal", withIntermediateDirectories: true)
        let isBumped = try await saved.tools.restore(
            saved.file, into: directory, name: "i-0b", peerURL: "http://127.0.0.1:2380", token: "t",
            bumpingRevisionsBy: 1000)
        let version = try await saved.tools.program.version()
        #expect(isBumped == (SnapshotTool.etcdctl.bumpsRevisions(version) || version >= EtcdVersion(3, 5, 10)))
        #expect(try DataDirectory(directory).hasLog())
        #expect(!FileManager.default.fileExists(atPath: "\(directory).new"))
        let error = await #expect(throws: SnapshotToolError.self) {
            try await saved.tools.restore(
                saved.file, into: directory, name: "i-0b", peerURL: "http://127.0.0.1:2380", token: "t")
        }
        #expect(error == .exists(directory))
        #expect(try DataDirectory(directory).hasLog())
    }

    @Test func whatIsThereIsNotWrittenOver() async throws {
        let saved = try await SavedSnapshot()
        let before = FileManager.default.contents(atPath: saved.file)
        let error = await #expect(throws: SnapshotToolError.self) {
            try await saved.tools.save(from: "http://127.0.0.1:1", to: saved.file, databaseBytes: 1)
        }
        #expect(error == .exists(saved.file))
        #expect(FileManager.default.contents(atPath: saved.file) == before)
    }

    // MARK: Damage

    enum Damage: String, CaseIterable, CustomTestStringConvertible {
        case cutInAPage, cutByAPage, cutInTheHash, withoutHash, bitInTheMiddle, bitInTheHash, bitInTheFirstPage
        case empty, short, text, database

        var testDescription: String { rawValue }

        func apply(to path: String) throws {
            let file = URL(filePath: path)
            var bytes = try Data(contentsOf: file)
            switch self {
            case .cutInAPage: bytes.removeLast(5000)
            case .cutByAPage: bytes.removeLast(4096)
            case .cutInTheHash: bytes.removeLast(7)
            case .withoutHash: bytes.removeLast(32)
            case .bitInTheMiddle: bytes[bytes.count / 2] ^= 4
            case .bitInTheHash: bytes[bytes.count - 9] ^= 1
            case .bitInTheFirstPage: bytes[17] ^= 1
            case .empty: bytes = Data()
            case .short: bytes = bytes.prefix(20)
            case .text: bytes = Data(String(repeating: "not a snapshot\n", count: 100).utf8)
            // Whole by its hash, and no database all the same.
            case .database:
                bytes = Data(repeating: 7, count: 8192) + Data(Self.hashOfSevens)
            }
            try bytes.write(to: file)
        }

        /// By another program than ours: of 8192 bytes that are 7.
        private static let hashOfSevens: [UInt8] = [
            0x28, 0x49, 0xb0, 0x82, 0xb0, 0x33, 0xf5, 0x1a, 0xf9, 0xd7, 0xf9, 0xa8, 0xb3, 0x24, 0x63, 0x5a, 0xd0, 0x98,
            0x1b, 0xf0, 0x9d, 0xe2, 0x70, 0xc9, 0x1b, 0x0b, 0x5a, 0xe8, 0xd1, 0xae, 0xcc, 0x35,
        ]

        func defect(of path: String, bytes: UInt64) -> SnapshotDefect? {
            switch self {
            case .cutInAPage, .cutInTheHash, .empty, .short: .truncated(path: path, bytes: bytes)
            case .withoutHash: .noTrailer(path: path)
            case .cutByAPage, .bitInTheMiddle, .bitInTheHash, .bitInTheFirstPage: .hashMismatch(path: path)
            case .text: .unreadable(path: path, "it does not begin as a database does")
            case .database: nil
            }
        }
    }

    @Test(arguments: Damage.allCases) func damageIsToldByItsKind(_ damage: Damage) async throws {
        let saved = try await SavedSnapshot()
        let file = saved.file
        try damage.apply(to: file)
        let error = await #expect(throws: SnapshotDefect.self) { try await saved.tools.verify(file) }
        if let wanted = damage.defect(of: file, bytes: try SnapshotFile(path: file).bytes()) {
            #expect(error == wanted)
        } else {
            guard case .unreadable(file, let words)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(words.hasPrefix("Error: "), "in etcd's words")
        }
        #expect("\(try #require(error))".contains(file))
    }

    /// etcd's own program checks the hash too, and what it leaves behind is removed.
    @Test(arguments: [Damage.bitInTheMiddle, .bitInTheHash, .withoutHash, .empty])
    func whatIsDamagedIsNotRestored(_ damage: Damage) async throws {
        let saved = try await SavedSnapshot()
        let file = saved.file
        try damage.apply(to: file)
        let parent = try saved.directory()
        await #expect(throws: SnapshotDefect.self) {
            try await saved.tools.restore(
                file, into: "\(parent)/data", name: "i-0b", peerURL: "http://127.0.0.1:2380", token: "t")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: parent) == [])
    }

    // MARK: Proofs that fail

    @Test func whatDiffersFromItsSourceIsRefuted() async throws {
        let saved = try await SavedSnapshot()
        let status = try await saved.tools.verify(saved.file)
        let parent = try saved.directory()
        var wrong = saved.expected
        wrong.hash?.hash ^= 1
        let outcome = try await saved.proof.run(saved.file, status: status, expecting: wrong, under: parent)
        guard case .refuted(let words) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(words.contains("hash"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: parent) == [])
    }

    @Test func comparison() {
        let status = SnapshotStatus(hash: 1, revision: 10, totalKey: 20, totalSize: 4096)
        let hash = EtcdHashKV(hash: 5, compactRevision: 4, currentRevision: 10)
        let expected = SnapshotExpectation(revision: 10, keyCount: 7, hash: hash)
        let finding = ProofFinding(revision: 10, keyCount: 7, hash: hash)
        var compared = finding
        compared.isHashCompared = true
        #expect(finding.compared(with: status, expected) == .proven(compared))
        #expect(finding.compared(with: status, nil) == .proven(finding))
        func isRefuted(_ change: (inout ProofFinding) -> Void) -> Bool {
            var changed = finding
            change(&changed)
            if case .refuted = changed.compared(with: status, expected) { return true }
            return false
        }
        #expect(isRefuted { $0.revision = 9 })
        #expect(isRefuted { $0.keyCount = 6 })
        #expect(isRefuted { $0.hash?.hash = 6 })
        #expect(!isRefuted { $0.revision = 11 })
        #expect(!isRefuted { $0.keyCount = nil })
        // Of differently compacted stores nothing follows.
        var otherwise = finding
        otherwise.hash = EtcdHashKV(hash: 6, compactRevision: 9, currentRevision: 10)
        #expect(otherwise.compared(with: status, expected) == .proven(otherwise))
        // Nor of what was asked at another revision.
        var later = expected
        (later.revision, later.keyCount) = (11, 8)
        #expect(finding.compared(with: status, later) == .proven(finding))
    }

    /// The last change was a deletion, and nothing of it is left but the compaction.
    @Test func aStoreThatEndsInACompactedDeletion() async throws {
        try await withEtcd { etcd in
            let place = try TemporaryDirectory()
            let (tools, proof) = try snapshotTools()
            try await etcd.write(3)
            try await etcd.postText("/v3/kv/deleterange", #"{"key":"Mg=="}"#)
            try await etcd.postText("/v3/kv/compaction", #"{"revision":"5","physical":true}"#)
            try await tools.save(from: etcd.clientURL.description, to: place["s.db"], databaseBytes: 1 << 20)
            let outcome = try await proof.run(
                place["s.db"], status: try await tools.verify(place["s.db"]), expecting: nil, under: place.path)
            guard case .proven(let finding) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            #expect(finding.revision == 5 && finding.keyCount == 2)
        }
    }

    /// etcd with users answers nobody else; that it runs is all that can be known.
    @Test func aStoreWithUsers() async throws {
        let (place, directory) = (try TemporaryDirectory(), try TemporaryDirectory())
        let (tools, proof) = try snapshotTools()
        try await withEtcd { etcd in
            try await etcd.write(3)
            try await etcd.postText("/v3/auth/user/add", #"{"name":"root","password":"p"}"#)
            try await etcd.postText("/v3/auth/user/grant", #"{"user":"root","role":"root"}"#)
            try await etcd.postText("/v3/auth/enable", "{}")
            let error = await #expect(throws: SnapshotToolError.self) {
                try await tools.save(from: etcd.clientURL.description, to: place["no.db"], databaseBytes: 1 << 20)
            }
            #expect("\(try #require(error))".contains("user name is empty"))
            #expect(place.names() == [])
            let command = Supervision.Command(
                "etcdctl",
                ["--endpoints", etcd.clientURL.description, "--user", "root:p", "snapshot", "save", place["s.db"]],
                environment: ["PATH": searchPath, "ETCDCTL_API": "3"])
            let output = try await Built.spawner.capture(command, deadline: .seconds(30))
            try #require(output.status.isSuccess, "\(output)")
        }
        let outcome = try await proof.run(
            place["s.db"], status: try await tools.verify(place["s.db"]), expecting: nil, under: directory.path)
        #expect(outcome == .proven(ProofFinding(revision: 4)))
    }

    @Test func withoutRoomNothingIsTried() async throws {
        let saved = try await SavedSnapshot()
        let status = try await saved.tools.verify(saved.file)
        // As large as no disk of a test machine, and without a byte of content.
        try #require(truncate(saved.file, 1 << 42) == 0)
        let parent = try saved.directory()
        let outcome = try await saved.proof.run(saved.file, status: status, expecting: nil, under: parent)
        guard case .notEnoughRoom(let free, let needed) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(needed == 2 << 42 + 192 << 20 && free < needed)
        let error = await #expect(throws: DataDirectoryError.self) {
            try await saved.tools.restore(
                saved.file, into: "\(parent)/data", name: "i-0b", peerURL: "http://127.0.0.1:2380", token: "t")
        }
        #expect(error?.cause.contains("make room first") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: parent) == [])
    }

    @Test func oneAfterTheOther() async throws {
        let saved = try await SavedSnapshot()
        let status = try await saved.tools.verify(saved.file)
        let parent = try saved.directory()
        let (_, proof) = try snapshotTools()
        let first = Task { try await proof.run(saved.file, status: status, expecting: nil, under: parent) }
        try await eventually("the first runs") { try !running(below: parent).isEmpty }
        await #expect(throws: ProofBusy.self) {
            try await proof.run(saved.file, status: status, expecting: nil, under: parent)
        }
        guard case .proven = try await first.value else {
            Issue.record("the first is no worse for it")
            return
        }
        guard case .proven = try await proof.run(saved.file, status: status, expecting: nil, under: parent) else {
            Issue.record("the next has its turn")
            return
        }
    }

    // MARK: Ends on the way

    @Test func cancellationLeavesNothing() async throws {
        let saved = try await SavedSnapshot()
        let status = try await saved.tools.verify(saved.file)
        let parent = try saved.directory()
        let (_, proof) = try snapshotTools()
        let task = Task { try await proof.run(saved.file, status: status, expecting: nil, under: parent) }
        try await eventually("its etcd runs") {
            try running(below: parent).contains { pid in
                let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
                return String(decoding: line, as: UTF8.self).contains("--listen-peer-urls")
            }
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try running(below: parent) == [])
        #expect(try FileManager.default.contentsOfDirectory(atPath: parent) == [])
    }

    /// Our own process dies in the middle of it: the next one removes what it finds, and nothing else.
    @Test func whatADeadProofHasLeftIsRemoved() async throws {
        let saved = try await SavedSnapshot()
        let parent = try saved.directory()
        try await saved.tools.restore(
            saved.file, into: "\(parent)/snapshot-proof-A", name: "proof", peerURL: "http://127.0.0.1:2380", token: "t")
        let ports = try LoopbackPorts()
        let command = try await saved.tools.program.command(
            proving: SnapshotTool.Restoration(
                file: saved.file, dataDirectory: "", name: "proof", peerURL: "http://127.0.0.1:2380", token: "t"),
            in: "\(parent)/snapshot-proof-A", on: ports)
        let (child, output) = try await Built.spawner.spawnKeepingOutput(command, isForwarded: false)
        let client = EtcdClient(http: http, endpoint: ports.clientURL)
        try await eventually("it serves") { (try? await client.status())?.isLeader == true }
        await child.terminate([])
        _ = try await output.finish()
        try FileManager.default.createDirectory(
            atPath: "\(parent)/snapshot-proof-B.new/member", withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: "\(parent)/member", withIntermediateDirectories: false)
        try await SnapshotProof.clean(under: parent)
        #expect(try FileManager.default.contentsOfDirectory(atPath: parent) == ["member"])
    }

    /// One that never answers is killed by the deadline's end or by the cancellation, with all that it has written.
    @Test func aSaveThatIsCancelledLeavesNothing() async throws {
        let place = try TemporaryDirectory()
        try place.write(
            """
            #!/bin/sh
            [ "$1" = version ] && { echo "etcdctl version: 3.4.23"; exit; }
            echo half > "$3.part"; exec sleep 600
            """, to: "bin/etcdctl", executable: true)
        try place.write("#!/bin/sh\necho etcd Version: 3.4.23\n", to: "bin/etcd", executable: true)
        let (tools, _) = try snapshotTools([], ["PATH": "\(place["bin"]):\(searchPath)"])
        let task = Task { try await tools.save(from: "http://127.0.0.1:1", to: place["s.db"], databaseBytes: 1) }
        try await eventually("it writes") { place.exists("s.db.part") }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(place.names() == ["bin"])
        try await eventually("it is gone") { try running(below: place["s.db"]) == [] }
    }

    @Test func aMemberThatIsNotThere() async throws {
        let (place, ports) = (try TemporaryDirectory(), try LoopbackPorts())
        let tools = try snapshotTools(shortestDeadline: .seconds(2)).0
        let error = await #expect(throws: SnapshotToolError.self) {
            try await tools.save(from: ports.deadEndURL, to: place["s.db"], databaseBytes: 1)
        }
        guard case .failed(let command, .exited, let words)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(command.contains("snapshot save") && words.hasPrefix("Error: "))
        #expect(place.names() == [])
    }

    // MARK: The programs

    @Test func aMissingProgramIsNamedAndWhatToInstall() async throws {
        let place = try TemporaryDirectory()
        try place.write("#!/bin/sh\necho etcd Version: 3.5.16\n", to: "etcd", executable: true)
        try place.write("x", to: "some.db")
        let (tools, _) = try snapshotTools(["--etcd", place["etcd"]], ["PATH": place["none"]])
        let save = await #expect(throws: SnapshotToolError.self) {
            try await tools.save(from: "http://127.0.0.1:1", to: place["s.db"], databaseBytes: 1)
        }
        #expect(
            save
                == .missing(
                    """
                    no etcdctl is beside \(place["etcd"]) or in PATH (\(place.path):\(place["none"])): install it, in the \
                    version of etcd itself
                    """))
        let status = await #expect(throws: SnapshotToolError.self) { try await tools.status(of: place["some.db"]) }
        #expect("\(try #require(status))".hasSuffix(": install etcdutl 3.5.16"))
        // One that lies beside etcd is found, and one that is newer than etcd is not good for files.
        try place.write("#!/bin/sh\necho etcdutl version: 3.6.0\n", to: "etcdutl", executable: true)
        let newer = await #expect(throws: SnapshotToolError.self) { try await tools.status(of: place["some.db"]) }
        #expect("\(try #require(newer))".contains("\(place["etcdutl"]) is of version 3.6.0: install etcdutl 3.5.16"))
    }

    @Test(
        arguments: [
            ("3.5.16", "3.5.16", "3.5.16", "etcdutl"), ("3.5.16", "3.5.16", nil, "etcdctl"),
            ("3.4.23", "3.4.23", "3.5.16", "etcdctl"), ("3.6.0", "3.6.0", "3.6.0", "etcdutl"),
            ("3.6.0", "3.6.0", nil, nil), ("3.3.27", "3.3.27", nil, "etcdctl"), ("3.6.0", "3.6.0", "3.5.16", "etcdutl"),
        ] as [(String, String, String?, String?)])
    func theProgramIsTheVersions(_ etcd: String, _ etcdctl: String, _ etcdutl: String?, _ chosen: String?) async throws
    {
        let place = try TemporaryDirectory()
        func tool(_ name: String, _ version: String) throws {
            try place.write(
                """
                #!/bin/sh
                [ "$1" = version ] && { echo "\(name) version: \(version)"; exit; }
                echo "\(name) $*" > \(place["asked"]); env | sort >> \(place["asked"])
                echo '{"hash":1,"revision":2,"totalKey":3,"totalSize":4096}'
                """, to: name, executable: true)
        }
        try place.write("#!/bin/sh\necho etcd Version: \(etcd)\n", to: "etcd", executable: true)
        try tool("etcdctl", etcdctl)
        if let etcdutl { try tool("etcdutl", etcdutl) }
        try place.write("x", to: "some.db")
        let (tools, _) = try snapshotTools(
            ["--etcd", place["etcd"]],
            ["HOME": "/h", "ETCDCTL_ENDPOINTS": "http://e", "AWS_SECRET_ACCESS_KEY": "s", "PATH": "/usr/bin:/bin"])
        guard let chosen else {
            let error = await #expect(throws: SnapshotToolError.self) { try await tools.status(of: place["some.db"]) }
            #expect("\(try #require(error))".hasSuffix("install etcdutl \(etcd)"))
            return
        }
        #expect(try await tools.status(of: place["some.db"]).revision == 2)
        let lines = try #require(place.text(of: "asked")).split(whereSeparator: \.isNewline).map(String.init)
        #expect(lines.first == "\(chosen) snapshot status \(place["some.db"]) --write-out=json")
        // PWD, SHLVL and the like are the shell's own.
        let names = Set(lines.dropFirst().compactMap { $0.split(separator: "=").first.map(String.init) })
        let told = etcd == "3.3.27" ? ["ETCDCTL_API"] : []
        #expect(names.subtracting(["PWD", "OLDPWD", "SHLVL", "_"]) == Set(["PATH", "HOME"] + told))
    }

    /// Of a program that a signal ended nobody knows what it would have said.
    @Test func aKilledProgramIsNoDefect() async throws {
        let saved = try await SavedSnapshot()
        let place = try TemporaryDirectory()
        try place.write("#!/bin/sh\necho etcd Version: 3.4.23\n", to: "etcd", executable: true)
        try place.write(
            """
            #!/bin/sh
            [ "$1" = version ] && { echo "etcdctl version: 3.4.23"; exit; }
            kill -9 $$
            """, to: "etcdctl", executable: true)
        let (tools, _) = try snapshotTools(["--etcd", place["etcd"]], ["PATH": "/usr/bin:/bin"])
        await #expect(throws: SnapshotToolError.self) { try await tools.verify(saved.file) }
    }

    @Test func everythingRunsBehindTheRest() async throws {
        let place = try TemporaryDirectory()
        try place.write("#!/bin/sh\nnice\ncat /proc/self/oom_score_adj\n", to: "tool", executable: true)
        let command = Supervision.Command(place["tool"], ["x"], environment: ["PATH": "/usr/bin:/bin"])
        let lowered = try await LowPriority(spawner: Built.spawner).lower(command)
        #expect(lowered.executable == "nice" && lowered.arguments.suffix(2) == [place["tool"], "x"])
        let own = getpriority(Int32(PRIO_PROCESS.rawValue), 0)
        let output = try await Built.spawner.capture(lowered, deadline: .seconds(10))
        #expect(output.text.split(whereSeparator: \.isNewline).map { Int32($0) } == [min(own + 10, 19), 500])
        // Without them it runs as it is.
        let plain = Supervision.Command(place["tool"], [], environment: ["PATH": place["none"]])
        #expect(try await LowPriority(spawner: Built.spawner).lower(plain) == plain)
    }
}
