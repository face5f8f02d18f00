/// The decision how to start this member: the first row that fits.

/// Decides what an instance does on which no etcd runs. Pure: same view and memory in, same plan and memory out.
///
/// Total on incomplete views: what was not looked at counts as unknown, and unknown never founds, removes or sets
/// aside anything. So the caller may ask with the cheapest look first, and look further only where the answer is to wait:
/// a resume needs nothing but the disk.
package func planStart(_ view: StartView, memory: inout StartMemory) -> StartPlan {
    memory.remember(view)
    let last = memory
    switch view.disk {
    case .unusable(let cause):
        return .wait(.dataDirectoryUnusable(cause))
    case .data(let stamp?):
        return planStart(view, onDataOf: stamp, &memory)
    case .data(nil):
        return planStartOnUnstampedData(view)
    case .empty(let stamp?):
        // A lost disk must not pass for the one that the record names.
        if view.disk.stampNeeded(on: view.identity.instance, newDisk: stamp.disk) != nil, !view.etcd.isRunning {
            return .wait(.dataDirectoryUnusable("its stamp is that of a disk that is lost"))
        }
        return planStartWithoutData(view, stamp, last, &memory)
    case .empty(nil):
        return .wait(.dataDirectoryUnusable("it bears no stamp"))
    }
}

/// Decides what needs no look beyond the disk: a resume, unless etcd had stopped by itself.
///
/// - Returns: nil where more has to be seen.
package func planAtOnce(_ identity: Identity, disk: Disk, lastExit: LastExit) -> StartPlan? {
    guard case .data(let stamp?) = disk, stamp.instance == identity.instance, stamp.carriedInto == nil else {
        return nil
    }
    switch lastExit {
    case .none, .failure: return resume(identity)
    case .unaskedSuccess, .corruptData: return nil
    }
}

/// Decides what becomes of an etcd that runs, judged by the same rows: whether it has to stop, and whether, where nobody
/// leads, a generation is dead and the next one has to begin.
package func planRunning(_ view: StartView, memory: inout StartMemory) -> RunningPlan {
    if let stamp = stampByRecord(view) { return .stamp(stamp) }
    let plan = planStart(view, memory: &memory)
    switch plan {
    case .setAside, .wait(.dataOfEarlierGeneration): return .stop(plan)
    case .start(let launch) where !launch.isForTheWorld: return .stop(plan)
    case .claim(let swap): return .claim(swap)
    case .wait(let reason): return .stay(reason)
    case .act: return .stay(nil)
    case .start:
        guard view.etcd.shown?.leader == nil, let record = view.ownRecord, view.answering(record).isEmpty else {
            return .stay(nil)
        }
        switch planRecovery(view, record, &memory) {
        case .claim(let swap): return .claim(swap)
        case .wait(let reason): return .stay(reason)
        case .start, .setAside, .act: return .stay(nil)
        }
    }
}

/// What an adopted cluster's data has to be stamped with: the generation of the record that names this very member, and that was
/// made of what is there; one that this disk is to start comes after its data.
private func stampByRecord(_ view: StartView) -> Stamp? {
    guard case .data(var stamp?) = view.disk, stamp.generation == nil, stamp.instance == view.identity.instance,
        let record = view.ownRecord, let entry = record.voter(view.identity.instance),
        entry.peerURL == view.identity.peerURL, entry.disk == nil || entry.disk == stamp.disk,
        !record.mayStart(stamp.disk, on: view.identity.instance)
    else { return nil }
    stamp.generation = record.generation
    stamp.owner = record.owner
    return stamp
}

extension StartView {
    /// The record, where it is found and ours.
    var ownRecord: ClusterRecord? {
        guard let record = record.record, record.owner == facts.owner ?? disk.stamp?.owner else { return nil }
        return record
    }

    /// The clusters that answer for the generation of the record. One whose members have no supervisor of ours tells no
    /// generation: it is known by its members.
    package func answering(_ record: ClusterRecord) -> [RunningCluster] {
        clusters.filter { cluster in
            if let generation = cluster.generation { return generation == record.generation }
            return cluster.members.contains { member in
                record.voters.contains { $0.matches(member) && !$0.isJoining }
            }
        }
    }

    func evidence(_ record: ClusterRecord, _ memory: StartMemory) -> Evidence {
        Evidence(facts: facts, gone: record.gone, absence: memory.absence, now: now, grace: settings.grace)
    }
}

extension ClusterRecord.Entry {
    /// Whether the entry stands for this member: by its address, and by its name once it has one.
    func matches(_ member: Member) -> Bool {
        guard member.peerURLs.contains(peerURL) else { return false }
        return member.instanceID.map { $0 == instance } ?? true
    }
}
