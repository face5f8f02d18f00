/// The groups of the stub's AWS, with their hooks.

import StubServer

@testable import AWS

extension AWSWorld.Group {
    var arn: String { "arn:aws:autoscaling:eu-central-1:1:autoScalingGroup:\(uuid):autoScalingGroupName/\(name)" }

    fileprivate var tags: [String: String] {
        guard let stackName else { return [:] }
        return [
            "aws:cloudformation:stack-name": stackName,
            "aws:cloudformation:stack-id": "arn:aws:cloudformation:eu-central-1:1:stack/\(stackName)/\(stackUUID)",
        ]
    }
}

extension AWSWorld {
    mutating func answerAutoScaling(_ call: String, _ form: [String: String]) -> StubReply {
        switch call {
        case "DescribeAutoScalingInstances": return describeMemberships(list(form, "InstanceIds.member"))
        case "DescribeAutoScalingGroups": return describeGroups(form)
        case "DescribeLifecycleHooks": return describeHooks(form["AutoScalingGroupName"] ?? "")
        case "SetInstanceHealth":
            actions.append("\(form["InstanceId"] ?? "") is \(form["HealthStatus"] ?? "")")
            return .xml(call, "")
        default: return act(call, form)
        }
    }

    /// An action is there as long as the instance waits: completing it ends that.
    private mutating func act(_ call: String, _ form: [String: String]) -> StubReply {
        let (name, instance) = (form["AutoScalingGroupName"] ?? "", form["InstanceId"] ?? "")
        guard let group = groups.firstIndex(where: { $0.name == name }),
            let place = groups[group].instances.firstIndex(where: { $0.id == instance }),
            groups[group].instances[place].lifecycle.hasSuffix(":Wait")
        else {
            return .error(
                "ValidationError", "No active Lifecycle Action found with instance ID \(instance)", status: 400)
        }
        let result = form["LifecycleActionResult"].map { " \($0)" } ?? ""
        actions.append("\(call) \(name) \(form["LifecycleHookName"] ?? "") \(instance)\(result)")
        if call == "CompleteLifecycleAction" {
            groups[group].instances[place].lifecycle.replace(":Wait", with: ":Proceed")
        }
        return .xml(call, "")
    }

    private func describeMemberships(_ ids: [String]) -> StubReply {
        let found = groups.filter { !groupsHiddenFromInstances.contains($0.name) }.flatMap { group in
            group.instances.filter { ids.contains($0.id) }.map { instance in
                member(instance, of: group, "<AutoScalingGroupName>\(group.name)</AutoScalingGroupName>")
            }
        }
        return .xml("DescribeAutoScalingInstances", "<AutoScalingInstances>\(found.joined())</AutoScalingInstances>")
    }

    private func describeGroups(_ form: [String: String]) -> StubReply {
        let names = list(form, "AutoScalingGroupNames.member")
        let key = form["Filters.member.1.Name"].map { String($0.dropFirst(4)) }
        let values = list(form, "Filters.member.1.Values.member")
        let found = groups.filter { group in
            (names.isEmpty || names.contains(group.name))
                && key.map { key in values.contains(group.tags[key] ?? "") } ?? true
        }
        return .xml(
            "DescribeAutoScalingGroups", "<AutoScalingGroups>\(found.map(element).joined())</AutoScalingGroups>")
    }

    private func element(_ group: Group) -> String {
        let tags = group.tags.map { "<member><Key>\($0)</Key><Value>\($1)</Value></member>" }.joined()
        return """
            <member><AutoScalingGroupName>\(group.name)</AutoScalingGroupName>\
            <AutoScalingGroupARN>\(group.arn)</AutoScalingGroupARN>\
            <MinSize>0</MinSize><MaxSize>9</MaxSize><DesiredCapacity>\(group.desiredCapacity)</DesiredCapacity>\
            <Instances>\(group.instances.map { member($0, of: group) }.joined())</Instances><Tags>\(tags)</Tags></member>
            """
    }

    private func member(_ instance: (id: String, lifecycle: String), of group: Group, _ more: String = "") -> String {
        let template = group.templateVersion.map { version in
            "<LaunchTemplate><LaunchTemplateId>lt-1</LaunchTemplateId><Version>\(version)</Version></LaunchTemplate>"
        }
        return """
            <member><InstanceId>\(instance.id)</InstanceId><LifecycleState>\(instance.lifecycle)</LifecycleState>\
            <HealthStatus>Healthy</HealthStatus><AvailabilityZone>eu-central-1a</AvailabilityZone>\(template ?? "")\
            \(more)</member>
            """
    }

    private func describeHooks(_ name: String) -> StubReply {
        let hooks = (groups.first { $0.name == name }?.hooks ?? []).map { hook in
            let timeout = hook.timeout.map { "<HeartbeatTimeout>\($0)</HeartbeatTimeout>" } ?? ""
            return """
                <member><LifecycleHookName>\(hook.name)</LifecycleHookName><AutoScalingGroupName>\(name)\
                </AutoScalingGroupName><LifecycleTransition>\(hook.transition)</LifecycleTransition>\(timeout)</member>
                """
        }
        return .xml("DescribeLifecycleHooks", "<LifecycleHooks>\(hooks.joined())</LifecycleHooks>")
    }
}
