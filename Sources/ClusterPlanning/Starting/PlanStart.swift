/// The decision how to start this member: the first row that fits.

/// Decides what an instance does on which no etcd runs. Pure: same view and memory in, same plan and memory out.
///
/// Total on incomplete views: what was not looked at counts as unknown, and unknown never founds, removes or sets
/// aside anything. So the caller may ask with the cheapest look first, and look further only where the answer is to wait:
/// a resume needs nothing but the disk.
package func planStart(_ view: StartView, memory: inout StartMemory) -> StartPlan {
    switch view.disk {
    case .unusable(let cause):
        return .wait(.dataDirectoryUnusable(cause))
    case .data(let stamp?):
        return planStart(view, onDataOf: stamp)
    case .data(nil):
        return planStartOnUnstampedData(view)
    case .empty(let stamp):
        return planStartWithoutData(view, stamp: stamp, memory: &memory)
    }
}

/// Decides what needs no look beyond the disk: a resume, unless etcd had stopped by itself.
///
/// - Returns: nil where more has to be seen.
package func planAtOnce(_ identity: Identity, disk: Disk, lastExit: LastExit) -> StartPlan? {
    guard case .data(let stamp?) = disk, stamp.instance == identity.instance, lastExit != .unaskedSuccess else {
        return nil
    }
    return resume(identity)
}

// MARK: With data

private func planStart(_ view: StartView, onDataOf stamp: Stamp) -> StartPlan {
    guard stamp.instance == view.identity.instance else {
        return .wait(.dataOfAnotherInstance(stamp.instance))
    }
    // Only where etcd stopped by itself is it worth asking whether the cluster still knows us. Anything else, a crash or
    // a reboot, resumes at once and waits for nobody: what the peers need most is this member back.
    if view.lastExit == .unaskedSuccess, let cluster = cluster(thatRemoved: stamp, view) {
        return .setAside(.removedFromCluster(cluster.id))
    }
    return resume(view.identity)
}

/// The cluster of this data, if it answers and its list lacks this member (F15, F19): by ID, by name and by address.
///
/// An entry of ours that has never started is not what etcd ran as: it took an older entry's ID from a peer that lagged,
/// and was told so (F13a).
private func cluster(thatRemoved stamp: Stamp, _ view: StartView) -> RunningCluster? {
    guard view.clusters.count == 1, let cluster = view.clusters.first,
        stamp.cluster == nil || stamp.cluster == cluster.id
    else { return nil }
    let isListed = cluster.members.contains { member in
        if let id = stamp.member { return member.id == id && (member.isStarted || !member.name.isEmpty) }
        return member.name == view.identity.instance.rawValue || member.peerURLs.contains(view.identity.peerURL)
    }
    return isListed ? nil : cluster
}

/// Data that an older tool wrote, or that came with the machine image: a peer's list decides whose it is. Where no peer
/// runs etcd at all, everybody was stopped, and somebody has to go first.
private func planStartOnUnstampedData(_ view: StartView) -> StartPlan {
    if let obstacle = obstacleInGroup(view) { return .wait(obstacle) }
    if view.clusters.count > 1 { return .wait(.severalClusters(view.clusters.map(\.id))) }
    if let cluster = view.clusters.first {
        let isOurs = cluster.members.contains { $0.peerURLs.contains(view.identity.peerURL) }
        return isOurs ? resume(view.identity) : .wait(.dataNotInCluster(cluster))
    }
    let silent = view.peers.filter(\.isSilent)
    if !silent.isEmpty { return .wait(.peersSilent(silent)) }
    // Nobody leads, but whoever runs etcd knows the members as of then. Data that they don't expect here is not theirs.
    let answering = view.peers.filter(\.hasMembers)
    let isExpected = answering.allSatisfy { peer in
        peer.initialMembers.contains { $0.peerURL == view.identity.peerURL }
    }
    return isExpected ? resume(view.identity) : .wait(.noLeader(among: answering))
}

private func resume(_ identity: Identity) -> StartPlan {
    .start(
        Launch(
            .resume, identity,
            initialCluster: [InitialMember(identity.instance.rawValue, identity.peerURL)]))
}

// MARK: Without data

private func planStartWithoutData(_ view: StartView, stamp: Stamp?, memory: inout StartMemory) -> StartPlan {
    let lastFounders = memory.founders
    memory.founders = nil
    if let obstacle = obstacleInGroup(view) { return .wait(obstacle) }
    guard case .seen(let group) = view.group else { return .wait(.groupNotRead("not asked yet")) }
    // Our own stamp counts for this machine only: a directory that came with the image says nothing of us.
    let stamp = stamp?.instance == view.identity.instance ? stamp : nil

    if view.clusters.count > 1 { return .wait(.severalClusters(view.clusters.map(\.id))) }
    if let cluster = view.clusters.first {
        let size = view.configuredSize ?? group.desiredCapacity
        return planJoin(view, cluster, size: size, stamp: stamp, memory: &memory)
    }
    let founding = view.peers.filter(\.hasMembers)
    if let stamp, let cluster = stamp.cluster {
        // There was a cluster, and we were about to join it: no reason to found one, however quiet it is now.
        if !founding.isEmpty { return planEntered(view, founding, into: cluster, stamp) }
        return .wait(stamp.started ? .ownDataLost : .clusterNotAnswering(cluster))
    }
    if !founding.isEmpty {
        return planFollow(view, group, founding, stamp: stamp, lastFounders: lastFounders, memory: &memory)
    }
    return planFounding(view, group, stamp: stamp, lastFounders: lastFounders, memory: &memory)
}

/// What about the group keeps us from acting at all: it is not read, it lacks us, or we are not meant to serve.
private func obstacleInGroup(_ view: StartView) -> WaitReason? {
    switch view.group {
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
