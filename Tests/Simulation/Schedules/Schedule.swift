/// Histories with a name: each broke a naive rule once, and is replayed exactly, for the product and for its mutants.

import ClusterPlanning

package struct Schedule: Sendable {
    package var name: String
    var options: World.Options
    var play: @Sendable (World) throws -> Void

    init(
        _ name: String, family: EtcdFamily = .v34, hasZone: Bool = false, hasHooks: Bool = false, isStrict: Bool = true,
        _ play: @escaping @Sendable (World) throws -> Void
    ) {
        self.name = name
        options = World.Options()
        options.family = family
        options.hasZone = hasZone
        options.hasTerminatingHook = hasHooks
        options.hasLaunchingHook = hasHooks
        options.isStrict = isStrict
        options.longestDelay = .milliseconds(200)
        self.play = play
    }

    /// The same, with other choices of the operator.
    func with(_ change: (inout PlanSettings) -> Void) -> Schedule {
        var schedule = self
        change(&schedule.options.settings)
        return schedule
    }

    /// The same, with a bucket for backups.
    func withBackups(_ settings: BackupSettings = .often) -> Schedule { with { $0.backups = settings } }

    /// Plays it by one planner.
    ///
    /// - Returns: what was wrong in it; nothing where all was as it has to be.
    package func faults(of policy: Policy = .product) -> [String] { played(by: policy, options).faults }

    /// The same, line by line.
    package func story(of policy: Policy = .product) -> [String] {
        var options = options
        options.keepsJournal = true
        let world = played(by: policy, options)
        return world.journal + world.faults + world.finalState
    }

    private func played(by policy: Policy, _ options: World.Options) -> World {
        let world = World(seed: 7, policy: policy, options: options)
        do {
            try play(world)
        } catch {
            world.disappointments.append("not: \(error); \(world.unrest() ?? "all is well")")
        }
        return world
    }
}

extension World {
    var faults: [String] { violations.map(\.description) + disappointments }
}

/// What a schedule waited for, and what did not come: then there is no going on.
struct Disappointment: Error, CustomStringConvertible {
    var description: String
}

// MARK: What schedules are made of

extension World {
    func expect(_ isAsExpected: Bool, _ expectation: String) {
        if isAsExpected { return }
        note("NOT: \(expectation)")
        disappointments.append("not: \(expectation)")
    }

    /// Lets time pass until something is so.
    func reach(_ expectation: String, atMost limit: Duration = .seconds(120), _ condition: (World) -> Bool) throws {
        guard run(atMost: limit, until: condition) else { throw Disappointment(description: expectation) }
    }

    /// Lets time pass in which something has to stay so.
    func hold(_ expectation: String, for duration: Duration, _ condition: (World) -> Bool) throws {
        if run(atMost: duration, until: { !condition($0) }) { throw Disappointment(description: expectation) }
    }

    /// A group of `size` whose instances boot as far apart as real ones do, until all is well.
    func form(_ size: Int) throws {
        setDesired(size)
        try reach("a cluster of \(size) forms") { $0.unrest() == nil }
        run(for: .seconds(10))
        write()
    }

    /// Clients write for some seconds.
    func write(for seconds: Int = 5) {
        for _ in 0..<seconds {
            writeSomething()
            run(for: .seconds(1))
        }
    }

    func rest(_ limit: Duration = .seconds(240)) throws {
        try reach("all comes to rest", atMost: limit) { $0.unrest() == nil }
        write()
        expect(unrest() == nil, "it stays so")
    }

    /// All have booted, none has founded yet: their supervisors are held back.
    func boot(_ size: Int) throws {
        setDesired(size)
        try reach("\(size) have booted") { world in
            for machine in world.machines where machine.isUp { machine.supervisorStartsAt = .never }
            return world.machines.count == size && world.machines.allSatisfy(\.isUp)
        }
        for machine in machines { machine.supervisorStartsAt = .never }
    }

    func startSupervisors(_ indices: [Int]) {
        for index in indices { machines[index].supervisorStartsAt = now }
    }

    func kill(_ index: Int, for duration: Duration = .seconds(10_000)) { crashSupervisor(index, backAfter: duration) }

    func isWaiting(_ index: Int, _ text: String) -> Bool {
        machines[index].supervisor?.waitingFor.map { "\($0)".contains(text) } ?? false
    }

    func memberID(_ index: Int) -> MemberID? { replica(index)?.member }

    /// The members that the leader knows of.
    var members: [Member] { soleLeader().flatMap(replica).map { tree.membership(at: $0.commit).members } ?? [] }

    func isMember(_ index: Int) -> Bool { members.contains { $0.id == memberID(index) } }

    /// How many writes were acknowledged, and are still there.
    var writes: Int { tree[ledger.tip].writes }

    /// Somebody who follows, in the machines' order.
    func followers() -> [Int] {
        let leader = soleLeader()
        return machines.indices.filter { $0 != leader && machines[$0].process != nil }
    }

    /// Whether the data of a new generation comes from a member's disk.
    var isCarriedOn: Bool { if case .member? = record?.source { true } else { false } }
}
