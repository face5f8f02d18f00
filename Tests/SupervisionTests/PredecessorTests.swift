import Foundation
import Testing

@testable import Supervision

@Suite(.timeLimit(.minutes(1))) struct PredecessorTests {
    /// By the kernel's own means, and where a kernel or a sandbox does not offer them.
    enum Means: CaseIterable {
        case descriptor, procfs

        var watch: @Sendable (ProcessIdentity) -> ProcessWatch? {
            switch self {
            case .descriptor: ProcessWatch.init
            case .procfs: ProcessWatch.withoutDescriptor
            }
        }
    }

    @Test(arguments: Means.allCases)
    func childThatStopsOnTermIsAwaited(means: Means) async throws {
        let scene = try await Scene("trap 'sleep 0.1; exit 0' TERM; echo ready; \(loop)")
        let outcome = try await awaitPredecessor(scene.record, grace: .seconds(30), watchedBy: means.watch)
        guard case .ended(scene.identity, let time) = outcome else {
            Issue.record("got \(outcome)")
            return
        }
        #expect(time >= .milliseconds(90))
        #expect(!isRunning(scene.identity.pid))
        #expect(try scene.record.read() == .absent)
        await scene.end()
    }

    /// Not a child of ours, as it will be then: what ends with a child of ours is the reaper's doing.
    @Test(arguments: Means.allCases)
    func childThatIgnoresTermIsKilledWithItsGroup(means: Means) async throws {
        let talker = try await Talker(
            shell("setsid sh -c 'trap \"\" TERM; sleep 60 & echo $$ $!; \(loop)' 2> /dev/null; sleep 60"))
        let pids = try await talker.line().split(separator: " ").compactMap { pid_t($0) }
        let (leader, helper) = (try #require(pids.first), try #require(pids.last))
        let directory = try TemporaryDirectory()
        let record = ChildRecord(path: directory.file("record"))
        let identity = try ProcessIdentity.current(of: leader, executable: "/usr/bin/sh")
        try record.write(identity)
        #expect(leader != helper && isRunning(helper))

        let outcome = try await awaitPredecessor(record, grace: .milliseconds(200), watchedBy: means.watch)
        guard case .killed(identity, let time) = outcome else {
            Issue.record("got \(outcome)")
            return
        }
        #expect(time >= .milliseconds(200))
        #expect(!isRunning(leader))
        try await eventually("the helper ends too") { !isRunning(helper) }
        #expect(try record.read() == .absent)
        await talker.end()
    }

    @Test(arguments: Means.allCases)
    func strangerWithTheOldNumberIsLeftAlone(means: Means) async throws {
        let scene = try await Scene("echo ready; sleep 60")
        let (real, other) = (scene.identity, try TemporaryDirectory())
        let old = ProcessIdentity(
            pid: real.pid, startTicks: real.startTicks - 1, bootID: real.bootID, executable: "/usr/bin/old")
        let record = ChildRecord(path: other.file("record"))
        try record.write(old)
        #expect(try await awaitPredecessor(record, grace: .zero, watchedBy: means.watch) == .gone(old))
        #expect(isRunning(real.pid))
        #expect(try record.read() == .absent)
        await scene.end()
    }

    @Test(arguments: Means.allCases)
    func childThatIsGoneIsSaidToBe(means: Means) async throws {
        let scene = try await Scene("echo ready; sleep 60")
        await scene.talker.child.terminate([])
        try scene.record.write(scene.identity)
        #expect(
            try await awaitPredecessor(scene.record, grace: .seconds(30), watchedBy: means.watch)
                == .gone(scene.identity))
        await scene.end()
    }

    @Test func zombieCountsAsGone() async throws {
        let talker = try await Talker(
            Command(
                "python3",
                [
                    "-c",
                    "import os,time\np=os.fork()\nif p==0: time.sleep(0.3); os._exit(0)\nprint(p,flush=True); time.sleep(60)",
                ], environment: ChildStateTests.pythonEnvironment))
        let pid = try #require(pid_t(try await talker.line()))
        let directory = try TemporaryDirectory()
        let record = ChildRecord(path: directory.file("record"))
        let identity = try ProcessIdentity.current(of: pid, executable: "python3")
        try record.write(identity)
        try await eventually("it ends, and nobody reaps it") { try ProcessStat(of: pid).state == "Z" }
        #expect(try await awaitPredecessor(record, grace: .seconds(30)) == .gone(identity))
        await talker.end()
    }

    @Test func noRecordIsNoPredecessor() async throws {
        let directory = try TemporaryDirectory()
        let record = ChildRecord(path: directory.file("record"))
        #expect(try await awaitPredecessor(record, grace: .zero) == .noRecord)
    }

    @Test func unreadableRecordIsSaidAndRemoved() async throws {
        let directory = try TemporaryDirectory()
        try "".write(toFile: directory.file("record"), atomically: true, encoding: .utf8)
        let record = ChildRecord(path: directory.file("record"))
        #expect(try await awaitPredecessor(record, grace: .zero) == .unreadableRecord(""))
        #expect(try record.read() == .absent)
    }

    @Test func recordThatCannotBeReadIsAnError() async throws {
        let directory = try TemporaryDirectory()
        let record = ChildRecord(path: directory.path)
        await #expect(throws: PredecessorError.system(SystemError("read \(directory.path)", code: EISDIR))) {
            try await awaitPredecessor(record, grace: .zero)
        }
    }

    /// A child with a record, as an earlier supervisor would have left it.
    private struct Scene {
        let directory: TemporaryDirectory
        let talker: Talker
        let firstLine: String
        let identity: ProcessIdentity
        let record: ChildRecord

        init(_ script: String) async throws {
            directory = try TemporaryDirectory()
            record = ChildRecord(path: directory.file("record"))
            // Spawned without the record: nobody is to remove it but the one under test.
            talker = try await Talker(shell(script))
            identity = try ProcessIdentity.current(of: talker.child.pid, executable: "/usr/bin/sh")
            try record.write(identity)
            firstLine = try await talker.line()
        }

        func end() async { await talker.end() }
    }
}

@Suite(.timeLimit(.minutes(1))) struct DirectoryLockTests {
    @Test func secondHolderIsRefusedAndToldWhoHasIt() throws {
        let directory = try TemporaryDirectory()
        let first = try DirectoryLock(directory.path, name: "lock", holder: "us")
        let us = try ProcessIdentity.current(of: getpid(), executable: "us")
        let error = #expect(throws: DirectoryLockError.self) {
            try DirectoryLock(directory.path, name: "lock", holder: "them")
        }
        #expect(error == .held(directory: directory.path, by: us))
        #expect(error.map { "\($0)" } == "\(directory.path) is in use by process \(getpid()) (us)")
        withExtendedLifetime(first) {}
    }

    @Test func lockThatIsLetGoCanBeTaken() throws {
        let directory = try TemporaryDirectory()
        for _ in 1...2 {
            _ = try DirectoryLock(directory.path, name: "lock", holder: "a rather long name, then a short one")
        }
        let last = try DirectoryLock(directory.path, name: "lock", holder: "us")
        let us = try ProcessIdentity.current(of: getpid(), executable: "us")
        #expect(directory.text(of: "lock") == us.line)
        withExtendedLifetime(last) {}
    }

    @Test func lockDiesWithItsHolderHoweverThatEnds() async throws {
        let directory = try TemporaryDirectory()
        let holder = try await Talker(Command(Built.probe, ["lock", directory.path]))
        #expect(try await holder.line() == "held")
        #expect(throws: DirectoryLockError.self) { try DirectoryLock(directory.path, name: "lock", holder: "us") }
        holder.child.send(.kill)
        _ = try await holder.child.exit
        _ = try DirectoryLock(directory.path, name: "lock", holder: "us")
        await holder.end()
    }

    @Test func childrenDoNotHoldIt() async throws {
        let directory = try TemporaryDirectory()
        var lock: DirectoryLock? = try DirectoryLock(directory.path, name: "lock", holder: "us")
        let child = try await spawner.spawn(sleeper)
        withExtendedLifetime(lock) {}
        lock = nil
        _ = try DirectoryLock(directory.path, name: "lock", holder: "us")
        #expect(isRunning(child.pid))
        await child.terminate([])
    }

    @Test func directoryThatIsNotThereIsAnError() {
        #expect(throws: DirectoryLockError.system(SystemError("open /nosuch/lock", code: ENOENT))) {
            try DirectoryLock("/nosuch", name: "lock", holder: "us")
        }
    }
}
