import HTTP
import Testing

@testable import AWS

struct LifecycleTests {
    let kit = OperationTests()
    let action = AutoScaling.LifecycleAction(
        hookName: "etcd-leaves", groupName: "a group", instance: EC2.InstanceID("i-0123456789abcdef0"))
    static let version = "&Version=2011-01-01"
    static let named = "&AutoScalingGroupName=a%20group&LifecycleHookName=etcd-leaves&InstanceId=i-0123456789abcdef0"

    @Test func describesHooks() throws {
        let operation = Operation.describeLifecycleHooks(ofGroup: "etcd-cluster-main")
        #expect(
            try kit.sent(operation)
                == "POST / Action=DescribeLifecycleHooks&Version=2011-01-01&AutoScalingGroupName=etcd-cluster-main")
        func hook(
            _ name: String, _ transition: AutoScaling.LifecycleHook.Transition, heartbeat: Duration? = nil,
            global: Duration? = nil, result: AutoScaling.LifecycleResult? = nil
        ) -> AutoScaling.LifecycleHook {
            AutoScaling.LifecycleHook(
                name: name, groupName: "etcd-cluster-main", transition: transition, heartbeatTimeout: heartbeat,
                globalTimeout: global, defaultResult: result)
        }
        #expect(
            try kit.read(operation, "DescribeLifecycleHooks.xml") == [
                hook(
                    "etcd-leaves", .terminating, heartbeat: .seconds(600), global: .seconds(172_800), result: .proceed),
                hook(
                    "etcd-joins", .launching, heartbeat: .seconds(3600), global: .seconds(172_800), result: .abandon),
                hook("new", .other("autoscaling:EC2_INSTANCE_RESTING")),
            ])
    }

    @Test(arguments: [(AutoScaling.LifecycleResult.proceed, "CONTINUE"), (.abandon, "ABANDON")])
    func completesAnAction(result: AutoScaling.LifecycleResult, word: String) throws {
        let operation = Operation.complete(action, with: result)
        #expect(
            try kit.sent(operation)
                == "POST / Action=CompleteLifecycleAction\(Self.version)\(Self.named)&LifecycleActionResult=\(word)")
        #expect(!operation.isIdempotent)
        try kit.read(operation, "CompleteLifecycleAction.xml")
    }

    @Test func sendsAHeartbeat() throws {
        let operation = Operation.recordHeartbeat(of: action)
        #expect(
            try kit.sent(operation) == "POST / Action=RecordLifecycleActionHeartbeat\(Self.version)\(Self.named)")
        #expect(operation.isIdempotent)
        try read("<RecordLifecycleActionHeartbeatResponse/>", by: operation)
    }

    @Test func callsAnInstanceUnhealthy() throws {
        let operation = Operation.setUnhealthy(action.instance)
        #expect(
            try kit.sent(operation)
                == "POST / Action=SetInstanceHealth\(Self.version)&InstanceId=i-0123456789abcdef0"
                + "&HealthStatus=Unhealthy&ShouldRespectGracePeriod=false")
        #expect(operation.isIdempotent)
        try read("<SetInstanceHealthResponse><ResponseMetadata/></SetInstanceHealthResponse>", by: operation)
    }

    /// These answers hold nothing but a request's ID: a page of a hotel must not pass for one.
    @Test func takesNoOtherAnswerForSuccess() throws {
        let operations: [Operation<Void>] = [
            .complete(action, with: .proceed), .recordHeartbeat(of: action), .setUnhealthy(action.instance),
        ]
        for operation in operations {
            for text in ["<html/>", "", "<DescribeLifecycleHooksResponse/>"] {
                #expect(throws: XMLError.self) { try read(text, by: operation) }
            }
        }
    }

    private func read<Output>(_ text: String, by operation: Operation<Output>) throws -> Output {
        try operation.read(HTTPResponse(status: 200, body: Array(text.utf8)))
    }
}
