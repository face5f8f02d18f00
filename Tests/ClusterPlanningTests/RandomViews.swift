/// Views made of pieces that may contradict each other.

@testable import ClusterPlanning

struct RandomViews {
    var generator: SplitMix64

    init(seed: UInt64) { generator = SplitMix64(seed: seed) }

    private mutating func number(_ range: ClosedRange<Int>) -> Int { .random(in: range, using: &generator) }
    private mutating func chance(_ one: Int, in total: Int) -> Bool { number(1...total) <= one }
    private mutating func pick<Item>(_ items: [Item]) -> Item { items[number(0...items.count - 1)] }
    private mutating func some<Item>(_ range: ClosedRange<Int>, _ make: (inout Self) -> Item) -> [Item] {
        (0..<number(range)).map { _ in make(&self) }
    }

    private mutating func state() -> Instance.State {
        pick([
            .running, .running, .running, .running, .pending, .stopping, .stopped, .shuttingDown, .terminated,
            .unknownToEC2, .unclear,
        ])
    }

    private mutating func instance() -> Instance {
        let lifecycle: String? = pick([
            "InService", "InService", "InService", "Pending", "Pending:Wait", "Terminating", "Terminating:Wait",
            "Standby",
            nil,
        ])
        var instance = ClusterPlanningTests.instance(number(1...5), state(), lifecycle)
        if chance(1, in: 8) { instance.address = nil }
        return instance
    }

    private mutating func observed<Value>(_ make: (inout Self) -> Value) -> Observed<Value> {
        switch number(1...10) {
        case 1: .notAsked
        case 2: .unavailable("503")
        default: .seen(make(&self))
        }
    }

    /// Often a group in good order, sometimes nonsense: doubles, gaps, strange sizes.
    private mutating func group() -> Group {
        let desired = pick([0, 1, 2, 3, 3, 3, 5, -1, Int.max])
        if chance(2, in: 3) { return ClusterPlanningTests.group(Array(1...number(1...5)), desired: desired) }
        return ClusterPlanningTests.group(some(0...5) { $0.instance() }, desired: desired, name: pick(["main", "a b"]))
    }

    private mutating func disk(of number: Int) -> DiskID {
        pick([
            ClusterPlanningTests.disk(number), ClusterPlanningTests.disk(number), volume(number),
            ClusterPlanningTests.disk(9),
        ])
    }

    private mutating func holding() -> Holding {
        switch number(1...8) {
        case 1: .unusable("crc")
        case 2: .unknown("EIO")
        case 3, 4, 5: .none
        default:
            .data(
                HeldData(
                    cluster: 0xc1, member: pick([nil, 1, 2, 3, 4, 7]), generation: pick([nil, 1, 1, 1, 2, 3])))
        }
    }

    private mutating func report(_ number: Int) -> Report {
        var report = Report(
            InstanceID("i-\(chance(1, in: 12) ? 9 : number)"), peerURL(chance(1, in: 12) ? 9 : number),
            owner: pick([ourGroup, ourGroup, ourGroup, ourGroup, "arn:other", nil]),
            stores: pick([[zoneStore], [zoneStore], []]),
            disk: chance(1, in: 8) ? nil : disk(of: number), isMountPoint: chance(1, in: 2), holding: holding())
        report.etcd = EtcdState(
            isRunning: true, leader: pick([nil, nil, nil, 2]), members: pick([nil, members(), members()]),
            commitIndex: pick([nil, 5, 7, 9]))
        report.asksToJoin = chance(1, in: 2)
        report.leaving = pick([nil, nil, nil, .spot])
        report.founders = pick([nil, founders(1, 2, 3)])
        report.reachesAWS = pick([nil, true, false])
        return report
    }

    mutating func facts() -> Facts {
        var reports: [InstanceID: ReportAnswer] = [:]
        for number in 1...5 where chance(3, in: 4) {
            reports[InstanceID("i-\(number)")] = chance(1, in: 4) ? .silent("timeout") : .report(report(number))
        }
        return Facts(
            owner: pick([ourGroup, ourGroup, nil]), group: observed { $0.group() },
            asked: observed { views in views.some(0...5) { $0.instance() } }, reports: reports,
            otherOwner: observed { $0.pick([.exists, .isGone, .isGone, .outOfSight("far")]) })
    }

    private mutating func entries() -> [ClusterRecord.Entry] {
        some(0...4) { views in
            let number = views.number(1...5)
            return ClusterRecord.Entry(
                InstanceID("i-\(number)"), peerURL(views.chance(1, in: 8) ? 9 : number),
                disk: views.pick([nil, views.disk(of: number), views.disk(of: number)]),
                isJoining: views.chance(1, in: 4))
        }
    }

    private mutating func record() -> ClusterRecord {
        let voters = entries()
        return ClusterPlanningTests.record(
            voters, start: pick([[], voters, entries()]), generation: number(1...3),
            source: pick([.empty, .empty, .member(1), .snapshot(backup().name), .snapshot("imported/a.db")]),
            former: entries().prefix(2).map { ClusterRecord.FormerEntry($0, generation: 1) },
            gone: chance(1, in: 8) ? [ClusterRecord.GoneDisk(disk(of: 2), evidence: "", time: "", teller: "Ada")] : [],
            owner: pick([ourGroup, ourGroup, ourGroup, "arn:other"]))
    }

    mutating func reading() -> RecordReading {
        switch number(1...10) {
        case 1: .unknown("503")
        case 2: .conflicting([StoreReading(zoneStore, .absent)])
        case 3: .notConfigured
        case 4, 5: .absent(zoneStore)
        default: found(record())
        }
    }

    private mutating func member() -> Member {
        let number = number(1...5)
        switch self.number(1...6) {
        case 1: return entry(UInt64(self.number(1...9)), at: number, learner: chance(1, in: 3))
        case 2: return founder(number)
        case 3:
            return Member(
                MemberID(UInt64(self.number(1...9))), name: pick(["", "node", "i-\(number)"]),
                peerURLs: some(0...2) { peerURL($0.number(1...5)) },
                clientURLs: some(0...2) { clientURL($0.number(1...5)) })
        default: return ClusterPlanningTests.member(number, learner: chance(1, in: 8))
        }
    }

    private mutating func members() -> [Member] {
        var ids: Set<MemberID> = []
        return some(0...5) { $0.member() }.filter { ids.insert($0.id).inserted }
    }

    private mutating func runningCluster(_ id: ClusterID = 0xc1) -> RunningCluster {
        let members = members()
        let ill = Set(members.map(\.id).filter { _ in chance(1, in: 3) })
        var cluster = cluster(members, leader: members.isEmpty ? 1 : pick(members).id, ill: ill, id: id)
        cluster.generation = pick([nil, 1, 1, 2])
        if chance(1, in: 5) { cluster.health = [:] }
        return cluster
    }

    private mutating func directory() -> Disk {
        let instance = chance(1, in: 6) ? 9 : 1
        let stamp = Stamp(
            disk: disk(of: 1), instance: InstanceID("i-\(instance)"), owner: ourGroup,
            generation: pick([nil, 1, 1, 2]),
            cluster: pick([nil, 0xc1, 0xc2]), member: pick([nil, 1, 7]), started: chance(1, in: 2),
            carriedInto: pick([nil, nil, nil, 2]), followsLostData: chance(1, in: 4))
        return pick([
            .empty(fresh()), .empty(fresh()), .empty(nil), .empty(stamp), .data(stamp), .data(stamp), .data(nil),
            .unusable("EIO"),
        ])
    }

    private mutating func peer() -> Peer {
        let number = number(2...5)
        switch self.number(1...5) {
        case 1: return silent(number)
        case 2: return ClusterPlanningTests.peer(number, shows: members(), of: pick([0xc1, 0xc2]))
        case 3: return ClusterPlanningTests.peer(number, shows: (1...3).map(founder))
        default: return refused(number)
        }
    }

    private mutating func zone() -> Zone {
        ClusterPlanningTests.zone(pick([[], [], records([1, 2, 3]), records([number(1...5)])]))
    }

    private mutating func settings() -> PlanSettings {
        PlanSettings(
            clusterName: pick([nil, nil, "main", "a b"]), clusterSize: pick([nil, nil, nil, 0, 1, 3, -1, Int.max]),
            onLoss: pick([.recover, .recover, .hold]),
            joinStrategy: pick([.prepared, .add, .replace, .replace, .prune]),
            backups: pick([nil, BackupSettings(), BackupSettings(interval: .zero, isPublished: true)]))
    }

    /// Of few generations and revisions, so that the same ones are met again.
    private mutating func backup() -> Backup {
        ClusterPlanningTests.backup(
            UInt64(number(5...8)), of: number(1...3), age: number(-1...40) * 86_400 / 2, proven: chance(1, in: 3),
            compressed: chance(1, in: 4))
    }

    private mutating func backups() -> Observed<BackupsSeen> {
        switch number(1...6) {
        case 1: .notAsked
        case 2: .unavailable("403")
        case 3: .seen(BackupsSeen(highestGeneration: number(0...4)))
        case 4: .seen(BackupsSeen(some(0...2) { $0.backup() }, strangers: ["etcd.json"]))
        default: .seen(BackupsSeen(some(1...9) { $0.backup() }))
        }
    }

    private mutating func etcd() -> OwnEtcd {
        OwnEtcd(
            isRunning: chance(1, in: 3), lastExit: pick([.none, .failure, .unaskedSuccess, .corruptData("crc")]),
            shown: pick([nil, EtcdState(members: members(), commitIndex: 5)]), savedRevision: pick([nil, 9]))
    }

    mutating func startView() -> StartView {
        let clusters =
            chance(1, in: 2) ? [] : chance(1, in: 8) ? [runningCluster(), runningCluster(0xc2)] : [runningCluster()]
        return StartView(
            now: .seconds(number(0...2000)), salt: "salt", identity: identity(1), settings: settings(),
            disk: directory(),
            isMountPoint: chance(1, in: 2), etcd: etcd(), facts: facts(), record: reading(), stores: [zoneStore],
            backups: backups(),
            peers: chance(1, in: 2) ? [refused(2), refused(3)] : some(0...4) { $0.peer() }, clusters: clusters,
            zone: pick([.notAsked, .seen(zone()), .unavailable("503")]),
            spoiltBackups: Set(some(0...3) { $0.backup().name }))
    }

    /// Near the last member's leave: most of what it takes is there, and often something is not.
    mutating func lastView() -> StartView {
        var view = startView()
        if chance(4, in: 5) { view.disk = .data(stamped(generation: pick([1, 1, 2, nil]))) }
        if chance(4, in: 5) {
            view.record = found(ClusterPlanningTests.record(pick([[on(1)], [on(1)], [on(1), on(2)]])))
        }
        if chance(4, in: 5) { view.clusters = [] }
        let word = pick(["Terminating:Wait", "Terminating:Wait", "Terminating:Wait", "InService"])
        let group = ClusterPlanningTests.group(
            [ClusterPlanningTests.instance(1, .running, word)], desired: pick([0, 0, 0, 1]))
        view.facts.owner = ourGroup
        view.facts.group = chance(4, in: 5) ? .seen(group) : .unavailable("503")
        return view
    }

    /// Near a beginning with nothing held: every disk that the record names is gone, or this one may restore.
    mutating func emptyView() -> StartView {
        var view = startView()
        view.facts = ClusterPlanningTests.facts(
            asked: [asked(7, .terminated), asked(8, pick([.terminated, .terminated, .terminated, .stopped]))],
            [blank(1), pick([blank(2), blank(2), holds(2)])] + pick([[], [blank(3)], [blank(3)]]), silent: [])
        view.disk = .empty(fresh())
        view.clusters = []
        view.peers = []
        let source = pick(view.backups.value?.backups.map(\.name) ?? ["imported/a.db"], or: "imported/a.db")
        if chance(1, in: 2) { view.spoiltBackups.insert(source) }
        view.record = pick([
            .absent(zoneStore), found(ClusterPlanningTests.record([on(7), on(8)], generation: number(1...3))),
            found(
                ClusterPlanningTests.record(
                    [on(1)], start: [on(1)], generation: number(1...3), source: .snapshot(source))),
        ])
        view.zone = .notAsked
        view.settings.clusterSize = nil
        return view
    }

    private mutating func pick<Item>(_ items: [Item], or other: Item) -> Item { items.isEmpty ? other : pick(items) }

    mutating func startMemory(_ view: StartView) -> StartMemory {
        var memory = remembering(
            pick([nil, founders(1, 2, 3), founders(1)]), removedAt: pick([nil, view.now - .seconds(1), .zero]),
            foundingSince: pick([nil, .zero]), recoveringSince: pick([nil, .zero]),
            leaderSilentSince: pick([nil, .zero]))
        memory.absence = absence(view.facts, view.now)
        return memory
    }

    private mutating func absence(_ facts: Facts, _ now: Duration) -> AbsenceMemory {
        var memory = AbsenceMemory()
        guard chance(1, in: 2) else { return memory }
        for second in stride(from: 400, to: 0, by: -80) {
            memory.remember(facts, now - .seconds(second), grace: .seconds(300))
        }
        return memory
    }

    mutating func clusterView() -> ClusterView {
        var cluster = runningCluster()
        if chance(3, in: 4) { cluster.leader = 1 }
        return ClusterView(
            now: .seconds(number(0...2000)), time: pick([noon.description, noon.description, "?"]), own: 1,
            ownMember: 1, ownGeneration: pick([nil, 1, 1, 2]),
            settings: settings(),
            cluster: cluster,
            abilities: EtcdAbilities(learnersAreSound: chance(1, in: 2), addsBesideDeadVoters: chance(1, in: 2)),
            alarms: some(0...1) { $0.pick([.noSpace(1), .corrupt(2), .other(3, "x")]) }, facts: facts(),
            record: reading(), backups: backups(),
            backupWork: pick([
                BackupWork(), BackupWork(), BackupWork(isRunning: true), BackupWork(failures: 3, failedAt: .zero),
                BackupWork(failures: Int.max, failedAt: .seconds(1999)),
            ]), revision: pick([nil, 5, 9]),
            zone: observed { $0.zone() },
            hooks: pick([.notAsked, .seen([endHook, startHook]), .seen([endHook]), .unavailable("503")]))
    }

    mutating func reconcileMemory(_ view: ClusterView) -> ReconcileMemory {
        var memory = ReconcileMemory()
        for member in view.cluster.members where chance(1, in: 2) {
            memory.unhealthySince[member.id] = .seconds(number(0...2000))
            memory.orphanedSince[member.id] = .seconds(number(0...2000))
        }
        memory.absence = absence(view.facts, view.now)
        memory.blindSince = pick([nil, .zero])
        memory.weakRemovals = pick([[], [view.now]])
        return memory
    }
}
