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

/// A cluster answers: become a member of it.
private func planJoin(
    _ view: StartView, _ cluster: RunningCluster, size: Int, stamp: Stamp?, memory: inout StartMemory
) -> StartPlan {
    let identity = view.identity
    let own = cluster.members.filter { member in
        member.name == identity.instance.rawValue || member.peerURLs.contains(identity.peerURL)
    }
    // Another instance's address under our name, or two entries of ours: each goes, one a turn.
    if let stale = own.first(where: { !isMeantForUs($0, in: cluster.id, view, stamp) }) {
        // We run no etcd. Whoever answers under that ID is another machine, and alive (F24).
        if cluster.isHealthy(stale) { return .wait(.ownEntryAlive(stale)) }
        if let risk = cluster.risk(ofRemoving: stale) { return .wait(.ownEntryNeeded(stale, risk)) }
        memory.ownEntryRemoved = view.now
        return .removeOwnEntry(stale, from: cluster)
    }
    if let entry = own.first { return planExec(view, cluster, entry) }

    // etcd lets one join at a time, and so do we, before it has to say so (F9).
    if let joining = cluster.members.first(where: { !$0.isStarted || $0.isLearner }) {
        return .wait(.otherMemberJoining(joining))
    }
    if cluster.voters.count >= size {
        let unhealthy = cluster.members.filter { !cluster.isHealthy($0) }
        return .wait(.clusterFull(members: cluster.members.count, size: size, unhealthy: unhealthy))
    }
    if let risk = cluster.riskOfAddingVoter() { return .wait(.quorumAtRisk(risk)) }
    if let removed = memory.ownEntryRemoved, view.now - removed < pauseBeforeReadding {
        return .wait(.addTooSoon(after: pauseBeforeReadding))
    }
    return .addSelf(to: cluster)
}

/// etcd makes a member's ID from its peer URL and the time in seconds: added again within the second in which it was removed,
/// the member would get the ID that is gone for ever.
private let pauseBeforeReadding = Duration.milliseconds(1100)

/// Whether an entry with our name or address was made for this very directory: we asked for it when there was none, and
/// etcd has not run under it, or the founders entered us by name and etcd has never run here. Every other entry belongs to
/// data that is lost, ours or that of an instance which had the address before (F10, F13, F16); its ID must not be used again.
private func isMeantForUs(_ entry: Member, in cluster: ClusterID, _ view: StartView, _ stamp: Stamp?) -> Bool {
    guard !entry.isStarted, entry.peerURLs == [view.identity.peerURL], stamp?.started != true else { return false }
    // The stamp names the cluster before the entry is asked for, and the entry once the answer is there.
    if let stamp, stamp.cluster == cluster { return stamp.member == nil || stamp.member == entry.id }
    return entry.name == view.identity.instance.rawValue
}

/// The entry is there. It may be used as soon as everybody who answers shows it: a joiner that asks a lagging peer would
/// take an older entry's ID and be gone at once (F13a).
private func planExec(_ view: StartView, _ cluster: RunningCluster, _ entry: Member) -> StartPlan {
    let ids = cluster.members.map(\.id)
    let lagging = view.peers.filter { peer in
        if case .members(cluster.id, let members) = peer.answer { members.map(\.id) != ids } else { false }
    }
    if !lagging.isEmpty { return .wait(.peersLagging(lagging, entry.id)) }
    return join(view.identity, cluster.id, cluster.members, as: entry)
}

private func join(_ identity: Identity, _ cluster: ClusterID, _ members: [Member], as entry: Member) -> StartPlan {
    // Names need not be right, only different: etcd matches the list by peer URL.
    let initial = members.flatMap { member in
        member.peerURLs.map { url in
            let name = member.id == entry.id ? identity.instance.rawValue : member.name
            return InitialMember(name.isEmpty ? "unstarted-\(member.id)" : name, url)
        }
    }
    return .start(Launch(.join(cluster, entry.id), identity, initialCluster: initial))
}

/// We are entered, and nobody leads: the second of two voters has to start before anybody can, and so has any whom the
/// quorum hangs on. Our ID has never run, so nothing can be lost by it. The list is that of those who know of us already; who
/// does not lags, and can't catch up before there is a leader.
private func planEntered(_ view: StartView, _ answering: [Peer], into cluster: ClusterID, _ stamp: Stamp) -> StartPlan {
    let lists = answering.compactMap { $0.members(of: cluster) }
    let listing = lists.filter { $0.contains { $0.peerURLs.contains(view.identity.peerURL) } }
    guard lists.count == answering.count, let members = listing.first,
        listing.allSatisfy({ $0.map(\.id) == members.map(\.id) }),
        let entry = members.first(where: { isMeantForUs($0, in: cluster, view, stamp) })
    else { return .wait(.noLeader(among: answering)) }
    return join(view.identity, cluster, members, as: entry)
}

/// Somebody runs etcd and nobody leads: a founding under way, or a cluster that has lost its quorum. The lists tell: a list
/// that names us as a member that has not started is the founders', and it says exactly with whom.
private func planFollow(
    _ view: StartView, _ group: Group, _ founding: [Peer], stamp: Stamp?, lastFounders: [InitialMember]?,
    memory: inout StartMemory
) -> StartPlan {
    let lists = founding.map(\.initialMembers)
    guard let founders = lists.first, lists.allSatisfy({ $0 == founders }) else {
        return .wait(.foundersDiffer(founding))
    }
    let ourselves = InitialMember(view.identity.instance.rawValue, view.identity.peerURL)
    guard founders.contains(ourselves) else { return .wait(.foundingWithoutUs(founders: founders)) }
    // Somebody who has started has been led: then we wait for a leader, to enter by its list and not by our guess.
    guard founding.allSatisfy(\.nobodyHasStarted) else { return .wait(.noLeader(among: founding)) }
    guard stamp?.started != true else { return .wait(.ownDataLost) }
    // A member that was killed and has no quorum may have forgotten who had started: the zone may know better.
    if let obstacle = whoMayHoldData(view, group) ?? obstacleInZone(view, group) { return .wait(obstacle) }
    // And one that is just starting shows its list piece by piece: only a list that stays counts.
    memory.founders = founders
    return lastFounders == founders ? found(view, founders) : .wait(.groupMayChange(founders: founders))
}

/// Nobody runs etcd. The group founds a cluster once it is whole, the same in two readings, every other founder's host
/// says that nothing listens there, and the zone knows of no earlier cluster.
private func planFounding(
    _ view: StartView, _ group: Group, stamp: Stamp?, lastFounders: [InitialMember]?, memory: inout StartMemory
) -> StartPlan {
    guard stamp?.started != true else { return .wait(.ownDataLost) }
    let wanted = view.configuredSize ?? group.desiredCapacity
    let candidates = group.instances.filter(\.isInDuty).compactMap { instance in
        instance.address.map { address in
            InitialMember(
                instance.id.rawValue,
                Endpoint(view.identity.peerURL.scheme, address, view.identity.peerURL.port))
        }
    }
    // Where the cluster is to be smaller than the group, the whole group has to be seen all the same: of two readings that
    // lack different halves each could be enough for a cluster of its own (F1).
    let expected = wanted > 0 ? max(wanted, group.desiredCapacity) : wanted
    guard wanted > 0, candidates.count >= expected else {
        return .wait(.groupIncomplete(running: candidates.count, wanted: expected))
    }
    let founders = Array(candidates.prefix(wanted))  // the group is sorted: everybody takes the same ones
    let ourselves = InitialMember(view.identity.instance.rawValue, view.identity.peerURL)
    guard founders.contains(ourselves) else { return .wait(.foundingWithoutUs(founders: founders)) }

    if let obstacle = whoMayHoldData(view, group) ?? obstacleInZone(view, group) { return .wait(obstacle) }
    memory.founders = founders
    guard lastFounders == founders else { return .wait(.groupMayChange(founders: founders)) }
    return found(view, founders)
}

/// Other instances of the group that may hold data and can't tell: one that does not answer, and one that is stopped,
/// on its way down or not up yet. Only `terminated` is the end of a disk. Warm instances count nowhere.
private func whoMayHoldData(_ view: StartView, _ group: Group) -> WaitReason? {
    let silent = view.peers.filter(\.isSilent)
    if !silent.isEmpty { return .peersSilent(silent) }
    let unsettled = group.instances.filter { instance in
        instance.id != view.identity.instance && instance.lifecycle?.isWarm != true && instance.state != .terminated
            && !(instance.state == .running && instance.address != nil)
    }
    return unsettled.isEmpty ? nil : .instancesUnsettled(unsettled)
}

/// The zone as a witness: where it names members of a cluster of this name, there was one, and founding another beside its
/// data would split the world (F4). A zone that can't be read says nothing (F33).
private func obstacleInZone(_ view: StartView, _ group: Group) -> WaitReason? {
    switch view.zone {
    case .notAsked: return nil
    case .unavailable(let cause): return .zoneNotRead(cause)
    case .seen(let zone):
        guard let name = group.clusterName(configured: view.configuredName) else {
            return .noClusterName(group: group.name)
        }
        let hosts = zone.hostsOfMembers(ofCluster: name)
        return hosts.isEmpty ? nil : .zoneNamesCluster(name: name, hosts: hosts)
    }
}

/// The token names the first of the founders, whom no other cluster can have had: instance IDs are never used twice. A
/// cluster's ID is a hash of peer URLs and token, and addresses do come again.
private func found(_ view: StartView, _ founders: [InitialMember]) -> StartPlan {
    let first = founders.map(\.name).min() ?? view.identity.instance.rawValue
    return .start(Launch(.found(token: "etcd-cluster-\(first)"), view.identity, initialCluster: founders))
}

extension Peer {
    fileprivate var isSilent: Bool { if case .silent = answer { true } else { false } }
    fileprivate var hasMembers: Bool { if case .members = answer { true } else { false } }

    fileprivate var nobodyHasStarted: Bool {
        if case .members(_, let members) = answer { members.allSatisfy { !$0.isStarted } } else { true }
    }

    /// The list that it shows, where that is this cluster's.
    fileprivate func members(of cluster: ClusterID) -> [Member]? {
        if case .members(cluster, let members) = answer { members } else { nil }
    }

    /// The list that it shows, as `--initial-cluster` would have it; sorted by peer URL.
    fileprivate var initialMembers: [InitialMember] {
        guard case .members(_, let members) = answer else { return [] }
        return members.flatMap { member in member.peerURLs.map { InitialMember(member.name, $0) } }
            .sorted { $0.peerURL < $1.peerURL }
    }
}
