/// How an instance without data becomes a member of a cluster that is there.

/// A cluster answers: become a member of it.
func planJoin(
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
func planEntered(_ view: StartView, _ answering: [Peer], into cluster: ClusterID, _ stamp: Stamp) -> StartPlan {
    let lists = answering.compactMap { $0.members(of: cluster) }
    let listing = lists.filter { $0.contains { $0.peerURLs.contains(view.identity.peerURL) } }
    guard lists.count == answering.count, let members = listing.first,
        listing.allSatisfy({ $0.map(\.id) == members.map(\.id) }),
        let entry = members.first(where: { isMeantForUs($0, in: cluster, view, stamp) })
    else { return .wait(.noLeader(among: answering)) }
    return join(view.identity, cluster, members, as: entry)
}
