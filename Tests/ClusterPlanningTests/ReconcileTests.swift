import ClusterPlanning
import Testing

@Suite struct ReconcileTests {
    @Test(arguments: reconcileRows)
    func turn(row: ReconcileRow) {
        var memory = row.memory
        let plan = planReconcile(row.view, memory: &memory)
        #expect(plan.steps == row.steps)
        #expect(plan.deferred == row.deferred)
    }

    @Test func everyDeferralHasARow() {
        let reached = Set(reconcileRows.flatMap(\.deferred).map(DeferralKind.init))
        #expect(reached == Set(DeferralKind.allCases), "missing: \(Set(DeferralKind.allCases).subtracting(reached))")
    }

    @Test(arguments: reconcileRows)
    func theOrderOfInputsDoesNotMatter(row: ReconcileRow) {
        var random = SplitMix64(seed: 2)
        for _ in 0..<5 {
            var view = row.view
            view.cluster = view.cluster.shuffled(using: &random)
            view.alarms.shuffle(using: &random)
            view.group = view.group.mapped { $0.shuffled(using: &random) }
            view.askedInstances = view.askedInstances.mapped { $0.shuffled(using: &random) }
            view.zone = view.zone.mapped { $0.shuffled(using: &random) }
            var memory = row.memory
            let plan = planReconcile(view, memory: &memory)
            #expect(plan.steps == row.steps)
            #expect(plan.deferred == row.deferred)
        }
    }

    @Test func aGraceStartsAnewWheneverTheEntryWasClaimedOrNobodyCouldTell() {
        let orphan = cluster([member(1), member(2), entry(7, at: 4)], leader: 1)
        let unclaimed = Observed.seen(group([1, 2, 3]))
        let interruptions: [(String, ClusterView)] = [
            ("claimed", lead(orphan, group: .seen(group([1, 2, 4])), now: .seconds(50))),
            ("AWS down", lead(orphan, group: .unavailable("503"), now: .seconds(50))),
            ("EC2 down", lead(orphan, group: unclaimed, asked: .unavailable("503"), now: .seconds(50))),
            ("corrupt", lead(orphan, group: unclaimed, alarms: [.corrupt(1)], now: .seconds(50))),
            ("no leader", lead(cluster(orphan.members, leader: 2), group: unclaimed, now: .seconds(50))),
        ]
        for (name, interruption) in interruptions {
            var memory = ReconcileMemory()
            _ = planReconcile(lead(orphan, group: unclaimed, now: .zero), memory: &memory)
            _ = planReconcile(interruption, memory: &memory)
            let after = planReconcile(lead(orphan, group: unclaimed, now: .seconds(61)), memory: &memory)
            #expect(after.steps.isEmpty, "\(name)")
        }
    }

    @Test func memoryForgetsMembersThatAreGone() {
        var memory = ReconcileMemory()
        let orphan = cluster([member(1), member(2), member(3), entry(7, at: 4)], leader: 1, ill: [3])
        _ = planReconcile(lead(orphan), memory: &memory)
        #expect(Set(memory.unhealthySince.keys) == [3, 7])
        #expect(Set(memory.orphanedSince.keys) == [7])
        _ = planReconcile(lead(now: .seconds(101)), memory: &memory)
        #expect(memory.unhealthySince.isEmpty)
        #expect(memory.orphanedSince.isEmpty)
    }
}
