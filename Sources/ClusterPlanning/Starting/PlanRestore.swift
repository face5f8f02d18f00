/// What a generation begins with where no disk holds anything: the newest backup, or nothing.

/// What keeps a plan from being made.
struct Obstacle: Error {
    var reason: WaitReason
}

/// What the next generation begins with, now that nobody holds data.
///
/// A backup is passed over only where it turned out on this very instance that it can't be restored; whether it was proven
/// before does not order them. To take an older one because it was proven would lose what the newer has, for sure, and
/// restoring is what a proof consists of.
///
/// - Parameter record: what the generation follows on; nil where there is none.
/// - Returns: nothing to begin with only where a list that was read to its end is empty, or no bucket is configured (F33).
func sourceWithoutDisks(
    _ view: StartView, after record: ClusterRecord?
) -> Result<ClusterRecord.Source, Obstacle> {
    switch view.backups {
    case .notAsked where !view.settings.hasBucket: return .success(.empty)
    case .notAsked: return .failure(Obstacle(reason: .backupsNotRead("not asked yet")))
    case .unavailable(let cause): return .failure(Obstacle(reason: .backupsNotRead(cause)))
    case .seen(let seen):
        if seen.isEmpty { return .success(.empty) }
        // No backup is of a generation that the record has yet to begin: these are of another life of this name, and which of
        // the two is the dead one is not for us to say.
        if let record, seen.highestOfBackups > record.generation {
            return .failure(
                Obstacle(reason: .backupsOutrank(generation: seen.highestOfBackups, record: record.generation)))
        }
        if let record, case .snapshot(let name) = record.source, seen.of(record.generation).isEmpty {
            return sourceAgain(view, seen, name)
        }
        if seen.isShared(seen.highestOfBackups) {
            return .failure(Obstacle(reason: .backupsShareGeneration(seen.highestOfBackups)))
        }
        return source(view, seen)
    }
}

/// The generation that is lost had begun with a backup, and none of its own was made: it begins again with the same one, or, if
/// that one is spoilt, with one that comes after it. What a person has gone back behind does not return by an accident.
private func sourceAgain(
    _ view: StartView, _ seen: BackupsSeen, _ name: String
) -> Result<ClusterRecord.Source, Obstacle> {
    if let chosen = seen.named(name), view.mayRestore(chosen) { return .success(.snapshot(name)) }
    if let chosen = Backup(name: name) { return source(view, after: chosen, seen) }
    // A snapshot that a person brought has no place among the others.
    return view.spoiltBackups.contains(name)
        ? .failure(Obstacle(reason: .backupsSpoilt([name]))) : .success(.snapshot(name))
}

/// The first that may be restored.
///
/// - Parameter last: passed over, with all that are better: they were found spoilt before, or a person has passed them over.
private func source(
    _ view: StartView, after last: Backup? = nil, _ seen: BackupsSeen
) -> Result<ClusterRecord.Source, Obstacle> {
    let candidates = seen.backups.filter { backup in
        view.mayRestore(backup) && (last.map { Backup.isBetter($0, backup) && $0.name != backup.name } ?? true)
    }
    guard let first = candidates.min(by: Backup.goesFirst) else {
        return .failure(
            Obstacle(
                reason: seen.backups.isEmpty
                    ? .backupsNotOurs(seen.strangers)
                    : .backupsSpoilt(view.spoiltBackups.union(last.map { [$0.name] } ?? []).sorted())))
    }
    // Whose data to go on with is for a person to say, also where it comes to that only now.
    if seen.isShared(first.generation) { return .failure(Obstacle(reason: .backupsShareGeneration(first.generation))) }
    return .success(.snapshot(first.name))
}

extension StartView {
    /// Whether it was not found spoilt here.
    fileprivate func mayRestore(_ backup: Backup) -> Bool { !spoiltBackups.contains(backup.name) }
}

/// The record starts its generation on this very disk from a backup: restore it, or, where it was found spoilt, say in the
/// record which one comes next.
///
/// - Returns: nil where the record says nothing of the kind.
func planRestore(_ view: StartView, _ record: ClusterRecord, on stamp: Stamp) -> StartPlan? {
    let identity = view.identity
    guard case .snapshot(let name) = record.source, record.mayStart(stamp.disk, on: identity.instance) else {
        return nil
    }
    if view.spoiltBackups.contains(name) { return planNextRestore(view, after: name) }
    return .start(
        Launch(
            .restore(name, token: record.token), identity,
            initialCluster: [InitialMember(identity.instance.rawValue, identity.peerURL)], owner: record.owner,
            generation: record.generation))
}

/// What comes after the one that can't be restored; and nothing at all in the place of a snapshot that a person brought.
private func planNextRestore(_ view: StartView, after name: String) -> StartPlan {
    switch view.backups {
    case .notAsked: return .wait(.backupsNotRead("not asked yet"))
    case .unavailable(let cause): return .wait(.backupsNotRead(cause))
    case .seen(let seen):
        guard let spoilt = seen.named(name) ?? Backup(name: name) else {
            return .wait(.backupsSpoilt(view.spoiltBackups.sorted()))
        }
        switch source(view, after: spoilt, seen) {
        case .failure(let obstacle): return .wait(obstacle.reason)
        case .success(let next):
            let swap = view.record.swap(.otherBackup(than: name)) { $0.source = next }
            return swap.map(StartPlan.claim) ?? .wait(.recordNotRead("it was not found"))
        }
    }
}
