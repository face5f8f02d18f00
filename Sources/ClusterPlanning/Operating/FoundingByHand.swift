/// `recover` where there is no record: what founding waits for, and the one way past old backups.

/// Founds at a person's word beside backups that nobody carries on. Whoever may hold data is passed over no more than when the
/// supervisors found by themselves.
func planFoundingByHand(
    _ view: StartView, _ group: Group, in store: StoreName, _ request: RecoverRequest
) throws(Refusal) -> OperatorPlan {
    if view.clusters.count > 1 { throw .severalClusters(view.clusters.map(\.id)) }
    if let cluster = view.clusters.first {
        if request == RecoverRequest(teller: request.teller) {
            return .nothing(
                "cluster \(cluster.id) answers and has no record: its leader writes one; `etcd-cluster adopt` does so now"
            )
        }
        throw .noRecord
    }
    if !request.declaredGone.isEmpty { throw .noRecord }
    let obstacle = obstacleToFounding(view, group)
    switch request.from {
    case nil:
        let wait = (obstacle ?? obstacleInBackups(view)).map { "founding waits: \($0)" }
        return .nothing(
            "there is no record, and \(wait ?? "the supervisors found by themselves once the group is whole")")
    case .member, .snapshot: throw .noRecord
    case .empty:
        if let obstacle { throw .waits(obstacle) }
        let losses = lossOfBackups(view)
        if !request.acceptsLoss, !losses.isEmpty { throw .wouldLose(losses) }
        guard case .empty = view.disk else { throw .ownDisk(ownDoubt(view.disk)) }
        let founders = try chooseStarters(view, group, atLeast: quorum(of: view.settings.target(group)))
        let record = ClusterRecord(
            owner: group.owner, generation: nextGeneration(view, after: nil), token: token(view, group, after: nil),
            source: .empty, start: founders, voters: founders)
        let swap = RecordSwap(.founding, store: store, expected: nil, record: record)
        return .act([.swapRecord(swap)], then: ["these found it from their next look on"])
    }
}

private func obstacleToFounding(_ view: StartView, _ group: Group) -> WaitReason? {
    let running = view.peers.filter(\.hasMembers)
    if !running.isEmpty { return .noLeader(among: running) }
    return whoMayHoldData(view, group, passingOver: false) ?? obstacleInZone(view, group)
}

private func ownDoubt(_ disk: Disk) -> String {
    if case .unusable(let cause) = disk { cause } else { "it holds data" }
}
