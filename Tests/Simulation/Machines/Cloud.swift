/// AWS: what is true of the group and its instances, and what each caller is told of it.

import ClusterPlanning

struct Cloud {
    /// What was true at a time. Answers may be older than the truth, for each caller another age.
    struct Snapshot {
        struct Entry: Equatable {
            var id: InstanceID
            var address: String
            var state: Instance.State
            var lifecycle: Lifecycle?
        }

        var time: Duration
        var desired: Int
        var entries: [Entry]
    }

    var desired = 0
    var owner = "arn:group/main"
    var history: [Snapshot] = []
    /// AWS is down for everybody.
    var isDownUntil = Duration.zero
    /// Whether the group launches and terminates by itself, to its desired capacity.
    var keepsItsSize = true
    /// Whether it launches one more before it takes one away.
    var surplus = 0
    /// Instances that EC2 has forgotten.
    var forgotten: [InstanceID] = []
    /// For how long EC2 tells of a terminated instance.
    var remembersFor = Duration.seconds(3600)
    /// When the group looks at itself next.
    var nextStepAt = Duration.zero
    /// For how long a hook holds an instance without a heartbeat.
    var hookTimeout = Duration.seconds(60)
    /// How long an instance takes to boot, and to go down.
    var bootTime = 1.0...4.0
    /// What AutoScaling says of a group that is not ours.
    var otherOwner = OtherOwner.exists

    func snapshot(at time: Duration) -> Snapshot {
        history.last { $0.time <= time } ?? history.first ?? Snapshot(time: .zero, desired: desired, entries: [])
    }
}

extension World {
    /// What is true now, for answers that come late.
    func rememberGroup() {
        let entries = machines.filter { !cloud.forgotten.contains($0.id) }.map { machine in
            Cloud.Snapshot.Entry(
                id: machine.id, address: machine.address, state: machine.state, lifecycle: machine.lifecycle)
        }
        if let last = cloud.history.last, last.desired == cloud.desired, last.entries == entries { return }
        changes += 1
        cloud.history.append(Cloud.Snapshot(time: now, desired: cloud.desired, entries: entries))
    }

    func isAWSDown(for index: Int) -> Bool {
        if cloud.isDownUntil > now { return true }
        guard let fault = machines[index].awsFault, case .down = fault.kind else { return false }
        return fault.until > now
    }

    /// The group as AutoScaling tells it to this caller, each instance as EC2 describes it.
    func observedGroup(for index: Int) -> Observed<Group> {
        if isAWSDown(for: index) { return .unavailable("AWS is down") }
        let machine = machines[index]
        var snapshot = cloud.snapshot(at: now - machine.groupLag)
        if let fault = machine.awsFault, fault.until > now {
            switch fault.kind {
            case .down: break
            case .empty: snapshot.entries = []
            case .withoutUs: snapshot.entries.removeAll { $0.id == machine.id }
            case .partial:
                snapshot.entries.removeAll { $0.id != machine.id && stableHash("\($0.id) \(machine.id)") % 2 == 0 }
            }
        }
        let listed = snapshot.entries.filter { $0.lifecycle != nil && !machine.hidden.contains($0.id) }
        let instances = zip(listed, ask(listed.map(\.id), for: index)).map { entry, answer in
            var instance = answer
            instance.lifecycle = entry.lifecycle
            instance.launchSource = self.index(of: entry.id).map { machines[$0].launchSource }
            return instance
        }
        return .seen(
            Group(name: "main", owner: cloud.owner, desiredCapacity: snapshot.desired, instances: instances))
    }

    /// EC2's word of each of these.
    func ask(_ ids: [InstanceID], for index: Int) -> [Instance] {
        let snapshot = cloud.snapshot(at: now - machines[index].instanceLag)
        return ids.map { id in
            guard let entry = snapshot.entries.first(where: { $0.id == id }), !machines[index].hidden.contains(id)
            else {
                return Instance(id, .unknownToEC2)
            }
            let hasAddress = entry.state == .running || entry.state == .pending
            return Instance(id, entry.state, address: hasAddress ? entry.address : nil)
        }
    }
}
