/// The changes of membership that etcd takes or refuses.

import ClusterPlanning

/// One change of membership, as it is asked for.
enum Change {
    case add(peerURL: Endpoint, asLearner: Bool)
    case remove(MemberID, because: RemovalReason?)
    case promote(MemberID)
    case move(MemberID, to: Endpoint)
}

/// Why etcd did not do it.
enum Refusal: String, Error {
    case noAnswer, noLeader, peerURLExists, idIsGone, notFound, notEnoughStarted, unhealthy, tooManyLearners, notInSync
}

extension World {
    /// Carries a change out, if the cluster takes it.
    ///
    /// - Parameter actor: whose act it is, to be judged; nil: it was judged when it was decided.
    func change(_ cluster: ClusterID, _ change: Change, by actor: Int?) -> Result<MemberID, Refusal> {
        let result = attempt(cluster, change, by: actor)
        if case .failure(.idIsGone) = result { violate(.idReused, "\(change) in \(cluster)") }
        note("\(actor.map { machines[$0].id.rawValue } ?? "late"): \(change) in \(cluster): \(result)")
        return result
    }

    private func attempt(_ cluster: ClusterID, _ change: Change, by actor: Int?) -> Result<MemberID, Refusal> {
        guard let leader = leader(of: cluster), let own = replica(leader) else { return .failure(.noLeader) }
        // One change at a time: the next one waits until this one is applied.
        if tree.hasChange(after: own.commit, upTo: own.head) { return .failure(.unhealthy) }
        let membership = tree.membership(at: own.commit)
        let kind: EntryKind
        let id: MemberID
        switch decide(change, membership, leader) {
        case .failure(let refusal): return .failure(refusal)
        case .success(let accepted): (kind, id) = accepted
        }
        if case .remove(_, let reason) = change { judgeRemoval(of: id, from: leader, because: reason, by: actor) }
        if case .add(_, let asLearner) = change { judgeAddition(to: leader, by: actor, asLearner: asLearner) }
        appendToLog(of: leader, kind)
        let running = running(cluster)
        spread(leader, running, mostly: false)
        // From one voter to two there is no way around it: the second has to start.
        let isSecond = if case .add = change { membership.voterCount == 1 } else { false }
        if !isSecond, !hasQuorum(leader, among: running) { violate(.quorumSpent, "\(change)") }
        disturbEtcd()
        return .success(id)
    }

    private func decide(
        _ change: Change, _ membership: LogTree.Membership, _ leader: Int
    ) -> Result<(EntryKind, MemberID), Refusal> {
        switch change {
        case .add(let peerURL, let asLearner): added(peerURL, asLearner, membership, leader)
        case .remove(let id, _):
            refusal(ofRemoving: id, membership, leader).map(Result.failure) ?? .success((.remove(id), id))
        case .promote(let id): promoted(id, membership, leader)
        case .move(let id, let endpoint):
            if !membership.members.contains(where: { $0.id == id }) {
                .failure(.notFound)
            } else if membership.members.contains(where: { $0.peerURLs.contains(endpoint) && $0.id != id }) {
                .failure(.peerURLExists)
            } else {
                .success((.move(id, to: endpoint), id))
            }
        }
    }

    private func added(
        _ peerURL: Endpoint, _ asLearner: Bool, _ membership: LogTree.Membership, _ leader: Int
    ) -> Result<(EntryKind, MemberID), Refusal> {
        let voters = membership.voters
        if membership.members.contains(where: { $0.peerURLs.contains(peerURL) }) { return .failure(.peerURLExists) }
        // etcd makes the ID of URL and time, in seconds.
        let id = MemberID(stableHash("\(peerURL) \(now.components.seconds)"))
        if membership.removed.contains(id) { return .failure(.idIsGone) }
        if asLearner, membership.members.contains(where: \.isLearner) { return .failure(.tooManyLearners) }
        if options.isStrict {
            let started = voters.count(where: \.isStarted)
            let isSecond = started == 1 && voters.count == 1
            if !asLearner, !isSecond, started < quorum(of: voters.count + 1) { return .failure(.notEnoughStarted) }
            let connected = connected(voters, to: leader)
            switch options.family {
            case .v34, .early35: if connected < voters.count { return .failure(.unhealthy) }
            case .late35: if !isSecond, connected < quorum(of: voters.count + 1) { return .failure(.unhealthy) }
            }
        }
        return .success((.add(Member(id, name: "", peerURLs: [peerURL], isLearner: asLearner)), id))
    }

    private func promoted(
        _ id: MemberID, _ membership: LogTree.Membership, _ leader: Int
    ) -> Result<(EntryKind, MemberID), Refusal> {
        guard let member = membership.members.first(where: { $0.id == id }) else { return .failure(.notFound) }
        guard member.isLearner else { return .failure(.notFound) }
        guard let head = replica(leader)?.head,
            machine(running: member, for: leader, among: running(replica(leader)?.cluster ?? ClusterID(0))) != nil,
            let confirmed = machines[leader].process?.confirmedHead(of: id),
            tree[confirmed].index * 10 >= tree[head].index * 9
        else { return .failure(.notInSync) }
        if options.isStrict, membership.voters.count(where: \.isStarted) + 1 < quorum(of: membership.voterCount + 1) {
            return .failure(.notEnoughStarted)
        }
        return .success((.promote(id), id))
    }

    private func refusal(ofRemoving id: MemberID, _ membership: LogTree.Membership, _ leader: Int) -> Refusal? {
        guard let member = membership.members.first(where: { $0.id == id }) else { return .notFound }
        guard options.isStrict, member.isVoter else { return nil }
        let rest = membership.voters.filter { $0.id != id }
        if rest.count(where: \.isStarted) < quorum(of: rest.count) { return .notEnoughStarted }
        let running = running(replica(leader)?.cluster ?? ClusterID(0))
        let isActive = machine(running: member, for: leader, among: running) != nil
        let active = connected(membership.voters, to: leader)
        return isActive && active - 1 < quorum(of: rest.count) ? .unhealthy : nil
    }

    /// How many of these have been connected for five seconds.
    private func connected(_ members: [Member], to leader: Int) -> Int {
        guard let cluster = replica(leader)?.cluster else { return 0 }
        return inTouch(members, with: leader, among: running(cluster)).count { index in
            guard let process = machines[index].process else { return false }
            return index == leader || now - process.startedAt >= .seconds(5)
        }
    }

    /// Leadership goes to another voter that is level.
    func moveLeader(_ leader: Int, to member: MemberID) -> Bool {
        guard let own = replica(leader), machines[leader].process?.isLeader == true,
            let next = running(own.cluster).first(where: { replica($0)?.member == member }),
            areInTouch(leader, next), let other = replica(next), other.head == own.head
        else { return false }
        let running = running(own.cluster)
        for index in running where machines[index].process?.leader == own.member {
            machines[index].process?.leader = nil
            machines[index].process?.isLeader = false
        }
        note("\(machines[leader].id) hands leadership to \(machines[next].id)")
        takeLead(next, running)
        return true
    }
}
