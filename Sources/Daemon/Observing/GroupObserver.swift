/// Looks at the autoscaling group and its instances, with as few calls as will do.

import AWS
import ClusterPlanning

/// Reads our group. Remembers what does not change (which group, who has which address), and nothing else.
actor GroupObserver {
    private let aws: AWSClient
    private let own: InstanceID
    private let configured: String?
    /// The group that was found to list us; asked for anew when it no longer does.
    private var found: String?
    /// Instances as EC2 last described them. An instance keeps its ID and its private address for life.
    private var known: [InstanceID: EC2.Instance] = [:]

    /// - Parameters:
    ///   - group: the group's name, where it is configured; nil: the one that lists us.
    init(aws: AWSClient, own: InstanceID, group: String?) {
        self.aws = aws
        self.own = own
        configured = group
    }

    /// The instances whose address is known.
    var knownInstances: Set<InstanceID> { Set(known.filter { $0.value.privateIP != nil }.keys) }

    /// The group as AutoScaling has it now, with what EC2 said of its instances before.
    func group() async throws -> Group {
        let name = try await ownGroupName()
        let groups = try await aws.all(.describeAutoScalingGroups(names: [name]))
        let group = groups.first { $0.name == name }
        if group?.instances.contains(where: { $0.id.text == own.rawValue }) != true { found = nil }
        guard let group else { throw ObservationError("DescribeAutoScalingGroups: there is no group \(name)") }
        let listed = group.instances.map { listed in
            instance(InstanceID(listed.id.text), lifecycle: Lifecycle(rawValue: listed.lifecycleState))
        }
        let ids = Set(listed.map(\.id))
        known = known.filter { id, _ in ids.contains(id) }
        return Group(
            name: name, desiredCapacity: group.desiredCapacity,
            stackName: group.tags["aws:cloudformation:stack-name"], instances: listed)
    }

    /// Asks EC2 about instances, one by one. One that EC2 does not know is in the answer, as such.
    func ask(_ ids: [InstanceID]) async throws -> [Instance] {
        let found = try await aws.all(Operation.describeInstances(ids.map { EC2.InstanceID($0.rawValue) }))
        for instance in found { known[InstanceID(instance.id.text)] = instance }
        let answered = Set(found.map { InstanceID($0.id.text) })
        return ids.map { answered.contains($0) ? instance($0, lifecycle: nil) : Instance($0, .unknownToEC2) }
    }

    /// The group, and every instance in it as EC2 describes it now: what a founding or a join is decided on.
    func groupWithInstances() async throws -> Group {
        let group = try await group()
        let answers = try await ask(group.instances.map(\.id))
        let instances = zip(group.instances, answers).map { listed, answer in
            var instance = answer
            instance.lifecycle = listed.lifecycle
            return instance
        }
        return Group(
            name: group.name, desiredCapacity: group.desiredCapacity, stackName: group.stackName, instances: instances)
    }

    private func instance(_ id: InstanceID, lifecycle: Lifecycle?) -> Instance {
        let description = known[id]
        return Instance(
            id, description.map { Instance.State($0.state) } ?? .unclear, lifecycle: lifecycle,
            address: description?.privateIP)
    }

    /// The group that lists us; failing that, the one that our own tag names, which EC2 may know before AutoScaling does.
    private func ownGroupName() async throws -> String {
        if let name = configured ?? found { return name }
        let id = EC2.InstanceID(own.rawValue)
        let memberships = try await aws.all(Operation.describeAutoScalingInstances([id]))
        var name = memberships.first { $0.instance.id == id }?.groupName
        if name == nil {
            let tagged = try await aws.all(Operation.describeInstances([id])).first { $0.id == id }
            name = tagged?.tags["aws:autoscaling:groupName"]
        }
        guard let name else {
            throw ObservationError("\(own) is in no autoscaling group, as far as AutoScaling and its tags tell")
        }
        found = name
        return name
    }
}

extension Instance.State {
    init(_ state: EC2.Instance.State) {
        self =
            switch state {
            case .pending: .pending
            case .running: .running
            case .stopping: .stopping
            case .stopped: .stopped
            case .shuttingDown: .shuttingDown
            case .terminated: .terminated
            case .other: .unclear
            }
    }
}
