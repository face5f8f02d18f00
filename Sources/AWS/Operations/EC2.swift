import FoundationEssentials

/// EC2's nouns, as far as they are read here.
package enum EC2 {
    /// `i-0123456789abcdef0`
    package struct InstanceID: Sendable, Hashable, Comparable, CustomStringConvertible {
        package let text: String

        package init(_ text: String) { self.text = text }

        package var description: String { text }
        package static func < (left: Self, right: Self) -> Bool { left.text < right.text }
    }

    /// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html
    package struct Instance: Sendable, Equatable {
        /// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceState.html
        package enum State: Sendable, Hashable {
            case pending, running, stopping, stopped, terminated
            case shuttingDown
            /// A state that AWS has added since: not to be taken for any of the others.
            case other(String)
        }

        package var id: InstanceID
        package var state: State
        /// Nil before EC2 has given one, and after termination.
        package var privateIP: String?
        package var privateDNSName: String?
        package var launchTime: Date
        package var imageID: String
        package var availabilityZone: String?
        package var vpcID: String?
        package var subnetID: String?
        package var tags: [String: String]
    }

    /// What a call does to an instance's state.
    /// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceStateChange.html
    package struct StateChange: Sendable, Equatable {
        package var id: InstanceID
        package var previous: Instance.State
        package var current: Instance.State
    }

    /// A condition on a list: the resource has any of the values. `*` and `?` in them are wildcards to EC2, a backslash
    /// makes them themselves; AutoScaling takes every character as it is.
    package struct Filter: Sendable, Hashable {
        package let name: String
        package let values: [String]

        /// - Parameter values: 1 to 200, EC2's limit.
        package init(_ name: String, _ values: [String]) {
            precondition(!values.isEmpty && values.count <= Self.valueLimit)
            self.name = name
            self.values = values
        }

        /// The tag `key` has exactly this value, in EC2's notation.
        /// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html
        static func tag(_ key: String, is value: String) -> Filter {
            Filter("tag:" + key, [String(value.flatMap { "*?\\".contains($0) ? ["\\", $0] : [$0] })])
        }

        static let valueLimit = 200
    }
}

extension EC2.Instance {
    init(_ node: XMLNode) throws(XMLError) {
        id = EC2.InstanceID(try node.text("instanceId"))
        state = State(try node.text("instanceState", "name"))
        privateIP = try node.optionalText("privateIpAddress")
        // EC2 sends an empty element while there is none.
        privateDNSName = try node.optionalText("privateDnsName").flatMap { $0.isEmpty ? nil : $0 }
        launchTime = try node.date("launchTime")
        imageID = try node.text("imageId")
        availabilityZone = try node.optionalText("placement", "availabilityZone")
        vpcID = try node.optionalText("vpcId")
        subnetID = try node.optionalText("subnetId")
        tags = [:]
        for tag in try node.optionalChild("tagSet")?.all("item") ?? [] {
            tags[try tag.text("key")] = try tag.text("value")
        }
    }
}

extension EC2.Instance.State {
    init(_ name: String) {
        self =
            switch name {
            case "pending": .pending
            case "running": .running
            case "shutting-down": .shuttingDown
            case "terminated": .terminated
            case "stopping": .stopping
            case "stopped": .stopped
            default: .other(name)
            }
    }
}

extension EC2.Instance.State: CustomStringConvertible {
    /// EC2's own word.
    package var description: String {
        switch self {
        case .pending: "pending"
        case .running: "running"
        case .shuttingDown: "shutting-down"
        case .terminated: "terminated"
        case .stopping: "stopping"
        case .stopped: "stopped"
        case .other(let name): name
        }
    }
}

extension Operation where Output == Page<EC2.Instance> {
    /// The instances that match every filter, in any state: a terminated one stays in the list for up to an hour (F39).
    /// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
    ///
    /// - Parameters:
    ///   - filters: at least one: nobody wants the whole account.
    ///   - pageSize: instances in a page, 5 to 1000. An instance takes 5 to 10 kB of XML.
    package static func describeInstances(matching filters: [EC2.Filter], pageSize: Int = 200) -> Operation {
        precondition(!filters.isEmpty && (5...1000).contains(pageSize))
        let parameters = filters.enumerated().flatMap { index, filter in
            [Parameter("Filter.\(index + 1).Name", filter.name)]
                + Parameter.list("Filter.\(index + 1).Value", filter.values)
        }
        let payload = Payload.query(parameters + [Parameter("MaxResults", String(pageSize))])
        return Operation(.ec2, "DescribeInstances", payload) { answer throws(XMLError) in
            var page = Page<EC2.Instance>(items: [])
            for reservation in try answer.all("reservationSet", "item") {
                for instance in try reservation.all("instancesSet", "item") {
                    page.items.append(try EC2.Instance(instance))
                }
            }
            page.next = try answer.nextToken("nextToken").map { payload.adding(Parameter("NextToken", $0)) }
            return page
        }
    }

    /// The instances whose tag `key` has exactly this value, whatever group they are in.
    package static func describeInstances(tagged key: String, _ value: String) -> Operation {
        describeInstances(matching: [.tag(key, is: value)])
    }

    /// These instances, asked for by filter: an ID that EC2 does not know is missing from the answer, while as a
    /// parameter it would turn the whole answer into an error.
    ///
    /// - Parameter ids: any number; none gives no calls.
    /// - Returns: as many lists as EC2's limit of values requires, for `AWSClient.all`.
    package static func describeInstances(_ ids: some Collection<EC2.InstanceID>) -> [Operation] {
        portions(of: ids.map(\.text), EC2.Filter.valueLimit).map {
            describeInstances(matching: [EC2.Filter("instance-id", $0)])
        }
    }
}

extension Operation where Output == [EC2.StateChange] {
    /// Terminates instances: all of them, or, where EC2 does not know one (`AWSError.isUnknownInstance`), none. One that is
    /// terminated already is no error. Their group replaces them.
    /// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TerminateInstances.html
    ///
    /// - Parameter ids: 1 to 1000.
    package static func terminateInstances(_ ids: [EC2.InstanceID]) -> Operation {
        precondition((1...1000).contains(ids.count))
        let payload = Payload.query(Parameter.list("InstanceId", ids.map(\.text)))
        return Operation(.ec2, "TerminateInstances", payload) { answer throws(XMLError) in
            var changes: [EC2.StateChange] = []
            for node in try answer.all("instancesSet", "item") { changes.append(try EC2.StateChange(node)) }
            return changes
        }
    }
}

extension EC2.StateChange {
    fileprivate init(_ node: XMLNode) throws(XMLError) {
        id = EC2.InstanceID(try node.text("instanceId"))
        previous = EC2.Instance.State(try node.text("previousState", "name"))
        current = EC2.Instance.State(try node.text("currentState", "name"))
    }
}
