/// How a joiner acts for itself, where the leader has no supervisor of ours: a cluster that an older tool has made.

/// The same rules as the leader's, for this one instance: the record first, then what stands in our place goes, then we are
/// added, as a voter, since nobody there would promote a learner.
func planSelfJoin(
    _ view: StartView, _ group: Group, _ cluster: RunningCluster, _ stamp: Stamp, stale: Member?,
    _ memory: inout StartMemory
) -> StartPlan {
    guard view.settings.joinStrategy.allowsAdding else { return .wait(.askedToJoin(cluster.id)) }
    if let stale {
        // We run no etcd. Whoever answers under that ID is another machine, and alive (F24).
        if cluster.isHealthy(stale) { return .wait(.ownEntryAlive(stale)) }
        if let elsewhere = placeOfItsDisk(view, stale, memory) { return .wait(.ownEntryMoved(stale, to: elsewhere)) }
        if let risk = cluster.risk(ofRemoving: stale) { return .wait(.ownEntryNeeded(stale, risk)) }
        memory.ownEntryRemoved = view.now
        let loss = Loss.replaced(view.identity.instance, by: stamp.disk)
        return .act(.removeMember(stale, because: .diskGone(loss)), on: cluster)
    }
    // etcd lets one join at a time, and so do we, before it has to say so (F9).
    if let joining = cluster.members.first(where: { !$0.isStarted || $0.isLearner }) {
        return .wait(.otherMemberJoining(joining))
    }
    if let other = otherEntered(view, cluster, memory) { return .wait(.otherAnnounced(other)) }
    if let removal = removal(view, group, cluster, &memory) { return .act(removal, on: cluster) }
    let size = view.settings.target(group)
    if cluster.voters.count - (group.holdsMoreThanDesired ? 1 : 0) >= size {
        let unhealthy = cluster.members.filter { !cluster.isHealthy($0) }
        return .wait(.clusterFull(members: cluster.members.count, size: size, unhealthy: unhealthy))
    }
    if let risk = cluster.riskOfAddingVoter() { return .wait(.quorumAtRisk(risk)) }
    if let removed = memory.ownEntryRemoved, view.now - removed < pauseBeforeReadding {
        return .wait(.addTooSoon(after: pauseBeforeReadding))
    }
    if let obstacle = obstacleInAdopting(view) { return .wait(obstacle) }
    if let swap = entering(view, group, cluster, stamp) { return .act(.swapRecord(swap), on: cluster) }
    let add = ReconcilePlan.Step.addMember(
        view.identity.instance, peerURL: view.identity.peerURL, asLearner: false)
    return .act(add, on: cluster)
}

/// The instance on which, by the record, the disk of the member with our name is now, unless it is gone: there it may live on,
/// and has not told its new name yet.
private func placeOfItsDisk(_ view: StartView, _ stale: Member, _ memory: StartMemory) -> InstanceID? {
    guard let record = view.ownRecord else { return nil }
    let evidence = view.evidence(record, memory)
    guard let entry = evidence.entry(of: stale, in: record), entry.instance != view.identity.instance,
        !evidence.fate(of: entry).isGone
    else { return nil }
    return entry.instance
}

/// Another instance whose addition stands in the record, and may be under way. Nobody here takes the mark away from one that
/// is a member by now.
private func otherEntered(_ view: StartView, _ cluster: RunningCluster, _ memory: StartMemory) -> InstanceID? {
    guard let record = view.ownRecord else { return nil }
    let evidence = view.evidence(record, memory)
    let started = cluster.members.filter(\.isStarted).compactMap(record.entry)
    return record.voters.first { entry in
        entry.isJoining && entry.instance != view.identity.instance && !started.contains(entry)
            && InstanceID.isInstanceID(entry.instance.rawValue) && !evidence.fate(of: entry).isGone
    }?.instance
}

/// Who is dead, by the leader's own rules, goes before anybody is added: it takes the place, and etcd adds nobody beside it.
private func removal(
    _ view: StartView, _ group: Group, _ cluster: RunningCluster, _ memory: inout StartMemory
) -> ReconcilePlan.Step? {
    var turn = Turn(ClusterView(view, cluster), memory.keeping)
    turn.remember()
    turn.remove(group)
    memory.keeping = turn.memory
    return turn.membership
}

/// etcd makes a member's ID from its peer URL and the time in seconds: added again within the second in which it was removed,
/// the member would get the ID that is gone for ever.
let pauseBeforeReadding = Duration.milliseconds(1100)

private func obstacleInAdopting(_ view: StartView) -> WaitReason? {
    guard case .absent = view.record, case .unavailable(let cause) = view.backups else { return nil }
    return .backupsNotRead(cause)
}

/// The change of the record that has to come before we are added: it is made where there is none, with us as `+`.
///
/// - Returns: nil where it says so already, or where none is kept.
private func entering(
    _ view: StartView, _ group: Group, _ cluster: RunningCluster, _ stamp: Stamp
) -> RecordSwap? {
    let identity = view.identity
    let entry = ClusterRecord.Entry(identity.instance, identity.peerURL, disk: stamp.disk, isJoining: true)
    switch view.record {
    case .absent(let store):
        let members = entries(of: cluster, view.facts) + [entry]
        let generation = cluster.generation ?? nextGeneration(view, after: nil)
        let record = ClusterRecord(
            owner: group.owner, generation: generation, token: token(view, group, after: nil), source: .empty,
            voters: members)
        return RecordSwap(.adoption, store: store, expected: nil, record: record)
    case .found(let stored, _):
        if stored.record.voters.contains(where: { $0.instance == entry.instance && $0.disk == entry.disk }) {
            return nil
        }
        return view.record.swap(.joining(identity.instance)) { record in
            record.voters.removeAll { $0.instance == identity.instance }
            record.voters.append(entry)
        }
    case .notConfigured, .unknown, .conflicting: return nil
    }
}

extension Group {
    /// Whether more instances are there, or on their way, than are wanted: some are about to be replaced.
    var holdsMoreThanDesired: Bool { instances.count(where: \.isInDuty) > desiredCapacity }
}
