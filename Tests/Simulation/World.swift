/// The world of the simulation: machines, a network, AWS's answers, stores, etcd. No sockets, no tasks, no clock but its own.
///
/// The supervisors in it are driven as the daemon's loops drive them, with the real planners inside. Everything else is
/// a model that is as nasty as the real thing was found to be: see the folders beside this file. Time jumps from one event
/// to the next.

import ClusterPlanning

package final class World {
    struct Options {
        var family = EtcdFamily.v34
        /// etcd's own check of changes, the last line behind ours. Off, ours has to do alone; then acts take no time, for
        /// what changes between a decision and its act only etcd can tell.
        var isStrict = true
        var hasZone = false
        var hasLaunchingHook = false
        var hasTerminatingHook = false
        var keepsJournal = false
        /// Longest time between a reading and what is decided by it, and between a decision and its act.
        var longestDelay = Duration.milliseconds(600)
        var settings = PlanSettings(
            clusterName: "main", grace: .seconds(30), foundAfter: .seconds(40), joinStrategy: .replace)
    }

    var now = Duration.zero
    var random: SplitMix64
    let policy: Policy
    var options: Options

    // Machines and AWS.
    var machines: [Machine] = []
    var volumes: [SimulatedDisk] = []
    var cloud = Cloud()
    /// What the hosted zone holds; nil where none is configured.
    var zone: Zone?
    var stores = [Store(name: "route53:Z1"), Store(name: "s3:b/k")]
    /// The bucket of backups; there is none where the settings have none.
    var bucket = Bucket()
    /// Whose etcd can't be saved, though it serves.
    var unsavable: Set<Int> = []
    /// Until when whoever proves a backup finds it bad, be it good or not.
    var proofsFailUntil = Duration.zero
    var cuts: [Cut] = []
    var lateActs: [LateAct] = []
    /// How many disks have been named.
    var disksNamed = 0

    // etcd.
    var tree = LogTree()
    /// The beginnings of clusters that were founded.
    var foundings: [(cluster: ClusterID, entry: EntryID)] = []
    var etcdRoundAt = Duration.never
    var electionAt = Duration.never
    var corruptAlarmUntil = Duration.zero

    // What is judged.
    var ledger = Ledger()
    /// What a schedule expected and did not find.
    var disappointments: [String] = []
    package var violations: [Violation] = []
    package var journal: [String] = []
    /// Counts everything that happens: a look that finds the same number finds the same world.
    var changes = 0
    package var events = 0

    /// Two machines that don't hear each other.
    struct Cut {
        var one: Int
        var other: Int
        var until: Duration
    }

    /// A request that arrives after its sender has given up.
    struct LateAct {
        enum Act {
            case change(ClusterID, Change)
            case swap(RecordSwap)
        }

        var dueAt: Duration
        var act: Act
    }

    init(seed: UInt64, policy: Policy = .product, options: Options = Options()) {
        random = SplitMix64(seed: seed)
        self.policy = policy
        self.options = options
        zone = options.hasZone ? Zone(domain: "example.org.", records: []) : nil
    }

    // MARK: Time

    /// When something is due next.
    private var nextEvent: Duration {
        var next = min(etcdRoundAt, cloud.nextStepAt)
        for act in lateActs { next = min(next, act.dueAt) }
        for machine in machines { next = min(next, machine.nextEvent) }
        return next
    }

    /// Goes to the next event, and takes it; stops at `end` where nothing is due before.
    func step(until end: Duration) {
        let next = nextEvent
        guard next <= end else {
            now = end
            return
        }
        now = max(now, next)
        events += 1
        if cloud.nextStepAt <= now { stepGroup() }
        for index in machines.indices where machines[index].nextEvent <= now { stepMachine(index) }
        if !lateActs.isEmpty { arrive() }
        if etcdRoundAt <= now { stepEtcd() }
        for index in machines.indices { stepSupervisor(index) }
    }

    func run(until end: Duration) {
        while now < end { step(until: end) }
    }

    func run(for duration: Duration) { run(until: now + duration) }

    /// Goes on until `condition` holds; false where it does not within `limit`.
    func run(atMost limit: Duration, until condition: (World) -> Bool) -> Bool {
        let end = now + limit
        while !condition(self) {
            guard now < end else { return false }
            step(until: min(end, now + .seconds(1)))
        }
        return true
    }

    /// Takes a line down, where somebody wants to read it.
    func note(_ text: @autoclosure () -> String) {
        changes += 1
        guard options.keepsJournal else { return }
        let tenths = Int(now.inSeconds * 10)
        journal.append("\(tenths / 10).\(tenths % 10) \(text())")
    }

    private func arrive() {
        let due = lateActs.filter { $0.dueAt <= now }
        lateActs.removeAll { $0.dueAt <= now }
        for late in due {
            switch late.act {
            case .change(let cluster, let change): _ = self.change(cluster, change, by: nil)
            case .swap(let swap): _ = apply(swap, by: nil)
            }
        }
    }
}

// MARK: Network

extension World {
    func areCut(_ one: Int, _ other: Int) -> Bool {
        guard one != other else { return false }
        if machines[one].cutOffUntil > now || machines[other].cutOffUntil > now { return true }
        return cuts.contains { cut in
            cut.until > now && (cut.one == one && cut.other == other || cut.one == other && cut.other == one)
        }
    }

    /// Cuts a machine off from all others, or from one of them.
    func cut(_ index: Int, from other: Int? = nil, for duration: Duration) {
        note("\(machines[index].id) is cut off\(other.map { " from \(machines[$0].id)" } ?? "") for \(duration)")
        if let other {
            cuts.append(Cut(one: index, other: other, until: now + duration))
        } else {
            machines[index].cutOffUntil = now + duration
        }
        disturbEtcd()
        machines[index].stirsAt.append(now + duration)
    }

    /// Whether two etcds hear each other.
    func areInTouch(_ one: Int, _ other: Int) -> Bool { isHeard(one) && isHeard(other) && !areCut(one, other) }

    /// Whether the etcd there talks to the world.
    func isHeard(_ index: Int) -> Bool {
        guard machines[index].isUp, let process = machines[index].process, process.purpose == .world else {
            return false
        }
        return process.hangsUntil <= now
    }

    /// The machine that has this address now.
    func machine(at host: String) -> Int? { machines.firstIndex { $0.isUp && $0.address == host } }

    func index(of id: InstanceID) -> Int? { machines.firstIndex { $0.id == id } }

    /// Has etcds look at each other soon.
    func disturbEtcd(after delay: Duration = .milliseconds(100)) { etcdRoundAt = min(etcdRoundAt, now + delay) }
}

extension Machine {
    /// When something is due on it next.
    var nextEvent: Duration {
        var next = min(changesAt, hookExpiresAt)
        if isUp { next = min(next, supervisorStartsAt) }
        if let supervisor, isUp { next = min(next, supervisor.nextEvent) }
        for stir in stirsAt { next = min(next, stir) }
        return next
    }
}
