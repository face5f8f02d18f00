/// The rows of a start without data: found if the record names this disk, join if a cluster answers, else see who may act.

func planStartWithoutData(
    _ view: StartView, _ stamp: Stamp, _ last: StartMemory, _ memory: inout StartMemory
) -> StartPlan {
    memory.leaderSilentSince = nil
    if let obstacle = obstacleInGroup(view) { return .wait(obstacle) }
    guard case .seen(let group) = view.facts.group else { return .wait(.groupNotRead("not asked yet")) }
    switch view.record {
    case .unknown(let cause): return .wait(.recordNotRead(cause))
    case .conflicting(let readings): return .wait(.recordsConflict(readings))
    case .found(let stored, _) where stored.record.owner != group.owner:
        return planOnOtherRecord(view, stored.record, &memory)
    case .found(let stored, _): return planByRecord(view, group, stored.record, stamp, last, &memory)
    case .absent, .notConfigured: return planWithoutRecord(view, group, stamp, last, &memory)
    }
}

/// What about the group keeps us from acting at all: it is not read, it lacks us, or we are not meant to serve.
func obstacleInGroup(_ view: StartView) -> WaitReason? {
    switch view.facts.group {
    case .notAsked: return .groupNotRead("not asked yet")
    case .unavailable(let cause): return .groupNotRead(cause)
    case .seen(let group):
        // An answer without the one who asks is a wrong answer, whatever else it holds (F5, F23).
        guard let own = group.instance(view.identity.instance), let lifecycle = own.lifecycle else {
            return .notInGroup(group: group.name, listed: group.instances.count)
        }
        if !lifecycle.isInDuty { return .notInDuty(lifecycle) }
        return own.state == .running ? nil : .ownStateNotRunning(own.state)
    }
}

/// The volume that the record knows on this instance, where the directory is none: it is late, and what lies below is older.
func missingVolume(_ view: StartView, _ stamp: Stamp) -> DiskID? {
    guard let disk = view.ownRecord?.voter(view.identity.instance)?.disk, disk.isVolume, disk != stamp.disk,
        !view.isMountPoint
    else { return nil }
    return disk
}

private func planByRecord(
    _ view: StartView, _ group: Group, _ record: ClusterRecord, _ stamp: Stamp, _ last: StartMemory,
    _ memory: inout StartMemory
) -> StartPlan {
    let identity = view.identity
    if let volume = missingVolume(view, stamp) { return .wait(.volumeMissing(volume)) }
    let entry = record.voter(identity.instance)
    // Others take it for one that may start at this address and no other.
    if !stamp.started, record.start.contains(where: { $0.peerURL == identity.peerURL }) {
        // Also when the cluster answers already: this ID has never voted.
        if record.source == .empty, record.mayStart(stamp.disk, on: identity.instance) { return found(view, record) }
        if let plan = planRestore(view, record, on: stamp) { return plan }
    }
    let clusters = view.answering(record)
    if clusters.count > 1 { return .wait(.severalClusters(clusters.map(\.id))) }
    if let cluster = clusters.first { return planJoin(view, group, cluster, stamp, last, &memory) }
    if let entry, entry.disk == stamp.disk, let plan = planEntered(view, stamp) { return plan }
    return planRecovery(view, record, &memory)
}

private func planWithoutRecord(
    _ view: StartView, _ group: Group, _ stamp: Stamp, _ last: StartMemory, _ memory: inout StartMemory
) -> StartPlan {
    if view.clusters.count > 1 { return .wait(.severalClusters(view.clusters.map(\.id))) }
    if let cluster = view.clusters.first { return planJoin(view, group, cluster, stamp, last, &memory) }
    if let plan = planEntered(view, stamp) { return plan }
    let running = view.peers.filter(\.hasMembers)
    switch view.record {
    case .absent(let store):
        if !running.isEmpty { return .wait(.noLeader(among: running)) }
        return planFounding(view, group, stamp, in: store, last, &memory)
    default: return planFoundingWithoutRecord(view, group, stamp, running, last, &memory)
    }
}

/// The record names us among those who start this generation from nothing: with exactly those.
private func found(_ view: StartView, _ record: ClusterRecord) -> StartPlan {
    let founders = record.start.map { InitialMember($0.instance.rawValue, $0.peerURL) }
    return .start(
        Launch(
            .found(token: record.token), view.identity, initialCluster: founders, owner: record.owner,
            generation: record.generation))
}

/// A record of another group: replaced only once that group is proven gone and its generation dead.
private func planOnOtherRecord(
    _ view: StartView, _ record: ClusterRecord, _ memory: inout StartMemory
) -> StartPlan {
    func wait(_ why: String) -> StartPlan { .wait(.recordOfOther(owner: record.owner, why)) }
    switch view.facts.otherOwner {
    case .notAsked: return wait("it was not asked for")
    case .unavailable(let cause): return wait("whether it is alive could not be read: \(cause)")
    case .seen(.exists): return wait("it is alive; give this cluster a name of its own by --cluster-name")
    case .seen(.outOfSight(let why)): return wait("\(why); if its data is not wanted, run `etcd-cluster forget`")
    case .seen(.isGone): break
    }
    if let cluster = view.clusters.first { return wait("its cluster \(cluster.id) answers") }
    guard let absence = memory.absence.ownerAbsence(view.now), absence >= view.settings.grace else {
        return wait("it is gone, and the record is replaced once that has been so for \(view.settings.grace)")
    }
    return planRecovery(view, record, &memory)
}
