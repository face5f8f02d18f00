/// What the loops tell each other, and when one of them wakes.

import ClusterPlanning
import Testing

@testable import Daemon

@Suite struct EtcdWatchTests {
    private let watch = EtcdWatch()
    private let asker = InstanceID("i-0b")

    /// How long a wait of at most an hour took, while `body` went on beside it.
    private func wait(_ body: @Sendable () async throws -> Void) async throws {
        let watch = watch
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await watch.wait(atMost: .seconds(3600)) }
            try await body()
            try await group.waitForAll()
        }
    }

    @Test func whoAsksWakesTheOneThatWaits() async throws {
        let (watch, asker) = (watch, asker)
        try await wait {
            try await Task.sleep(for: .milliseconds(20))
            watch.asked(by: [asker])
        }
        #expect(watch.takeAskers() == [asker])
        #expect(watch.takeAskers() == [])
    }

    @Test func whoAskedBeforehandIsNotWaitedFor() async throws {
        watch.asked(by: [asker])
        try await wait {}
        #expect(watch.takeAskers() == [asker])
    }

    /// A loop that is not the leader's takes nobody, and must not spin for that.
    @Test func whoAskedOnceWakesOnce() async throws {
        watch.asked(by: [asker])
        try await wait {}
        let began = ContinuousClock.now
        try await watch.wait(atMost: .milliseconds(30))
        #expect(began.duration(to: .now) >= .milliseconds(30))
        #expect(watch.takeAskers() == [asker])
    }

    @Test func nobodyIsWaitedForLongerThanThat() async throws {
        let began = ContinuousClock.now
        try await watch.wait(atMost: .milliseconds(30))
        #expect(began.duration(to: .now) >= .milliseconds(30))
    }

    @Test func aWaitThatIsCalledOffSaysSo() async throws {
        let watch = watch
        let waiting = Task { try await watch.wait(atMost: .seconds(3600)) }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
    }

    /// Whoever makes names up fills it, and no more.
    @Test func askersTakeBoundedRoom() {
        for number in 0..<5000 { watch.asked(by: [InstanceID("i-\(number)")]) }
        #expect(watch.takeAskers().count == 1000)
        watch.asked(by: [asker])
        #expect(watch.takeAskers() == [asker])
    }

    /// An etcd that ends as often as it is started is sick all the while, and leaderless no longer than it runs.
    @Test func howLongNobodyLedIsCountedFromTheLastLeader() async throws {
        try await Task.sleep(for: .milliseconds(30))
        #expect(watch.leaderless >= .milliseconds(30))
        let before = watch.sickFor
        #expect(before >= .milliseconds(30))
        watch.started()
        #expect(watch.leaderless < before)
        #expect(watch.sickFor >= before)
        watch.sawLeader()
        #expect(watch.sickFor < before)
        try await Task.sleep(for: .milliseconds(30))
        #expect(watch.sickFor >= .milliseconds(30) && watch.leaderless >= .milliseconds(30))
    }

    @Test func thatALaterGenerationIsKnownIsPassedOn() {
        #expect(!watch.isOvertaken)
        watch.overtaken(true)
        #expect(watch.isOvertaken)
        watch.overtaken(false)
        #expect(!watch.isOvertaken)
    }
}
