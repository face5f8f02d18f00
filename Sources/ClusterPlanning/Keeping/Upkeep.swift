/// Keeps the record equal to what the members are: who may hold data, and on which disk.

/// The entries of a cluster that no record knows: each member at its address, with its disk where a report names it.
func entries(of cluster: RunningCluster, _ facts: Facts) -> [ClusterRecord.Entry] {
    cluster.members.map { newEntry(of: $0, facts) }
}

private func newEntry(of member: Member, _ facts: Facts) -> ClusterRecord.Entry {
    let url = member.peerURLs.first ?? Endpoint(.http, "unknown", 1)
    let byAddress = facts.instances.first { $0.address == url.host && $0.state != .terminated }?.id
    // One whose disk has moved still has the old instance's name until it runs again.
    let reporter = facts.counted.first { $0.member == member.id && $0.peerURL == url }
    let named = member.instanceID ?? byAddress ?? InstanceID(member.name.isEmpty ? "unknown" : member.name)
    let instance = reporter?.instance ?? named
    let report = reporter ?? facts.report(named)
    let disk = report?.member == member.id ? report?.disk : nil
    return ClusterRecord.Entry(instance, url, disk: disk, isJoining: !member.isStarted)
}

extension Evidence {
    /// The record as it should be, by the member list: members that it lacks go in, disks get their names, `+` goes once the
    /// joiner reports its data, and what is no member goes out. An entry that is still `+` goes only when its instance is
    /// gone or asks with another disk: the add may be under way.
    func upkept(_ record: inout ClusterRecord, _ view: ClusterView) {
        let members = view.cluster.members
        let lacking = members.filter { entry(of: $0, in: record) == nil }
        record.voters = record.voters.compactMap { [record] entry in
            guard let member = members.first(where: { self.entry(of: $0, in: record) == entry }) else {
                // Of an entry that nobody has claimed no instance is known that could still come.
                let mayCome = entry.isJoining && InstanceID.isInstanceID(entry.instance.rawValue)
                return mayCome && !isOver(entry) ? entry : nil
            }
            return upkept(entry, as: member)
        }
        record.voters += lacking.map { newEntry(of: $0, facts) }
        if isFormed(view) { record.former = [] }
    }

    private func upkept(_ entry: ClusterRecord.Entry, as member: Member) -> ClusterRecord.Entry {
        guard let report = facts.report(entry.instance), report.member == member.id,
            report.peerURL == entry.peerURL
        else { return entry }
        var next = entry
        if next.disk == nil { next.disk = report.disk }
        if next.disk == report.disk { next.isJoining = false }
        return next
    }

    private func isOver(_ entry: ClusterRecord.Entry) -> Bool {
        switch fate(of: entry) {
        case .gone: true
        case .held, .blank, .unusable, .unknown: false
        }
    }

    /// Whether the generation has as many started voters as it is to have, or two: earlier data is needed no more.
    private func isFormed(_ view: ClusterView) -> Bool {
        guard let group = view.facts.group.value else { return false }
        let started = view.cluster.voters.count { $0.isStarted && view.cluster.isHealthy($0) }
        return started >= min(max(view.settings.target(group), 1), 2)
    }
}

/// The record that a leader makes of a cluster that has none: one that an older tool has made, or whose record was dropped.
///
/// - Returns: nil where it can't be made yet; then the deferral says why.
func adoption(_ view: ClusterView, _ group: Group, in store: StoreName, _ plan: inout ReconcilePlan) -> RecordSwap? {
    if case .unavailable(let cause) = view.backups {
        plan.deferred.append(.recordNotRead("the backups: \(cause)"))
        return nil
    }
    let told = view.facts.counted.filter { report in
        view.cluster.members.contains { $0.id == report.member }
    }.compactMap { $0.heldData?.generation }
    let known = ([view.ownGeneration].compactMap { $0 } + told).max()
    let generation = known ?? (view.backups.value?.highestGeneration ?? 0) + 1
    let name = group.clusterName(configured: view.settings.clusterName) ?? "etcd-cluster"
    let record = ClusterRecord(
        owner: group.owner, generation: generation, token: "\(name)-\(generation)-\(view.salt)", source: .empty,
        voters: entries(of: view.cluster, view.facts))
    return RecordSwap(.adoption, store: store, expected: nil, record: record)
}
