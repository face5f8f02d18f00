/// The last member of a group that is to be empty: it stops serving before its last backup, so that nothing that was ever
/// acknowledged is missing from it.

/// Has etcd stop serving, and the last backup made, where the leader's turn has said that it is the last to leave.
///
/// - Returns: nil where this is not the last member, or it is not leaving, or nothing would come of a backup.
func planSeeingOff(_ view: StartView, _ stamp: Stamp) -> StartPlan? {
    let identity = view.identity
    // An etcd that runs may have taken more since.
    if let revision = view.etcd.savedRevision, !view.etcd.isRunning, !isWantedAgain(view) {
        return .wait(.savedToTheEnd(revision: revision))
    }
    guard view.settings.backups != nil, let group = view.facts.group.value, group.desiredCapacity == 0,
        group.instance(identity.instance)?.lifecycle == .terminatingWait, let record = view.ownRecord,
        stamp.generation == record.generation, stamp.instance == identity.instance, view.clusters.isEmpty,
        record.voters.count == 1, let last = record.voter(identity.instance), [nil, stamp.disk].contains(last.disk)
    else { return nil }
    // What etcd can't run on can't be saved either; it is held, and said.
    if case .corruptData = view.etcd.lastExit { return nil }
    return .start(
        Launch(
            .save, identity, initialCluster: [InitialMember(identity.instance.rawValue, identity.peerURL)],
            owner: record.owner, generation: record.generation))
}

/// Whether the group was seen to want an instance that has made its last backup. Until then it serves nobody: what it takes
/// once its hook is completed is lost with it, and no answer is no wish.
private func isWantedAgain(_ view: StartView) -> Bool {
    guard let group = view.facts.group.value, let lifecycle = group.instance(view.identity.instance)?.lifecycle else {
        return false
    }
    return !lifecycle.isTerminating || (lifecycle == .terminatingWait && group.desiredCapacity > 0)
}
