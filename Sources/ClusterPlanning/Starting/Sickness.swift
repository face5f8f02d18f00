/// When an instance whose member is ill may ask its group to be replaced.

/// Whether an illness has lasted long enough to look if the group is to replace this instance, where that was asked for, and
/// if it has not been asked just now.
///
/// - Parameters:
///   - sickFor: for how long our member has had no leader, or not run at all.
///   - sinceAsked: how long ago the group was asked last; nil: never.
package func mayReplacementBeDue(_ settings: PlanSettings, sickFor: Duration, sinceAsked: Duration?) -> Bool {
    guard let limit = settings.replaceSickAfter else { return false }
    return sickFor >= limit && sinceAsked.map { $0 >= patienceWithGroup } ?? true
}

/// How long the group may take to act on what it was told.
private let patienceWithGroup = Duration.seconds(600)

/// Whether the group is to replace this instance: only where that was asked for, after so long an illness, and only if a
/// linearizable read through the others has succeeded and they are a quorum without us.
///
/// - Parameters: as of `mayReplacementBeDue`.
package func isReplacementDue(_ view: StartView, sickFor: Duration, sinceAsked: Duration?) -> Bool {
    guard mayReplacementBeDue(view.settings, sickFor: sickFor, sinceAsked: sinceAsked), view.clusters.count == 1,
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
