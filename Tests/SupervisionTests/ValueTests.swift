import Glibc
import Testing

@testable import Supervision

@Suite struct ExitStatusTests {
    @Test(arguments: [
        (Int32(0x0000), ExitStatus.exited(0), "exited with code 0"),
        (0x0100, .exited(1), "exited with code 1"),
        (0xff00, .exited(255), "exited with code 255"),
        (0x000f, .signalled(.terminate), "ended by SIGTERM"),
        (0x0009, .signalled(.kill), "ended by SIGKILL"),
        (0x008b, .signalled(Signal(rawValue: SIGSEGV)), "ended by SIGSEGV"),
        (0x0022, .signalled(Signal(rawValue: 34)), "ended by signal 34"),
    ])
    func waitStatusIsRead(raw: Int32, status: ExitStatus, text: String) {
        #expect(ExitStatus(waitStatus: raw) == status)
        #expect("\(status)" == text)
        #expect(status.isSuccess == (raw == 0))
    }
}

@Suite struct ProcessIdentityTests {
    @Test func lineIsReadBack() throws {
        let identity = ProcessIdentity(pid: 7, startTicks: 99, bootID: "b-1", executable: "/opt/my etcd/etcd")
        #expect(identity.line == "7 99 b-1 /opt/my etcd/etcd\n")
        #expect(ProcessIdentity(line: identity.line) == identity)
    }

    @Test(arguments: [
        "", "\n", "7 99 b-1 /bin/x", "7 99 b-1\n", "x 99 b /bin/x\n", "0 1 b /bin/x\n", "-7 1 b /bin/x\n",
    ])
    func whatIsNoLineIsRefused(text: String) { #expect(ProcessIdentity(line: text) == nil) }

    @Test func programNameWithParenthesesAndSpacesIsNoTrap() throws {
        let fields = (3...30).map { $0 == 3 ? "S" : "\($0)" }.joined(separator: " ")
        let stat = try #require(ProcessStat(text: "12 (a) R (b) c) \(fields)\n"))
        #expect(stat.state == "S" && stat.group == 5 && stat.startTicks == 22)
        #expect(ProcessStat(text: "12 (a) S 1 2") == nil)
    }

    @Test func ourselvesAreAliveAndNobodyElseWithOurNumber() throws {
        let us = try ProcessIdentity.current(of: getpid(), executable: "us")
        #expect(us.isAlive)
        let later = ProcessIdentity(pid: us.pid, startTicks: us.startTicks + 1, bootID: us.bootID, executable: "us")
        let otherBoot = ProcessIdentity(pid: us.pid, startTicks: us.startTicks, bootID: "other", executable: "us")
        #expect(!later.isAlive && !otherBoot.isAlive)
    }
}

@Suite struct OneShotTests {
    @Test func everyoneGetsTheValueBeforeAndAfter() async throws {
        let shot = OneShot<Int>()
        async let early = [try shot.value(), try shot.value()]
        async let other = shot.value()
        shot.resolve(7)
        #expect(try await early == [7, 7])
        #expect(try await other == 7)
        #expect(try await shot.value() == 7)
    }

    @Test(arguments: [true, false])
    func cancelledWaiterLeavesAndOthersStay(cancelledBeforeWaiting: Bool) async throws {
        let shot = OneShot<Int>()
        let patient = Task { try await shot.value() }
        let impatient = Task {
            if cancelledBeforeWaiting { while !Task.isCancelled { await Task.yield() } }
            return try await shot.value()
        }
        impatient.cancel()
        await #expect(throws: CancellationError.self) { try await impatient.value }
        shot.resolve(1)
        #expect(try await patient.value == 1)
    }
}
