/// AutoScaling's nouns, as far as they are read here.
package enum AutoScaling {
    /// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_AutoScalingGroup.html
    package struct Group: Sendable, Equatable {
        package var name: String
        package var arn: String
        package var minSize: Int
        package var maxSize: Int
        package var desiredCapacity: Int
        package var instances: [Instance]
        package var tags: [String: String]
        /// Set while the group is being deleted.
        package var status: String?
    }

    /// An instance as its group sees it.
    /// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Instance.html
    package struct Instance: Sendable, Equatable {
        package var id: EC2.InstanceID
        /// `Pending`, `Pending:Wait`, `InService`, `Terminating:Wait`, `Standby`, `Warmed:Running`, ...: as AWS spells it.
        /// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html
        package var lifecycleState: String
        /// `Healthy` or `Unhealthy`, in the group's own judgement; DescribeAutoScalingInstances writes it in capitals.
        package var healthStatus: String
        package var availabilityZone: String
        /// What it was launched from; nil where AWS does not say: the template or configuration has been deleted.
        package var launchSource: LaunchSource?
    }

    package enum LaunchSource: Sendable, Hashable {
        /// The version is a number in decimal.
        case template(id: String, version: String)
        /// Configurations can't be changed: the name is the version.
        case configuration(name: String)
    }

    /// An instance together with the group that it is in.
    /// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_AutoScalingInstanceDetails.html
    package struct Membership: Sendable, Equatable {
        package var groupName: String
        package var instance: Instance
    }
}

extension AutoScaling.Instance {
    init(_ node: XMLNode) throws(XMLError) {
        id = EC2.InstanceID(try node.text("InstanceId"))
        lifecycleState = try node.text("LifecycleState")
        healthStatus = try node.text("HealthStatus")
        availabilityZone = try node.text("AvailabilityZone")
        if let template = try node.optionalChild("LaunchTemplate") {
            launchSource = .template(
                id: try template.text("LaunchTemplateId"), version: try template.text("Version"))
        } else if let name = try node.optionalText("LaunchConfigurationName") {
            launchSource = .configuration(name: name)
        }
    }
}

extension AutoScaling.Group {
    init(_ node: XMLNode) throws(XMLError) {
        name = try node.text("AutoScalingGroupName")
        arn = try node.text("AutoScalingGroupARN")
        minSize = try node.int("MinSize")
        maxSize = try node.int("MaxSize")
        desiredCapacity = try node.int("DesiredCapacity")
        status = try node.optionalText("Status")
        instances = []
        for member in try node.all("Instances", "member") { instances.append(try AutoScaling.Instance(member)) }
        tags = [:]
        for tag in try node.optionalChild("Tags")?.all("member") ?? [] {
            tags[try tag.text("Key")] = try tag.optionalText("Value") ?? ""
        }
    }
}

extension Operation where Output == Page<AutoScaling.Group> {
    /// Groups by their names, by their tags, or by both.
    /// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html
    ///
    /// - Parameters:
    ///   - names: at most 50; an unknown one is missing from the answer.
    ///   - filters: e.g. `tag:aws:cloudformation:stack-name`.
    package static func describeAutoScalingGroups(
        names: [String] = [], matching filters: [EC2.Filter] = []
    ) -> Operation {
        precondition(names.count <= 50 && !(names.isEmpty && filters.isEmpty))
        let conditions = filters.enumerated().flatMap { index, filter in
            [Parameter("Filters.member.\(index + 1).Name", filter.name)]
                + Parameter.list("Filters.member.\(index + 1).Values.member", filter.values)
        }
        let payload = Payload.query(
            Parameter.list("AutoScalingGroupNames.member", names) + conditions + [Parameter("MaxRecords", "100")])
        return Operation(.autoScaling, "DescribeAutoScalingGroups", payload) { answer throws(XMLError) in
            let result = try answer.child("DescribeAutoScalingGroupsResult")
            return Page(
                items: try result.all("AutoScalingGroups", "member").map(AutoScaling.Group.init),
                next: try result.nextToken("NextToken").map { payload.adding(Parameter("NextToken", $0)) })
        }
    }

    /// The groups whose tag `key` has exactly this value. AutoScaling knows no wildcards.
    package static func describeAutoScalingGroups(tagged key: String, _ value: String) -> Operation {
        describeAutoScalingGroups(matching: [EC2.Filter("tag:" + key, [value])])
    }
}

extension Operation where Output == Page<AutoScaling.Membership> {
    /// Which groups these instances are in. One that is in no group is missing from the answer.
    /// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingInstances.html
    ///
    /// - Parameter ids: any number; none gives no calls.
    /// - Returns: a list for each 50 instances, AWS's limit, for `AWSClient.all`.
    package static func describeAutoScalingInstances(_ ids: some Collection<EC2.InstanceID>) -> [Operation] {
        portions(of: ids.map(\.text), 50).map { describeAutoScalingInstances($0) }
    }

    private static func describeAutoScalingInstances(_ ids: [String]) -> Operation {
        let payload = Payload.query(Parameter.list("InstanceIds.member", ids) + [Parameter("MaxRecords", "50")])
        return Operation(.autoScaling, "DescribeAutoScalingInstances", payload) { answer throws(XMLError) in
            let result = try answer.child("DescribeAutoScalingInstancesResult")
            return Page(
                items: try result.all("AutoScalingInstances", "member").map(AutoScaling.Membership.init),
                next: try result.nextToken("NextToken").map { payload.adding(Parameter("NextToken", $0)) })
        }
    }
}

extension AutoScaling.Membership {
    init(_ node: XMLNode) throws(XMLError) {
        groupName = try node.text("AutoScalingGroupName")
        instance = try AutoScaling.Instance(node)
    }
}
