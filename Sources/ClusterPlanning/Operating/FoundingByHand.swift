/// `recover` where there is no record: what founding waits for, and what it begins with at a person's word.

/// Founds at a person's word: with a backup of the person's choice, or with nothing, beside backups that nobody carries on.
/// Whoever may hold data is passed over no more than when the supervisors found by themselves.
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
        let wait = (obstacle ?? obstacleInSource(view)).map { "founding waits: \($0)" }
        return .nothing(
            "there is no record, and \(wait ?? "the supervisors found by themselves once the group is whole")")
    case .member: throw .noRecord
    case .snapshot(let choice):
        if let obstacle { throw .waits(obstacle) }
        let chosen = try view.find(choice)
        try accept(chosen.losses, request.acceptsLoss)
        return .act(
            [chosen.step, .swapRecord(try foundingSwap(view, group, in: store, .snapshot(chosen.name)))],
            then: ["the first one restores it from its next look on, and the others join"])
    case .empty:
        if let obstacle { throw .waits(obstacle) }
        try accept(try lossOfBackups(view), request.acceptsLoss)
        return .act(
            [.swapRecord(try foundingSwap(view, group, in: store, .empty))],
            then: ["these found it from their next look on"])
    }
}

private func foundingSwap(
    _ view: StartView, _ group: Group, in store: StoreName, _ source: ClusterRecord.Source
) throws(Refusal) -> RecordSwap {
    guard case .empty = view.disk else { throw .ownDisk(ownDoubt(view.disk)) }
    let chosen = try chooseStarters(view, group, atLeast: quorum(of: view.settings.target(group)))
    let founders = source == .empty ? chosen : Array(chosen.prefix(1))
    let record = ClusterRecord(
        owner: group.owner, generation: nextGeneration(view, after: nil), token: token(view, group, after: nil),
        source: source, start: founders, voters: founders)
    return RecordSwap(.founding, store: store, expected: nil, record: record)
}

/// Why nothing can be begun with, be it a backup or nothing.
private func obstacleInSource(_ view: StartView) -> WaitReason? {
    if case .failure(let obstacle) = sourceWithoutDisks(view, after: nil) { obstacle.reason } else { nil }
}

private func obstacleToFounding(_ view: StartView, _ group: Group) -> WaitReason? {
    let running = view.peers.filter(\.hasMembers)
    if !running.isEmpty { return .noLeader(among: running) }
    return whoMayHoldData(view, group, passingOver: false) ?? obstacleInZone(view, group)
}

private func ownDoubt(_ disk: Disk) -> String {
    if case .unusable(let cause) = disk { cause } else { "it holds data" }
}
