/// How an instance without data becomes a member of a cluster that is there.

/// A cluster answers: become a member of it. The leader's supervisor enters us, on our report; where the leader has none of
/// ours, we act for ourselves by the same rules.
func planJoin(
    _ view: StartView, _ group: Group, _ cluster: RunningCluster, _ stamp: Stamp, _ last: StartMemory,
    _ memory: inout StartMemory
) -> StartPlan {
    let identity = view.identity
    let own = cluster.members.filter { member in
        member.name == identity.instance.rawValue || member.peerURLs.contains(identity.peerURL)
    }
    // Two entries of ours: what is not meant for us goes first, one a turn.
    let stale = own.first { !isMeantForUs($0, in: cluster.id, view, stamp) }
    if stale == nil, let entry = own.first { return planExec(view, cluster, entry) }
    // A member that can't run costs a place, and of a small cluster the quorum.
    if let fault = view.programFault { return .wait(.programUnfit(fault)) }
    if isLeaderOurs(cluster, view.facts) {
        return .wait(stale.map(WaitReason.ownEntryOfLostData) ?? .askedToJoin(cluster.id))
    }
    memory.leaderSilentSince = last.leaderSilentSince ?? view.now
    let waited = memory.leaderSilentSince.map { view.now - $0 } ?? .zero
    guard waited >= patienceWithLeader else { return .wait(.askedToJoin(cluster.id)) }
    return planSelfJoin(view, group, cluster, stamp, stale: stale, &memory)
}

/// How long the leader's supervisor may be silent before a joiner takes it for an older tool's instance, where there is none.
private let patienceWithLeader = Duration.seconds(10)

/// Whether the leader's instance runs a supervisor that counts and whose etcd is the one that leads.
func isLeaderOurs(_ cluster: RunningCluster, _ facts: Facts) -> Bool {
    facts.counted.contains { report in report.member == cluster.leader }
}

/// Whether an entry with our name or address was made for this very disk: the record says so. Where there is no record, the
/// stamp does, or an entry that never started is taken for ours as long as no data of ours was ever lost. Every other entry
/// belongs to data that is lost, ours or that of an instance which had the address before (F10, F13, F16); its ID must not
/// be used again.
private func isMeantForUs(_ entry: Member, in cluster: ClusterID, _ view: StartView, _ stamp: Stamp) -> Bool {
    guard !entry.isStarted, entry.peerURLs == [view.identity.peerURL], !stamp.started else { return false }
    if view.settings.joinStrategy == .prepared { return true }
    if let record = view.ownRecord {
        return record.voters.contains { $0.instance == view.identity.instance && $0.disk == stamp.disk }
    }
    if stamp.cluster == cluster { return stamp.member == nil || stamp.member == entry.id }
    return !stamp.followsLostData && (entry.name.isEmpty || entry.name == view.identity.instance.rawValue)
}

/// The entry is there. It may be used as soon as everybody who answers shows it: a joiner that asks a lagging peer would
/// take an older entry's ID and be gone at once (F13a).
private func planExec(_ view: StartView, _ cluster: RunningCluster, _ entry: Member) -> StartPlan {
    let ids = cluster.members.map(\.id)
    // Who is no member any more may show an old list for ever, and etcd does not ask it.
    let asked = view.peers.filter { peer in cluster.members.contains { $0.peerURLs.contains(peer.endpoint) } }
    let lagging = asked.filter { peer in
        if case .members(cluster.id, let members) = peer.answer { members.map(\.id) != ids } else { false }
    }
    if !lagging.isEmpty { return .wait(.peersLagging(lagging, entry.id)) }
    return join(view, cluster.id, cluster.members, as: entry)
}

private func join(_ view: StartView, _ cluster: ClusterID, _ members: [Member], as entry: Member) -> StartPlan {
    // Names need not be right, only different: etcd matches the list by peer URL.
    let initial = members.flatMap { member in
        member.peerURLs.map { url in
            let name = member.id == entry.id ? view.identity.instance.rawValue : member.name
            return InitialMember(name.isEmpty ? "unstarted-\(member.id)" : name, url)
        }
    }
    let record = view.ownRecord
    return .start(
        Launch(
            .join(cluster, entry.id), view.identity, initialCluster: initial, owner: record?.owner,
            generation: record?.generation))
}

/// Whether a peer's supervisor says that its data is not of the record's generation: a forced cluster keeps its ID, so the lists
/// of both look alike.
private func isOfOtherGeneration(_ peer: Peer, _ view: StartView) -> Bool {
    guard let record = view.ownRecord, let theirs = view.facts.report(peer.instance)?.heldData?.generation else {
        return false
    }
    return theirs != record.generation
}

/// We are entered, and nobody leads: the second of two voters has to start before anybody can, and so has any whom the
/// quorum hangs on. Our ID has never run, so nothing can be lost by it. The list is that of those who know of us already; who
/// does not lags, and can't catch up before there is a leader.
///
/// - Returns: nil where nobody who runs etcd shows an entry that is meant for us.
func planEntered(_ view: StartView, _ stamp: Stamp) -> StartPlan? {
    let answering = view.peers.filter { $0.hasMembers && !isOfOtherGeneration($0, view) }
    for case .members(let cluster, let members) in answering.map(\.answer) {
        guard let entry = members.first(where: { isMeantForUs($0, in: cluster, view, stamp) }), entry.name.isEmpty,
            view.ownRecord != nil || stamp.cluster == cluster
        else { continue }
        let listing = answering.compactMap { $0.members(of: cluster) }
            .filter { $0.contains { $0.peerURLs.contains(view.identity.peerURL) } }
        guard answering.allSatisfy({ $0.members(of: cluster) != nil }),
            listing.allSatisfy({ $0.map(\.id) == members.map(\.id) })
        else { return .wait(.noLeader(among: answering)) }
        return join(view, cluster, members, as: entry)
    }
    return nil
}
