/// Hooks, heartbeats and health: what is asked of which group, and what is as good as done.

import AWS
import ClusterPlanning
import Supervision
import Testing

@testable import Daemon

private let own = InstanceID("i-0a")

private func world() -> AWSWorld {
    var world = AWSWorld()
    world.groups = [
        .init("blue", desired: 2, stack: "etcd-main", [("i-0a", "Pending:Wait"), ("i-0b", "Terminating:Wait")]),
        .init("amber", desired: 1, stack: "etcd-main", [("i-0c", "Terminating:Wait"), ("i-0d", "InService")]),
    ]
    world.groups[0].hooks = [.launching("hello"), .terminating("bye")]
    world.groups[1].hooks = [
        .terminating("gone"), .init(name: "new", transition: "autoscaling:EC2_INSTANCE_DREAMING"),
        .init(name: "endless", transition: "autoscaling:EC2_INSTANCE_LAUNCHING", timeout: nil),
    ]
    return world
}

@Suite struct HookTests {
    private let aws: StubAWS
    private let observer: GroupObserver

    init() throws {
        aws = try StubAWS(world())
        observer = GroupObserver(aws: try aws.client(), own: own, group: nil, source: .stack)
    }

    @Test func theHooksOfEveryGroupAreRead() async throws {
        #expect(try await observer.hooks() == [], "of no group that was read")
        _ = try await observer.group()
        let hooks = try await observer.hooks()
        // Sorted by group; a transition that AWS has added since, and one without a timeout, are not ours to keep.
        let timeout = Duration.seconds(300)
        #expect(
            hooks == [
                LifecycleHook("gone", .terminating, heartbeatTimeout: timeout),
                LifecycleHook("hello", .launching, heartbeatTimeout: timeout),
                LifecycleHook("bye", .terminating, heartbeatTimeout: timeout),
            ])
    }

    @Test func eachInstanceIsSpokenOfInItsOwnGroup() async throws {
        _ = try await observer.group()
        try await observer.heartbeat("bye", for: InstanceID("i-0b"))
        try await observer.heartbeat("gone", for: InstanceID("i-0c"))
        try await observer.complete("gone", for: InstanceID("i-0c"))
        #expect(
            aws.takeActions() == [
                "RecordLifecycleActionHeartbeat blue bye i-0b", "RecordLifecycleActionHeartbeat amber gone i-0c",
                "CompleteLifecycleAction amber gone i-0c CONTINUE",
            ])
    }

    /// It was completed before, or its time was up: either way the group goes on.
    @Test func whatIsOverNeedsNoCompletion() async throws {
        _ = try await observer.group()
        for _ in 1...2 { try await observer.complete("bye", for: InstanceID("i-0b")) }
        #expect(aws.takeActions().count == 1)
        // A heartbeat for what is over is told: who is kept by it is kept no more.
        await #expect(throws: AWSError.self) { try await observer.heartbeat("bye", for: InstanceID("i-0b")) }
    }

    @Test func anyOtherRefusalIsOne() async throws {
        _ = try await observer.group()
        aws.change { $0.fault = { _ in .error("AccessDenied", status: 403) } }
        await #expect(throws: AWSError.self) { try await observer.complete("bye", for: InstanceID("i-0b")) }
        await #expect(throws: AWSError.self) { try await observer.hooks() }
    }

    @Test func whoIsInNoGroupHasNoHook() async throws {
        _ = try await observer.group()
        aws.change { $0.groups[1].instances.removeAll { $0.id == "i-0c" } }
        _ = try await observer.group()
        let error = try await #require(throws: ObservationError.self) {
            try await observer.complete("gone", for: InstanceID("i-0c"))
        }
        #expect(error.description == "i-0c is in no group any more")
        #expect(aws.takeActions() == [])
    }
}

// MARK: -

@Suite struct OwnHookTests {
    private let aws: StubAWS
    private let group: GroupObserver
    private let writes = Writes()

    init() throws {
        var world = world()
        world.groups[0].instances[0].lifecycle = "Terminating:Wait"
        world.groups[0].hooks = [.terminating("bye"), .terminating("later"), .terminating("theirs")]
        aws = try StubAWS(world)
        group = GroupObserver(aws: try aws.client(), own: own, group: nil)
    }

    /// Our data may be all that is left: nobody leads.
    private func view() async throws -> StartView {
        let seen = Observed.seen(try await group.group())
        return StartView(
            now: .zero, identity: identityOf("i-0a"), settings: PlanSettings(lifecycleHooks: ["bye", "later"]),
            disk: .data(nil), facts: Facts(group: seen))
    }

    @Test func eachOfOurHooksHearsOfUsOnceInAWhile() async throws {
        let hooks = OwnHooks(group: group, logger: writes.logger())
        for _ in 1...5 { try await hooks.heed(try await view(), nil) }
        #expect(
            aws.takeActions() == [
                "RecordLifecycleActionHeartbeat blue bye i-0a", "RecordLifecycleActionHeartbeat blue later i-0a",
            ])
    }

    @Test func aWordThatDidNotArriveIsSaidAgain() async throws {
        let hooks = OwnHooks(group: group, logger: writes.logger())
        let view = try await view()
        aws.change { $0.fault = { $0.hasPrefix("Record") ? .status(503) : nil } }
        try await hooks.heed(view, nil)
        #expect(writes.text.contains("the hook that holds this instance could not be answered"))
        aws.change { $0.fault = nil }
        try await hooks.heed(view, nil)
        #expect(aws.takeActions().count == 2)
    }
}

// MARK: -

@Suite struct SicknessTests {
    /// A cluster of three that serves without us.
    private func view(replaceSickAfter limit: Duration?) -> StartView {
        let members = (1...3).map { number -> Member in
            Member(
                MemberID(UInt64(number)), name: ["i-0a", "i-0b", "i-0c"][number - 1],
                peerURLs: [Endpoint(.http, "10.0.0.\(number)", 2380)],
                clientURLs: [Endpoint(.http, "10.0.0.\(number)", 2379)])
        }
        let cluster = RunningCluster(
            id: ClusterID(1), leader: MemberID(2), members: members,
            health: [MemberID(1): .unhealthy("x"), MemberID(2): .healthy, MemberID(3): .healthy])
        return StartView(
            now: .zero, identity: identityOf("i-0a", at: "10.0.0.1"),
            settings: PlanSettings(replaceSickAfter: limit), disk: .data(nil), clusters: [cluster])
    }

    @Test func theGroupIsAskedOnceInALongTime() async throws {
        let aws = try StubAWS(world())
        let writes = Writes()
        let sickness = Sickness(
            group: GroupObserver(aws: try aws.client(), own: own, group: nil), logger: writes.logger())
        try await sickness.heed(view(replaceSickAfter: nil), sickFor: .seconds(10_000))
        try await sickness.heed(view(replaceSickAfter: .seconds(600)), sickFor: .seconds(599))
        #expect(aws.takeActions() == [])
        for second in 600...610 {
            try await sickness.heed(view(replaceSickAfter: .seconds(600)), sickFor: .seconds(second))
        }
        #expect(aws.takeActions() == ["i-0a is Unhealthy"])
        #expect(writes.text.contains("asking the group to replace this instance"))
    }

    @Test func thatTheGroupCantBeAskedIsSaid() async throws {
        let aws = try StubAWS(world())
        aws.change { $0.fault = { _ in .error("AccessDenied", status: 403) } }
        let writes = Writes()
        let sickness = Sickness(
            group: GroupObserver(aws: try aws.client(), own: own, group: nil), logger: writes.logger())
        try await sickness.heed(view(replaceSickAfter: .seconds(600)), sickFor: .seconds(600))
        #expect(writes.text.contains("the group could not be asked"))
        #expect(writes.text.contains("AccessDenied"))
    }
}
