import Foundation
import Synchronization
import Testing

@testable import Supervision

@Suite(.timeLimit(.minutes(1))) struct OutputTailTests {
    private func lines(of script: String, isForwarded: Bool = false) async throws -> [String] {
        let (child, output) = try await spawner.spawnKeepingOutput(shell(script), isForwarded: isForwarded)
        _ = try await child.exit
        return try await output.finish()
    }

    @Test func bothStreamsInTheOrderInWhichTheyWereWritten() async throws {
        #expect(try await lines(of: "echo one; echo two >&2; printf three") == ["one", "two", "three"])
        #expect(try await lines(of: "exit 3") == [])
    }

    /// A panic comes at the end, whatever came before.
    @Test func theLastOfItIsKept() async throws {
        let lines = try await lines(of: "seq 1 400000; echo panic: at the end >&2")
        #expect(lines.last == "panic: at the end")
        #expect(lines.dropLast().last == "400000")
        let bytes = lines.reduce(0) { $0 + $1.utf8.count + 1 }
        #expect((200 << 10...256 << 10).contains(bytes))
    }

    @Test func whatIsThereCanBeReadWhileTheChildRuns() async throws {
        let (child, output) = try await spawner.spawnKeepingOutput(shell("echo ready; \(loop)"), isForwarded: false)
        try await eventually("it has written") { output.lines == ["ready"] }
        await child.terminate()
        #expect(try await output.finish() == ["ready"])
        #expect(try await output.finish() == ["ready"], "a second time too")
    }

    @Test func grandchildThatKeepsThePipeOpenIsNotWaitedFor() async throws {
        #expect(try await lines(of: "setsid sleep 3 & echo done") == ["done"])
    }

    /// In a process of its own: what is error output there is that of every test here.
    @Test func itIsForwarded() async {
        await #expect(processExitsWith: .success) {
            let directory = try TemporaryDirectory()
            let file = open(directory.file("stderr"), O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
            let ours = dup(STDERR_FILENO)
            dup2(file, STDERR_FILENO)
            let script = "echo forwarded-words; echo and-more >&2"
            let lines = try await OutputTailTests().lines(of: script, isForwarded: true)
            dup2(ours, STDERR_FILENO)
            #expect(lines == ["forwarded-words", "and-more"])
            #expect(directory.text(of: "stderr") == "forwarded-words\nand-more\n")
        }
    }

    @Test func aProgramThatDoesNotStartLeavesNothing() async throws {
        let before = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        for _ in 0..<20 {
            await #expect(throws: SpawnError.self) {
                try await spawner.spawnKeepingOutput(Command("/nowhere/at/all"), isForwarded: false)
            }
        }
        // Other tests open and close theirs meanwhile; twenty of ours would be sixty.
        let after = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        #expect(after < before + 40)
    }

    @Test func blockingWorkSeesThatItIsCancelled() async throws {
        #expect(try await runBlocking { _ in 7 } == 7)
        await #expect(throws: SystemError("x", code: 5)) {
            try await runBlocking { _ in throw SystemError("x", code: 5) }
        }
        let hasBegun = Mutex(false)
        let task = Task {
            try await runBlocking { isCancelled in
                hasBegun.withLock { $0 = true }
                while !isCancelled() { usleep(1000) }
                throw CancellationError()
            }
        }
        try await eventually("it runs") { hasBegun.withLock { $0 } }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
