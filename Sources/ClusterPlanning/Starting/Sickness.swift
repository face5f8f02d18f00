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

/// The launching hook that this instance completes for itself: while no cluster answers nobody else would, and the group must
/// not wait for a quorum that waits for the group (F6).
///
/// - Parameter plan: what the start has come to.
/// - Returns: the hook's name; nil where there is none to complete.
package func ownHookToComplete(
    _ view: StartView, _ plan: StartPlan, hooks: [LifecycleHook]
) -> String? {
    guard isHookOurBusiness(view, plan) else { return nil }
    let launching = hooks.filter { $0.transition == .launching }.map(\.name)
    let named = launching.filter(view.settings.lifecycleHooks.contains)
    if let name = named.first { return name }
    return view.settings.lifecycleHooks.isEmpty && launching.count == 1 ? launching.first : nil
}

/// Whether a hook holds this instance while its start waits for others, and no cluster answers whose leader would see to it.
package func isHookOurBusiness(_ view: StartView, _ plan: StartPlan) -> Bool {
    guard view.facts.group.value?.instance(view.identity.instance)?.lifecycle == .pendingWait, view.clusters.isEmpty,
        case .wait(let reason) = plan
    else { return false }
    return reason.isAboutOthers
}

extension WaitReason {
    /// Whether what is waited for is no fault of this instance.
    fileprivate var isAboutOthers: Bool {
        switch self {
        case .groupIncomplete, .groupMayChange, .reportsMissing, .instancesUnsettled, .foundingWithoutUs,
            .foundersDiffer,
            .storesDiffer, .generationUnknown, .generationPending, .generationQuorate, .generationLed,
            .generationHeld, .dataUnusable, .backupsExist, .recordOfOther, .zoneNamesCluster, .peersSilent, .noLeader:
            true
        default: false
        }
    }
}
