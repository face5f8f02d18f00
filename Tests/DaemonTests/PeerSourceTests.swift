/// Peers beyond one group: of a whole stack, or by a tag; and other owners of a record.

import AWS
import ClusterPlanning
import StubServer
import Testing

@testable import Daemon

private let own = InstanceID("i-0a")

/// Two groups of one stack, a group of a stack that had its name before, and instances with a tag.
private func world() -> AWSWorld {
    var world = AWSWorld()
    world.groups = [
        .init("blue", desired: 2, stack: "etcd-main", [("i-0b", "InService"), ("i-0a", "InService")]),
        .init("amber", desired: 1, stack: "etcd-main", [("i-0c", "Terminating:Wait")]),
        .init("old", desired: 5, stack: "etcd-main", [("i-0d", "InService")]),
        .init("other", desired: 3, stack: "etcd-other", [("i-0e", "InService")]),
    ]
    world.groups[2].stackUUID = "another"
    for (index, id) in ["i-0a", "i-0b", "i-0c", "i-0d", "i-0e", "i-0f"].enumerated() {
        world.instances[id] = .init(address: "10.0.0.\(index + 1)", tags: ["etcd": id == "i-0d" ? "*" : "main"])
    }
    world.instances["i-0e"] = .init(state: "terminated", tags: ["etcd": "main"])
    return world
}

private func observer(_ aws: StubAWS, _ source: PeerSource, _ own: InstanceID = own) throws -> GroupObserver {
    GroupObserver(aws: try aws.client(), own: own, group: nil, source: source)
}

@Suite struct PeerSourceTests {
    @Test func aStacksGroupsAreOne() async throws {
        let aws = try StubAWS(world())
        let observer = try observer(aws, .stack)
        let group = try await observer.groupWithInstances()
        #expect(
            group
                == Group(
                    name: "etcd-main", owner: "arn:aws:cloudformation:eu-central-1:1:stack/etcd-main/s",
                    desiredCapacity: 3, stackName: "etcd-main",
                    instances: [
                        Instance(own, .running, lifecycle: .inService, address: "10.0.0.1"),
                        Instance(InstanceID("i-0b"), .running, lifecycle: .inService, address: "10.0.0.2"),
                        Instance(InstanceID("i-0c"), .running, lifecycle: .terminatingWait, address: "10.0.0.3"),
                    ]))
        #expect(await observer.owner == group.owner)
        #expect(
            aws.takeCalls() == [
                "DescribeAutoScalingInstances", "DescribeAutoScalingGroups", "DescribeAutoScalingGroups",
                "DescribeInstances",
            ])
    }

    @Test func withoutAStackThatIsTold() async throws {
        var world = world()
        world.groups[0].stackName = nil
        let error = try await #require(throws: ObservationError.self) {
            try await observer(StubAWS(world), .stack).group()
        }
        #expect(
            error.description == "group blue has no tags of a CloudFormation stack, by which to find peers")
    }

    /// F5: an answer that lacks our own group is no answer about the stack.
    @Test func aStackThatLacksOurGroupIsNone() async throws {
        let aws = try StubAWS(world())
        let calls = Counter()
        aws.change { world in
            world.fault = { call in
                guard call == "DescribeAutoScalingGroups", calls.next() == 2 else { return nil }
                return .text(
                    """
                    <DescribeAutoScalingGroupsResponse><DescribeAutoScalingGroupsResult><AutoScalingGroups>\
                    </AutoScalingGroups></DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>
                    """)
            }
        }
        let error = try await #require(throws: ObservationError.self) { try await observer(aws, .stack).group() }
        #expect(error.description == "DescribeAutoScalingGroups: the groups of stack etcd-main lack blue")
    }

    /// Outside of every group an instance is meant to serve as long as it runs; one that is terminated keeps its tags (F39).
    @Test func whoSharesATagIsAPeer() async throws {
        let aws = try StubAWS(world())
        let observer = try observer(aws, .tag("etcd"))
        let group = try await observer.group()
        #expect(group.owner == "tag:etcd=main")
        #expect(group.name == "main")
        #expect(
            group.instances == [
                Instance(own, .running, lifecycle: .inService, address: "10.0.0.1"),
                Instance(InstanceID("i-0b"), .running, lifecycle: .inService, address: "10.0.0.2"),
                Instance(InstanceID("i-0c"), .running, lifecycle: .terminatingWait, address: "10.0.0.3"),
                Instance(InstanceID("i-0f"), .running, lifecycle: .inService, address: "10.0.0.6"),
            ])
        #expect(
            aws.takeCalls() == ["DescribeInstances", "DescribeInstances", "DescribeAutoScalingInstances"])
    }

    @Test func withoutTheTagThatIsTold() async throws {
        for (key, instance) in [("nothing", "i-0a"), ("etcd", "i-0")] {
            let observer = try observer(StubAWS(world()), .tag(key), InstanceID(instance))
            let error = try await #require(throws: ObservationError.self) { try await observer.group() }
            #expect(error.description == "this instance has no tag \(key)")
        }
    }

    /// A call that fails leaves no smaller group (F5, F23).
    @Test(arguments: ["DescribeInstances", "DescribeAutoScalingInstances"])
    func halfOfATagsInstancesAreNone(_ call: String) async throws {
        let aws = try StubAWS(world())
        let calls = Counter()
        aws.change {
            $0.fault = { $0 == call && (call.hasSuffix("ScalingInstances") || calls.next() > 1) ? .status(500) : nil }
        }
        await #expect(throws: AWSError.self) { try await observer(aws, .tag("etcd")).group() }
    }
}

// MARK: -

@Suite struct OtherOwnerTests {
    private let other = "arn:aws:autoscaling:eu-central-1:1:autoScalingGroup:u:autoScalingGroupName/other"

    private func ask(_ arn: String, _ change: (inout AWSWorld) -> Void = { _ in }) async throws -> OtherOwner {
        let aws = try StubAWS(world())
        let observer = try observer(aws, .group)
        _ = try await observer.group()
        aws.change(change)
        return try await observer.otherOwner(arn)
    }

    @Test func aGroupThatIsListedIsThere() async throws {
        #expect(try await ask(other) == .exists)
    }

    @Test func aGroupThatAnAnswerWithOursLacksIsGone() async throws {
        #expect(try await ask(other) { $0.groups.removeAll { $0.name == "other" } } == .isGone)
        // Its name is another group's now.
        #expect(try await ask(other) { $0.groups[3].uuid = "anew" } == .isGone)
        // Ours has its name now: it was deleted and made anew.
        let namesake = other.replacing("/other", with: "/blue").replacing(":u:", with: ":before:")
        #expect(try await ask(namesake) == .isGone)
    }

    /// F5: that a group is missing beside ours is evidence; that everything is missing is not.
    @Test func anAnswerWithoutOurOwnGroupProvesNothing() async throws {
        let error = try await #require(throws: ObservationError.self) { try await ask(other) { $0.groups = [] } }
        #expect(error.description == "DescribeAutoScalingGroups: the answer lacks our own group")
        await #expect(throws: AWSError.self) { try await ask(other) { $0.fault = { _ in .status(503) } } }
    }

    @Test(arguments: [
        (
            "arn:aws:autoscaling:eu-central-1:2:autoScalingGroup:u:autoScalingGroupName/other",
            "it is of another account or region"
        ),
        (
            "arn:aws:autoscaling:eu-west-1:1:autoScalingGroup:u:autoScalingGroupName/other",
            "it is of another account or region"
        ),
        (
            "arn:aws-cn:autoscaling:eu-central-1:1:autoScalingGroup:u:autoScalingGroupName/other",
            "it is of another account or region"
        ),
        ("arn:aws:cloudformation:eu-central-1:1:stack/etcd-other/s", "it is no autoscaling group, or we are none"),
        ("tag:etcd=main", "it is no autoscaling group, or we are none"),
        ("", "it is no autoscaling group, or we are none"),
    ])
    func whatCantBeAskedForIsOutOfSight(_ owner: String, _ why: String) async throws {
        let aws = try StubAWS(world())
        let observer = try observer(aws, .group)
        _ = try await observer.group()
        _ = aws.takeCalls()
        #expect(try await observer.otherOwner(owner) == .outOfSight(why))
        #expect(aws.takeCalls() == [])
    }

    @Test func whoIsNoGroupCantAskForOne() async throws {
        let observer = try observer(StubAWS(world()), .stack)
        #expect(try await observer.otherOwner(other) == .outOfSight("it is no autoscaling group, or we are none"))
        _ = try await observer.group()
        #expect(try await observer.otherOwner(other) == .outOfSight("it is no autoscaling group, or we are none"))
    }
}
