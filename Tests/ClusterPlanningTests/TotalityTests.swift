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
            let view = random.startView()
            var memory = random.startMemory(view)
            let before = memory
            let plan = planStart(view, memory: &memory)
            expectEvidence(for: plan, in: view)
            #expect(!plan.description.isEmpty)
            var running = before
            if case .claim(let swap) = planRunning(view, memory: &running) { expectEvidence(for: swap, in: view) }
            guard view.namesNobodyTwice else { continue }
            var again = before
            #expect(planStart(view.shuffled(using: &random.generator), memory: &again) == plan)
            #expect(again == memory)
        }
    }

    private func expectEvidence(for plan: StartPlan, in view: StartView) {
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
        case .claim(let swap): expectEvidence(for: swap, in: view)
        case .wait: break
        }
    }

    private func expectEvidence(for launch: Launch, in view: StartView) {
        switch launch.kind {
        case .resume, .inspect: #expect(view.disk.hasData)
        case .force:
            #expect(view.disk.hasData)
            #expect(view.disk.stamp.map { view.record.record?.mayStart($0.disk, on: 1) } == true)
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
    private func expectEvidence(for swap: RecordSwap, in view: StartView) {
        #expect(view.facts.group.value?.instance(1)?.isInDuty == true)
        switch view.record {
        case .absent:
            #expect(view.clusters.isEmpty && swap.expected == nil)
            if case .unavailable = view.zone { Issue.record("founded without the zone") }
            if case .unavailable = view.backups { Issue.record("founded without the backups") }
        case .found(let stored, _):
            let record = stored.record
            #expect(swap.expected == "v1" && swap.record.generation > record.generation)
            #expect(view.settings.onLoss == .recover)
            let named = record.instances.filter { view.facts.instance($0)?.state == .running }
            #expect(named.allSatisfy { view.facts.report($0).map { $0.etcd.leader == nil } == true })
            if swap.record.source == .empty {
                if case .unavailable = view.backups { Issue.record("began anew without the backups") }
                #expect((view.backups.value?.count ?? 0) == 0)
            }
        default: Issue.record("claimed by \(view.record)")
        }
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
                expectEvidence(for: step, on: view.cluster, in: view.facts, view.record)
                if case .removeMember(let member, _) = step { #expect(member.id != view.ownMember) }
            }
            #expect(plan.deferred.allSatisfy { !$0.description.isEmpty })
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
        case .promote, .updatePeerURL, .moveLeader, .heartbeat, .completeHook: break
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

extension StartView {
    /// Where an answer names an instance twice, only the first one counts, and so its order does.
    fileprivate var namesNobodyTwice: Bool {
        [facts.group.value?.instances ?? [], facts.asked.value ?? []].allSatisfy { instances in
            Set(instances.map(\.id)).count == instances.count
        } && Set(peers.map(\.instance)).count == peers.count
    }
}
