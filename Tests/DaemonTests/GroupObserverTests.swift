/// The group as it is read: whole or not at all, with as few calls as will do.

import AWS
import ClusterPlanning
import StubServer
import Testing

@testable import Daemon

private let own = InstanceID("i-0a")

/// A group of three that knows of us.
private func world() -> AWSWorld {
    var world = AWSWorld()
    world.groups = [
        .init(
            "etcd-main", desired: 3, stack: "etcd-cluster-main",
            [("i-0c", "Pending:Wait"), ("i-0a", "InService"), ("i-0b", "Terminating:Wait")])
    ]
    world.instances = [
        "i-0a": .init(address: "10.0.0.1"), "i-0b": .init(state: "shutting-down", address: "10.0.0.2"),
        "i-0c": .init(state: "pending"), "i-0d": .init(state: "terminated"),
    ]
    return world
}

@Suite struct GroupObserverTests {
    @Test func theGroupThatListsUsIsRead() async throws {
        let aws = try StubAWS(world())
        let observer = GroupObserver(aws: try aws.client(), own: own, group: nil)
        let expected = Group(
            name: "etcd-main",
            owner: "arn:aws:autoscaling:eu-central-1:1:autoScalingGroup:u:autoScalingGroupName/etcd-main",
            desiredCapacity: 3, stackName: "etcd-cluster-main",
            instances: [
                Instance(own, .running, lifecycle: .inService, address: "10.0.0.1"),
                Instance(
                    InstanceID("i-0b"), .shuttingDown, lifecycle: Lifecycle(rawValue: "Terminating:Wait"),
                    address: "10.0.0.2"),
                Instance(InstanceID("i-0c"), .pending, lifecycle: Lifecycle(rawValue: "Pending:Wait")),
            ])
        #expect(try await observer.groupWithInstances() == expected)
        #expect(aws.takeCalls() == ["DescribeAutoScalingInstances", "DescribeAutoScalingGroups", "DescribeInstances"])
        // Whose group it is does not change from look to look.
        #expect(try await observer.groupWithInstances() == expected)
        #expect(aws.takeCalls() == ["DescribeAutoScalingGroups", "DescribeInstances"])
    }

    /// Whoever was launched from our own template in our version runs what we run.
    @Test func whatAnInstanceWasLaunchedFromIsToldWithIt() async throws {
        var world = world()
        world.groups[0].templateVersion = "7"
        let observer = GroupObserver(aws: try StubAWS(world).client(), own: own, group: nil)
        for group in [try await observer.group(), try await observer.groupWithInstances()] {
            #expect(group.instances.map(\.launchSource) == Array(repeating: "template lt-1 version 7", count: 3))
        }
    }

    @Test func theOwnerAndWhetherAWSAnswersAreRemembered() async throws {
        let aws = try StubAWS(world())
        let observer = GroupObserver(aws: try aws.client(), own: own, group: "etcd-main")
        #expect(await observer.owner == nil)
        #expect(await observer.reachesAWS == nil)
        let owner = try await observer.group().owner
        #expect(await observer.owner == owner)
        #expect(await observer.reachesAWS == true)
        aws.change { $0.fault = { _ in .error("AccessDenied", status: 403) } }
        await #expect(throws: AWSError.self) { try await observer.group() }
        #expect(await observer.reachesAWS == false)
        #expect(await observer.owner == owner, "whose cluster this is does not change with the weather")
    }

    /// Whoever asks, and however often.
    @Test func whetherAWSAnswersIsTriedOnceAMinute() async throws {
        let aws = try StubAWS(world())
        let observer = GroupObserver(aws: try aws.client(), own: own, group: "etcd-main")
        for _ in 1...5 { try await observer.probe() }
        #expect(aws.takeCalls() == ["DescribeAutoScalingGroups"])
        #expect(await observer.reachesAWS == true)
        let blind = try StubAWS(world())
        blind.change { $0.fault = { _ in .status(503) } }
        let other = GroupObserver(aws: try blind.client(), own: own, group: "etcd-main")
        for _ in 1...5 { try await other.probe() }
        #expect(blind.takeCalls() == ["DescribeAutoScalingGroups"])
        #expect(await other.reachesAWS == false)
    }

    /// The leader's idle turn: one call, addresses remembered.
    @Test func anIdleTurnIsOneCall() async throws {
        let aws = try StubAWS(world())
        let observer = GroupObserver(aws: try aws.client(), own: own, group: "etcd-main")
        let first = try await observer.group()
        #expect(first.instances.map(\.state) == [.unclear, .unclear, .unclear])
        #expect(await observer.knownInstances == [])
        _ = try await observer.ask(first.instances.map(\.id))
        // One that has no address yet is worth asking about again.
        #expect(await observer.knownInstances == [own, InstanceID("i-0b")])
        _ = aws.takeCalls()
        let second = try await observer.group()
        #expect(second.instances.map(\.address) == ["10.0.0.1", "10.0.0.2", nil])
        #expect(aws.takeCalls() == ["DescribeAutoScalingGroups"])
    }

    @Test func whoLeavesTheGroupIsForgotten() async throws {
        let aws = try StubAWS(world())
        let observer = GroupObserver(aws: try aws.client(), own: own, group: "etcd-main")
        _ = try await observer.groupWithInstances()
        aws.change { $0.groups[0].instances.removeAll { $0.id == "i-0b" } }
        #expect(try await observer.group().instances.map(\.id.rawValue) == ["i-0a", "i-0c"])
        #expect(await observer.knownInstances == [own])
    }

    @Test func anInstanceThatEC2DoesNotKnowIsSaidToBeUnknown() async throws {
        let aws = try StubAWS(world())
        let observer = GroupObserver(aws: try aws.client(), own: own, group: nil)
        let ids = ["i-0d", "i-0e", "i-0a"].map { InstanceID($0) }
        #expect(
            try await observer.ask(ids) == [
                Instance(InstanceID("i-0d"), .terminated), Instance(InstanceID("i-0e"), .unknownToEC2),
                Instance(own, .running, address: "10.0.0.1"),
            ])
        #expect(aws.takeCalls() == ["DescribeInstances"])
        #expect(try await observer.ask([]) == [])
        #expect(aws.takeCalls() == [])
    }

    @Test func everyPageIsRead() async throws {
        var world = world()
        let ids = (0..<450).map { "i-\(1000 + $0)" }
        world.groups[0].instances = [("i-0a", "InService")] + ids.map { ($0, "InService") }
        for (index, id) in ids.enumerated() {
            world.instances[id] = .init(address: "10.1.\(index / 250).\(index % 250 + 1)")
        }
        world.pageSize = 60
        let aws = try StubAWS(world)
        let group = try await GroupObserver(aws: aws.client(), own: own, group: "etcd-main").groupWithInstances()
        #expect(group.instances.count == 451)
        #expect(group.instances.allSatisfy { $0.state == .running && $0.address != nil })
        // 451 IDs are three lists of at most 200; at 60 a page those are 4 + 4 + 1 calls.
        #expect(aws.takeCalls() == ["DescribeAutoScalingGroups"] + Array(repeating: "DescribeInstances", count: 9))
    }

    /// A page that fails is no shorter list (F5, F23).
    @Test func halfAnAnswerIsNone() async throws {
        var world = world()
        world.pageSize = 2
        let aws = try StubAWS(world)
        let observer = GroupObserver(aws: try aws.client(), own: own, group: "etcd-main")
        let calls = Counter()
        aws.change { world in
            world.fault = { call in
                call == "DescribeInstances" && calls.next() > 1 ? .error("InternalError", status: 500) : nil
            }
        }
        let error = try await #require(throws: AWSError.self) { try await observer.groupWithInstances() }
        #expect(error.description.hasPrefix("EC2 DescribeInstances at "))
        #expect(await observer.knownInstances == [])
    }

    @Test func ourTagNamesTheGroupBeforeAutoScalingDoes() async throws {
        var world = world()
        world.groupsHiddenFromInstances = ["etcd-main"]
        world.instances["i-0a"]?.tags = ["aws:autoscaling:groupName": "etcd-main", "Name": "x"]
        let aws = try StubAWS(world)
        let observer = GroupObserver(aws: try aws.client(), own: own, group: nil)
        #expect(try await observer.group().name == "etcd-main")
        #expect(
            aws.takeCalls() == ["DescribeAutoScalingInstances", "DescribeInstances", "DescribeAutoScalingGroups"])
    }

    @Test func whoIsInNoGroupIsTold() async throws {
        var world = world()
        world.groupsHiddenFromInstances = ["etcd-main"]
        let observer = GroupObserver(aws: try StubAWS(world).client(), own: own, group: nil)
        let error = try await #require(throws: ObservationError.self) { try await observer.group() }
        #expect(error.description == "i-0a is in no autoscaling group, as far as AutoScaling and its tags tell")
    }

    @Test func aGroupThatIsNotThereIsTold() async throws {
        let observer = GroupObserver(aws: try StubAWS(world()).client(), own: own, group: "elsewhere")
        let error = try await #require(throws: ObservationError.self) { try await observer.group() }
        #expect(error.description == "DescribeAutoScalingGroups: there is no group elsewhere")
    }

    /// An instance can be detached from a group and attached to another.
    @Test func aGroupThatNoLongerListsUsIsLookedUpAnew() async throws {
        let aws = try StubAWS(world())
        let observer = GroupObserver(aws: try aws.client(), own: own, group: nil)
        #expect(try await observer.group().name == "etcd-main")
        aws.change { world in
            world.groups[0].instances.removeAll { $0.id == "i-0a" }
            world.groups.append(.init("etcd-next", desired: 1, [("i-0a", "InService")]))
        }
        // This look is planned on as it is: a group without us.
        #expect(try await observer.group().instance(own) == nil)
        #expect(try await observer.group().name == "etcd-next")
        aws.change { $0.groups = [] }
        await #expect(throws: ObservationError.self) { try await observer.group() }
        aws.change { $0.groups = [.init("etcd-third", desired: 1, [("i-0a", "InService")])] }
        #expect(try await observer.group().name == "etcd-third")
    }

    @Test func aConfiguredGroupIsNeverLookedUp() async throws {
        let aws = try StubAWS(world())
        let observer = GroupObserver(aws: try aws.client(), own: InstanceID("i-0f"), group: "etcd-main")
        for _ in 1...2 { #expect(try await observer.group().name == "etcd-main") }
        #expect(aws.takeCalls() == ["DescribeAutoScalingGroups", "DescribeAutoScalingGroups"])
    }

    @Test(arguments: [
        ("running", Instance.State.running), ("pending", .pending), ("stopping", .stopping), ("stopped", .stopped),
        ("shutting-down", .shuttingDown), ("terminated", .terminated), ("hibernating", .unclear),
    ])
    func everyStateHasItsWord(_ word: String, _ state: Instance.State) async throws {
        var world = world()
        world.instances["i-0a"]?.state = word
        let observer = GroupObserver(aws: try StubAWS(world).client(), own: own, group: "etcd-main")
        #expect(try await observer.ask([own]).map(\.state) == [state])
    }
}
