/// The leader's decisions: who is removed, and what DNS says.

/// Decides one turn of the leader's housekeeping. Pure: same view and memory in, same plan and memory out.
///
/// Membership shrinks only on positive evidence (F23): EC2 itself says `terminated` of a member's instance, or an entry
/// that never started has had no instance at its address for a whole grace. Whatever can't be known keeps its place, with
/// a deferral that says so.
package func planReconcile(_ view: ClusterView, memory: inout ReconcileMemory) -> ReconcilePlan {
    guard view.cluster.leader == view.ownMember else {
        memory = ReconcileMemory()
        return ReconcilePlan(deferred: [.notLeader(leader: view.cluster.leader)])
    }
    var plan = ReconcilePlan()
    remember(view, &memory)
    if let hold = alarms(view, &plan) {
        plan.deferred.append(hold)
        memory.orphanedSince = [:]
    } else {
        let removed = planRemoval(view, &memory, &plan)
        sayWhoIsMissing(view, &plan)
        planZone(view, memory, without: removed, &plan)
    }
    plan.isUnderWay = isUnderWay(view, plan, &memory)
    return plan
}

/// How long a voter may be unhealthy before DNS drops it. A restart is over long before that, and clients pass over a
/// member that does not answer; what they can't do is find one that is not named.
private let unhealthyGrace = Duration.seconds(30)

/// How long an entry that never started is kept while no instance has its address.
private let orphanGrace = Duration.seconds(60)

private func remember(_ view: ClusterView, _ memory: inout ReconcileMemory) {
    let unhealthy = view.cluster.members.filter { !view.cluster.isHealthy($0) }.map(\.id)
    memory.unhealthySince = memory.unhealthySince.filter { unhealthy.contains($0.key) }
    for id in unhealthy where memory.unhealthySince[id] == nil { memory.unhealthySince[id] = view.now }
    let listed = view.cluster.members.map(\.id)
    memory.orphanedSince = memory.orphanedSince.filter { listed.contains($0.key) }
}

/// Says `NOSPACE` loudly; returns the reason to hold everything where members' data differ (F21).
private func alarms(_ view: ClusterView, _ plan: inout ReconcilePlan) -> Deferral? {
    let full = view.alarms.compactMap { if case .noSpace(let member) = $0 { member } else { nil } }
    if !full.isEmpty { plan.deferred.append(.noSpace(full.sorted())) }
    let corrupt = view.alarms.compactMap { if case .corrupt(let member) = $0 { member } else { nil } }
    return corrupt.isEmpty ? nil : .corrupt(corrupt.sorted())
}

// MARK: Removal

/// Plans at most one removal; returns the member that it takes out.
private func planRemoval(_ view: ClusterView, _ memory: inout ReconcileMemory, _ plan: inout ReconcilePlan) -> Member? {
    guard let facts = instanceFacts(view, &plan) else {
        memory.orphanedSince = [:]
        return nil
    }
    var removed: Member?
    for member in view.cluster.members.sorted(by: { removalOrder($0) < removalOrder($1) }) {
        switch judge(member, view, facts, &memory) {
        case .keep: break
        case .deferred(let deferral): plan.deferred.append(deferral)
        case .gone(let reason):
            if member.id == view.ownMember {
                plan.deferred.append(.ownInstanceTerminated(member))
            } else if removed != nil {
                plan.deferred.append(.oneRemovalPerTurn(member))
            } else if let risk = view.cluster.risk(ofRemoving: member) {
                plan.deferred.append(.quorumAtRisk(member, risk))
            } else {
                plan.steps.append(.removeMember(member, because: reason))
                removed = member
            }
        }
    }
    return removed
}

/// Entries that never started before learners before voters; then by ID, so that every leader takes the same.
private func removalOrder(_ member: Member) -> (Int, MemberID) {
    (!member.isStarted ? 0 : member.isLearner ? 1 : 2, member.id)
}

/// All that AWS said about instances this turn, by ID; nil where it is not good enough to act on.
private func instanceFacts(_ view: ClusterView, _ plan: inout ReconcilePlan) -> [Instance]? {
    switch view.group {
    case .notAsked: return nil
    case .unavailable(let cause):
        plan.deferred.append(.groupNotRead(cause))
        return nil
    case .seen(let group):
        guard group.instance(view.own) != nil else {
            plan.deferred.append(.notInGroup(group: group.name, listed: group.instances.count))
            return nil
        }
        switch view.askedInstances {
        case .seen(let asked):
            let ids = Set(asked.map(\.id))
            return asked + group.instances.filter { !ids.contains($0.id) }
        case .unavailable(let cause):
            plan.deferred.append(.instancesNotRead(cause))
            return nil
        case .notAsked: return nil
        }
    }
}

private enum Verdict {
    case keep
    case gone(RemovalReason)
    case deferred(Deferral)
}

private func judge(
    _ member: Member, _ view: ClusterView, _ facts: [Instance], _ memory: inout ReconcileMemory
) -> Verdict {
    if !member.isStarted, member.name.isEmpty { return judgeEntry(member, view, facts, &memory) }
    memory.orphanedSince[member.id] = nil
    guard let id = member.instanceID else { return .deferred(.notAnInstance(member)) }
    guard let instance = facts.first(where: { $0.id == id }) else {
        return .deferred(.outsideGroup(member, .unclear))
    }
    switch instance.state {
    case .terminated: return .gone(.instanceTerminated(id))
    case .unknownToEC2: return .deferred(.instanceUnknownToEC2(member))
    case .shuttingDown, .stopping, .stopped: return .deferred(.instanceLeaving(member, instance.state))
    case .pending, .running, .unclear:
        if case .unhealthy(let cause)? = view.cluster.health[member.id] {
            return .deferred(.unhealthyButRunning(member, instance.state, cause))
        }
        return view.group.value?.instance(id) == nil ? .deferred(.outsideGroup(member, instance.state)) : .keep
    }
}

/// An entry without a name: somebody is about to start there, or was, and died. Its address tells who.
private func judgeEntry(
    _ member: Member, _ view: ClusterView, _ facts: [Instance], _ memory: inout ReconcileMemory
) -> Verdict {
    let addresses = member.peerURLs.map(\.host)
    let isClaimed = facts.contains { instance in
        instance.state != .terminated && instance.address.map(addresses.contains) == true
    }
    // An instance whose address we don't know may be the one.
    let isAnybodyUnclear = facts.contains { $0.address == nil && $0.state != .terminated && $0.state != .unknownToEC2 }
    if isClaimed || isAnybodyUnclear {
        memory.orphanedSince[member.id] = nil
        return .keep
    }
    let since = memory.orphanedSince[member.id] ?? view.now
    memory.orphanedSince[member.id] = since
    let remaining = orphanGrace - (view.now - since)
    return remaining > .zero
        ? .deferred(.orphanInGrace(member, remaining: remaining))
        : .gone(.neverStarted(address: addresses.first ?? "nowhere"))
}

private func sayWhoIsMissing(_ view: ClusterView, _ plan: inout ReconcilePlan) {
    guard case .seen(let group) = view.group else { return }
    let size = view.configuredSize ?? group.desiredCapacity
    let voters = view.cluster.voters.count
    if voters < size { plan.deferred.append(.memberMissing(members: voters, size: size)) }
}

// MARK: DNS

private func planZone(
    _ view: ClusterView, _ memory: ReconcileMemory, without removed: Member?, _ plan: inout ReconcilePlan
) {
    let zone: Zone
    switch view.zone {
    case .notAsked: return
    case .unavailable(let cause):
        plan.deferred.append(.zoneNotRead(cause))
        return
    case .seen(let seen): zone = seen
    }
    guard let group = view.group.value else { return }  // said already
    guard let name = group.clusterName(configured: view.configuredName) else {
        plan.deferred.append(.noClusterName(group: group.name))
        return
    }
    let voters = votersForDNS(view, memory, without: removed, zone, name)
    switch planDNS(cluster: name, voters: voters, zone: zone) {
    case .unchanged: break
    case .change(let changes): plan.steps.append(.changeDNS(changes))
    case .deferred(let deferral): plan.deferred.append(deferral)
    }
}

/// Started voters that are healthy, or were a moment ago and are named already: a voter enters DNS healthy and leaves it
/// after the grace, so that a restart changes nothing.
private func votersForDNS(
    _ view: ClusterView, _ memory: ReconcileMemory, without removed: Member?, _ zone: Zone, _ name: String
) -> [Member] {
    let named = zone.hostsOfMembers(ofCluster: name)
    let names = ClusterDNSNames(cluster: name, domain: zone.domain)
    return view.cluster.voters.filter { member in
        guard member.isStarted, member.id != removed?.id else { return false }
        guard let since = memory.unhealthySince[member.id] else { return true }
        return view.now - since < unhealthyGrace && named.contains(names.host(member.name))
    }
}
