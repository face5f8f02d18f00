/// Files on their way: compressed and back, and the room in which they are made.

import Foundation
import Glibc
import Supervision
import Testing

@testable import Daemon

@Suite struct BackupFileTests {
    private let place: TemporaryDirectory
    private let directory: DataDirectory

    init() throws {
        place = try TemporaryDirectory()
        directory = DataDirectory(place["data"])
        try directory.prepare()
    }

    private func gzip(_ path: String = searchPath) throws -> Gzip {
        var configuration = Configuration()
        configuration.environment = ["PATH": path]
        return Gzip(configuration, Built.spawner)
    }

    // MARK: gzip

    @Test func whatIsCompressedComesBack() async throws {
        let text = String(repeating: "the same again, ", count: 10_000)
        let file = try place.write(text, to: "s.db")
        #expect(try await gzip().compress(file) == file + ".gz")
        #expect(place.names() == ["data", "s.db", "s.db.gz"])
        #expect(try SnapshotFile(path: file + ".gz").bytes() < UInt64(text.utf8.count / 10))
        try FileManager.default.removeItem(atPath: file)
        #expect(try await gzip().decompress(file + ".gz") == file)
        #expect(place.names() == ["data", "s.db"])
        #expect(place.text(of: "s.db") == text)
    }

    @Test func theSameFileCompressesToTheSameBytes() async throws {
        let (one, other) = (try place.write("text", to: "a/s.db"), try place.write("text", to: "b/other.db"))
        let (first, second) = (try await gzip().compress(one), try await gzip().compress(other))
        #expect(FileManager.default.contents(atPath: first) == FileManager.default.contents(atPath: second))
    }

    @Test func whatIsNoneOfItsFilesIsADefect() async throws {
        let file = try place.write("no gzip", to: "s.db.gz")
        let error = await #expect(throws: SnapshotDefect.self) { try await gzip().decompress(file) }
        #expect(error.map { "\($0)" }?.contains("not in gzip format") == true)
    }

    /// Nothing tells before how much it will be, and the disk may be etcd's.
    @Test func whatComesOutMustNotFillTheDisk() async throws {
        let tools = try TemporaryDirectory()
        try tools.write(
            "#!/bin/sh\nwhile sleep 0.05; do head -c 4000000 /dev/zero >>\(place["s.db"]); done\n", to: "gzip",
            executable: true)
        let file = try place.write("any", to: "s.db.gz")
        var gzip = try gzip("\(tools.path):\(searchPath)")
        let output = SnapshotFile(path: place["s.db"])
        gzip.freeBytes = { _ in DiskSpace.reserve + 9_000_000 - ((try? output.bytes()) ?? 0) }
        let watching = gzip
        let error = await #expect(throws: DataDirectoryError.self) { try await watching.decompress(file) }
        #expect(try output.bytes() > 9_000_000, "as long as there was room it wrote")
        #expect(error?.attempt == "decompress \(file)")
        try await eventually("it is gone") { try running(below: file) == [] }
    }

    /// Every bit of its head that says anything of the content.
    @Test func whateverIsDamagedInItsHeadIsADefect() async throws {
        let file = try place.write("text", to: "s.db")
        let good = try Data(contentsOf: URL(filePath: try await gzip().compress(file)))
        for byte in 0..<4 {
            for bit in 0..<8 {
                var bytes = good
                bytes[byte] ^= 1 << bit
                try bytes.write(to: URL(filePath: file + ".gz"))
                unlink(file)
                do {
                    _ = try await gzip().decompress(file + ".gz")
                    // A flag that says "this is text" changes nothing.
                    #expect(place.text(of: "s.db") == "text")
                } catch {
                    #expect(error is SnapshotDefect, "bit \(bit) of byte \(byte): \(error)")
                }
            }
        }
    }

    @Test func withoutTheProgramNothingIsSaidOfTheFile() async throws {
        let file = try place.write("no gzip", to: "s.db.gz")
        let error = await #expect(throws: (any Error).self) { try await gzip(place["data"]).decompress(file) }
        #expect(error != nil && !(error is SnapshotDefect) && "\(String(describing: error))".contains("gzip"))
        #expect(place.exists("s.db.gz"))
    }

    // MARK: Scratch

    private var left: [String] { place.names(in: "data/etcd-cluster.scratch") }

    @Test func eachHasARoomOfItsOwnThatGoesWithIt() async throws {
        let scratch = Scratch(directory, logger: Writes().logger())
        let name = try await scratch.with { first in
            try "x".write(toFile: "\(first)/file", atomically: false, encoding: .utf8)
            try await scratch.with { second in
                #expect(first != second && left.count == 2)
                #expect(first.hasPrefix(scratch.path + "/"))
                let mode = try FileManager.default.attributesOfItem(atPath: second)[.posixPermissions] as? Int
                #expect(mode == 0o700)
            }
            #expect(left.count == 1)
            return first
        }
        #expect(left == [] && !FileManager.default.fileExists(atPath: name))
    }

    @Test func whatFailsLeavesNothingEither() async throws {
        struct Failure: Error {}
        await #expect(throws: Failure.self) {
            try await Scratch(directory, logger: Writes().logger()).with { own in
                try "x".write(toFile: "\(own)/file", atomically: false, encoding: .utf8)
                throw Failure()
            }
        }
        #expect(left == [])
    }

    @Test func whatAKilledProcessLeftIsCleaned() async throws {
        let scratch = Scratch(directory, logger: Writes().logger())
        try place.write("half", to: "data/etcd-cluster.scratch/1/restored/member/wal/0.wal")
        try place.write("data", to: "data/member/wal/0.wal")
        // Of a command that is over, whose process ID is another's by now: ours.
        try place.write("left", to: "data/etcd-cluster.scratch-\(getpid())/1/snapshot.db")
        #expect(await scratch.clean() == [])
        #expect(place.names(in: "data") == ["member"])
        #expect(await scratch.clean() == [])
        #expect(place.names(in: "data/member/wal") == ["0.wal"])
    }

    @Test func whatACommandThatRunsMakesIsNotCleaned() async throws {
        let logger = Writes().logger()
        let command = Scratch(directory, isCommands: true, logger: logger)
        try await command.with { own in
            #expect(await Scratch(directory, logger: logger).clean() == [])
            #expect(FileManager.default.fileExists(atPath: own))
        }
        #expect(place.names(in: "data") == [])
    }

    /// What was done is done, whatever stays of it.
    @Test func whatCanNotBeRemovedIsNoFailure() async throws {
        let writes = Writes()
        let scratch = Scratch(directory, logger: writes.logger())
        let result = try await scratch.with { _ in
            try FileManager.default.moveItem(atPath: scratch.path, toPath: place["elsewhere"])
            try place.write("no directory any more", to: "data/etcd-cluster.scratch")
            return 7
        }
        #expect(result == 7)
        #expect(writes.text.contains("level=warning msg=\"something that was made on the way stays\""))
    }

    @Test func whereThereIsNoRoomItIsTold() async throws {
        try place.write("in the way", to: "data/etcd-cluster.scratch")
        let error = await #expect(throws: DataDirectoryError.self) {
            try await Scratch(directory, logger: Writes().logger()).with { _ in }
        }
        #expect(error.map { "\($0)" }?.hasPrefix("make directory ") == true)
    }
}
