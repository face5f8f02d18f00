/// How an etcd starts, and ends; and the changes of membership that it takes or refuses.

import ClusterPlanning

/// One change of membership, as it is asked for.
enum Change: Sendable {
    case add(peerURL: Endpoint)
    case remove(MemberID)
}

/// Why etcd did not do it.
enum Refusal: String, Hashable, Error {
    case noAnswer, noLeader, peerURLExists, idIsGone, notFound, notEnoughStarted, unhealthy
}

extension World {
    // MARK: Starting and ending

    /// Execs etcd; it may end at once.
    mutating func exec(_ index: Int, _ launch: Launch) {
        let isFirst = computers[index].disk.replica == nil
        let stamp = Stamp.before(launch, stamp: computers[index].disk.stamp)
        computers[index].disk.stamp = stamp
        computers[index].supervisor?.runningStamp = stamp
        computers[index].supervisor?.hasAnswered = false
        computers[index].process = Process(startedAt: now, isFirst: isFirst)
        note { world in "\(world.computers[index].id): \(launch)" }
        if computers[index].failingStarts > 0 {
            computers[index].failingStarts -= 1
            etcdExits(index, code: 1)
        } else if isFirst, !makeData(index, launch) {
            etcdExits(index, code: 1)
        }
    }

    /// What etcd does where it finds no log. False: it gives up before there is one.
    private mutating func makeData(_ index: Int, _ launch: Launch) -> Bool {
        let own = computers[index].peerURL
        let peers = launch.initialCluster.map(\.peerURL).filter { $0 != own }
        let heard = peers.compactMap { computer(at: $0.host) }.filter { areInTouch(index, $0) }
        switch launch.kind {
        case .resume: return false
        case .found(let token):
            let members = launch.initialCluster.map { member in
                Member(
                    MemberID(stableHash("\(member.peerURL) \(token)")), name: member.name, peerURLs: [member.peerURL])
            }
            guard let id = members.first(where: { $0.peerURLs == [own] })?.id else { return false }
            let cluster = ClusterID(members.reduce(0) { mixed($0 ^ $1.id.rawValue) })
            // "member ... has already been bootstrapped": told by the first who answers. It fails open: nobody answers, no check.
            if let first = heard.first, replica(first).shownMembers.contains(where: { $0.id == id && $0.isStarted }) {
                return false
            }
            judgeFounding(index, cluster, id)
            computers[index].disk.replica = Replica(founding: cluster, as: id, with: members)
        case .join:
            guard let first = heard.shuffled(using: &random).first else { return false }
            let list = replica(first).shownMembers
            guard Set(list.flatMap(\.peerURLs)) == Set(launch.initialCluster.map(\.peerURL)),
                let id = list.first(where: { $0.peerURLs == [own] })?.id
            else { return false }
            if livingReplicas().contains(where: { $0.removed.contains(id) }) { oldIDsTaken += 1 }
            computers[index].disk.replica = Replica(joining: replica(first).cluster, as: id, with: list)
        }
        return true
    }

    /// etcd ends by itself, with an exit code.
    mutating func etcdExits(_ index: Int, code: Int) {
        note { world in "\(world.computers[index].id): etcd exits \(code)" }
        let process = stopEtcd(index, gracefully: code == 0)
        guard var supervisor = computers[index].supervisor, let process else { return }
        supervisor.lastExit = code == 0 ? .unaskedSuccess : .failure
        supervisor.endsInARow = now - process.startedAt >= .seconds(60) ? 1 : supervisor.endsInARow + 1
        // As RestartBackoff has it.
        let longest =
            supervisor.endsInARow > 1 ? Duration.milliseconds(250) * (1 << min(supervisor.endsInARow - 2, 7)) : .zero
        supervisor.nextLook = now + min(longest, .seconds(30)) * 3 / 4
        computers[index].supervisor = supervisor
    }

    /// The process is gone, however it came to that.
    @discardableResult
    mutating func stopEtcd(_ index: Int, gracefully: Bool) -> Process? {
        guard let process = computers[index].process else { return nil }
        computers[index].process = nil
        computers[index].disk.replica?.restart(gracefully: gracefully)
        if let supervisor = computers[index].supervisor, let stamp = supervisor.runningStamp {
            let hasLog = computers[index].disk.replica != nil
            computers[index].disk.stamp = stamp.afterExit(
                isFirst: process.isFirst, hasLog: hasLog, hasAnswered: supervisor.hasAnswered)
            computers[index].supervisor?.runningStamp = nil
        }
        return process
    }

    // MARK: Changes of membership

    /// Carries a change out, if the cluster takes it.
    ///
    /// - Parameter actor: whose act it is, to be judged; nil: it was judged when it was decided.
    mutating func change(_ cluster: ClusterID, _ change: Change, by actor: Int?) -> Result<MemberID, Refusal> {
        let result = attempt(cluster, change, by: actor)
        if case .failure(let refusal) = result {
            refusals[refusal, default: 0] += 1
            if refusal == .idIsGone { violate(.idReused, "\(change) in \(cluster)") }
        }
        note { world in "\(actor.map { world.computers[$0].id.rawValue } ?? "late"): \(change) in \(cluster): \(result)"
        }
        return result
    }

    private mutating func attempt(_ cluster: ClusterID, _ change: Change, by actor: Int?) -> Result<MemberID, Refusal> {
        guard let leader = leader(of: cluster) else { return .failure(.noLeader) }
        // One change at a time: the next one waits until this one is applied.
        if replica(leader).hasPendingChange { return .failure(.unhealthy) }
        let voters = replica(leader).voters.count
        let id: MemberID
        switch change {
        case .add(let peerURL):
            switch added(peerURL, to: leader) {
            case .failure(let refusal): return .failure(refusal)
            case .success(let member):
                id = member.id
                judgeAddition(to: leader, by: actor)
                computers[leader].disk.replica?.append(.change(.add(member)))
            }
        case .remove(let member):
            if let refusal = refusal(ofRemoving: member, from: leader) { return .failure(refusal) }
            judgeRemoval(of: member, from: leader, by: actor)
            id = member
            computers[leader].disk.replica?.append(.change(.remove(member)))
        }
        settle(leader, cluster)
        // From one voter to two there is no way around it: the second has to start.
        let isSecond = if case .add = change { voters == 1 } else { false }
        if !isSecond, !hasQuorum(leader, among: running(cluster)) { violate(.quorumSpent, "\(change)") }
        return .success(id)
    }

    private func added(_ peerURL: Endpoint, to leader: Int) -> Result<Member, Refusal> {
        let own = replica(leader)
        if own.members.contains(where: { $0.peerURLs.contains(peerURL) }) { return .failure(.peerURLExists) }
        // etcd makes the ID of URL and time, in seconds.
        let id = MemberID(stableHash("\(peerURL) \(own.cluster) \(now.components.seconds)"))
        if own.removed.contains(id) { return .failure(.idIsGone) }
        if options.isStrict {
            let started = own.voters.count(where: \.isStarted)
            let isSecond = started == 1 && own.voters.count == 1
            if !isSecond, started < quorum(of: own.voters.count + 1) { return .failure(.notEnoughStarted) }
            if connected(own.voters, to: leader) < own.voters.count { return .failure(.unhealthy) }
        }
        return .success(Member(id, name: "", peerURLs: [peerURL]))
    }

    private func refusal(ofRemoving id: MemberID, from leader: Int) -> Refusal? {
        let own = replica(leader)
        guard let member = own.members.first(where: { $0.id == id }) else { return .notFound }
        guard options.isStrict, member.isVoter else { return nil }
        let rest = own.voters.filter { $0.id != id }
        if rest.count(where: \.isStarted) < quorum(of: rest.count) { return .notEnoughStarted }
        let isActive = !inTouch([member], with: leader, among: running(own.cluster)).isEmpty
        if isActive, own.member != id, connected(own.voters, to: leader) - 1 < quorum(of: rest.count) {
            return .unhealthy
        }
        return nil
    }

    /// How many of these have been connected for five seconds.
    private func connected(_ members: [Member], to leader: Int) -> Int {
        inTouch(members, with: leader, among: running(replica(leader).cluster)).count { index in
            guard let process = computers[index].process else { return false }
            return index == leader || now - process.startedAt >= .seconds(5)
        }
    }

    /// A change is answered once a majority has it.
    private mutating func settle(_ leader: Int, _ cluster: ClusterID) {
        let source = replica(leader)
        confirm(leader, by: leader)
        for follower in inTouch(source.members, with: leader, among: running(cluster)) where follower != leader {
            let id = replica(follower).member
            guard computers[leader].process?.confirmed[id] != nil else { continue }
            computers[follower].disk.replica?.follow(source)
            confirm(leader, by: follower)
        }
        commit(leader)
    }
}
