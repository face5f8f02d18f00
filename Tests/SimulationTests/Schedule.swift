/// Histories with a name: each broke a naive rule once, and is replayed exactly, for the product and for its mutants.

import ClusterPlanning

struct Schedule: Sendable {
    /// What keeps the product from doing better today, where it only waits.
    enum Closer: String, Sendable {
        /// The record of the founding, which names instances and disks.
        case record
        /// What supervisors tell each other.
        case reports
    }

    var name: String
    var closedBy: Closer?
    var options: World.Options
    var play: @Sendable (inout World) throws -> Void

    init(
        _ name: String, closedBy: Closer? = nil, hasZone: Bool = true, isStrict: Bool = true,
        _ play: @escaping @Sendable (inout World) throws -> Void
    ) {
        self.name = name
        self.closedBy = closedBy
        options = World.Options()
        options.hasZone = hasZone
        options.isStrict = isStrict
        if !isStrict { options.longestDelay = .zero }
        self.play = play
    }

    /// Plays it by one planner.
    ///
    /// - Returns: what was wrong in it; nothing where all was as it has to be.
    func faults(of policy: Policy) -> [String] {
        var world = World(seed: 7, policy: policy, options: options)
        perform(in: &world)
        return world.violations.map(\.description) + world.disappointments
    }

    /// The same, line by line.
    func story(of policy: Policy) -> String {
        var options = options
        options.keepsJournal = true
        var world = World(seed: 7, policy: policy, options: options)
        perform(in: &world)
        return world.journal.joined(separator: "\n")
    }
}

extension Schedule {
    private func perform(in world: inout World) {
        do {
            try play(&world)
        } catch {
            world.disappointments.append("not: \(error)")
        }
    }
}

/// What a schedule waited for, and what did not come: then there is no going on.
struct Disappointment: Error, CustomStringConvertible {
    var description: String
}

// MARK: What schedules are made of

extension World {
    mutating func expect(_ isAsExpected: Bool, _ expectation: String) {
        if !isAsExpected {
            note { _ in "NOT: \(expectation)" }
            disappointments.append("not: \(expectation)")
        }
    }

    /// Lets time pass until something is so.
    mutating func reach(_ expectation: String, atMost limit: Duration = .seconds(120), _ condition: (World) -> Bool)
        throws
    {
        guard run(atMost: limit, until: condition) else { throw Disappointment(description: expectation) }
    }

    /// Lets time pass in which something has to stay so.
    mutating func hold(_ expectation: String, for duration: Duration, _ condition: (World) -> Bool) throws {
        if run(atMost: duration, until: { !condition($0) }) { throw Disappointment(description: expectation) }
    }

    /// A group of `size` whose instances boot as far apart as real ones do, until all is well.
    mutating func form(_ size: Int) throws {
        cloud.desired = size
        try reach("a cluster of \(size) forms") { $0.unrest() == nil }
        run(for: .seconds(10))
        for _ in 0..<20 { writeSomething() }
    }

    mutating func rest(_ limit: Duration = .seconds(240)) throws {
        try reach("all comes to rest", atMost: limit) { $0.unrest() == nil }
    }

    /// A loss that the random lives would not allow.
    mutating func kill(_ index: Int, for duration: Duration) { stopSupervisor(index, for: duration, gracefully: false) }

    func isWaiting(_ index: Int, _ start: String) -> Bool {
        computers[index].supervisor?.waitingFor.hasPrefix(start) == true
    }

    func memberID(_ index: Int) -> MemberID? { computers[index].disk.replica?.member }

    /// The members that a majority knows of.
    func members() -> [Member] {
        everLed.last.flatMap(leader).map { replica($0).members } ?? []
    }

    /// The list that one machine shows.
    func members(at index: Int) -> [Member] { computers[index].disk.replica?.shownMembers ?? [] }

    func isMember(_ index: Int) -> Bool { members().contains { $0.id == memberID(index) } }

    var foundings: Int { Set(computers.compactMap(\.disk.replica?.cluster)).count }
}
