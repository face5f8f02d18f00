import Testing

@testable import ClusterPlanning

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
            view.facts = view.facts.shuffled(using: &random)
            view.hooks = view.hooks.mapped { $0.shuffled(using: &random) }
            view.zone = view.zone.mapped { $0.shuffled(using: &random) }
            var memory = row.memory
            let plan = planReconcile(view, memory: &memory)
            #expect(plan.steps == row.steps)
            #expect(plan.deferred == row.deferred)
        }
    }

    @Test func everyStepHasARow() {
        let reached = Set(reconcileRows.flatMap(\.steps).map(StepKind.init))
        #expect(reached == Set(StepKind.allCases), "missing: \(Set(StepKind.allCases).subtracting(reached))")
    }

    @Test(arguments: reconcileRows)
    func oneChangeOfMembershipATurn(row: ReconcileRow) {
        #expect(row.steps.filter(\.changesMembership).count <= 1)
    }

    @Test func aGraceStartsAnewWheneverTheEntryWasClaimedOrNobodyCouldTell() {
        let orphan = led([member(1), member(2), entry(7, at: 4)])
        func look(
            _ second: Int, _ facts: Facts = facts(firstTwo), _ cluster: RunningCluster = orphan, alarms: [Alarm] = []
        ) -> ClusterView {
            lead(cluster, facts, record: .notConfigured, alarms: alarms, now: .seconds(second))
        }
        let noEC2 = Facts(owner: ourGroup, group: .seen(group([1, 2, 3])), asked: .unavailable("503"))
        let interruptions: [(String, ClusterView)] = [
            ("claimed", look(50, facts(.seen(group([1, 2, 4])), firstTwo))),
            ("AWS down", look(50, Facts(owner: ourGroup, group: .unavailable("503")))),
            ("EC2 down", look(50, noEC2)),
            ("corrupt", look(50, alarms: [.corrupt(1)])),
            ("no leader", look(50, facts(firstTwo), cluster(orphan.members, leader: 2))),
        ]
        for (name, interruption) in interruptions {
            var memory = ReconcileMemory()
            _ = planReconcile(look(0), memory: &memory)
            _ = planReconcile(interruption, memory: &memory)
            let changes = planReconcile(look(61), memory: &memory).steps.filter(\.changesMembership)
            #expect(changes.isEmpty, "\(name)")
        }
    }

    @Test func memoryForgetsMembersThatAreGone() {
        var memory = ReconcileMemory()
        let orphan = led([member(1), member(2), member(3), entry(7, at: 4)], ill: [3])
        _ = planReconcile(lead(orphan, record: .notConfigured), memory: &memory)
        #expect(Set(memory.unhealthySince.keys) == [3, 7])
        #expect(Set(memory.orphanedSince.keys) == [7])
        _ = planReconcile(lead(now: .seconds(1001)), memory: &memory)
        #expect(memory.unhealthySince.isEmpty && memory.orphanedSince.isEmpty)
    }

    /// Who leads no more begins anew, but remembers whom it has given leadership to, and when.
    @Test func aLeaderThatComesBackWaitsAnew() {
        var memory = ReconcileMemory()
        memory.handedOver = .seconds(990)
        memory.blindSince = .zero
        memory.weakRemovals = [.seconds(990)]
        _ = planReconcile(lead(cluster(members(1, 2, 3), leader: 2)), memory: &memory)
        #expect(memory.blindSince == nil && memory.weakRemovals.isEmpty && memory.handedOver == .seconds(990))
    }

    /// Only what no other leader of another generation could undo may go by an older reading of the record.
    @Test func whatTheRecordDecidesNeedsAFreshOne() {
        func isNeeded(_ view: ClusterView) -> Bool {
            var memory = ReconcileMemory()
            return planReconcile(view, memory: &memory).needsFreshRecord
        }
        #expect(isNeeded(lead(three(ill: [3]), facts(asked: [asked(3, .terminated)], firstTwo))))
        #expect(
            isNeeded(
                lead(
                    led(members(1, 2)), facts(firstTwo + [blank(3, asks: true)]), record: found(record([on(1), on(2)])))
            ))
        #expect(!isNeeded(lead(led([member(1), member(2), member(3, learner: true)]))))
        #expect(!isNeeded(lead(zone: .seen(emptyZone))))
    }

    /// Its etcd has to be looked at then, so that it stops before its last backup.
    @Test func theLastToLeaveIsSaid() {
        func isLast(
            _ word: String = "Terminating:Wait", desired: Int = 0, _ voters: [ClusterRecord.Entry] = [on(1)],
            record reading: RecordReading? = nil, settings: PlanSettings = PlanSettings(backups: BackupSettings())
        ) -> Bool {
            let numbers = voters.map { Int($0.instance.rawValue.dropFirst(2)) ?? 0 }
            let instances = numbers.map { instance($0, .running, word) }
            var memory = ReconcileMemory()
            let view = lead(
                led(numbers.map { member($0) }),
                facts(.seen(group(instances, desired: desired)), numbers.map { holds($0) }),
                record: reading ?? found(record(voters)), settings: settings)
            return planReconcile(view, memory: &memory).isLastToLeave
        }
        #expect(isLast())
        #expect(!isLast("InService"))
        #expect(!isLast("Terminating"))
        #expect(!isLast(desired: 1))
        #expect(!isLast("Terminating:Wait", [on(1), on(2)]))
        #expect(!isLast(record: .unknown("503")))
        #expect(!isLast(settings: PlanSettings()))
    }

    @Test func overtakenIsSaid() {
        var memory = ReconcileMemory()
        #expect(planReconcile(lead(record: found(record(generation: 2))), memory: &memory).isOvertaken)
        #expect(!planReconcile(lead(generation: 2), memory: &memory).isOvertaken)
    }
}

let reconcileRows =
    rowsOfTerminated + rowsOfOtherEvidence + rowsOfWeakEvidence + rowsOfDoubt + rowsOfEntries + rowsOfDrains
    + rowsOfBlindness + rowsOfAdditions + rowsOfPromotions + rowsOfLaunching + rowsOfUpkeep + rowsOfAdoption
    + rowsOfMoves + rowsOfAddresses + rowsOfZone + rowsOfBackups + rowsOfDeletingBackups + rowsOfPublishing
