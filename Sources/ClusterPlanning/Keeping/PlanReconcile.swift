/// The leader's decisions, in their one order: promote, move, remove, drain, add, hooks, DNS, backups, record.

/// Decides one turn of the leader's housekeeping. Pure: same view and memory in, same plan and memory out.
///
/// Every change of membership is planned here, at most one a turn, and passes one guard: after it, with everything that is
/// unhealthy now staying so, the healthy voters are a quorum. Whatever can't be known keeps its place, with a deferral that
/// says so.
package func planReconcile(_ view: ClusterView, memory: inout ReconcileMemory) -> ReconcilePlan {
    guard view.cluster.leader == view.ownMember else {
        memory = memory.anew()
        return ReconcilePlan(deferred: [.notLeader(leader: view.cluster.leader)])
    }
    var turn = Turn(view, memory)
    turn.plan()
    memory = turn.memory
    turn.result.isUnderWay = isUnderWay(view, turn.result, &memory)
    return turn.result
}

/// One turn being planned: what it rests on, and what has been decided so far.
struct Turn {
    let view: ClusterView
    var memory: ReconcileMemory
    /// The record as it is to be after this turn; nil where none may be written.
    var record: ClusterRecord?
    var membership: ReconcilePlan.Step?
    /// Learners whose promotion was tried in earlier turns.
    let triedBefore: Set<MemberID>
    /// Instances that would join, and wait for something that is not theirs.
    var heldByOthers: Set<InstanceID> = []
    var hooks: [ReconcilePlan.Step] = []
    var dns: ReconcilePlan.Step?
    var transfer: ReconcilePlan.Step?
    var backup: ReconcilePlan.Step?
    var purge: ReconcilePlan.Step?
    var figures: ReconcilePlan.Step?
    var adoptedBy: RecordSwap?
    var swapReason = RecordSwap.Reason.upkeep
    var result = ReconcilePlan()

    init(_ view: ClusterView, _ memory: ReconcileMemory) {
        self.view = view
        self.memory = memory
        self.triedBefore = memory.promotions
    }

    mutating func plan() {
        remember()
        guard heedAlarms() else { return holdInstances(completing: true) }
        guard heedRecord() else { return holdInstances(completing: false) }
        if let group = knownGroup() {
            if let record { upkeep(record) }
            promote()
            moveVolumes()
            remove(group)
            drain(group)
            add(group)
            promoteLaggard()
            launch(group)
            writeZone(group)
            seeOff(group)
        } else {
            giveLeadAway()
        }
        backUp()
        assemble()
    }

    /// Every change is held; instances that are about to go are held with it.
    ///
    /// - Parameter completing: whether our member list says who is needed no more; one that the record has overtaken, or that
    ///   another's record stands against, does not.
    private mutating func holdInstances(completing: Bool) {
        guard let group = knownGroup() else { return }
        keepHooks(group, completing: completing)
        assemble()
    }

    var cluster: RunningCluster { view.cluster }

    mutating func deferring(_ deferral: Deferral) { result.deferred.append(deferral) }

    /// All that fates are judged by; without a record, what AWS and the reports say alone.
    var evidence: Evidence {
        Evidence(
            facts: view.facts, gone: view.record.record?.gone ?? [], absence: memory.absence, now: view.now,
            grace: view.settings.grace)
    }

    private mutating func upkeep(_ record: ClusterRecord) {
        var next = record
        evidence.upkept(&next, view)
        self.record = next
    }

    /// Whether someone may join, or the record be written to, in this turn.
    var mayWriteRecord: Bool {
        switch view.record {
        case .notConfigured, .found: adoptedBy == nil
        case .unknown, .absent, .conflicting: false
        }
    }

    mutating func remember() {
        let unhealthy = cluster.members.filter { !cluster.isHealthy($0) }.map(\.id)
        memory.unhealthySince = memory.unhealthySince.filter { unhealthy.contains($0.key) }
        for id in unhealthy where memory.unhealthySince[id] == nil { memory.unhealthySince[id] = view.now }
        let listed = cluster.members.map(\.id)
        let learners = cluster.members.filter(\.isLearner).map(\.id)
        memory.promotions = memory.promotions.filter(learners.contains)
        memory.orphanedSince = memory.orphanedSince.filter { listed.contains($0.key) }
        memory.removedURLs = memory.removedURLs.filter { view.now - $0.value < .seconds(10) }
        memory.weakRemovals.removeAll { view.now - $0 >= view.settings.grace }
        memory.absence.remember(view.facts, view.now, grace: view.settings.grace)
        // A group that lacks us is no good view either: whom it has let go should not lead.
        if view.facts.group.value?.instance(view.own) == nil {
            memory.blindSince = memory.blindSince ?? view.now
        } else {
            memory.blindSince = nil
        }
    }

    /// Says `NOSPACE` loudly; holds everything where members' data differ (F21).
    private mutating func heedAlarms() -> Bool {
        let full = view.alarms.compactMap { if case .noSpace(let member) = $0 { member } else { nil } }
        if !full.isEmpty { deferring(.noSpace(full.sorted())) }
        let corrupt = view.alarms.compactMap { if case .corrupt(let member) = $0 { member } else { nil } }
        guard !corrupt.isEmpty else { return true }
        deferring(.corrupt(corrupt.sorted()))
        memory.orphanedSince = [:]
        return false
    }

    /// What the record allows: nothing at all where another's stands in its place, or where it knows a later generation.
    private mutating func heedRecord() -> Bool {
        switch view.record {
        case .notConfigured: return true
        case .unknown(let cause):
            deferring(.recordNotRead(cause))
            return true
        case .conflicting(let readings):
            deferring(.recordsConflict(readings))
            return false
        case .absent(let store):
            if let group = view.facts.group.value, group.instance(view.own) != nil {
                adoptedBy = adoption(view, group, in: store, &result)
            }
            return true
        case .found(let stored, _): return heed(stored.record)
        }
    }

    private mutating func heed(_ record: ClusterRecord) -> Bool {
        guard let owner = view.facts.owner else { return true }  // said with the group
        guard record.owner == owner else {
            deferring(.recordOfOther(owner: record.owner))
            return false
        }
        let ownMember = cluster.members.first { $0.id == view.ownMember }
        if view.ownGeneration == nil, ownMember.flatMap({ evidence.entry(of: $0, in: record) }) == nil {
            deferring(.recordLacksUs(generation: record.generation))
            return false
        }
        if let own = view.ownGeneration, own != record.generation {
            result.isOvertaken = own < record.generation
            deferring(
                own < record.generation
                    ? .overtaken(generation: record.generation, own: own)
                    : .recordBehind(generation: record.generation, own: own))
            return false
        }
        self.record = record
        return true
    }

    /// The group, where what AWS said is good enough to act on.
    private mutating func knownGroup() -> Group? {
        switch view.facts.group {
        case .notAsked: return nil
        case .unavailable(let cause):
            deferring(.groupNotRead(cause))
            memory.orphanedSince = [:]
            return nil
        case .seen(let group):
            guard group.instance(view.own) != nil else {
                deferring(.notInGroup(group: group.name, listed: group.instances.count))
                memory.orphanedSince = [:]
                return nil
            }
            return group
        }
    }

    /// Puts the steps in order: the record before what it announces, DNS before a drain and after a death.
    private mutating func assemble() {
        if let adoptedBy {
            result.steps.append(.swapRecord(adoptedBy))
        } else if let record, let swap = view.record.swap(swapReason, { $0 = record }),
            record != view.record.record
        {
            result.steps.append(.swapRecord(swap))
        }
        let isDrain = if case .removeMember(_, .drained)? = membership { true } else { false }
        let changes = isDrain ? [dns, membership] : [membership, dns]
        // A backup is under way before a voter goes, and nothing waits for it.
        result.steps +=
            ([backup] + changes + [transfer]).compactMap { $0 } + hooks + [purge, figures].compactMap { $0 }
    }
}
