/// What an instance does for itself about the hook that holds it, while no cluster answers whose leader would see to it.

/// A word to AutoScaling about the lifecycle action of this instance.
package enum OwnHookStep: Equatable, Sendable {
    /// Let the group go on: what is waited for is not this instance, and the group must not wait for a quorum that waits for
    /// the group (F6); or what is on this disk is in a backup to the last change.
    case complete(hook: String)
    /// Ask for more time: what is on this disk may be all that is left.
    case heartbeat(hook: String, every: Duration)
}

/// Whether a hook holds this instance that is its own to answer; only then are the hooks worth asking for.
///
/// - Parameter plan: what the start has come to; nil while etcd runs without a leader.
package func isHookOurBusiness(_ view: StartView, _ plan: StartPlan?) -> Bool {
    transition(view, plan) != nil
}

/// What to tell AutoScaling.
///
/// - Parameter hooks: the group's.
/// - Returns: nothing where none of the hooks is known to be ours.
package func planOwnHooks(_ view: StartView, _ plan: StartPlan?, hooks: [LifecycleHook]) -> [OwnHookStep] {
    guard let transition = transition(view, plan) else { return [] }
    let isOver = if case .wait(.savedToTheEnd)? = plan { true } else { false }
    return view.settings.ourHooks(among: hooks, transition).map { hook in
        transition == .launching || isOver
            ? .complete(hook: hook.name) : .heartbeat(hook: hook.name, every: hook.heartbeatTimeout / 3)
    }
}

private func transition(_ view: StartView, _ plan: StartPlan?) -> LifecycleHook.Transition? {
    guard view.clusters.allSatisfy({ !isLeaderOurs($0, view.facts) }) else { return nil }
    switch view.facts.group.value?.instance(view.identity.instance)?.lifecycle {
    case .pendingWait:
        guard case .wait(let reason)? = plan, reason.isAboutOthers else { return nil }
        return .launching
    case .terminatingWait:
        if case .data = view.disk, view.clusters.isEmpty { return .terminating }
        return nil
    default: return nil
    }
}

extension WaitReason {
    /// Whether what is waited for is no fault of this instance.
    fileprivate var isAboutOthers: Bool {
        switch self {
        case .groupIncomplete, .groupMayChange, .reportsMissing, .instancesUnsettled, .foundingWithoutUs,
            .foundersDiffer,
            .storesDiffer, .generationUnknown, .generationPending, .generationQuorate, .generationLed,
            .generationHeld, .dataUnusable, .backupsExist, .backupsNotOurs, .backupsSpoilt, .backupsOutrank,
            .recordOfOther,
            .zoneNamesCluster, .peersSilent, .noLeader:
            true
        default: false
        }
    }
}
