/// What must never happen, whatever happens: to membership.

import ClusterPlanning

extension World {
    func judgeRemoval(of id: MemberID, from leader: Int, because reason: RemovalReason?, by actor: Int?) {
        guard !ledger.removedByHand.contains(id), let cluster = replica(leader)?.cluster else { return }
        for (index, replica) in heldReplicas() where replica.member == id && replica.cluster == cluster {
            let machine = machines[index]
            guard machine.state == .running, machine.isUp, !ledger.declaredGone else { continue }
            switch reason {
            case .drained? where machine.isTerminating: continue
            case .diskUnusable? where disk(index).isCorrupt: continue
            default: violate(.livingRemoved, "\(id) of \(machine.id), \(reason.map { "\($0)" } ?? "late")")
            }
        }
    }

    func judgeTurn(_ plan: ReconcilePlan, _ view: ClusterView) {
        let changes = plan.steps.count { $0.changesMembership }
        if changes > 1 { violate(.severalChanges, "\(plan.steps)") }
        let isCorrupt = view.alarms.contains { if case .corrupt = $0 { true } else { false } }
        if changes > 0, isCorrupt { violate(.changedWhileCorrupt, "\(plan.steps)") }
    }

    /// An act that comes late was judged right by what was seen before: only etcd can tell then.
    func judgeAddition(to leader: Int, by actor: Int?, asLearner: Bool) {
        guard actor != nil, let own = replica(leader) else { return }
        let membership = tree.membership(at: own.commit)
        if membership.members.contains(where: { !$0.isStarted }), !asLearner {
            violate(.joinedTogether, "\(membership.members.map(\.name))")
        }
        if asLearner, !options.family.abilities.learnersAreSound {
            violate(.unsoundLearner, "\(options.family)")
        }
        let wanted = cloud.history.suffix(60).map(\.desired).max() ?? 0
        if membership.members.count > wanted {
            violate(.tooMany, "\(membership.members.count) members, \(cloud.desired) wanted")
        }
    }

    /// An instance goes by our word: it may have no vote any more, unless the group is to have nobody.
    func judgeCompletedDrain(_ index: Int) {
        guard cloud.desired > 0, let own = replica(index) else { return }
        let running = running(own.cluster)
        let isMember = leaders(among: running).contains { leader in
            guard leader != index, let replica = replica(leader) else { return false }
            return tree.membership(at: replica.commit).members.contains { $0.id == own.member }
        }
        let isLast = machines[index].process?.isLeader == true && hasQuorum(index, among: running)
        if isMember || isLast { violate(.letGoTooEarly, "\(machines[index].id)") }
    }
}
