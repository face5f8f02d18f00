import Foundation
import Testing

@testable import Supervision

@Suite(.timeLimit(.minutes(1))) struct SpawnErrorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let claim: String
        let command: Command
        let message: String
        var testDescription: String { claim }
    }

    static let cases: [Case] = [
        Case(
            claim: "a path where nothing is", command: Command("/usr/bin/etcd-nosuch"),
            message: "cannot start /usr/bin/etcd-nosuch: No such file or directory"),
        Case(
            claim: "a name that PATH does not have",
            command: Command("etcd-nosuch", environment: ["PATH": "/usr/bin:relative::/bin"]),
            message: "cannot start etcd-nosuch: not found in PATH (/usr/bin:relative::/bin)"),
        Case(
            claim: "no name", command: Command("", environment: ["PATH": "/bin"]),
            message: "cannot start : not found in PATH (/bin)"),
        Case(claim: "a directory", command: Command("/usr/bin"), message: "cannot start /usr/bin: Permission denied"),
        Case(
            claim: "a file that is not executable", command: Command("/etc/passwd"),
            message: "cannot start /etc/passwd: Permission denied"),
        Case(
            claim: "the same, found by PATH", command: Command("passwd", environment: ["PATH": "/etc"]),
            message: "cannot start /etc/passwd: Permission denied"),
        Case(
            claim: "a working directory that is not there",
            command: Command("/bin/sh", workingDirectory: "/nosuch"),
            message: "cannot start /bin/sh: enter the working directory: No such file or directory"),
        Case(
            claim: "a relative working directory", command: Command("/bin/sh", workingDirectory: "tmp"),
            message: "cannot start /bin/sh: the working directory is not an absolute path"),
        Case(
            claim: "a NUL in an argument", command: Command("/bin/sh", ["a\0b"]),
            message: "cannot start /bin/sh: a NUL in an argument or in the environment"),
        Case(
            claim: "a NUL in the environment", command: Command("/bin/sh", environment: ["A": "\0"]),
            message: "cannot start /bin/sh: a NUL in an argument or in the environment"),
        Case(
            claim: "a variable without a name", command: Command("/bin/sh", environment: ["": "x"]),
            message: "cannot start /bin/sh: a variable's name is empty or holds an '='"),
        Case(
            claim: "an argument longer than the kernel takes",
            command: Command("/bin/sh", [String(repeating: "x", count: 200_000)]),
            message: "cannot start /bin/sh: Argument list too long"),
    ]

    @Test(arguments: cases)
    func saysWhatIsWrong(_ testCase: Case) async throws {
        let error = await #expect(throws: SpawnError.self) { try await spawner.spawn(testCase.command) }
        #expect(error.map { "\($0)" } == testCase.message)
    }

    @Test(arguments: [
        ("garbage", "\u{7f}not a program", "Exec format error"),
        ("orphaned-script", "#!/nosuch/interpreter\n", "No such file or directory"),
    ])
    func failedExecIsAStartErrorAndNoExitCode(name: String, content: String, message: String) async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file(name)
        try content.write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        let record = ChildRecord(path: directory.file("record"))
        let error = await #expect(throws: SpawnError.self) { try await spawner.spawn(Command(path), record: record) }
        #expect(error.map { "\($0)" } == "cannot start \(path): \(message)")
        #expect(directory.names == [name], "the attempt leaves no record")
    }

    @Test func recordThatCannotBeWrittenKeepsTheProgramFromStarting() async throws {
        let directory = try TemporaryDirectory()
        let record = ChildRecord(path: directory.file("nosuch/record"))
        let command = Command("touch", [directory.file("ran")], environment: searchPath)
        let error = await #expect(throws: SpawnError.self) { try await spawner.spawn(command, record: record) }
        #expect(error.map { "\($0)" } == "cannot start touch: write the record of the child: No such file or directory")
        #expect(directory.names.isEmpty)
    }

    @Test(arguments: [
        ("/nosuch/trampoline", "No such file or directory"),
        ("/bin/true", "did not report"),
        ("/bin/false", "did not report"),
    ])
    func executableThatIsNoTrampolineIsNamed(trampoline: String, why: String) async throws {
        let error = await #expect(throws: SpawnError.self) {
            try await Spawner(trampoline: trampoline).spawn(shell("exit 0"))
        }
        #expect(error == .trampolineFailed("sh", trampoline: trampoline, why: why))
    }

    @Test func trampolineWithAnotherParentDoesNotGoOn() async throws {
        let directory = try TemporaryDirectory()
        var invocation = TrampolineInvocation(
            parent: 1, executable: "/usr/bin/touch", arguments: ["touch", directory.file("ran")])
        let arguments = invocation.processArguments.dropFirst()
        let stray = try await spawner.spawn(Command(Built.probe, Array(arguments)))
        #expect(try await stray.exit == .exited(126))
        #expect(directory.names.isEmpty)

        // The same with the right parent runs: it was the parent that mattered.
        invocation.parent = getpid()
        let ours = try await spawner.spawn(Command(Built.probe, Array(invocation.processArguments.dropFirst())))
        #expect(try await ours.exit == .exited(0))
        #expect(directory.names == ["ran"])
    }

    @Test(arguments: [
        [], ["etcd-cluster"], ["etcd-cluster", "run"], ["x", "__child"], ["x", "__child", "1", "", "", "/bin/x"],
        ["x", "__child", "one", "", "", "/bin/x", "x"],
    ])
    func otherArgumentsAreNoInvocation(arguments: [String]) {
        #expect(TrampolineInvocation(processArguments: arguments) == nil)
    }

    @Test func invocationIsReadBack() {
        let full = TrampolineInvocation(
            parent: 7, record: ChildRecord(path: "/r"), workingDirectory: "/w", executable: "/bin/x",
            arguments: ["x", "", "a b", "é"])
        let bare = TrampolineInvocation(parent: 7, executable: "/bin/x", arguments: ["x"])
        for invocation in [full, bare] {
            #expect(TrampolineInvocation(processArguments: invocation.processArguments) == invocation)
        }
    }
}
