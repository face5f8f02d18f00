/// What AWS says: instances, and the autoscaling group that they belong to.

/// One EC2 instance, as far as the group and EC2 have told us.
package struct Instance: Equatable, Sendable {
    /// EC2's word for it. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html
    package enum State: Equatable, Sendable {
        case pending
        case running
        case stopping
        case stopped
        case shuttingDown
        case terminated
        /// EC2 answered, and knows no such ID: weak evidence (F39), it may be too new or long gone.
        case unknownToEC2
        /// EC2 was not asked, or said a word that we don't know.
        case unclear
    }

    package var id: InstanceID
    package var state: State
    /// What the group says of it; nil where the group does not list it.
    package var lifecycle: Lifecycle?
    /// The private IPv4 address; nil while it has none, or EC2 was not asked.
    package var address: String?
    /// The launch template with its version, or the launch configuration, in the group's words: who was launched from ours
    /// runs what we run.
    package var launchSource: String?

    package init(
        _ id: InstanceID, _ state: State, lifecycle: Lifecycle? = nil, address: String? = nil,
        launchSource: String? = nil
    ) {
        self.id = id
        self.state = state
        self.lifecycle = lifecycle
        self.address = address
        self.launchSource = launchSource
    }

    /// Runs, and is meant to: what founds a cluster and may join one.
    package var isInDuty: Bool { state == .running && lifecycle?.isInDuty == true }
}

/// The group's word for one of its instances.
/// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Instance.html
package struct Lifecycle: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }

    package static let inService = Lifecycle(rawValue: "InService")
    package static let pending = Lifecycle(rawValue: "Pending")

    /// `Pending`, `Pending:Wait`, `Pending:Proceed` and `InService`. Warm, leaving, detached and standby instances
    /// are none of the cluster's business, and neither is a word that AWS has not told us yet.
    package var isInDuty: Bool {
        switch rawValue {
        case "InService", "Pending", "Pending:Wait", "Pending:Proceed": true
        default: false
        }
    }

    /// Kept in a warm pool, in whatever state.
    var isWarm: Bool { rawValue.hasPrefix("Warmed:") }

    /// On its way out of the group, for good.
    package var isTerminating: Bool { rawValue.hasPrefix("Terminating") }

    /// Held by a hook until its action is completed.
    package static let terminatingWait = Lifecycle(rawValue: "Terminating:Wait")
    package static let pendingWait = Lifecycle(rawValue: "Pending:Wait")

    package var description: String { rawValue }
}

/// The autoscaling group, read whole: every page, every instance.
package struct Group: Equatable, Sendable {
    package var name: String
    /// The group's ARN, or the stack's ID where peers are a whole stack's: the owner of the cluster's record.
    package var owner: String
    package var desiredCapacity: Int
    /// The value of the tag `aws:cloudformation:stack-name`, where the group was made by CloudFormation.
    package var stackName: String?
    /// Sorted by ID.
    package private(set) var instances: [Instance]

    package init(name: String, owner: String, desiredCapacity: Int, stackName: String? = nil, instances: [Instance]) {
        self.name = name
        self.owner = owner
        self.desiredCapacity = desiredCapacity
        self.stackName = stackName
        self.instances = instances.sorted { $0.id < $1.id }
    }

    package func instance(_ id: InstanceID) -> Instance? { instances.first { $0.id == id } }
}

/// An answer that may not be there. Unknown is not the same as empty, and never evidence of anything.
package enum Observed<Value: Equatable & Sendable>: Equatable, Sendable {
    case notAsked
    /// No usable answer; the text says which call failed and how.
    case unavailable(String)
    case seen(Value)

    package var value: Value? {
        if case .seen(let value) = self { value } else { nil }
    }
}
