/// The rows of a start on data: resume is the rule, and everything else needs proof.

func planStart(
    _ view: StartView, onDataOf stamp: Stamp, _ memory: inout StartMemory
) -> StartPlan {
    if let volume = missingVolume(view, stamp) { return .wait(.volumeMissing(volume)) }
    if let record = view.ownRecord, let plan = planByGeneration(view, record, stamp, &memory) { return plan }
    if let generation = stamp.carriedInto { return .wait(.carriedHalfway(into: generation)) }
    if let plan = planSeeingOff(view, stamp) { return plan }
    guard stamp.instance == view.identity.instance else { return planOnMovedVolume(view, stamp, &memory) }
    let removal = cluster(thatRemoved: stamp, view).map { StartPlan.setAside(.removedFromCluster($0.id)) }
    guard case .corruptData(let cause) = view.etcd.lastExit else { return removal ?? resume(view.identity) }
    // The leader may have been faster: what is set aside is called what it is all the same.
    let plan = planOnCorruptData(view, stamp, cause)
    if case .setAside = plan { return plan }
    return removal ?? plan
}

func resume(_ identity: Identity) -> StartPlan {
    .start(
        Launch(
            .resume, identity,
            initialCluster: [InitialMember(identity.instance.rawValue, identity.peerURL)]))
}

/// The record knows a later generation than this data: carry it over if the record says so, else make way for it.
///
/// - Returns: nil where the data is of the record's own generation, or of none that is known.
private func planByGeneration(
    _ view: StartView, _ record: ClusterRecord, _ stamp: Stamp, _ memory: inout StartMemory
) -> StartPlan? {
    let former = record.former.first { $0.entry.disk == stamp.disk }?.generation
    // What was being restored here is of no generation before it is whole; and what the record starts a generation from, before
    // anybody could write down which one it was of, is of an earlier one.
    let unfinished = stamp.carriedInto.map { $0 - 1 }
    let identity = view.identity
    let mayStart = record.mayStart(stamp.disk, on: identity.instance)
    let started = mayStart ? record.generation - 1 : nil
    guard let generation = stamp.generation ?? former ?? unfinished ?? started, generation < record.generation else {
        return nil
    }
    if let plan = planRestore(view, record, on: stamp) {
        // While nothing can be restored, a person may want to have this data back: it has to show what it holds.
        if case .wait = plan, stamp.carriedInto == nil, let look = planInspection(view) { return look }
        return plan
    }
    if mayStart {
        guard case .member(let member) = record.source else { return .wait(.startsFromOtherSource(record.source)) }
        return .start(
            Launch(
                .force(member), identity,
                initialCluster: [InitialMember(identity.instance.rawValue, identity.peerURL)], owner: record.owner,
                generation: record.generation))
    }
    // By a cluster that is known to be of it: one that tells no generation may be what is left of ours.
    if view.answering(record).contains(where: { $0.generation == record.generation }) {
        return .setAside(.ofEarlierGeneration(generation, now: record.generation))
    }
    // Should the later generation be lost too, this disk may be the best that is left: it has to show what it holds.
    if let plan = planInspection(view) { return plan }
    if case .claim(let swap) = planRecovery(view, record, &memory) { return .claim(swap) }
    return .wait(.dataOfEarlierGeneration(generation, now: record.generation))
}

/// Data whose etcd does not run and has not been looked at in this process's life.
private func planInspection(_ view: StartView) -> StartPlan? {
    let identity = view.identity
    guard !view.etcd.isRunning, view.etcd.shown == nil else { return nil }
    return .start(
        Launch(
            .inspect, identity, initialCluster: [InitialMember(identity.instance.rawValue, identity.peerURL)]))
}

/// The cluster of this data, if it answers and its list lacks this member (F15, F19): by ID, by name and by address.
///
/// An entry of ours that has never started is not what etcd ran as: it took an older entry's ID from a peer that lagged,
/// and was told so (F13a).
private func cluster(thatRemoved stamp: Stamp, _ view: StartView) -> RunningCluster? {
    guard view.clusters.count == 1, let cluster = view.clusters.first,
        stamp.cluster == nil || stamp.cluster == cluster.id, !isOlder(cluster, than: stamp)
    else { return nil }
    let isListed = cluster.members.contains { member in
        if let id = stamp.member {
            return member.id == id
                && (member.isStarted || !member.name.isEmpty || view.etcd.lastExit != .unaskedSuccess)
        }
        return member.name == view.identity.instance.rawValue || member.peerURLs.contains(view.identity.peerURL)
    }
    return isListed ? nil : cluster
}

/// What is left of an earlier generation, under the same ID, says nothing of who is a member now.
private func isOlder(_ cluster: RunningCluster, than stamp: Stamp) -> Bool {
    guard let theirs = cluster.generation, let ours = stamp.generation else { return false }
    return theirs < ours
}

/// A cluster that answers while our etcd can't run has its quorum without us, so the data may go and the member join anew.
/// Alone, or as one of a majority, it stays: what is left of it may be all that there is (F20).
private func planOnCorruptData(_ view: StartView, _ stamp: Stamp, _ cause: String) -> StartPlan {
    let own = view.clusters.first { stamp.cluster == nil || stamp.cluster == $0.id }
    guard view.clusters.count == 1, let cluster = own else {
        return .wait(.corruptData(cause, because: "no cluster answers that has its quorum without it"))
    }
    let others = cluster.voters.filter { $0.id != stamp.member && !$0.peerURLs.contains(view.identity.peerURL) }
    guard others.count(where: cluster.isHealthy) >= quorum(of: cluster.voters.count) else {
        return .wait(.corruptData(cause, because: "the other voters that are healthy are no quorum"))
    }
    return .setAside(.corrupt(cause))
}

/// Data of another instance: a volume that was moved. Its member lives on here once the cluster knows the new address; where
/// nobody leads, it is held for a recovery.
private func planOnMovedVolume(
    _ view: StartView, _ stamp: Stamp, _ memory: inout StartMemory
) -> StartPlan {
    guard let record = view.ownRecord, stamp.generation == record.generation else {
        if case .unknown(let cause) = view.record { return .wait(.recordNotRead(cause)) }
        return .wait(.dataOfAnotherInstance(stamp.instance))
    }
    let clusters = view.answering(record)
    if clusters.count > 1 { return .wait(.severalClusters(clusters.map(\.id))) }
    guard let cluster = clusters.first else {
        if let plan = planInspection(view) { return plan }
        if case .claim(let swap) = planRecovery(view, record, &memory) { return .claim(swap) }
        return .wait(.movedVolumeWithoutLeader(from: stamp.instance))
    }
    guard let id = stamp.member ?? record.member(on: stamp.disk, of: cluster)?.id else {
        return .wait(.movedVolume(from: stamp.instance, nil))
    }
    guard let member = cluster.members.first(where: { $0.id == id }) else {
        return .setAside(.removedFromCluster(cluster.id))
    }
    // The leader writes the record first, then tells the cluster.
    let isKnown = member.peerURLs == [view.identity.peerURL]
    return isKnown ? resume(view.identity) : .wait(.movedVolume(from: stamp.instance, member.id))
}

/// Data that an older tool wrote, or that came with the machine image: a peer's list decides whose it is. Where nobody
/// leads, the data's own list does: everybody may have been stopped, and somebody has to go first.
func planStartOnUnstampedData(_ view: StartView) -> StartPlan {
    if let obstacle = obstacleInGroup(view) { return .wait(obstacle) }
    if case .unknown(let cause) = view.record { return .wait(.recordNotRead(cause)) }
    if view.clusters.count > 1 { return .wait(.severalClusters(view.clusters.map(\.id))) }
    if let cluster = view.clusters.first {
        let isOurs = cluster.members.contains { $0.peerURLs.contains(view.identity.peerURL) }
        return isOurs ? adopt(view) : .wait(.dataNotInCluster(cluster))
    }
    let silent = view.peers.filter(\.isSilent)
    if !silent.isEmpty { return .wait(.peersSilent(silent)) }
    // Nobody leads, but whoever runs etcd knows the members as of then. Data that they don't expect here is not theirs.
    let answering = view.peers.filter(\.hasMembers)
    let isExpected = answering.allSatisfy { peer in
        peer.initialMembers.contains { $0.peerURL == view.identity.peerURL }
    }
    guard isExpected else { return .wait(.noLeader(among: answering)) }
    if let plan = planInspection(view) { return plan }
    let shown = (view.etcd.shown?.members ?? []).flatMap(\.peerURLs)
    return shown.contains(view.identity.peerURL) ? adopt(view) : .wait(.dataWithoutStampElsewhere(shown: shown))
}

/// A resume that gives the data its stamp: with the record's generation where the record names us.
private func adopt(_ view: StartView) -> StartPlan {
    let identity = view.identity
    let record = view.ownRecord.flatMap { record in
        record.voter(identity.instance)?.peerURL == identity.peerURL ? record : nil
    }
    return .start(
        Launch(
            .resume, identity, initialCluster: [InitialMember(identity.instance.rawValue, identity.peerURL)],
            owner: record?.owner, generation: record?.generation))
}
