/// What must never happen, whatever happens: to backups, and to what begins with one.

import ClusterPlanning

extension World {
    /// A claim is judged when it is decided: then the list and the truth are of one moment.
    func judgeClaim(_ swap: RecordSwap, by index: Int) {
        guard hasBucket, swap.reason.beginsGeneration else { return }
        switch swap.record.source {
        case .member: break
        case .empty:
            if !bucket.seen.isEmpty { violate(.poorSource, "\(swap.record.brief), beside \(bucket.seen)") }
        case .snapshot(let name):
            let others = candidates(swap.reason)
            let better = others.prefix { $0.name != name }
            if better.count == others.count { violate(.poorSource, "\(name) is not there") }
            if let other = better.first(where: { bucket.object($0.name)?.isSpoilt == false }) {
                violate(.poorSource, "\(name), though there is \(other.name)")
            }
        }
        if swap.reason.isNewGeneration, swap.record.generation <= bucket.seen.highestGeneration {
            violate(.generationBack, "\(swap.record.brief), beside backups of \(bucket.seen.highestGeneration)")
        }
    }

    /// Where one was spoilt only what is behind it counts: a person may have chosen it.
    private func candidates(_ reason: RecordSwap.Reason) -> [Backup] {
        let all = bucket.inOrder.map(\.backup)
        guard case .otherBackup(let name) = reason, let spoilt = Backup(name: name) else { return all }
        return all.filter { Backup.isBetter(spoilt, $0) }
    }

    /// A generation begins with no disk: none that is named may be there with data, be it silent or unable to run.
    ///
    /// What is best in the bucket then has to be in whatever comes of it.
    func judgeSnapshot(_ record: ClusterRecord, from old: ClusterRecord?) {
        ledger.mustSurvive = bucket.best?.entry ?? 0
        let named = ((old?.voters ?? []) + (old?.former.map(\.entry) ?? [])).compactMap(\.disk)
        let removed = tree.membership(at: ledger.tip).removed
        for index in machines.indices where !machines[index].isTerminated {
            guard let own = replica(index), let disk = disk(index).stamp?.disk, named.contains(disk),
                own.commit != 0, isVoter(own), !removed.contains(own.member)
            else { continue }
            violate(.restoredBeside, "\(record.brief), beside the data of \(machines[index].id)")
        }
    }

    /// A disk is preferred to every backup, by the design. One that lagged may have less.
    func noteBetterBackup(than disk: Replica, generation: Int) {
        guard let best = bucket.best, best.backup.generation == generation else { return }
        let more = tree[best.entry].writes - tree[disk.persistedCommit].writes
        if more > 0 { note("\(best.backup.name) has \(more) writes more than the disk that is carried on") }
    }

    /// Nobody may have committed anything in the generation that is only being made.
    func judgeRestore(_ index: Int, _ launch: Launch, _ name: String, _ entry: EntryID) {
        guard let generation = launch.generation, generation > ledger.generation else {
            return violate(.writesLost, "\(machines[index].id) restores \(name) into a generation that has begun")
        }
        if !tree.isBeginning(ledger.mustSurvive, of: entry), !ledger.goesBack {
            violate(.poorSource, "\(machines[index].id) restores \(name), and a better one was there")
        }
    }

    /// Of its own generation alone, and never the newest, the newest that was not refuted, or the newest proven.
    func judgePurge(_ backups: [Backup], by index: Int, seeing seen: BackupsSeen) {
        for backup in backups {
            let all = seen.of(backup.generation)
            if backup.generation != generation(of: index) {
                violate(.backupLost, "\(machines[index].id) deletes \(backup.name), which is not of its generation")
            }
            let newest = [all.first, all.first { !$0.isRefuted }, all.first(where: \.isProven)]
            if newest.contains(where: { $0?.stem == backup.stem }) {
                violate(.backupLost, "\(machines[index].id) deletes \(backup.name), the newest")
            }
        }
    }

    /// The last disk of a group that is to be empty goes by our word: everything that was acknowledged is in a backup.
    func judgeLastGoing(_ index: Int) {
        guard hasBucket, let own = replica(index), own.cluster == ledger.cluster,
            generation(of: index) == ledger.generation, isVoter(own)
        else { return }
        let removed = tree.membership(at: ledger.tip).removed
        let others = heldReplicas().filter { other in
            other.index != index && other.replica.commit != 0 && isVoter(other.replica)
                && !removed.contains(other.replica.member) && machines[other.index].state == .running
        }
        guard others.isEmpty, !removed.contains(own.member) else { return }
        ledger.emptied = (ledger.tip, ledger.generation)
        let isSaved = bucket.objects.contains { object in
            object.backup.generation == ledger.generation && tree.hasSameWrites(object.entry, upTo: ledger.tip)
        }
        if !isSaved { violate(.letGoUnsaved, "\(machines[index].id), the last one") }
    }

    /// What was let go as saved must not serve any more.
    func judgeAcknowledged(by leader: Int) {
        guard let emptied = ledger.emptied, emptied.generation == generation(of: leader),
            machines[leader].lifecycle == nil || machines[leader].isTerminating
        else { return }
        if tree[ledger.tip].writes > tree[emptied.at].writes {
            violate(.letGoUnsaved, "\(machines[leader].id) serves after its last backup")
        }
    }
}

extension RecordSwap.Reason {
    var isNewGeneration: Bool { self == .founding || self == .recovery }

    fileprivate var beginsGeneration: Bool {
        if case .otherBackup = self { true } else { isNewGeneration }
    }
}
