/// Plans on views that make no sense: nothing traps, and what was not observed is never evidence.

import Testing

@testable import ClusterPlanning

@Suite struct TotalityTests {
    static let seeds = Array(UInt64(1)...8)
    static let viewsPerSeed = 600

    @Test(arguments: seeds)
    func anyStartViewIsPlanned(seed: UInt64) {
        var random = RandomViews(seed: seed)
        for _ in 0..<Self.viewsPerSeed {
            let view = random.anyStartView()
            var memory = random.startMemory(view)
            let before = memory
            let plan = planStart(view, memory: &memory)
            expectEvidence(for: plan, in: view, memory)
            #expect(!plan.description.isEmpty)
            var running = before
            if case .claim(let swap) = planRunning(view, memory: &running) {
                expectEvidence(for: swap, in: view, running)
            }
            guard view.namesNobodyTwice else { continue }
            var again = before
            #expect(planStart(view.shuffled(using: &random.generator), memory: &again) == plan)
            #expect(again == memory)
        }
    }

    private func expectEvidence(for plan: StartPlan, in view: StartView, _ memory: StartMemory) {
        switch plan {
        case .start(let launch): expectEvidence(for: launch, in: view)
        case .setAside(let reason):
            #expect(view.clusters.count >= 1 && view.disk.stamp != nil)
            if case .ofEarlierGeneration(_, let now) = reason {
                #expect(view.clusters.contains { $0.generation == now })
            } else {
                #expect(view.clusters.count == 1 || view.record.record.map { view.answering($0).count } == 1)
            }
        case .act(let step, let cluster):
            #expect(view.clusters.contains(cluster) && view.facts.group.value != nil)
            expectEvidence(for: step, on: cluster, in: view.facts, view.record)
        case .claim(let swap): expectEvidence(for: swap, in: view, memory)
        case .wait(.savedToTheEnd):
            #expect(!view.isWantedAgain && view.etcd.savedRevision != nil && !view.etcd.isRunning)
        case .wait: break
        }
    }

    private func expectEvidence(for launch: Launch, in view: StartView) {
        switch launch.kind {
        case .resume, .inspect: #expect(view.disk.hasData)
        case .force:
            #expect(view.disk.hasData)
            #expect(view.disk.stamp.map { view.record.record?.mayStart($0.disk, on: 1) } == true)
        case .restore(let name, let token):
            #expect(view.disk.stamp.map { view.record.record?.mayStart($0.disk, on: 1) } == true)
            #expect(view.record.record?.source == .snapshot(name) && view.record.record?.token == token)
            #expect(launch.generation == view.record.record?.generation && !view.spoiltBackups.contains(name))
            #expect((view.disk.stamp?.generation ?? 0) < launch.generation ?? 0 || !view.disk.hasData)
        case .save:
            #expect(view.settings.backups != nil && view.isLastToLeave && view.clusters.isEmpty)
            #expect(view.disk.hasData && view.disk.stamp?.generation == view.record.record?.generation)
        case .found:
            #expect(!view.disk.hasData && view.disk.stamp?.started == false)
            #expect(view.facts.group.value?.instance(1)?.isInDuty == true)
            if view.record == .notConfigured {
                let others = launch.initialCluster.map { InstanceID($0.name) }.filter { $0 != 1 }
                #expect(others.allSatisfy { view.facts.report($0)?.founders == launch.initialCluster })
            } else {
                #expect(view.disk.stamp.map { view.record.record?.mayStart($0.disk, on: 1) } == true)
            }
        case .join(let cluster, let member):
            let lists =
                view.clusters.filter { $0.id == cluster }.map(\.members)
                + view.peers.compactMap { $0.members(of: cluster) }
            #expect(lists.contains { $0.contains { $0.id == member && !$0.isStarted } })
            #expect(!view.disk.hasData && view.disk.stamp?.started == false)
        }
        #expect(launch.initialCluster.contains { $0.peerURL == launch.identity.peerURL })
    }

    /// A founding needs a record that is absent; a recovery needs one whose every disk is known.
    private func expectEvidence(for swap: RecordSwap, in view: StartView, _ memory: StartMemory) {
        #expect(view.facts.group.value?.instance(1)?.isInDuty == true)
        switch view.record {
        case .absent:
            #expect(view.clusters.isEmpty && swap.expected == nil)
            if case .unavailable = view.zone { Issue.record("founded without the zone") }
            expectEvidence(for: swap.record.source, in: view, memory)
            #expect(swap.record.generation > view.backups.value?.highestGeneration ?? 0)
        case .found(let stored, _):
            let record = stored.record
            #expect(swap.expected == "v1")
            if case .otherBackup(let spoilt) = swap.reason {
                #expect(swap.record == record.changed { $0.source = swap.record.source })
                #expect(record.source == .snapshot(spoilt) && view.spoiltBackups.contains(spoilt))
                #expect(view.disk.stamp.map { record.mayStart($0.disk, on: 1) } == true)
                return expectEvidence(for: swap.record.source, in: view, memory)
            }
            #expect(swap.record.generation > record.generation)
            #expect(view.settings.onLoss == .recover)
            let named = record.instances.filter { view.facts.instance($0)?.state == .running }
            #expect(named.allSatisfy { view.facts.report($0).map { $0.etcd.leader == nil } == true })
            expectEvidence(for: swap.record.source, in: view, memory)
        default: Issue.record("claimed by \(view.record)")
        }
    }

    /// Nothing empty begins but beside a list that is empty, and no backup but one that is in it and was not found spoilt.
    private func expectEvidence(for source: ClusterRecord.Source, in view: StartView, _ memory: StartMemory) {
        switch source {
        case .member: break
        case .empty:
            if case .unavailable = view.backups { Issue.record("began anew without the backups") }
            #expect(view.backups.value?.isEmpty ?? (view.settings.backups == nil))
        case .snapshot(let name):
            #expect(view.backups.value?.named(name) != nil && !view.spoiltBackups.contains(name))
            let others = view.facts.counted.filter { $0.instance != 1 }
            // A learner's disk is no source; a voter's is, and then no backup is.
            let record = view.record.record
            #expect(record != nil || others.allSatisfy { if case .none = $0.holding { true } else { false } })
            if let record {
                let evidence = view.evidence(record, memory)
                for entry in record.voters {
                    if case .unknown = evidence.fate(of: entry) { Issue.record("restored beside \(entry)") }
                }
            }
        }
    }

    /// What takes much to be reached is reached all the same, or nothing would be shown of it.
    @Test func randomViewsReachRestoresAndLastBackups() {
        var reached: Set<String> = []
        for seed in Self.seeds {
            var random = RandomViews(seed: seed)
            for _ in 0..<Self.viewsPerSeed {
                let view = random.anyStartView()
                var memory = random.startMemory(view)
                switch planStart(view, memory: &memory) {
                case .start(let launch) where StartKind(.start(launch)) == .restore: reached.insert("restore")
                case .start(let launch) where launch.kind == .save: reached.insert("save")
                case .wait(.savedToTheEnd): reached.insert("saved")
                case .claim(let swap):
                    if case .otherBackup = swap.reason { reached.insert("other backup") }
                    if case .snapshot = swap.record.source { reached.insert("\(swap.reason) by snapshot") }
                default: break
                }
            }
        }
        let wanted: Set = ["restore", "save", "saved", "other backup", "founding by snapshot", "recovery by snapshot"]
        #expect(reached.isSuperset(of: wanted), "missing: \(wanted.subtracting(reached))")
    }

    @Test(arguments: seeds)
    func anyClusterViewIsPlanned(seed: UInt64) {
        var random = RandomViews(seed: seed)
        for _ in 0..<Self.viewsPerSeed {
            let view = random.clusterView()
            var memory = random.reconcileMemory(view)
            let plan = planReconcile(view, memory: &memory)
            #expect(plan.steps.filter(\.changesMembership).count <= 1)
            for step in plan.steps {
                #expect(!step.description.isEmpty)
                #expect(view.cluster.leader == view.ownMember)
                if view.alarms.contains(where: { if case .corrupt = $0 { true } else { false } }) {
                    #expect([.heartbeat, .completeHook].contains(StepKind(step)))
                }
                expectEvidence(for: step, in: view)
                expectEvidence(for: step, on: view.cluster, in: view.facts, view.record)
                if case .removeMember(let member, _) = step { #expect(member.id != view.ownMember) }
            }
            #expect(plan.deferred.allSatisfy { !$0.description.isEmpty })
        }
    }

    /// What concerns backups, and the last member's leave.
    private func expectEvidence(for step: ReconcilePlan.Step, in view: ClusterView) {
        switch step {
        case .backUp(let order):
            #expect(view.backups.value != nil && !view.backupWork.isRunning)
            #expect(order.generation == view.ownGeneration && view.cluster.isHealthy(order.member))
        case .deleteBackups(let backups):
            let own = view.backups.value?.of(view.ownGeneration ?? 0) ?? []
            #expect(!backups.isEmpty && backups.allSatisfy(own.contains))
            #expect(own.first.map(backups.contains) == false)
            #expect(own.first(where: \.isProven).map(backups.contains) != true)
        case .completeHook(let hook, let instance) where hook == endHook.name:
            let members = view.cluster.members.filter { $0.instanceID == instance }
            #expect(members.isEmpty || view.settings.backups == nil || view.record == .notConfigured)
        default: break
        }
    }

    private func expectEvidence(
        for step: ReconcilePlan.Step, on cluster: RunningCluster, in facts: Facts, _ record: RecordReading
    ) {
        switch step {
        case .removeMember(let member, let reason):
            #expect(facts.group.value?.instance(1) != nil)
            #expect(cluster.risk(ofRemoving: member) == nil)
            if case .diskGone(let loss) = reason {
                expectEvidence(for: loss, of: member, on: cluster, in: facts, record)
            }
        case .addMember(let instance, _, _):
            if case .unknown = record { Issue.record("added without the record") }
            #expect(facts.report(instance)?.asksForPlace == true || instance == 1)
        case .changeDNS(let changes):
            #expect(!changes.isEmpty)
            #expect(changes.allSatisfy { !$0.record.values.isEmpty || $0 == .delete($0.record) })
        case .swapRecord(let swap): #expect(swap.expected == nil || swap.expected == "v1")
        case .promote, .updatePeerURL, .moveLeader, .heartbeat, .completeHook, .backUp, .deleteBackups, .publish: break
        }
    }

    private func expectEvidence(
        for loss: Loss, of member: Member, on cluster: RunningCluster, in facts: Facts, _ record: RecordReading
    ) {
        switch loss {
        case .instanceTerminated(let id): #expect(facts.instance(id)?.state == .terminated)
        case .instanceForgotten(let id):
            #expect(facts.instance(id)?.state == .unknownToEC2 && !cluster.isHealthy(member))
        case .replaced(let id, let disk):
            #expect(!cluster.isHealthy(member) && (facts.report(id)?.disk == disk || id == 1))
        case .declared: #expect(record.record?.gone.isEmpty == false && !cluster.isHealthy(member))
        }
        if case .unknown = record {
            if case .instanceTerminated = loss { return }
            Issue.record("removed without the record")
        }
    }
}

extension Disk {
    fileprivate var hasData: Bool { if case .data = self { true } else { false } }
}

extension RandomViews {
    /// Any view, and often one near a decision that takes much to be reached.
    mutating func anyStartView() -> StartView {
        switch UInt64.random(in: 0..<4, using: &generator) {
        case 0: lastView()
        case 1: emptyView()
        default: startView()
        }
    }
}

extension StartView {
    /// Whether the group is seen to want this instance, which has made its last backup.
    fileprivate var isWantedAgain: Bool {
        guard let group = facts.group.value, let lifecycle = group.instance(1)?.lifecycle else { return false }
        return !lifecycle.isTerminating || (lifecycle == .terminatingWait && group.desiredCapacity > 0)
    }

    fileprivate var isLastToLeave: Bool {
        facts.group.value?.desiredCapacity == 0
            && facts.group.value?.instance(1)?.lifecycle == .terminatingWait
            && record.record?.voters.map(\.instance) == [1]
    }

    /// Where an answer names an instance twice, only the first one counts, and so its order does.
    fileprivate var namesNobodyTwice: Bool {
        [facts.group.value?.instances ?? [], facts.asked.value ?? []].allSatisfy { instances in
            Set(instances.map(\.id)).count == instances.count
        } && Set(peers.map(\.instance)).count == peers.count
    }
}
