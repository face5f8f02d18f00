import Foundation
import Testing

@testable import Supervision

/// What a child finds when it begins: looked at from outside, through /proc.
@Suite(.timeLimit(.minutes(1))) struct ChildStateTests {
    /// The two executables that can be the trampoline here: the tests' and the product.
    @Test(arguments: [Built.probe, Built.product])
    func noSignalIsBlockedOrIgnored(trampoline: String) async throws {
        // Inherited, each of these would make a program that SIGTERM can't stop, or that never learns of a broken pipe.
        SignalSequence.ignoreBrokenPipes()
        _ = signal(SIGUSR1, SIG_IGN)
        _ = signal(SIGCHLD, SIG_DFL)
        let child = try await Spawner(trampoline: trampoline).spawn(sleeper)
        let status = try String(contentsOfFile: "/proc/\(child.pid)/status", encoding: .utf8)
        #expect(status.contains("SigBlk:\t0000000000000000"))
        // glibc's posix_spawn leaves its own two, 32 and 33, ignored; every child of every program has them so.
        let ignored = try #require(mask("SigIgn", in: status))
        #expect(ignored & 0x7fff_ffff == 0)
        #expect(ignored >> 33 == 0)
        let ours = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        #expect(
            try #require(mask("SigIgn", in: ours)) & 0x7fff_ffff != 0, "we do ignore some: the child could inherit them"
        )
        await child.terminate([])
    }

    @Test func nothingButInputOutputAndErrorIsInherited() async throws {
        // Leaked on purpose: open without CLOEXEC, low and high.
        let leaked = open("/etc/passwd", O_RDONLY)
        let high = fcntl(leaked, F_DUPFD, 700)
        defer { for descriptor in [leaked, high] { close(descriptor) } }
        #expect(leaked > 2 && high >= 700)

        let child = try await spawner.spawn(sleeper)
        let directory = "/proc/\(child.pid)/fd"
        // The loader opens libraries for a moment.
        try await eventually("nothing else is open") {
            try FileManager.default.contentsOfDirectory(atPath: directory).sorted() == ["0", "1", "2"]
        }
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "\(directory)/0") == "/dev/null")
        for name in ["1", "2"] {
            let ours = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "\(directory)/\(name)") == ours)
        }
        await child.terminate([])
    }

    @Test func leadsAGroupOfItsOwn() async throws {
        let child = try await spawner.spawn(sleeper)
        #expect(try ProcessStat(of: child.pid).group == child.pid)
        #expect(getpgid(0) != child.pid)
        await child.terminate([])
    }

    @Test(arguments: [
        [:], ["PATH": "/usr/bin:/bin"], ["PATH": "/bin", "EMPTY": "", "ODD": "a=b \"c\"\n$HOME é", "z": "1"],
    ])
    func environmentIsExactlyTheGiven(environment: [String: String]) async throws {
        let child = try await spawner.spawn(Command("/bin/sleep", ["60"], environment: environment))
        let bytes = try Data(contentsOf: URL(fileURLWithPath: "/proc/\(child.pid)/environ"))
        let entries = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        #expect(entries == environment.map { "\($0)=\($1)" }.sorted())
        await child.terminate([])
    }

    @Test func argumentsArriveUnchanged() async throws {
        let odd = ["", " ", "a b", "\"q\"", "$HOME", "*", "--", "-é\n", "__child", "日本"]
        let script = "import sys; sys.stdout.write('\\0'.join(sys.argv[1:]))"
        let python = Command("python3", ["-c", script] + odd, environment: Self.pythonEnvironment)
        let output = try await spawner.capture(python, deadline: .seconds(30))
        #expect(output.status.isSuccess)
        #expect(output.text.split(separator: "\0", omittingEmptySubsequences: false).map(String.init) == odd)
    }

    static let pythonEnvironment = [
        "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "PYTHONUTF8": "1",
        "HOME": NSHomeDirectory(),
    ]

    @Test func programSeesItsNameAsItWasGiven() async throws {
        let child = try await spawner.spawn(sleeper)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: "/proc/\(child.pid)/cmdline"))
        #expect(String(decoding: bytes, as: UTF8.self) == "sleep\u{0}60\u{0}")
        await child.terminate([])
    }

    @Test func workingDirectoryIsTheGivenOneOrOurs() async throws {
        for directory in ["/usr/lib", nil] {
            var command = Command("pwd", ["-P"], environment: searchPath)
            command.workingDirectory = directory
            let output = try await spawner.capture(command, deadline: .seconds(30))
            #expect(output.text == "\(directory ?? FileManager.default.currentDirectoryPath)\n")
        }
    }

    @Test func endedInputIsReadAsEmpty() async throws {
        let output = try await spawner.capture(Command("cat", environment: searchPath), deadline: .seconds(30))
        #expect(output == CapturedOutput(status: .exited(0), standardOutput: [], standardError: []))
    }

    @Test func recordNamesTheChildFromBeforeItsFirstInstructionUntilItsEnd() async throws {
        let directory = try TemporaryDirectory()
        let record = ChildRecord(path: directory.file("record"))
        // The child itself looks: whatever it can see was there before it ran.
        let talker = try await Talker(
            Command("sh", ["-c", "cat \(record.path); exec sleep 60"], environment: searchPath), record: record)
        let seen = try #require(ProcessIdentity(line: try await talker.line() + "\n"))
        let identity = try ProcessIdentity.current(of: talker.child.pid, executable: "/usr/bin/sh")
        #expect(seen == identity)
        #expect(try record.read() == .child(identity))
        #expect(directory.names == ["record"], "no draft is left beside it")
        await talker.end()
        #expect(try record.read() == .absent)
    }

    private func mask(_ name: String, in status: String) -> UInt64? {
        status.split(separator: "\n").first { $0.hasPrefix("\(name):\t") }
            .flatMap { UInt64($0.dropFirst(name.count + 2), radix: 16) }
    }
}
