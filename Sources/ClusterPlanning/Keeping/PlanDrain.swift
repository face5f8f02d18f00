/// The leader's decisions on instances that come and go by the group's will: drains, hooks, and leadership.

extension Turn {
    /// Whether the instance of this member is about to go: the group or its own metadata service says so.
    func isLeaving(_ member: Member) -> Bool {
        guard
            let instance = view.record.record?.voters.first(where: { $0.matches(member) })?.instance
                ?? member.instanceID
        else { return false }
        return isLeaving(instance)
    }

    func isLeaving(_ instance: InstanceID) -> Bool {
        view.facts.instance(instance)?.lifecycle?.isTerminating == true
            || view.facts.report(instance)?.leaving != nil
    }

    /// Takes members off instances that are about to go, one a turn, the leader's own last. While the others are not enough,
    /// the instance is held, with heartbeats.
    mutating func drain(_ group: Group) {
        let leaving = cluster.members.filter(isLeaving)
        for member in leaving.sorted(by: {
            ($0.id == view.ownMember ? 1 : 0, $0.id) < ($1.id == view.ownMember ? 1 : 0, $1.id)
        }) {
            drain(member, group)
        }
        keepHooks(of: leaving, group)
    }

    private mutating func drain(_ member: Member, _ group: Group) {
        let instance = member.instanceID ?? InstanceID(member.name)
        if let reason = reasonToHold(member, group) {
            deferring(.drainHeld(instance, reason))
        } else if membership != nil || transfer != nil {
            deferring(.oneChangePerTurn(member))
        } else if member.id != view.ownMember {
            membership = .removeMember(member, because: .drained(instance))
            for url in member.peerURLs { memory.removedURLs[url] = view.now }
        } else if let successor = successor() {
            transfer = .moveLeader(to: successor, because: .draining(instance))
        } else {
            deferring(.nobodyToLead("no other healthy voter"))
        }
    }

    /// Why the cluster can't do without a member yet; nil where it can.
    private func reasonToHold(_ member: Member, _ group: Group) -> String? {
        guard member.isVoter else { return nil }
        if cluster.voters.count == 1 { return "it is the last voter; another one has to serve first" }
        let others = cluster.voters.filter { $0.id != member.id }
        if let risk = cluster.risk(ofRemoving: member) { return "\(risk)" }
        let healthy = others.count(where: cluster.isHealthy)
        let needed = floor(view.settings.target(group))
        // One that is not healthy takes nothing away: held, it would keep joiners from coming.
        return healthy < needed && cluster.isHealthy(member)
            ? "\(healthy) healthy \(healthy == 1 ? "voter" : "voters") would be left, and \(needed) are to be kept"
            : nil
    }

    /// How many healthy voters a drain has to leave: a quorum of the cluster's full size, so that one more may fail.
    /// Of two, one: the group launches the second one's replacement only when it is gone.
    private func floor(_ target: Int) -> Int { target <= 2 ? 1 : quorum(of: target) }

    /// The voter that leads next.
    private func successor(where isFit: (Member) -> Bool = { _ in true }) -> Member? {
        cluster.voters.first { member in
            member.id != view.ownMember && member.isStarted && cluster.isHealthy(member) && !isLeaving(member)
                && isFit(member)
        }
    }

    /// A leader that AWS does not answer keeps nobody's membership: one whom it answers should lead (at most once in ten
    /// minutes).
    mutating func giveLeadAway() {
        guard let blind = memory.blindSince, view.now - blind >= longestBlindness else { return }
        if let last = memory.handedOver, view.now - last < pauseBetweenHandovers { return }
        let seeing = successor { member in
            view.facts.counted.contains { $0.heldData?.member == member.id && $0.reachesAWS == true }
        }
        guard let seeing else {
            deferring(.nobodyToLead("no healthy voter says that AWS answers it"))
            return
        }
        memory.handedOver = view.now
        transfer = .moveLeader(to: seeing, because: .blindToAWS)
    }

    // MARK: Hooks

    /// Instances that a terminating hook holds: a heartbeat while their member is needed, the end of the wait once it is gone.
    private mutating func keepHooks(of leaving: [Member], _ group: Group) {
        let held = group.instances.filter { $0.lifecycle == .terminatingWait }
        for instance in held {
            guard let hook = hook(.terminating, for: instance.id) else { continue }
            let isMember = cluster.members.contains { $0.instanceID == instance.id }
            let isLast = isMember && cluster.members.count == 1 && group.desiredCapacity == 0
            if !isMember || isLast {
                hooks.append(.completeHook(hook: hook.name, instance.id))
            } else {
                heartbeat(hook, instance.id)
            }
        }
    }

    /// Instances that a launching hook holds: the group goes on once each is a voter, or where its wait is not about itself.
    mutating func launch(_ group: Group) {
        for instance in group.instances where instance.lifecycle == .pendingWait {
            guard let hook = hook(.launching, for: instance.id) else { continue }
            switch progress(of: instance.id) {
            case .done: hooks.append(.completeHook(hook: hook.name, instance.id))
            case .underWay: heartbeat(hook, instance.id)
            case .none: break
            }
        }
    }

    private enum Progress { case done, underWay, none }

    private func progress(of instance: InstanceID) -> Progress {
        if let member = cluster.members.first(where: { $0.instanceID == instance && $0.isStarted }) {
            return member.isVoter && cluster.isHealthy(member) ? .done : .underWay
        }
        let isSpare = result.deferred.contains { if case .spare(instance, _, _) = $0 { true } else { false } }
        // Not its own fault, as while another voter is down: the group must not wait for what it could mend (F6).
        let isHeldUp = result.deferred.contains { if case .joinHeld(instance, _) = $0 { true } else { false } }
        if isSpare || (isHeldUp && !isSomebodyJoining) { return .done }
        guard view.facts.report(instance) != nil else { return .none }
        return .underWay
    }

    var isSomebodyJoining: Bool { cluster.members.contains { !$0.isStarted || $0.isLearner } }

    private mutating func heartbeat(_ hook: LifecycleHook, _ instance: InstanceID) {
        if let last = memory.heartbeats[instance], view.now - last < hook.heartbeatTimeout / 3 { return }
        memory.heartbeats[instance] = view.now
        hooks.append(.heartbeat(hook: hook.name, instance))
    }

    /// The hook that is ours to complete: one that is named in the settings, else the group's only one of this kind.
    private mutating func hook(_ transition: LifecycleHook.Transition, for instance: InstanceID) -> LifecycleHook? {
        switch view.hooks {
        case .notAsked: return nil
        case .unavailable(let cause):
            deferring(.hooksNotRead(cause))
            return nil
        case .seen(let all):
            let hooks = all.filter { $0.transition == transition }
            let named = hooks.filter { view.settings.lifecycleHooks.contains($0.name) }
            if let hook = named.first { return hook }
            if view.settings.lifecycleHooks.isEmpty, hooks.count == 1 { return hooks.first }
            deferring(.hookNotOurs(instance, hooks.map(\.name)))
            return nil
        }
    }
}

private let longestBlindness = Duration.seconds(120)
private let pauseBetweenHandovers = Duration.seconds(600)
