/// Lifecycle hooks, by which a group waits for an instance that comes or goes, and the group's judgement of its health.
/// https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html
extension AutoScaling {
    /// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LifecycleHook.html
    package struct LifecycleHook: Sendable, Equatable {
        package enum Transition: Sendable, Hashable {
            case launching, terminating
            /// One that AWS has added since.
            case other(String)
        }

        package var name: String
        package var groupName: String
        package var transition: Transition
        /// How long the group waits after the beginning, or after the latest heartbeat; nil where AWS does not say.
        package var heartbeatTimeout: Duration?
        /// How long it waits at most, whatever the heartbeats.
        package var globalTimeout: Duration?
        /// What becomes of the instance when the time is over; nil where AWS does not say.
        package var defaultResult: LifecycleResult?
    }

    /// How a lifecycle action ends.
    package enum LifecycleResult: String, Sendable, Hashable {
        case proceed = "CONTINUE"
        /// While launching: the instance is terminated. While terminating it makes further hooks be passed over.
        case abandon = "ABANDON"
    }

    /// The hook that holds up an instance. AutoScaling finds the action by the instance alone, without the token that only
    /// its notifications tell.
    package struct LifecycleAction: Sendable, Hashable {
        package var hookName: String
        package var groupName: String
        package var instance: EC2.InstanceID

        package init(hookName: String, groupName: String, instance: EC2.InstanceID) {
            self.hookName = hookName
            self.groupName = groupName
            self.instance = instance
        }

        fileprivate var parameters: [Parameter] {
            [
                Parameter("AutoScalingGroupName", groupName), Parameter("LifecycleHookName", hookName),
                Parameter("InstanceId", instance.text),
            ]
        }
    }
}

extension Operation where Output == [AutoScaling.LifecycleHook] {
    /// Every hook of a group. There are 50 at most, and no pages.
    /// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeLifecycleHooks.html
    package static func describeLifecycleHooks(ofGroup name: String) -> Operation {
        Operation(
            .autoScaling, "DescribeLifecycleHooks", .query([Parameter("AutoScalingGroupName", name)])
        ) { answer throws(XMLError) in
            var hooks: [AutoScaling.LifecycleHook] = []
            for node in try answer.all("DescribeLifecycleHooksResult", "LifecycleHooks", "member") {
                hooks.append(try AutoScaling.LifecycleHook(node))
            }
            return hooks
        }
    }
}

extension Operation where Output == Void {
    /// Ends the waiting. Not repeated where its fate is open: the second might end a later action of the same hook, and is
    /// refused where there is none (`AWSError.isNoActiveLifecycleAction`).
    /// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CompleteLifecycleAction.html
    package static func complete(
        _ action: AutoScaling.LifecycleAction, with result: AutoScaling.LifecycleResult
    ) -> Operation {
        autoScaling(
            "CompleteLifecycleAction", action.parameters + [Parameter("LifecycleActionResult", result.rawValue)],
            isIdempotent: false)
    }

    /// Makes the group wait for another `heartbeatTimeout` from now on, up to the hook's `globalTimeout`.
    /// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RecordLifecycleActionHeartbeat.html
    package static func recordHeartbeat(of action: AutoScaling.LifecycleAction) -> Operation {
        autoScaling("RecordLifecycleActionHeartbeat", action.parameters)
    }

    /// Has the group replace an instance, at once: the grace period that young instances have is not respected.
    /// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_SetInstanceHealth.html
    package static func setUnhealthy(_ instance: EC2.InstanceID) -> Operation {
        autoScaling(
            "SetInstanceHealth",
            [
                Parameter("InstanceId", instance.text), Parameter("HealthStatus", "Unhealthy"),
                Parameter("ShouldRespectGracePeriod", "false"),
            ])
    }

    /// A call whose answer says nothing but that it was carried out.
    private static func autoScaling(
        _ name: String, _ parameters: [Parameter], isIdempotent: Bool = true
    ) -> Operation {
        Operation(.autoScaling, name, .query(parameters), isIdempotent: isIdempotent) { answer throws(XMLError) in
            try answer.expectRoot(name + "Response")
        }
    }
}

// MARK: Reading

extension AutoScaling.LifecycleHook {
    fileprivate init(_ node: XMLNode) throws(XMLError) {
        name = try node.text("LifecycleHookName")
        groupName = try node.text("AutoScalingGroupName")
        transition = Transition(try node.text("LifecycleTransition"))
        heartbeatTimeout = try node.optionalInt("HeartbeatTimeout").map { .seconds($0) }
        globalTimeout = try node.optionalInt("GlobalTimeout").map { .seconds($0) }
        defaultResult = try node.optionalText("DefaultResult").flatMap(AutoScaling.LifecycleResult.init)
    }
}

extension AutoScaling.LifecycleHook.Transition {
    fileprivate init(_ name: String) {
        self =
            switch name {
            case "autoscaling:EC2_INSTANCE_LAUNCHING": .launching
            case "autoscaling:EC2_INSTANCE_TERMINATING": .terminating
            default: .other(name)
            }
    }
}
