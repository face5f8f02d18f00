/// Founding where there is neither zone nor bucket: every listed instance has to hold nothing and name the same founders.

/// The guarantee rests on the instances' reports alone here. A supervisor that has named founders keeps to them, and a disk
/// that follows lost data is in no list: it joins.
func planFoundingWithoutRecord(
    _ view: StartView, _ group: Group, _ stamp: Stamp, _ running: [Peer], _ last: StartMemory,
    _ memory: inout StartMemory
) -> StartPlan {
    memory.founders = last.founders
    if stamp.followsLostData || stamp.started { return .wait(.ownDataLost) }
    let ourselves = InitialMember(view.identity.instance.rawValue, view.identity.peerURL)
    let founders: [InitialMember]
    if let named = last.founders {
        founders = named
    } else {
        if !running.isEmpty { return .wait(.noLeader(among: running)) }
        if let obstacle = whoMayHoldData(view, group, passingOver: false) ?? obstacleInZone(view, group)
            ?? obstacleInBackups(view)
        {
            return .wait(obstacle)
        }
        switch chooseFounders(view, group, atLeast: nil) {
        case .success(let chosen): founders = chosen.map { InitialMember($0.instance.rawValue, $0.peerURL) }
        case .failure(let shortage): return .wait(shortage.reason)
        }
    }
    guard founders.contains(ourselves) else { return .wait(.foundingWithoutUs(founders: founders)) }
    memory.founders = founders
    let others = founders.map { InstanceID($0.name) }.filter { $0 != view.identity.instance }
    let differing = others.filter { view.facts.report($0)?.founders != founders }
    guard differing.isEmpty else { return .wait(.foundersDiffer(differing)) }
    let first = founders.map(\.name).min() ?? ourselves.name
    // Everybody has to come to the same token, so nothing of one's own is in it. Instance IDs are never used twice.
    return .start(Launch(.found(token: "etcd-cluster-\(first)"), view.identity, initialCluster: founders))
}
