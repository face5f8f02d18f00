/// AWS: what is true of the group and its instances, and what each caller is told of it.

import ClusterPlanning

struct Cloud: Sendable {
    /// What was true at a time. Answers may be older than the truth, for each caller another age.
    struct Snapshot: Sendable {
        struct Entry: Sendable, Equatable {
            var id: InstanceID
            var address: String
            var state: Instance.State
            var lifecycle: String?
        }

        var time: Duration
        var desired: Int
        var entries: [Entry]
    }

    var desired = 0
    var history: [Snapshot] = []
    /// AWS is down for everybody.
    var isDownUntil = Duration.zero
    /// Whether the group launches and terminates by itself, to its desired capacity.
    var keepsItsSize = true
    /// Instances that EC2 has forgotten.
    var forgotten: Set<InstanceID> = []

    func snapshot(at time: Duration) -> Snapshot {
        history.last { $0.time <= time } ?? history.first ?? Snapshot(time: .zero, desired: desired, entries: [])
    }
}

extension World {
    mutating func stepCloud() {
        for index in computers.indices { stepMachine(index) }
        defer { remember() }
        guard cloud.keepsItsSize else { return }
        let listed = computers.indices.filter {
            computers[$0].lifecycle != nil && [.pending, .running].contains(computers[$0].state)
        }
        if listed.count < cloud.desired, listed.count(where: { computers[$0].state == .pending }) == 0 { launch() }
        if listed.count > cloud.desired, let victim = listed.filter(mayLose).last { terminate(victim) }
    }

    private mutating func stepMachine(_ index: Int) {
        if let start = computers[index].supervisorStartsAt, start <= now, computers[index].isUp {
            computers[index].supervisorStartsAt = nil
            computers[index].supervisor = Supervisor(startedAt: now)
        }
        guard let due = computers[index].changesAt, due <= now else { return }
        computers[index].changesAt = nil
        switch computers[index].state {
        case .pending:
            computers[index].state = .running
            computers[index].lifecycle = computers[index].lifecycle.map { _ in "InService" }
            computers[index].isUp = true
            computers[index].supervisorStartsAt = now + random.duration(0...5)
        case .shuttingDown:
            powerOff(index)
            computers[index].state = .terminated
            computers[index].changesAt = now + random.duration(0...3)
        case .terminated:
            powerOff(index)
            computers[index].lifecycle = nil
        default: break
        }
    }

    private mutating func remember() {
        let entries = computers.filter { !cloud.forgotten.contains($0.id) }.map { computer in
            Cloud.Snapshot.Entry(
                id: computer.id, address: computer.address, state: computer.state, lifecycle: computer.lifecycle)
        }
        if let last = cloud.history.last, last.desired == cloud.desired, last.entries == entries { return }
        cloud.history.append(Cloud.Snapshot(time: now, desired: cloud.desired, entries: entries))
    }

    // MARK: What happens to machines

    /// A new instance, as the group launches it. Now and then it gets an address that another one had.
    @discardableResult
    mutating func launch(address: String? = nil) -> Int {
        let free = computers.filter(\.isTerminated).map(\.address).filter { address in
            !computers.contains { $0.address == address && (!$0.isTerminated || $0.isUp) }
        }
        let number = computers.count + 1
        let reused = random.once(in: 2) ? random.pick(free) : nil
        var computer = Computer(number, address: address ?? reused ?? "10.0.0.\(number)")
        computer.changesAt = now + random.duration(1...3)
        computers.append(computer)
        note { world in "\(computer.id) launches at \(computer.address)" }
        return computers.count - 1
    }

    /// EC2 takes the instance down; its disk goes with it.
    mutating func terminate(_ index: Int) {
        note { world in "\(world.computers[index].id) is being terminated" }
        computers[index].state = .shuttingDown
        computers[index].lifecycle = computers[index].lifecycle.map { _ in "Terminating" }
        computers[index].changesAt = now + random.duration(0.4...3)
    }

    private mutating func powerOff(_ index: Int) {
        guard computers[index].isUp else { return }
        computers[index].supervisor = nil
        stopEtcd(index, gracefully: false)
        computers[index].isUp = false
        computers[index].disk = SimulatedDisk()
    }

    // MARK: What callers are told

    /// Nil where AWS gives this caller no answer.
    private func groupSnapshot(for index: Int) -> Cloud.Snapshot? {
        let computer = computers[index]
        guard cloud.isDownUntil <= now else { return nil }
        var snapshot = cloud.snapshot(at: now - computer.groupLag)
        if let id = hidden[index] { snapshot.entries.removeAll { $0.id == id } }
        guard let fault = computer.awsFault, fault.until > now else { return snapshot }
        switch fault.kind {
        case .down: return nil
        case .empty: snapshot.entries = []
        case .withoutUs: snapshot.entries.removeAll { $0.id == computer.id }
        case .partial:
            snapshot.entries.removeAll { $0.id != computer.id && stableHash("\($0.id) \(computer.id)") % 2 == 0 }
        }
        return snapshot
    }

    /// The group, with what the caller knows of its instances: `GroupObserver.group`.
    func observedGroup(for index: Int, known: [InstanceID: Instance]) -> Observed<Group> {
        guard let snapshot = groupSnapshot(for: index) else { return .unavailable("AWS is down") }
        let instances = snapshot.entries.filter { $0.lifecycle != nil }.map { entry in
            var instance = known[entry.id] ?? Instance(entry.id, .unclear)
            instance.lifecycle = entry.lifecycle.map(Lifecycle.init(rawValue:))
            return instance
        }
        return .seen(Group(name: "main", desiredCapacity: snapshot.desired, instances: instances))
    }

    /// EC2's word of each of these: `GroupObserver.ask`.
    func ask(_ ids: [InstanceID], for index: Int) -> [Instance] {
        let snapshot = cloud.snapshot(at: now - computers[index].instanceLag)
        return ids.map { id in
            guard let entry = snapshot.entries.first(where: { $0.id == id }) else { return Instance(id, .unknownToEC2) }
            return Instance(id, entry.state, address: entry.address)
        }
    }
}
