/// The leader's decisions on who becomes a member: an instance that asks, one at a time, a learner first.

extension Turn {
    /// Enters at most one instance, written into the record before it is added.
    mutating func add(_ group: Group) {
        let asking = view.facts.counted.filter { isAsking($0, group) }
        let size = view.settings.target(group)
        let isFull = cluster.members.count - (isMakingRoom(group, size) ? 1 : 0) >= size
        if cluster.members.count < size, asking.isEmpty {
            deferring(.memberMissing(members: cluster.members.count, size: size))
        }
        for report in asking.sorted(by: { place($0) < place($1) }) {
            if isFull {
                heldByOthers.insert(report.instance)
                deferring(.spare(report.instance, members: cluster.members.count, size: size))
            } else if let cause = obstacle() {
                heldByOthers.insert(report.instance)
                deferring(.joinHeld(report.instance, cause))
            } else if let cause = reasonToPause(report) {
                deferring(.joinHeld(report.instance, cause))
            } else {
                enter(report)
            }
        }
    }

    /// Whether there may be one more for a while, so that a new instance joins before an old one leaves: a member's instance is
    /// leaving, or the group, all of which is in the cluster, holds more than it wants.
    private func isMakingRoom(_ group: Group, _ size: Int) -> Bool {
        cluster.members.contains(where: isLeaving) || (group.holdsMoreThanDesired && size >= group.desiredCapacity)
    }

    /// Whose addition stands in the record already comes first, then the lowest ID.
    private func place(_ report: Report) -> (Int, InstanceID) {
        let isAnnounced = record?.voter(report.instance)?.disk == report.disk
        return (isAnnounced ? 0 : 1, report.instance)
    }

    /// Whether an instance may be entered at all: it asks, holds nothing, is in duty, and no member stands in its place.
    private func isAsking(_ report: Report, _ group: Group) -> Bool {
        guard report.asksForPlace,
            group.instance(report.instance)?.lifecycle?.isInDuty == true, !isLeaving(report.instance)
        else { return false }
        return !cluster.members.contains { member in
            member.name == report.instance.rawValue || member.peerURLs.contains(report.peerURL)
        }
    }

    /// What keeps everybody out, and may last.
    private func obstacle() -> String? {
        if !view.settings.joinStrategy.allowsAdding { return "the join strategy leaves it to an operator" }
        if !mayWriteRecord { return "the record can't be written to" }
        let ill = cluster.voters.filter { $0.isStarted && !cluster.isHealthy($0) }
        return ill.isEmpty || view.abilities.addsBesideDeadVoters
            ? nil : "etcd adds nobody while a voter is down: \(list(ill.map(\.label)))"
    }

    /// What passes by itself.
    private func reasonToPause(_ report: Report) -> String? {
        if membership != nil || transfer != nil || isSomebodyJoining {
            return "another change of the members is under way"
        }
        if let removed = memory.removedURLs[report.peerURL], view.now - removed < pauseBeforeReadding {
            return "its address was just removed; \(pauseBeforeReadding) have to pass"
        }
        return nil
    }

    private mutating func enter(_ report: Report) {
        let asLearner = view.abilities.learnersAreSound
        if !asLearner, let risk = cluster.riskOfAddingVoter() {
            heldByOthers.insert(report.instance)
            deferring(.addRisksQuorum(report.instance, risk))
            return
        }
        announce(report)
        membership = .addMember(report.instance, peerURL: report.peerURL, asLearner: asLearner)
    }

    /// Writes the joiner into the record, as `+`, unless it stands there already.
    private mutating func announce(_ report: Report) {
        guard var next = record else { return }
        if next.voters.contains(where: { $0.instance == report.instance && $0.disk == report.disk }) { return }
        next.voters.removeAll { $0.instance == report.instance || $0.peerURL == report.peerURL }
        next.voters.append(
            ClusterRecord.Entry(report.instance, report.peerURL, disk: report.disk, isJoining: true))
        record = next
        swapReason = .joining(report.instance)
    }
}
