/// Plans on views that make no sense: nothing traps, and what was not observed is never evidence.

import ClusterPlanning
import Testing

@Suite struct TotalityTests {
    static let seeds = Array(UInt64(1)...8)
    static let viewsPerSeed = 500

    @Test(arguments: seeds)
    func anyStartViewIsPlanned(seed: UInt64) {
        var random = RandomViews(seed: seed)
        for _ in 0..<Self.viewsPerSeed {
            let view = random.startView()
            var memory = random.startMemory(view)
            let before = memory
            let plan = planStart(view, memory: &memory)
            expectEvidence(for: plan, in: view)
            if case .start(let launch) = plan {
                #expect(launch.initialCluster.contains { $0.peerURL == launch.identity.peerURL })
            }
            guard view.namesNobodyTwice else { continue }
            var again = before
            #expect(planStart(view.shuffled(using: &random.generator), memory: &again) == plan)
            #expect(again == memory)
        }
    }

    private func expectEvidence(for plan: StartPlan, in view: StartView) {
        switch plan {
        case .start(let launch):
            switch launch.kind {
            case .resume:
                if case .data = view.disk { return }
                Issue.record("resumed without data")
            case .found:
                #expect(view.group.value?.instance(view.identity.instance)?.isInDuty == true)
                #expect(view.clusters.isEmpty)
                if case .unavailable = view.zone { Issue.record("founded without the zone") }
                #expect(!view.peers.contains { if case .silent = $0.answer { true } else { false } })
                guard case .empty(let stamp) = view.disk else {
                    Issue.record("founded on data")
                    return
                }
                #expect(stamp?.instance != view.identity.instance || (stamp?.started == false && stamp?.cluster == nil))
            case .join(let cluster, let member):
                let lists =
                    view.clusters.filter { $0.id == cluster }.map(\.members)
                    + view.peers.compactMap { peer in
                        if case .members(cluster, let members) = peer.answer { members } else { nil }
                    }
                #expect(view.clusters.allSatisfy { $0.id == cluster })
                #expect(lists.contains { $0.contains { $0.id == member && !$0.isStarted } })
                guard case .empty(let stamp) = view.disk else {
                    Issue.record("joined on data")
                    return
                }
                #expect(stamp?.instance != view.identity.instance || stamp?.started == false)
            }
        case .setAside:
            #expect(view.clusters.count == 1 && view.lastExit == .unaskedSuccess)
        case .removeOwnEntry(let member, let cluster):
            #expect(view.clusters == [cluster] && view.group.value != nil)
            #expect(!cluster.isHealthy(member))
            #expect(cluster.risk(ofRemoving: member) == nil)
        case .addSelf(let cluster):
            #expect(view.clusters == [cluster] && view.group.value != nil)
        case .wait(let reason):
            #expect(!reason.description.isEmpty)
        }
    }

    @Test(arguments: seeds)
    func anyClusterViewIsPlanned(seed: UInt64) {
        var random = RandomViews(seed: seed)
        for _ in 0..<Self.viewsPerSeed {
            let view = random.clusterView()
            var memory = random.reconcileMemory(view)
            let plan = planReconcile(view, memory: &memory)
            for case .removeMember(let member, let reason) in plan.steps {
                #expect(view.cluster.leader == view.ownMember && member.id != view.ownMember)
                #expect(view.group.value?.instance(view.own) != nil)
                #expect(view.askedInstances.value != nil)
                #expect(!view.alarms.contains { if case .corrupt = $0 { true } else { false } })
                #expect(view.cluster.risk(ofRemoving: member) == nil)
                if case .instanceTerminated(let id) = reason {
                    let said = (view.askedInstances.value ?? []) + (view.group.value?.instances ?? [])
                    #expect(said.contains { $0.id == id && $0.state == .terminated })
                }
            }
            #expect(plan.steps.count { if case .removeMember = $0 { true } else { false } } <= 1)
            for case .changeDNS(let changes) in plan.steps {
                #expect(view.zone.value != nil && !changes.isEmpty)
                #expect(changes.allSatisfy { !$0.record.values.isEmpty || $0 == .delete($0.record) })
            }
            #expect(plan.deferred.allSatisfy { !$0.description.isEmpty })
        }
    }
}

extension StartView {
    /// Where an answer names an instance twice, only the first one counts, and so its order does.
    fileprivate var namesNobodyTwice: Bool {
        let instances = group.value?.instances.map(\.id) ?? []
        return Set(instances).count == instances.count && Set(peers.map(\.instance)).count == peers.count
    }
}

/// Views made of pieces that may contradict each other.
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
        let number = number(1...5)
        let lifecycle: String? = pick(["InService", "InService", "InService", "Pending", "Terminating", "Standby", nil])
        var instance = ClusterPlanningTests.instance(number, state(), lifecycle)
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
        if chance(1, in: 5) { cluster.health = [:] }
        return cluster
    }

    private mutating func disk() -> Disk {
        let stamp = Stamp(
            instance: chance(1, in: 6) ? 9 : 1, cluster: pick([nil, 0xc1, 0xc2]), member: pick([nil, 1, 7]),
            started: chance(1, in: 2))
        return pick([.empty(nil), .empty(nil), .empty(stamp), .data(stamp), .data(nil), .unusable("EIO")])
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

    mutating func startView() -> StartView {
        let clusters =
            chance(1, in: 2) ? [] : chance(1, in: 8) ? [runningCluster(), runningCluster(0xc2)] : [runningCluster()]
        return StartView(
            now: .milliseconds(number(0...100_000)), identity: identity(1),
            configuredName: pick([nil, nil, "main", "a b"]),
            disk: disk(), lastExit: pick([.none, .failure, .unaskedSuccess]), group: observed { $0.group() },
            peers: chance(1, in: 2) ? [refused(2), refused(3)] : some(0...4) { $0.peer() }, clusters: clusters,
            zone: observed { $0.zone() }, configuredSize: pick([nil, nil, nil, 0, 1, 3, -1, Int.max]))
    }

    mutating func startMemory(_ view: StartView) -> StartMemory {
        remembering(
            pick([nil, founders(1, 2, 3), founders(1)]), removedAt: pick([nil, view.now - .seconds(1), .seconds(0)]))
    }

    mutating func clusterView() -> ClusterView {
        ClusterView(
            now: .milliseconds(number(0...1_000_000)), own: 1, ownMember: 1,
            configuredName: pick([nil, "main", "a b"]),
            cluster: ownCluster(), alarms: some(0...1) { $0.pick([.noSpace(1), .corrupt(2), .other(3, "x")]) },
            group: observed { $0.group() }, askedInstances: observed { views in views.some(0...5) { $0.instance() } },
            zone: observed { $0.zone() }, configuredSize: pick([nil, 0, 3, -1]))
    }

    private mutating func ownCluster() -> RunningCluster {
        var cluster = runningCluster()
        if chance(3, in: 4) { cluster.leader = 1 }
        return cluster
    }

    mutating func reconcileMemory(_ view: ClusterView) -> ReconcileMemory {
        var memory = ReconcileMemory()
        for member in view.cluster.members where chance(1, in: 2) {
            memory.unhealthySince[member.id] = .milliseconds(number(0...1_000_000))
            memory.orphanedSince[member.id] = .milliseconds(number(0...1_000_000))
        }
        return memory
    }
}
