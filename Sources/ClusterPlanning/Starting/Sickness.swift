/// When an instance whose member is ill may ask its group to be replaced.

/// Whether the group is to replace this instance: only where that was asked for, after so long an illness, and only if a
/// linearizable read through the others has succeeded and they are a quorum without us.
///
/// - Parameter sickFor: for how long our member has had no leader, or not run at all.
package func isReplacementDue(_ view: StartView, sickFor: Duration) -> Bool {
    guard let limit = view.settings.replaceSickAfter, sickFor >= limit, view.clusters.count == 1,
        let cluster = view.clusters.first
    else { return false }
    if let record = view.ownRecord, view.answering(record).isEmpty { return false }
    let own = view.identity
    let others = cluster.voters.filter { member in
        member.name != own.instance.rawValue && !member.peerURLs.contains(own.peerURL)
    }
    return others.count < cluster.voters.count
        && others.count(where: cluster.isHealthy) >= quorum(of: cluster.voters.count)
}
