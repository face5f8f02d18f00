/// When an instance without data founds a cluster, with whom, and what must not be there then.

/// Somebody runs etcd and nobody leads: a founding under way, or a cluster that has lost its quorum. The lists tell: a list
/// that names us as a member that has not started is the founders', and it says exactly with whom.
func planFollow(
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
func planFounding(
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
