/// Looks at the autoscaling group and its instances, with as few calls as will do.

import AWS
import ClusterPlanning

/// Whose instances are our peers: `--peers-by`.
package enum PeerSource: Sendable, Equatable {
    /// The autoscaling group that lists us.
    case group
    /// Every group of our CloudFormation stack.
    case stack
    /// Every instance with the same value of this tag.
    case tag(String)
}

/// Reads our group. Remembers what does not change (which group, who has which address), and nothing else.
actor GroupObserver {
    private let aws: AWSClient
    private let own: InstanceID
    private let configured: String?
    private let source: PeerSource
    /// The group that was found to list us; asked for anew when it no longer does.
    private var found: String?
    /// The owner of our cluster's record, as it was last seen.
    private(set) var owner: String?
    /// Whether AWS answered when it was last asked; nil: it was not asked yet.
    private(set) var reachesAWS: Bool?
    private var probedAt: ContinuousClock.Instant?
    /// Which group each instance is in, for its hooks.
    private var groupNames: [InstanceID: String] = [:]
    /// Instances as EC2 last described them. An instance keeps its ID and its private address for life.
    private var known: [InstanceID: EC2.Instance] = [:]

    /// - Parameters:
    ///   - group: the group's name, where it is configured; nil: the one that lists us.
    init(aws: AWSClient, own: InstanceID, group: String?, source: PeerSource = .group) {
        self.aws = aws
        self.own = own
        configured = group
        self.source = source
    }

    /// The instances whose address is known.
    var knownInstances: Set<InstanceID> { Set(known.filter { $0.value.privateIP != nil }.keys) }

    /// Where the instances are that EC2 has described.
    var availabilityZones: [InstanceID: String] { known.compactMapValues(\.availabilityZone) }

    /// The group as AutoScaling has it now, with what EC2 said of its instances before.
    func group() async throws -> Group {
        do {
            let group = try await read()
            owner = group.owner
            reachesAWS = true
            let ids = Set(group.instances.map(\.id))
            known = known.filter { id, _ in ids.contains(id) }
            return group
        } catch {
            if !(error is CancellationError) { reachesAWS = false }
            throw error
        }
    }

    /// Sees whether AWS answers, but not again within a minute.
    func probe() async throws(CancellationError) {
        if let probedAt, probedAt.duration(to: .now) < .seconds(60) { return }
        probedAt = .now
        do {
            _ = try await group()
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            // `reachesAWS` says it.
        }
    }

    private func read() async throws -> Group {
        if case .tag(let key) = source { return try await instances(sharing: key) }
        let name = try await ownGroupName()
        let groups = try await aws.all(.describeAutoScalingGroups(names: [name]))
        let group = groups.first { $0.name == name }
        if group?.instances.contains(where: { $0.id.text == own.rawValue }) != true { found = nil }
        guard let group else { throw ObservationError("DescribeAutoScalingGroups: there is no group \(name)") }
        return source == .stack ? try await stack(of: group) : translated([group], name: name, owner: group.arn)
    }

    private func translated(_ groups: [AutoScaling.Group], name: String, owner: String) -> Group {
        groupNames = [:]
        var instances: [Instance] = []
        for group in groups {
            for listed in group.instances {
                let id = InstanceID(listed.id.text)
                groupNames[id] = group.name
                var instance = instance(id, lifecycle: Lifecycle(rawValue: listed.lifecycleState))
                instance.launchSource = listed.launchSource.map(\.words)
                instances.append(instance)
            }
        }
        return Group(
            name: name, owner: owner, desiredCapacity: groups.reduce(0) { $0 + $1.desiredCapacity },
            stackName: groups.first?.tags["aws:cloudformation:stack-name"], instances: instances)
    }

    /// Every group of our stack, taken together.
    private func stack(of group: AutoScaling.Group) async throws -> Group {
        let tag = "aws:cloudformation:stack-name"
        guard let name = group.tags[tag], let id = group.tags["aws:cloudformation:stack-id"] else {
            throw ObservationError("group \(group.name) has no tags of a CloudFormation stack, by which to find peers")
        }
        let groups = try await aws.all(.describeAutoScalingGroups(tagged: tag, name))
            .filter { $0.tags["aws:cloudformation:stack-id"] == id }
        guard groups.contains(where: { $0.name == group.name }) else {
            throw ObservationError("DescribeAutoScalingGroups: the groups of stack \(name) lack \(group.name)")
        }
        return translated(groups.sorted { $0.name < $1.name }, name: name, owner: id)
    }

    /// Every instance that shares a tag with us, whatever group it is in, if any.
    private func instances(sharing key: String) async throws -> Group {
        let me = try await aws.all(Operation.describeInstances([EC2.InstanceID(own.rawValue)])).first
        guard let value = me?.tags[key] else { throw ObservationError("this instance has no tag \(key)") }
        let tagged = try await aws.all(.describeInstances(tagged: key, value)).filter { $0.state != .terminated }
        for instance in tagged { known[InstanceID(instance.id.text)] = instance }
        let memberships = try await aws.all(Operation.describeAutoScalingInstances(tagged.map(\.id)))
        groupNames = [:]
        let instances = tagged.map { described -> Instance in
            let membership = memberships.first { $0.instance.id == described.id }
            let id = InstanceID(described.id.text)
            groupNames[id] = membership?.groupName
            // Outside of every group an instance is meant to serve as long as it runs.
            return instance(
                id, lifecycle: membership.map { Lifecycle(rawValue: $0.instance.lifecycleState) } ?? .inService)
        }
        return Group(
            name: value, owner: "tag:\(key)=\(value)", desiredCapacity: instances.count, instances: instances)
    }

    // MARK: Hooks, and other owners

    /// The lifecycle hooks of every group that our instances are in.
    func hooks() async throws -> [ClusterPlanning.LifecycleHook] {
        var hooks: [ClusterPlanning.LifecycleHook] = []
        for name in Set(groupNames.values).sorted() {
            hooks += try await aws.send(.describeLifecycleHooks(ofGroup: name)).compactMap(LifecycleHook.init)
        }
        return hooks
    }

    func complete(_ hook: String, for instance: InstanceID) async throws {
        do {
            try await aws.send(.complete(try action(hook, instance), with: .proceed))
        } catch let error as AWSError where error.isNoActiveLifecycleAction {
            // It was completed before, or its time was up: either way the group goes on.
        }
    }

    func heartbeat(_ hook: String, for instance: InstanceID) async throws {
        try await aws.send(.recordHeartbeat(of: try action(hook, instance)))
    }

    private func action(_ hook: String, _ instance: InstanceID) throws -> AutoScaling.LifecycleAction {
        guard let group = groupNames[instance] else { throw ObservationError("\(instance) is in no group any more") }
        return AutoScaling.LifecycleAction(
            hookName: hook, groupName: group, instance: EC2.InstanceID(instance.rawValue))
    }

    func setUnhealthy() async throws { try await aws.send(.setUnhealthy(EC2.InstanceID(own.rawValue))) }

    /// Whether another group is still there, by an answer that also holds our own.
    ///
    /// - Parameter arn: of the group that a record names as its owner.
    func otherOwner(_ arn: String) async throws -> OtherOwner {
        guard let other = GroupARN(arn), let us = owner.flatMap(GroupARN.init) else {
            return .outOfSight("it is no autoscaling group, or we are none")
        }
        guard other.scope == us.scope else { return .outOfSight("it is of another account or region") }
        let groups = try await aws.all(.describeAutoScalingGroups(names: Array(Set([us.name, other.name]))))
        if groups.contains(where: { $0.arn == arn }) { return .exists }
        guard groups.contains(where: { $0.arn == owner }) else {
            throw ObservationError("DescribeAutoScalingGroups: the answer lacks our own group")
        }
        return .isGone
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
            instance.launchSource = listed.launchSource
            return instance
        }
        return Group(
            name: group.name, owner: group.owner, desiredCapacity: group.desiredCapacity, stackName: group.stackName,
            instances: instances)
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

extension AutoScaling.LaunchSource {
    fileprivate var words: String {
        switch self {
        case .template(let id, let version): "template \(id) version \(version)"
        case .configuration(let name): "configuration \(name)"
        }
    }
}

extension ClusterPlanning.LifecycleHook {
    /// Nil for a transition that AWS has added since, or without a timeout: neither is ours to keep.
    fileprivate init?(_ hook: AutoScaling.LifecycleHook) {
        guard let timeout = hook.heartbeatTimeout else { return nil }
        switch hook.transition {
        case .launching: self.init(hook.name, .launching, heartbeatTimeout: timeout)
        case .terminating: self.init(hook.name, .terminating, heartbeatTimeout: timeout)
        case .other: return nil
        }
    }
}

/// `arn:aws:autoscaling:REGION:ACCOUNT:autoScalingGroup:UUID:autoScalingGroupName/NAME`
private struct GroupARN {
    /// Partition, service, region and account: in one of these a name is one group's.
    var scope: String
    var name: String

    init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 7, omittingEmptySubsequences: false)
        let prefix = "autoScalingGroupName/"
        guard parts.count == 8, parts[0] == "arn", parts[7].hasPrefix(prefix) else { return nil }
        scope = parts[1...4].joined(separator: ":")
        name = String(parts[7].dropFirst(prefix.count))
    }
}
