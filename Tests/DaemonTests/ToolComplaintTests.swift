/// What etcd's programs complain of: the file, and then another backup has to do; or the machine, and then this one may do later.

import Foundation
import Testing

@testable import Daemon

@Suite(.fewAtOnce) struct ToolComplaintTests {
    /// A real snapshot, and programs that say this of it.
    private func complaining(_ words: String) async throws -> (saved: SavedSnapshot, tools: SnapshotTools) {
        let saved = try await SavedSnapshot()
        try saved.place.write("#!/bin/sh\necho etcd Version: 3.4.23\n", to: "etcd", executable: true)
        try saved.place.write(
            """
            #!/bin/sh
            [ "$1" = version ] && { echo "etcdctl version: 3.4.23"; exit; }
            echo "\(words)" >&2; exit 2
            """, to: "etcdctl", executable: true)
        let (tools, _) = try snapshotTools(["--etcd", saved.place["etcd"]], ["PATH": "/usr/bin:/bin"])
        return (saved, tools)
    }

    private func restore(_ saved: SavedSnapshot, _ tools: SnapshotTools) async throws {
        try await tools.restore(
            saved.file, into: saved.place["restored"], name: "a", peerURL: "http://127.0.0.1:2380", token: "t")
    }

    /// Of a whole file, too: what was saved was no database then.
    @Test(arguments: [
        "Error: expected sha256 [1 2], got [3 4]", "Error: snapshot missing hash but --skip-hash-check=false",
        "Error: snapshot file integrity check failed. 2 errors found.", "Error: invalid database",
        "Error: checksum error", "panic: page 4: multiple references", "panic: invalid page type: 0: 4",
        "panic: assertion failed: Page expected to be: 3, but self identifies as 0",
        "panic: runtime error: index out of range [5] with length 3",
        "panic: runtime error: invalid memory address or nil pointer dereference", "fatal error: fault",
        "panic: proto: wrong wireType = 7 for field Key",
    ]) func contentIsTheFilesFault(_ words: String) async throws {
        let (saved, tools) = try await complaining(words)
        await #expect(throws: SnapshotDefect.unreadable(path: saved.file, words)) {
            try await tools.verify(saved.file)
        }
        await #expect(throws: SnapshotDefect.unreadable(path: saved.file, words)) { try await restore(saved, tools) }
    }

    @Test(arguments: [
        "Error: write /x/member/snap/db: no space left on device", "Error: open /x: permission denied",
        "Error: open /x: too many open files", "Error: fork/exec: resource temporarily unavailable",
        "runtime: failed to create new OS thread (have 5 already; errno=11)", "fatal error: newosproc",
        "fatal error: runtime: cannot allocate memory", "fatal error: runtime: out of memory",
        "Error: open /x/backup.db: no such file or directory", "Error: data-dir \"/x\" not empty or could not be read",
        "Error: read /x: input/output error", "Error: read /x: stale NFS file handle",
        "Error: unknown flag: --bump-revision", "Error: device or resource busy", "text file busy", "",
    ]) func theMachineIsNot(_ words: String) async throws {
        let (saved, tools) = try await complaining(words)
        await #expect(throws: SnapshotToolError.self) { try await tools.verify(saved.file) }
        await #expect(throws: SnapshotToolError.self) { try await restore(saved, tools) }
    }

    /// A disk may be called as it likes.
    @Test func noPathIsAComplaint() {
        let complaints = ["encrypted", "corrupt"]
        for path in ["/mnt/encrypted/s.db", "/mnt/is encrypted/s.db"] {
            #expect(!complains("gzip: \(path): No space left on device", of: complaints, naming: path))
            #expect(complains("gzip: \(path) is encrypted -- not supported", of: complaints, naming: path))
        }
        #expect(!complains("Error: write /mnt/corrupt/db: no space left", of: complaints, naming: "/mnt/corrupt/s.db"))
        #expect(complains("corrupt input", of: complaints, naming: "/s.db"))
    }

    /// Then the file speaks for itself.
    @Test func whatIsDamagedIsFoundWhateverTheProgramSays() async throws {
        let (saved, tools) = try await complaining("Error: something new")
        var bytes = try Data(contentsOf: URL(filePath: saved.file))
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: URL(filePath: saved.file))
        await #expect(throws: SnapshotDefect.hashMismatch(path: saved.file)) { try await tools.verify(saved.file) }
    }

    /// A damaged number may have it look for pages without end: what is wrong with the file is known before that.
    @Test func aProgramWithoutEndIsStoppedByTheFile() async throws {
        let (saved, _) = try await complaining("")
        try saved.place.write(
            """
            #!/bin/sh
            [ "$1" = version ] && { echo "etcdctl version: 3.4.23"; exit; }
            exec sleep 600
            """, to: "etcdctl", executable: true)
        let (tools, _) = try snapshotTools(["--etcd", saved.place["etcd"]], ["PATH": "/usr/bin:/bin"])
        var bytes = try Data(contentsOf: URL(filePath: saved.file))
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: URL(filePath: saved.file))
        let began = ContinuousClock.now
        await #expect(throws: SnapshotDefect.hashMismatch(path: saved.file)) {
            try await tools.verify(saved.file) { status, _ in status }
        }
        await #expect(throws: SnapshotDefect.hashMismatch(path: saved.file)) { try await tools.verify(saved.file) }
        // Its deadline would be a minute.
        #expect(began.duration(to: .now) < .seconds(30))
        #expect(try running(below: saved.file) == [])
    }

    // MARK: A file that stays

    @Test func aFileHasItsNameOnlyOnceItIsVerified() async throws {
        let place = try TemporaryDirectory()
        try place.wrapTools(
            before: #"[ "$1 $2" != "snapshot status" ] || { ls "$(dirname "$3")" >>"\#(place["seen"])"; }"#)
        let (tools, _) = try snapshotTools(["--etcd", place["etcd"]])
        try await withEtcd { etcd in
            try await etcd.write(3)
            let file = place["out/s.db"]
            try FileManager.default.createDirectory(atPath: place["out"], withIntermediateDirectories: false)
            let status = try await tools.saveVerified(
                from: etcd.clientURL.description, to: file, databaseBytes: 1 << 20)
            #expect(try await tools.verify(file) == status)
            #expect(place.names(in: "out") == ["s.db"])
            #expect(place.text(of: "seen")?.hasPrefix("s.db.unverified-") == true)
            await #expect(throws: SnapshotToolError.exists(file)) {
                try await tools.saveVerified(from: etcd.clientURL.description, to: file, databaseBytes: 1 << 20)
            }
        }
    }

    @Test(arguments: ["Error: context deadline exceeded", "panic: page 4: multiple references"])
    func whatIsNotVerifiedIsNotThere(_ words: String) async throws {
        let place = try TemporaryDirectory()
        try place.wrapTools(before: #"[ "$1 $2" != "snapshot status" ] || { echo "\#(words)" >&2; exit 1; }"#)
        let (tools, _) = try snapshotTools(["--etcd", place["etcd"]])
        try FileManager.default.createDirectory(atPath: place["out"], withIntermediateDirectories: false)
        try await withEtcd { etcd in
            await #expect(throws: (any Error).self) {
                try await tools.saveVerified(
                    from: etcd.clientURL.description, to: place["out/s.db"], databaseBytes: 1 << 20)
            }
        }
        #expect(place.names(in: "out") == [])
    }
}
