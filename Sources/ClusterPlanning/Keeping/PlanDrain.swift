/// The leader's decisions on instances that come and go by the group's will: drains, hooks, and leadership.

extension Turn {
    /// Whether the instance of this member is about to go: the group or its own metadata service says so.
    func isLeaving(_ member: Member) -> Bool { entry(of: member).map { isLeaving($0.instance) } ?? false }

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
        keepHooks(group)
    }

    private mutating func drain(_ member: Member, _ group: Group) {
        guard let instance = entry(of: member)?.instance else { return }
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
        if cluster.voters.count == 1 {
            return group.desiredCapacity == 0 && isBackedUpLast
                ? "it is the last voter; it has to be backed up first, once it serves nobody any more"
                : "it is the last voter; another one has to serve first"
        }
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
            view.facts.counted.contains { $0.member == member.id && $0.reachesAWS == true }
        }
        guard let seeing else {
            deferring(.nobodyToLead("no healthy voter says that AWS answers it"))
            return
        }
        memory.handedOver = view.now
        transfer = .moveLeader(to: seeing, because: .blindToAWS)
    }

    /// Says whether the leader's own instance is the last one of a group that wants none any more, and backups are made. It is
    /// not kept from leaving, nor let go as it is: its etcd stops, what it holds is backed up, and only then the group goes on.
    mutating func seeOff(_ group: Group) {
        guard view.settings.backups != nil, record != nil else { return }
        result.isLastToLeave =
            cluster.members.count == 1 && group.desiredCapacity == 0
            && group.instance(view.own)?.lifecycle == .terminatingWait
    }

    // MARK: Hooks

    /// Instances that a terminating hook holds: a heartbeat while their member is needed, the end of the wait once it is gone.
    mutating func keepHooks(_ group: Group, completing: Bool = true) {
        for instance in group.instances where instance.lifecycle == .terminatingWait {
            if isNeeded(instance.id, group) || !completing {
                heartbeat(ourHooks(.terminating, for: instance.id), instance.id)
            } else {
                complete(ourHooks(.terminating, for: instance.id), instance.id)
            }
        }
    }

    /// A member is, but for the last one of a group that is to be empty, unless it is to be backed up first (`seeOff`); so is a
    /// disk of an earlier generation, until this one is formed.
    private func isNeeded(_ instance: InstanceID, _ group: Group) -> Bool {
        if member(on: instance) != nil {
            return cluster.members.count > 1 || group.desiredCapacity > 0 || isBackedUpLast
        }
        return record?.former.contains { $0.entry.instance == instance } == true
    }

    /// Whether a last backup comes before the last member's leave. A record that can't be read, or that is about to be made, is
    /// waited for; without one no backup is ever made.
    private var isBackedUpLast: Bool { view.settings.backups != nil && view.record != .notConfigured }

    /// By the record as well as by name: an older tool may have named it otherwise.
    private func member(on instance: InstanceID) -> Member? {
        cluster.members.first { entry(of: $0)?.instance == instance }
    }

    /// Instances that a launching hook holds: the group goes on once each is a voter, or where its wait is not about itself.
    mutating func launch(_ group: Group) {
        for instance in group.instances where instance.lifecycle == .pendingWait {
            let held = ourHooks(.launching, for: instance.id)
            switch progress(of: instance.id) {
            case .done: complete(held, instance.id)
            case .underWay: heartbeat(held, instance.id)
            case .none: break
            }
        }
    }

    private enum Progress { case done, underWay, none }

    private func progress(of instance: InstanceID) -> Progress {
        if let member = member(on: instance), member.isStarted {
            return member.isVoter && cluster.isHealthy(member) ? .done : .underWay
        }
        // Not its own fault, as while another voter is down: the group must not wait for what it could mend (F6).
        if heldByOthers.contains(instance) { return .done }
        guard view.facts.report(instance) != nil else { return .none }
        return .underWay
    }

    var isSomebodyJoining: Bool { cluster.members.contains { !$0.isStarted || $0.isLearner } }

    private mutating func complete(_ held: [LifecycleHook], _ instance: InstanceID) {
        hooks += held.map { .completeHook(hook: $0.name, instance) }
    }

    /// At a third of the time after which the group would go on by itself.
    private mutating func heartbeat(_ held: [LifecycleHook], _ instance: InstanceID) {
        guard let timeout = held.map(\.heartbeatTimeout).min() else { return }
        if let last = memory.heartbeats[instance], view.now - last < timeout / 3 { return }
        memory.heartbeats[instance] = view.now
        hooks += held.map { .heartbeat(hook: $0.name, instance) }
    }

    /// The hooks that are ours to complete; where there is none, that is said.
    private mutating func ourHooks(
        _ transition: LifecycleHook.Transition, for instance: InstanceID
    ) -> [LifecycleHook] {
        switch view.hooks {
        case .notAsked: return []
        case .unavailable(let cause):
            deferring(.hooksNotRead(cause))
            return []
        case .seen(let all):
            let ours = view.settings.ourHooks(among: all, transition)
            if ours.isEmpty {
                deferring(.hookNotOurs(instance, all.filter { $0.transition == transition }.map(\.name).sorted()))
            }
            return ours
        }
    }
}

extension PlanSettings {
    /// The hooks of one kind that are ours to complete, by name: those that the settings name, else the group's only one.
    func ourHooks(among hooks: [LifecycleHook], _ transition: LifecycleHook.Transition) -> [LifecycleHook] {
        let all = hooks.filter { $0.transition == transition }.sorted { $0.name < $1.name }
        let named = all.filter { lifecycleHooks.contains($0.name) }
        if !named.isEmpty { return named }
        return lifecycleHooks.isEmpty && all.count == 1 ? all : []
    }
}

private let longestBlindness = Duration.seconds(120)
private let pauseBetweenHandovers = Duration.seconds(600)
