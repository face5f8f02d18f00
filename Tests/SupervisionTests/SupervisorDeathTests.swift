import Foundation
import Testing

@testable import Supervision

/// What becomes of the child when the supervisor itself is killed, and how the next one takes over.
@Suite(.timeLimit(.minutes(2))) struct SupervisorDeathTests {
    @Test func killedSupervisorsChildGetsTermAndMayEndInOrder() async throws {
        let directory = try TemporaryDirectory()
        let supervisor = try await supervise(
            "trap 'echo TERM > \(directory.file("got")); exit 0' TERM; echo ready; \(loop)",
            in: directory)
        // Two processes speak, in either order.
        let lines = [try await supervisor.line(), try await supervisor.line()]
        #expect(lines.contains("ready"))
        let child = try #require(lines.lazy.compactMap(pid(in:)).first)
        #expect(isRunning(child))

        kill(supervisor.child.pid, SIGKILL)
        #expect(try await supervisor.child.exit == .signalled(.kill))
        try await eventually("the kernel tells the child") { directory.text(of: "got") == "TERM\n" }
        try await eventually("and it ends") { !isRunning(child) }
        await supervisor.end()
    }

    /// The whole scene: a program on a port, its supervisor killed, the program slow to end, the next supervisor.
    @Test func nextSupervisorNeverFightsTheOldChildForItsPort() async throws {
        let directory = try TemporaryDirectory()
        let script = """
            import os, signal, socket, sys, time
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(("127.0.0.1", int(sys.argv[1]))); s.listen()
            def stop(*_): time.sleep(0.5); os._exit(0)
            signal.signal(signal.SIGTERM, stop)
            print("listening", s.getsockname()[1], flush=True)
            while True: time.sleep(60)
            """
        try script.write(toFile: directory.file("server.py"), atomically: true, encoding: .utf8)
        let supervisor = try await Talker(
            Command(
                Built.probe,
                ["supervise", directory.file("record"), "/usr/bin/env", "python3", directory.file("server.py"), "0"],
                environment: ChildStateTests.pythonEnvironment))
        let lines = [try await supervisor.line(), try await supervisor.line()]
        let listening = try #require(lines.first { $0.hasPrefix("listening ") }).dropFirst(10)
        kill(supervisor.child.pid, SIGKILL)
        _ = try await supervisor.child.exit

        let record = ChildRecord(path: directory.file("record"))
        let outcome = try await awaitPredecessor(record, grace: .seconds(30))
        guard case .ended = outcome else {
            Issue.record("expected an orderly end, got: \(outcome)")
            return
        }
        print(outcome)
        let next = try await Talker(
            Command(
                "python3", [directory.file("server.py"), String(listening)],
                environment: ChildStateTests.pythonEnvironment), record: record)
        #expect(try await next.line() == "listening \(listening)", "the port is free at the first try")
        await next.end()
        await supervisor.end()
    }

    private func supervise(_ script: String, in directory: TemporaryDirectory) async throws -> Talker {
        try await Talker(
            Command(Built.probe, ["supervise", directory.file("record"), "sh", "-c", script], environment: searchPath))
    }

    private func pid(in line: String) -> pid_t? { line.hasPrefix("child ") ? pid_t(line.dropFirst(6)) : nil }
}

/// The kernel hands every orphan to process 1, which must reap them or fill the process table.
@Suite(
    .timeLimit(.minutes(1)), .enabled(if: geteuid() == 0, "a PID namespace takes root")
) struct FirstProcessTests {
    @Test func orphansAreReapedAndChildrenKeepTheirStatus() async throws {
        let script = "for i in 1 2 3 4 5; do (setsid sleep 0.$i & setsid true &) ; done; sleep 0.1; exit 5"
        let first = try await Talker(
            Command(
                "unshare", ["-pf", "--mount-proc", "--kill-child", Built.probe, "first-process", "sh", "-c", script],
                environment: searchPath))
        for _ in 1...3 { #expect(try await first.line() == "ended: exited with code 5") }
        #expect(try await first.line() == "others: 0")
        #expect(try await first.child.exit == .exited(0))
        await first.end()
    }
}
