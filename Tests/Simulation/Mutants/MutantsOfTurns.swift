/// The rules of the leader's turns, each taken out.

import ClusterPlanning

extension Policy {
    static let mutantsOfTurns: [Policy] = [
        .removing("whose fate is unknown goes", missedIn: "unhealthy hidden member") {
            if case .fateUnknown(let member, _) = $0 { member } else { nil }
        },
        .removing("who is reached goes all the same", missedIn: "hidden healthy member") {
            if case .reachedThoughGone(let member, _) = $0 { member } else { nil }
        },
        .removing("weak evidence is enough", missedIn: "unhealthy hidden member") {
            if case .tooWeak(let member, _, _) = $0 { member } else { nil }
        },
        .removing("who is ill goes", missedIn: "a member that is ill for long") {
            if case .unhealthyButRunning(let member, _, _) = $0 { member } else { nil }
        },
        .removing("who is outside of the group goes", missedIn: "detached and serving") {
            if case .outsideGroup(let member, _) = $0 { member } else { nil }
        },
        .removing("all go at once", missedIn: "slow founders after replacements") {
            if case .oneChangePerTurn(let member) = $0 { member } else { nil }
        },
        .removing("the dead go, whatever the quorum", missedIn: "terminated and serving") {
            if case .quorumAtRisk(let member, _) = $0 { member } else { nil }
        },
        .mutant("an absence needs no grace", missedIn: "unhealthy hidden member, and a newcomer asks") { policy in
            policy.seeingTurns { $0.settings.grace = .zero }
        },
        .mutant("members whose data differ are changed", missedIn: "members' data differ") { policy in
            policy.seeingTurns { $0.alarms = [] }
        },
        .mutant("nobody is removed", missedIn: "an instance is replaced") { policy in
            policy.dropping { if case .removeMember(_, .diskGone) = $0 { true } else { false } }
        },
        .mutant("nobody is promoted", missedIn: "an instance is replaced") { policy in
            policy.dropping { if case .promote = $0 { true } else { false } }
        },
        .mutant("nobody is announced", missedIn: "an instance is replaced") { policy in
            policy.dropping {
                if case .swapRecord(let swap) = $0, case .joining = swap.reason { true } else { false }
            }
        },
        .mutant("the record is not kept", missedIn: "an instance is replaced") { policy in
            policy.dropping { if case .swapRecord(let swap) = $0, swap.reason == .upkeep { true } else { false } }
        },
        .mutant("nobody adopts", missedIn: "older cluster is taken over") { policy in
            policy.instead { plan, _ in
                guard case .act(.swapRecord(let swap), let cluster) = plan, swap.reason == .adoption else {
                    return plan
                }
                return .wait(.askedToJoin(cluster.id))
            }
        },
        .mutant("a volume's member is lost with its instance", missedIn: "moved volume") { policy in
            policy.dropping {
                switch $0 {
                case .updatePeerURL: true
                case .swapRecord(let swap): if case .moving = swap.reason { true } else { false }
                default: false
                }
            }
        },
        .mutant("an entry is kept for ever", missedIn: "an entry that nobody claims") { policy in
            policy.dropping { if case .removeMember(_, .neverStarted) = $0 { true } else { false } }
        },
        .mutant("spares are entered", missedIn: "a spare waits") { policy in
            policy.altering { plan, view in
                for case .spare(let instance, _, _) in plan.deferred {
                    guard case .report(let report)? = view.facts.reports[instance] else { continue }
                    plan.steps.append(.addMember(instance, peerURL: report.peerURL, asLearner: true))
                }
            }
        },
        .mutant("learners are always sound", missedIn: "one, two, three, without sound learners") { policy in
            policy.seeingTurns { $0.abilities.learnersAreSound = true }
        },
        .mutant("a later generation is none of the leader's business", missedIn: "a generation by an operator's word") {
            policy in
            policy.seeingTurns { $0.ownGeneration = $0.record.record?.generation ?? $0.ownGeneration }
        },
        .mutant("DNS is written once", missedIn: "three, five, three") { policy in
            policy.altering { plan, view in
                guard view.zone.value?.records.isEmpty == false else { return }
                plan.steps.removeAll { if case .changeDNS = $0 { true } else { false } }
            }
        },
        .mutant("DNS names the ill for ever", missedIn: "a member that is ill for long") { policy in
            policy.reconcile = { view, memory in
                memory.unhealthySince = [:]
                return planReconcile(view, memory: &memory)
            }
        },
        .mutant("DNS keeps who was removed", missedIn: "an instance is replaced") { policy in
            policy.altering { plan, _ in
                plan.steps = plan.steps.map { step in
                    guard case .changeDNS(let changes) = step else { return step }
                    return .changeDNS(changes.filter { if case .delete = $0 { false } else { true } })
                }
            }
        },
    ]

    static let mutantsOfDrains: [Policy] = [
        .mutant("who leaves goes, whatever the quorum", missedIn: "drain beside a dead voter") { policy in
            policy.altering { plan, view in
                let held = plan.deferred.compactMap {
                    if case .drainHeld(let instance, _) = $0 { instance } else { nil }
                }
                plan.steps += held.map { .completeHook(hook: World.terminatingHook, $0) }
            }
        },
        .mutant("nobody is drained", missedIn: "drain of the leader") { policy in
            policy.dropping { if case .removeMember(_, .drained) = $0 { true } else { false } }
        },
        .mutant("no heartbeats", missedIn: "drain beside a dead voter") { policy in
            policy.dropping { if case .heartbeat = $0 { true } else { false } }
        },
        .mutant("hooks run out", missedIn: "all three replaced one by one") { policy in
            policy.dropping { if case .completeHook = $0 { true } else { false } }
        },
        .mutant("leaders stay", missedIn: "drain of the leader") { policy in
            policy.dropping { if case .moveLeader(_, because: .draining) = $0 { true } else { false } }
        },
        .mutant("the blind go on leading", missedIn: "leader blind to AWS") { policy in
            policy.dropping { if case .moveLeader(_, because: .blindToAWS) = $0 { true } else { false } }
        },
        .mutant("no room for one more", missedIn: "launch before terminate") { policy in
            policy.altering { plan, view in
                guard view.cluster.members.count >= view.facts.group.value?.desiredCapacity ?? 0 else { return }
                plan.steps.removeAll { if case .addMember = $0 { true } else { false } }
            }
        },
    ]
}
