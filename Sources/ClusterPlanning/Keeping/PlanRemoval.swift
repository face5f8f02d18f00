/// The leader's decisions on the members that are there: who votes, who has moved, and, by evidence alone, who is one no more.

extension Turn {
    /// A learner that answers gets its vote; etcd itself refuses as long as it lags (F12).
    mutating func promote() {
        guard let learner = learnerToPromote, !triedBefore.contains(learner.id) else { return }
        memory.promotions.insert(learner.id)
        promote(learner)
    }

    /// One that was refused before is tried again in every turn that has nothing else to change: it may lag for long, and must
    /// not keep the dead in.
    mutating func promoteLaggard() {
        guard membership == nil, transfer == nil, let learner = learnerToPromote, triedBefore.contains(learner.id)
        else { return }
        promote(learner)
        if membership != nil { deferring(.learnerBehind(learner)) }
    }

    private var learnerToPromote: Member? {
        cluster.members.first { $0.isLearner && $0.isStarted && cluster.isHealthy($0) && !isLeaving($0) }
    }

    private mutating func promote(_ learner: Member) {
        let after = QuorumRisk(
            healthyVoters: cluster.voters.count(where: cluster.isHealthy) + 1, voters: cluster.voters.count + 1)
        if after.healthyVoters >= after.quorum {
            membership = .promote(learner)
        } else {
            deferring(.promotionRisksQuorum(learner, after))
        }
    }

    /// A volume that is attached to another instance: the record learns it first, then the cluster.
    mutating func moveVolumes() {
        guard membership == nil, record != nil else { return }
        for report in view.facts.counted {
            guard let member = memberMoved(to: report), let disk = report.disk else { continue }
            if member.isVoter {
                move(member, disk, to: report)
            } else {
                remove(member, .learnerMoved(to: report.instance))
            }
            return
        }
    }

    /// The member whose volume this instance reports, where nothing else may run on it: not another instance that reports the same
    /// disk, as with a clone, and not the one that had it, or after which the member is named, and that says nothing now. Nor may
    /// another member be at the address: etcd would refuse it, and it has to go first.
    private func memberMoved(to report: Report) -> Member? {
        guard let data = report.heldData, data.generation == record?.generation,
            let member = member(whoseDataIs: data, on: report.disk), member.id != view.ownMember,
            !cluster.isHealthy(member),
            !cluster.members.contains(where: { $0.peerURLs.contains(report.peerURL) }),
            case .held = evidence.fate(of: ClusterRecord.Entry(report.instance, report.peerURL, disk: report.disk))
        else { return nil }
        if let named = member.instanceID, named != report.instance, mayRunUnseen(named) { return nil }
        guard let before = entry(of: member)?.instance, before != report.instance else { return member }
        let state = view.facts.instance(before)?.state
        let isOver = state?.isEnd == true || state == .stopped || view.facts.report(before) != nil
        return isOver ? member : nil
    }

    /// Whether an instance that AWS knows may run etcd, and its supervisor says nothing.
    private func mayRunUnseen(_ instance: InstanceID) -> Bool {
        guard let state = view.facts.instance(instance)?.state, view.facts.report(instance) == nil else { return false }
        return !state.isEnd && state != .stopped
    }

    private func member(whoseDataIs data: HeldData, on disk: DiskID?) -> Member? {
        guard let id = data.member else { return disk.flatMap { record?.member(on: $0, of: cluster) } }
        return cluster.members.first { $0.id == id }
    }

    private mutating func move(_ member: Member, _ disk: DiskID, to report: Report) {
        guard var next = record else { return }
        let old = next.entry(for: member)
        next.voters.removeAll { $0.disk == disk || $0 == old }
        next.voters.append(ClusterRecord.Entry(report.instance, report.peerURL, disk: disk))
        record = next
        swapReason = .moving(report.instance)
        membership = .updatePeerURL(member, to: report.peerURL)
    }

    /// Plans at most one removal.
    mutating func remove(_ group: Group) {
        if case .unavailable(let cause) = view.facts.asked {
            deferring(.instancesNotRead(cause))
            memory.orphanedSince = [:]
            return
        }
        for member in cluster.members.sorted(by: { Self.removalOrder($0) < Self.removalOrder($1) }) {
            switch judge(member, group) {
            case .keep: break
            case .deferred(let deferral): deferring(deferral)
            case .goes(let reason): remove(member, reason)
            }
        }
    }

    /// Entries that never started before learners before voters; then by ID, so that every leader takes the same.
    private static func removalOrder(_ member: Member) -> (Int, MemberID) {
        (!member.isStarted ? 0 : member.isLearner ? 1 : 2, member.id)
    }

    private mutating func remove(_ member: Member, _ reason: RemovalReason) {
        // Whoever leads next may; a leader that removes itself leaves nobody who knows what became of it.
        guard member.id != view.ownMember else { return }
        if membership != nil {
            deferring(.oneChangePerTurn(member))
        } else if let risk = cluster.risk(ofRemoving: member) {
            deferring(.quorumAtRisk(member, risk))
        } else {
            membership = .removeMember(member, because: reason)
            for url in member.peerURLs { memory.removedURLs[url] = view.now }
            if case .diskGone(let loss) = reason, loss.isWeak, member.isVoter { memory.weakRemovals.append(view.now) }
        }
    }

    // MARK: Judging

    private enum Verdict {
        case keep
        case deferred(Deferral)
        case goes(RemovalReason)
    }

    private mutating func judge(_ member: Member, _ group: Group) -> Verdict {
        guard let entry = entry(of: member) else {
            return member.isStarted || !member.name.isEmpty ? .deferred(.notAnInstance(member)) : judgeOrphan(member)
        }
        switch evidence.fate(of: entry) {
        case .held(let report), .blank(let report):
            memory.orphanedSince[member.id] = nil
            return complaint(of: member, on: report.instance, group)
        case .unusable(let report, let cause):
            if member.id == view.ownMember || cluster.isHealthy(member) { return .keep }
            return recordIsUnknown(member) ?? judge(member, .diskUnusable(report.instance, cause))
        case .gone(let loss): return judge(member, entry, loss)
        case .unknown(let cause):
            if !member.isStarted, member.name.isEmpty { return judgeOrphan(member) }
            return doubt(member, entry, group, cause)
        }
    }

    /// The disk that a member's data is on: by the record, by whoever reports its data, else by the instance that its name or its
    /// address tells.
    func entry(of member: Member) -> ClusterRecord.Entry? {
        if let entry = view.record.record.flatMap({ evidence.entry(of: member, in: $0) }) { return entry }
        if let report = view.facts.counted.first(where: { $0.heldData?.member == member.id }) {
            return ClusterRecord.Entry(report.instance, report.peerURL, disk: report.disk)
        }
        let byAddress = view.facts.instances.first { instance in
            instance.state != .terminated && member.peerURLs.contains { $0.host == instance.address }
        }?.id
        guard let instance = member.instanceID ?? byAddress, let url = member.peerURLs.first else { return nil }
        return ClusterRecord.Entry(instance, url, disk: nil)
    }

    /// While the record can't be read, only `terminated` counts: a later generation may have begun, or the disk be another one.
    private func recordIsUnknown(_ member: Member) -> Verdict? {
        guard case .unknown = view.record else { return nil }
        return .deferred(.fateUnknown(member, "the record can't be read"))
    }

    private mutating func judge(_ member: Member, _ entry: ClusterRecord.Entry, _ loss: Loss) -> Verdict {
        // Without a record that names its disk, an entry that never started may be meant for the blank disk that is there:
        // only one that goes on asking is not.
        if entry.disk == nil, !member.isStarted, case .replaced = loss { return judgeUnclaimed(member, entry, loss) }
        if case .instanceTerminated = loss {} else if let wait = recordIsUnknown(member) { return wait }
        if member.id == view.ownMember { return .deferred(.ownDiskGone(member, loss)) }
        if cluster.isHealthy(member) {
            guard case .instanceTerminated = loss else { return .deferred(.reachedThoughGone(member, loss)) }
        }
        if loss.isWeak, let bound = boundOfWeakEvidence(member) { return .deferred(.tooWeak(member, loss, bound)) }
        return judge(member, .diskGone(loss))
    }

    private func judge(_ member: Member, _ reason: RemovalReason) -> Verdict {
        guard view.settings.joinStrategy.allowsRemoving else {
            if case .diskGone(let loss) = reason { return .deferred(.removalNotAllowed(member, loss)) }
            return .keep
        }
        return .goes(reason)
    }

    /// An absence proves little: it never leaves two voters unless two are wanted or somebody asks to take the place, never
    /// one of two, and never removes more than a minority in a grace period (F23).
    private func boundOfWeakEvidence(_ member: Member) -> String? {
        guard member.isVoter else { return nil }
        let voters = cluster.voters.count
        let isWanted = view.facts.group.value.map(view.settings.target) == 2
        if voters == 3, !isWanted, !view.facts.counted.contains(where: \.asksForPlace) {
            return "two voters would be left, and no instance asks to take the place"
        }
        if voters == 2 { return "of two voters none goes on such evidence" }
        return memory.weakRemovals.count >= max((voters - 1) / 2, 1)
            ? "\(memory.weakRemovals.count) were removed on such evidence in the last \(view.settings.grace)" : nil
    }

    private mutating func judgeUnclaimed(_ member: Member, _ entry: ClusterRecord.Entry, _ loss: Loss) -> Verdict {
        guard view.facts.report(entry.instance)?.asksToJoin == true else {
            memory.orphanedSince[member.id] = nil
            return .keep
        }
        if let wait = recordIsUnknown(member) { return wait }
        return wait(for: member, unclaimedGrace) ?? .goes(.diskGone(loss))
    }

    /// An entry without a name, of which no record knows the disk: somebody is about to start there, or was, and died. Its
    /// address tells who.
    private mutating func judgeOrphan(_ member: Member) -> Verdict {
        let addresses = member.peerURLs.map(\.host)
        let instances = view.facts.instances
        let isClaimed = instances.contains { instance in
            instance.state != .terminated && instance.address.map(addresses.contains) == true
        }
        // An instance whose address we don't know may be the one.
        let isAnybodyUnclear = instances.contains { $0.address == nil && !$0.state.isEnd }
        if isClaimed || isAnybodyUnclear {
            memory.orphanedSince[member.id] = nil
            return .keep
        }
        if let wait = recordIsUnknown(member) { return wait }
        return wait(for: member, orphanGrace) ?? .goes(.neverStarted(address: addresses.first ?? "nowhere"))
    }

    private mutating func wait(for member: Member, _ grace: Duration) -> Verdict? {
        let since = memory.orphanedSince[member.id] ?? view.now
        memory.orphanedSince[member.id] = since
        let remaining = grace - (view.now - since)
        return remaining > .zero ? .deferred(.orphanInGrace(member, remaining: remaining)) : nil
    }

    // MARK: What an operator should know of members that stay

    private func complaint(of member: Member, on instance: InstanceID, _ group: Group) -> Verdict {
        let state = view.facts.instance(instance)?.state ?? .unclear
        if member.isStarted, case .unhealthy(let cause)? = cluster.health[member.id] {
            return .deferred(.unhealthyButRunning(member, state, cause))
        }
        return group.instance(instance) == nil ? .deferred(.outsideGroup(member, state)) : .keep
    }

    private func doubt(
        _ member: Member, _ entry: ClusterRecord.Entry, _ group: Group, _ cause: String
    ) -> Verdict {
        let state = view.facts.instance(entry.instance)?.state ?? .unclear
        if case .unhealthy(let illness)? = cluster.health[member.id] {
            return .deferred(
                state == .running ? .unhealthyButRunning(member, state, illness) : .fateUnknown(member, cause))
        }
        return group.instance(entry.instance) == nil ? .deferred(.outsideGroup(member, state)) : .keep
    }
}

/// How long an entry that never started is kept while no instance has its address.
private let orphanGrace = Duration.seconds(60)

/// How long one is kept whose instance goes on asking: its report may be older than the entry.
private let unclaimedGrace = Duration.seconds(10)
