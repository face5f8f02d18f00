/// The world of the simulation: machines, a network, AWS's answers, etcd. No sockets, no tasks, no clock but its own.
///
/// The supervisors in it are driven as the daemon's loops drive them, with the real planner inside. Everything else is
/// a model that is as nasty as the real thing was found to be: see the files beside this one.

import ClusterPlanning

struct World {
    /// How much time one step takes.
    static let tick = Duration.milliseconds(200)

    var now = Duration.zero
    var random: SplitMix64
    let policy: Policy
    var options: Options
    var computers: [Computer] = []
    var cloud = Cloud()
    /// What the hosted zone holds; nil where none is configured.
    var zone: Zone?
    var pairsCutUntil: [Pair: Duration] = [:]
    var lateActs: [LateAct] = []
    var hasCorruptAlarmUntil = Duration.zero

    /// What has been promised to clients: acknowledged writes of each cluster.
    var acknowledged: [ClusterID: Int] = [:]
    /// Clusters that ever had a leader with a quorum, in order.
    var everLed: [ClusterID] = []
    /// IDs under which etcd has voted.
    var haveVoted: Set<MemberID> = []
    /// Instances that AutoScaling leaves out of what it tells one caller.
    var hidden: [Int: InstanceID] = [:]
    /// Starts under an ID that had been removed already (F13a).
    var oldIDsTaken = 0
    /// What a schedule expected and did not find.
    var disappointments: [String] = []
    /// Members that an operator has removed.
    var removedByHand: Set<MemberID> = []
    var lastElection: [ClusterID: Duration] = [:]
    var violations: [Violation] = []
    var refusals: [Refusal: Int] = [:]
    var journal: [String] = []

    struct Options {
        /// etcd's own check of changes, the last line behind ours. Off, ours has to do alone; then acts take no time, for what
        /// two joiners decide at once only etcd can tell apart.
        var isStrict = true
        var hasZone = true
        var keepsJournal = false
        /// Longest time between a decision and its act.
        var longestDelay = Duration.milliseconds(600)
    }

    struct Pair: Hashable {
        var low: Int
        var high: Int

        init(_ one: Int, _ other: Int) {
            low = min(one, other)
            high = max(one, other)
        }
    }

    struct LateAct {
        var dueAt: Duration
        var cluster: ClusterID
        var change: Change
    }

    init(seed: UInt64, policy: Policy = .product, options: Options = Options()) {
        random = SplitMix64(seed: seed)
        self.policy = policy
        self.options = options
        zone = options.hasZone ? Zone(domain: "example.org.", records: []) : nil
    }

    mutating func step() {
        now += Self.tick
        stepCloud()
        for act in lateActs where act.dueAt <= now { _ = change(act.cluster, act.change, by: nil) }
        lateActs.removeAll { $0.dueAt <= now }
        stepEtcd()
        for index in computers.indices { stepSupervisor(index) }
    }

    mutating func run(for duration: Duration) {
        let end = now + duration
        while now < end { step() }
    }

    /// Steps until `condition` holds; false where it does not within `limit`.
    mutating func run(atMost limit: Duration, until condition: (World) -> Bool) -> Bool {
        let end = now + limit
        while !condition(self) {
            guard now < end else { return false }
            step()
        }
        return true
    }

    /// Takes a line down, where somebody wants to read it.
    mutating func note(_ text: (World) -> String) {
        guard options.keepsJournal else { return }
        let components = now.components
        let tenths = components.attoseconds / 100_000_000_000_000_000
        journal.append("\(components.seconds).\(tenths) \(text(self))")
    }
}

// MARK: Network

extension World {
    func areCut(_ one: Int, _ other: Int) -> Bool {
        guard one != other else { return false }
        if computers[one].cutOffUntil > now || computers[other].cutOffUntil > now { return true }
        return !pairsCutUntil.isEmpty && (pairsCutUntil[Pair(one, other)] ?? .zero) > now
    }

    /// Whether two etcds hear each other.
    func areInTouch(_ one: Int, _ other: Int) -> Bool {
        isHeard(one) && isHeard(other) && !areCut(one, other)
    }

    func isHeard(_ index: Int) -> Bool {
        guard computers[index].isUp, let process = computers[index].process else { return false }
        return process.hangsUntil <= now
    }

    /// The machine that has this address now.
    func computer(at host: String) -> Int? { computers.firstIndex { $0.isUp && $0.address == host } }

    func index(of id: InstanceID) -> Int? { computers.firstIndex { $0.id == id } }
}
