/// What must never happen, whatever happens: to data and generations.

import ClusterPlanning

extension World {
    /// A majority has `entry`, by the list of the one that leads it.
    func judgeCommit(of entry: EntryID, by leader: Int) {
        let generation = generation(of: leader)
        guard tree.isBeginning(ledger.tip, of: entry) else { return judgeBranch(entry, leader, generation) }
        if generation < ledger.generation {
            violate(.twoClusters, "\(machines[leader].id) commits generation \(generation) after \(ledger.generation)")
        }
        ledger.tip = entry
        ledger.generation = max(generation, ledger.generation)
        ledger.cluster = replica(leader)?.cluster
        judgeAcknowledged(by: leader)
    }

    /// What is committed does not continue what was acknowledged before.
    private func judgeBranch(_ entry: EntryID, _ leader: Int, _ generation: Int) {
        guard generation > ledger.generation else {
            return violate(
                .twoClusters,
                "\(machines[leader].id) commits beside generation \(ledger.generation), as \(generation)")
        }
        if !tree.isBeginning(ledger.mustSurvive, of: entry) {
            violate(.writesLost, "\(machines[leader].id) begins generation \(generation) without what was held")
        }
        ledger.writesLost += max(0, tree[ledger.tip].writes - tree[entry].writes)
        ledger.tip = entry
        ledger.generation = generation
        ledger.cluster = replica(leader)?.cluster
        ledger.mustSurvive = 0
    }

    func judgeSwap(_ swap: RecordSwap, from old: ClusterRecord?) {
        if let old, swap.record.generation < old.generation { violate(.generationBack, swap.record.brief) }
        switch swap.reason {
        case .founding: judgeBeginning(swap.record)
        case .recovery: judgeRecovery(swap.record, from: old)
        case .otherBackup: if !ledger.goesBack { ledger.mustSurvive = bucket.best?.entry ?? 0 }
        case .adoption, .joining, .moving, .upkeep, .byOperator: break
        }
    }

    /// An empty beginning: nobody may hold anything.
    private func judgeBeginning(_ record: ClusterRecord) {
        if case .snapshot = record.source { judgeSnapshot(record, from: nil) }
        let held = heldReplicas().filter { $0.replica.commit != 0 && tree.isBeginning(0, of: $0.replica.commit) }
        let led = held.filter { ledger.cluster == $0.replica.cluster }
        if let other = led.first {
            violate(.foundedBeside, "\(record.brief) beside the data of \(machines[other.index].id)")
        }
    }

    private func judgeRecovery(_ record: ClusterRecord, from old: ClusterRecord?) {
        ledger.recoveries += 1
        let newest = record.generation - 1
        // Who was removed holds nothing that counts.
        let removed = tree.membership(at: ledger.tip).removed
        let held = heldReplicas().filter {
            $0.replica.commit != 0 && isVoter($0.replica) && !removed.contains($0.replica.member)
        }
        // A joiner may start at any moment, also while the swap is on its way: see "entered voter that has yet to start".
        let joining = (old?.voters ?? []).filter(\.isJoining).compactMap(\.disk)
        let current = held.filter { other in
            generation(of: other.index) == newest
                && !(disk(other.index).stamp.map { joining.contains($0.disk) } ?? false)
        }
        if canElect(current) {
            violate(.recoveredAlive, "\(record.brief), while \(current.map { machines[$0.index].id }) can elect")
        }
        let best = best(of: held)
        ledger.mustSurvive = best
        switch record.source {
        case .member(let id):
            guard let source = held.first(where: { $0.replica.member == id }) else { return judgeVoteless(id) }
            if !tree.isBeginning(best, of: source.replica.commit) {
                violate(.poorSource, "\(record.brief): another disk has more")
            }
            noteBetterBackup(than: source.replica, generation: generation(of: source.index))
        case .empty, .snapshot:
            if best != 0 { violate(.poorSource, "\(record.brief), while data is held") }
            if case .snapshot = record.source { judgeSnapshot(record, from: old) }
        }
    }

    /// A learner's disk panics when it is forced. Its vote may have been forgotten since its etcd was asked.
    private func judgeVoteless(_ id: MemberID) {
        guard let source = heldReplicas().first(where: { $0.replica.member == id })?.replica else { return }
        // One that was removed, and has that in its log as not yet committed, is forced without it.
        let hadVote = isVoter(source) || tree.membership(at: source.head).voters.contains { $0.id == id }
        if !hadVote { violate(.panic, "the disk of \(id), which has no vote, is to be forced") }
    }

    /// The most that any held voter's disk has written down as committed, of those of the highest generation.
    private func best(of held: [(index: Int, replica: Replica)]) -> EntryID {
        let highest = held.map { generation(of: $0.index) }.max() ?? 0
        let entries = held.filter { generation(of: $0.index) == highest }.map(\.replica.persistedCommit)
        return entries.max { tree[$0].index < tree[$1].index } ?? 0
    }

    /// A disk is about to be forced: with what it will lose, nothing may go that could still be had.
    func judgeForce(_ index: Int) {
        guard let own = replica(index) else { return }
        let held = heldReplicas().filter { $0.replica.commit != 0 && generation(of: $0.index) == generation(of: index) }
        let isAlone = tree.membership(at: own.commit).members.allSatisfy { $0.id == own.member }
        if isAlone || canElect(held) {
            if tree.isBeginning(own.persistedCommit, of: ledger.tip), own.persistedCommit != ledger.tip {
                violate(.writesLost, "\(machines[index].id) is forced once more, and cuts what it had acknowledged")
            }
        } else {
            let best = best(of: held.filter { isVoter($0.replica) })
            ledger.mustSurvive =
                tree[best].index > tree[own.persistedCommit].index && generation(of: index) >= ledger.generation
                ? ledger.mustSurvive : own.persistedCommit
        }
    }

    func judgeFounding(_ index: Int, _ cluster: ClusterID, _ id: MemberID) {
        let others = heldReplicas().filter { other in
            other.replica.cluster != cluster && other.replica.cluster == ledger.cluster
                && generation(of: other.index) >= generation(of: index)
        }
        if let other = others.first {
            violate(.foundedBeside, "\(machines[index].id) founds \(cluster) beside \(machines[other.index].id)")
        }
    }

    /// Data goes aside: only what the cluster has removed, what a later generation has left behind, or what can't be run on.
    func judgeSettingAside(_ index: Int, _ reason: SetAsideReason) {
        guard let own = replica(index) else { return }
        switch reason {
        case .removedFromCluster:
            let isRemoved = tree.membership(at: ledger.tip).removed.contains(own.member)
            if !isRemoved { violate(.livingSetAside, "\(own.member) of \(machines[index].id)") }
        case .ofEarlierGeneration:
            if generation(of: index) >= ledger.generation {
                violate(.livingSetAside, "\(machines[index].id), whose generation is the newest that leads")
            }
        case .corrupt:
            if !disk(index).isCorrupt { violate(.livingSetAside, "\(machines[index].id), which is sound") }
        }
    }
}
