/// The leader's decisions on who becomes a member: an instance that asks, one at a time, a learner first.

extension Turn {
    /// Enters at most one instance, written into the record before it is added.
    mutating func add(_ group: Group) {
        let asking = view.facts.counted.filter { isAsking($0, group) }
        let size = view.settings.target(group)
        let room = size + (group.holdsMoreThanDesired || group.isLosingInstances ? 1 : 0)
        if cluster.members.count < size, asking.isEmpty {
            deferring(.memberMissing(members: cluster.members.count, size: size))
        }
        for report in asking.sorted(by: { $0.instance < $1.instance }) {
            if cluster.members.count >= room {
                deferring(.spare(report.instance, members: cluster.members.count, size: size))
            } else if let cause = reasonToHold(report) {
                deferring(.joinHeld(report.instance, cause))
            } else {
                enter(report)
            }
        }
    }

    /// Whether an instance may be entered at all: it asks, holds nothing, is in duty, and no member stands in its place.
    private func isAsking(_ report: Report, _ group: Group) -> Bool {
        guard report.asksToJoin, case .none = report.holding, report.disk != nil,
            group.instance(report.instance)?.lifecycle?.isInDuty == true, !isLeaving(report.instance)
        else { return false }
        return !cluster.members.contains { member in
            member.name == report.instance.rawValue || member.peerURLs.contains(report.peerURL)
        }
    }

    private func reasonToHold(_ report: Report) -> String? {
        if !view.settings.joinStrategy.allowsAdding { return "the join strategy leaves it to an operator" }
        if !mayWriteRecord { return "the record can't be written to" }
        if membership != nil || isSomebodyJoining { return "another change of the members is under way" }
        let ill = cluster.voters.filter { !cluster.isHealthy($0) }
        if !ill.isEmpty, !view.abilities.addsBesideDeadVoters {
            return "etcd adds nobody while a voter is down: \(list(ill.map(\.label)))"
        }
        if let removed = memory.removedURLs[report.peerURL], view.now - removed < pauseBeforeReadding {
            return "its address was just removed; \(pauseBeforeReadding) have to pass"
        }
        return nil
    }

    private mutating func enter(_ report: Report) {
        let asLearner = view.abilities.learnersAreSound
        if !asLearner, let risk = cluster.riskOfAddingVoter() {
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
