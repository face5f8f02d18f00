import Foundation
import Testing

@testable import Supervision

/// A child's life and end.
@Suite(.timeLimit(.minutes(2))) struct ChildTests {
    @Test(arguments: [
        ("exit 0", ExitStatus.exited(0)), ("exit 3", .exited(3)), ("exit 255", .exited(255)),
        ("kill -9 $$", .signalled(.kill)), ("kill -TERM $$", .signalled(.terminate)),
    ])
    func endIsReportedAsItWas(script: String, status: ExitStatus) async throws {
        let child = try await spawner.spawn(shell(script))
        #expect(try await child.exit == status)
        #expect(!FileManager.default.fileExists(atPath: "/proc/\(child.pid)"), "it is reaped")
        #expect(!child.send(.terminate), "there is nobody to signal")
    }

    @Test func anyNumberOfTasksLearnOfTheEnd() async throws {
        let child = try await spawner.spawn(shell("sleep 0.1; exit 4"))
        let statuses = try await withThrowingTaskGroup(of: ExitStatus.self) { group in
            for _ in 0..<50 { group.addTask { try await child.exit } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses == Array(repeating: .exited(4), count: 50))
        #expect(try await child.exit == .exited(4), "and so does one who asks later")
    }

    @Test func cancelledWaitLeavesTheChildAlone() async throws {
        let child = try await spawner.spawn(sleeper)
        let waiter = Task { try await child.exit }
        let limited = Task { try await child.exit(within: .seconds(60)) }
        waiter.cancel()
        limited.cancel()
        await #expect(throws: CancellationError.self) { try await waiter.value }
        await #expect(throws: CancellationError.self) { try await limited.value }
        #expect(isRunning(child.pid))
        #expect(try await child.exit(within: .milliseconds(10)) == nil)
        await child.terminate([])
        #expect(try await child.exit(within: .seconds(60)) == .signalled(.kill))
    }

    @Test func endIsSeenAtOnce() async throws {
        var delays: [Duration] = []
        for _ in 0..<21 {
            let child = try await spawner.spawn(sleeper)
            async let status = child.exit
            let start = ContinuousClock.now
            child.send(.kill)
            #expect(try await status == .signalled(.kill))
            delays.append(start.duration(to: .now))
        }
        delays.sort()
        print("SIGKILL to exit observed: median \(delays[10]), longest \(delays[20])")
        // Far above what it takes, far below any polling.
        #expect(delays[10] < .milliseconds(250))
    }

    @Test func grandchildThatHoldsEverythingOpenDelaysNothing() async throws {
        let directory = try TemporaryDirectory()
        let pidFile = directory.file("pid")
        // Said once it has left the group: before that it would end with the group.
        let grandchild = "setsid sh -c 'echo $$ > \(pidFile).new; mv \(pidFile).new \(pidFile); exec sleep 60' &"
        let script = "\(grandchild) while [ ! -e \(pidFile) ]; do sleep 0.01; done; exit 6"
        let talker = try await Talker(shell(script))
        #expect(try await talker.child.exit == .exited(6))
        let pid = try #require(directory.text(of: "pid").flatMap { pid_t($0.dropLast()) })
        #expect(isRunning(pid), "it left the group, holds the pipe and still runs")
        kill(pid, SIGKILL)
        await talker.end()
    }

    @Test func signalReachesTheWholeGroup() async throws {
        let helper = "(trap 'echo helper; exit 0' TERM; echo ready; \(loop)) &"
        let talker = try await Talker(
            shell("exec 2> /dev/null; trap 'wait; echo leader; exit 0' TERM; \(helper) \(loop)"))
        #expect(try await talker.line() == "ready")
        talker.child.send(.terminate)
        // Were it the leader alone, it would wait for the helper.
        #expect(try await talker.line() == "helper")
        #expect(try await talker.line() == "leader")
        #expect(try await talker.child.exit == .exited(0))
        await talker.end()
    }

    @Test func helpersThatAChildLeavesBehindEndWithIt() async throws {
        let talker = try await Talker(shell("sleep 60 & echo $!; exit 0"))
        let helper = try #require(pid_t(try await talker.line()))
        #expect(try await talker.child.exit == .exited(0))
        try await eventually("the helper ends with the child that leads its group") { !isRunning(helper) }
        await talker.end()
    }

    @Test func childrenOfOthersAreNotReaped() async throws {
        let others = Process()
        others.executableURL = URL(fileURLWithPath: "/bin/sh")
        others.arguments = ["-c", "exit 9"]
        try others.run()
        for _ in 0..<5 { #expect(try await spawner.spawn(shell("exit 1")).exit == .exited(1)) }
        others.waitUntilExit()
        #expect(others.terminationStatus == 9)
    }

    @Test func thousandChildrenLeaveNoDescriptorNoZombieAndNoThread() async throws {
        func descriptors() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }
        func threads() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count }
        let start = ContinuousClock.now
        _ = try await spawner.capture(shell("exit 0"), deadline: .seconds(30))
        let before = (descriptors: try descriptors(), threads: try threads())
        for _ in 0..<250 {
            try await withThrowingTaskGroup(of: pid_t.self) { group in
                group.addTask { try await Self.spawnAndAwait("exit 0") }
                group.addTask { try await Self.spawnAndAwait("exit 1") }
                group.addTask { try await Self.spawnAndAwait("kill -9 $$") }
                group.addTask {
                    _ = try? await spawner.spawn(Command("/bin/sh", workingDirectory: "/nosuch"))
                    return 0
                }
                for try await pid in group where pid != 0 {
                    #expect(kill(pid, 0) == -1, "neither running nor a zombie")
                }
            }
        }
        print("1000 spawns, 250 of them failing: \(start.duration(to: .now))")
        // Other tests of this process open a few for themselves meanwhile; a leak would be hundreds.
        #expect(try descriptors() < before.descriptors + 100)
        try await eventually("the threads end with their children") { try threads() < before.threads + 100 }
    }

    private static func spawnAndAwait(_ script: String) async throws -> pid_t {
        let child = try await spawner.spawn(Command("/bin/sh", ["-c", script]))
        _ = try await child.exit
        return child.pid
    }
}

@Suite(.timeLimit(.minutes(1))) struct TeardownTests {
    @Test func childThatStopsOnTermIsNotKilled() async throws {
        let talker = try await Talker(shell("trap 'exit 7' TERM; echo ready; \(loop)"))
        #expect(try await talker.line() == "ready")
        let teardown = await talker.child.terminate(.graceful(within: .seconds(30)))
        #expect(teardown.status == .exited(7))
        #expect(teardown.signals == [.terminate])
        #expect(!teardown.wasKilled)
        await talker.end()
    }

    @Test func childThatIgnoresEverythingIsKilledAfterTheLastStep() async throws {
        let talker = try await Talker(shell("trap '' TERM INT; echo ready; \(loop)"))
        #expect(try await talker.line() == "ready")
        let steps = [
            TeardownStep(.interrupt, allowed: .milliseconds(50)), TeardownStep(.terminate, allowed: .milliseconds(100)),
        ]
        let teardown = await talker.child.terminate(steps)
        #expect(teardown.signals == [.interrupt, .terminate, .kill])
        #expect(teardown.status == .signalled(.kill))
        #expect(teardown.wasKilled && teardown.duration >= .milliseconds(150))
        #expect("\(teardown)".hasPrefix("ended by SIGKILL") && "\(teardown)".hasSuffix("SIGINT, SIGTERM, SIGKILL"))
        await talker.end()
    }

    @Test func stoppedChildIsKilledAsWell() async throws {
        let child = try await spawner.spawn(shell("kill -STOP $$"))
        try await eventually("it stops") { try ProcessStat(of: child.pid).state == "T" }
        let teardown = await child.terminate(.graceful(within: .milliseconds(50)))
        #expect(teardown.signals == [.terminate, .kill])
    }

    @Test func secondCallWaitsForTheSameEnd() async throws {
        let talker = try await Talker(
            shell("exec 2> /dev/null; trap 'echo term; exit 7' TERM; echo ready; \(loop)"))
        #expect(try await talker.line() == "ready")
        let child = talker.child
        async let first = child.terminate(.graceful(within: .seconds(30)))
        async let second = child.terminate(.graceful(within: .seconds(30)))
        #expect(await first == second)
        #expect(try await talker.line() == "term")
        #expect(try await talker.line() == "", "SIGTERM came once")
        #expect(await child.terminate([]) == first, "and later calls change nothing")
        await talker.end()
    }

    @Test func cancelledCallerWaitsNoLess() async throws {
        let talker = try await Talker(
            shell("trap 'sleep 0.2; exit 7' TERM; echo ready; \(loop)"))
        #expect(try await talker.line() == "ready")
        let child = talker.child
        let caller = Task {
            while !Task.isCancelled { await Task.yield() }
            return await child.terminate(.graceful(within: .seconds(30)))
        }
        caller.cancel()
        #expect(await caller.value.status == .exited(7), "not cut short, not killed")
        await talker.end()
    }

    @Test func impatienceCutsTheStepsShort() async throws {
        let talker = try await Talker(shell("trap '' TERM; echo ready; \(loop)"))
        #expect(try await talker.line() == "ready")
        let child = talker.child
        async let teardown = child.terminate(.graceful(within: .seconds(60)))
        child.send(.kill)
        #expect(await teardown.status == .signalled(.kill))
        await talker.end()
    }

    @Test func childThatHasEndedNeedsNoSignal() async throws {
        let child = try await spawner.spawn(shell("exit 5"))
        _ = try await child.exit
        let teardown = await child.terminate()
        #expect(teardown.status == .exited(5) && teardown.signals.isEmpty)
    }
}
