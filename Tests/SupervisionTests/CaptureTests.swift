import Testing

@testable import Supervision

@Suite(.timeLimit(.minutes(1))) struct CaptureTests {
    @Test func outputErrorAndStatusAreToldApart() async throws {
        let output = try await spawner.capture(shell("echo out; echo err >&2; exit 3"), deadline: .seconds(30))
        #expect(output.text == "out\n")
        #expect(output.standardError == Array("err\n".utf8))
        #expect(output.status == .exited(3))
    }

    @Test func moreThanAPipeHoldsArrivesWhole() async throws {
        let script = "head -c 300000 /dev/zero; head -c 200000 /dev/zero >&2"
        let output = try await spawner.capture(shell(script), deadline: .seconds(30), limit: 300_000)
        #expect(output.standardOutput.count == 300_000)
        #expect(output.standardError.count == 200_000)
        #expect(output.status.isSuccess)
    }

    @Test(arguments: ["yes", "yes >&2", "trap '' PIPE; yes; exit 0", "head -c 1001 /dev/zero"])
    func tooMuchOutputIsAnErrorAtOnce(script: String) async throws {
        let command = shell(script)
        await #expect(throws: CaptureError.outputTooLarge(command, limit: 1000)) {
            try await spawner.capture(command, deadline: .seconds(30), limit: 1000)
        }
    }

    @Test func commandThatHangsIsKilledAtItsDeadline() async throws {
        let directory = try TemporaryDirectory()
        let command = shell("echo $$ > \(directory.file("pid")); trap '' TERM; sleep 60")
        await #expect(throws: CaptureError.timedOut(command, after: .milliseconds(300))) {
            try await spawner.capture(command, deadline: .milliseconds(300))
        }
        if let pid = directory.text(of: "pid").flatMap({ Int32($0.dropLast()) }) { #expect(!isRunning(pid)) }
    }

    @Test func grandchildThatKeepsThePipesOpenIsNotWaitedFor() async throws {
        let output = try await spawner.capture(shell("setsid sleep 60 & echo done"), deadline: .seconds(30))
        #expect(output.text == "done\n")
    }

    @Test func cancellationKillsTheCommand() async throws {
        let directory = try TemporaryDirectory()
        let pidFile = directory.file("pid")
        let capture = Task {
            try await spawner.capture(
                shell("echo $$ > \(pidFile).new; mv \(pidFile).new \(pidFile); sleep 60"), deadline: .seconds(60))
        }
        try await eventually("it runs") { directory.text(of: "pid") != nil }
        let pid = try #require(directory.text(of: "pid").flatMap { Int32($0.dropLast()) })
        capture.cancel()
        await #expect(throws: CancellationError.self) { try await capture.value }
        #expect(!isRunning(pid))
    }

    @Test func commandThatCannotStartSaysSo() async throws {
        await #expect(throws: SpawnError.refused("/nosuch", code: 2)) {
            try await spawner.capture(Command("/nosuch"), deadline: .seconds(30))
        }
    }
}
