/// How etcds of one cluster elect, replicate and lose touch, and how one starts.

import ClusterPlanning

extension World {
    /// Who runs etcd on data of which cluster.
    func running(_ cluster: ClusterID) -> [Int] {
        computers.indices.filter { computers[$0].process != nil && computers[$0].disk.replica?.cluster == cluster }
    }

    func replica(_ index: Int) -> Replica {
        guard let replica = computers[index].disk.replica else { preconditionFailure("no data on \(index)") }
        return replica
    }

    /// Those of `members` who are in touch with `index`, itself among them.
    func inTouch(_ members: [Member], with index: Int, among running: [Int]) -> [Int] {
        running.filter { other in
            let id = replica(other).member
            return members.contains { $0.id == id } && areInTouch(index, other)
        }
    }

    /// Whether `index` and those in touch with it are a majority by its own list.
    func hasQuorum(_ index: Int, among running: [Int]) -> Bool {
        let voters = replica(index).voters
        return !voters.isEmpty && inTouch(voters, with: index, among: running).count >= quorum(of: voters.count)
    }

    /// The leader that has a quorum, if there is one. Another may still think that it leads.
    func leader(of cluster: ClusterID) -> Int? {
        let running = running(cluster)
        return running.filter { computers[$0].process?.isLeader == true && hasQuorum($0, among: running) }
            .max { replica($0).term < replica($1).term }
    }

    mutating func stepEtcd() {
        var clusters: [ClusterID] = []
        for computer in computers where computer.process != nil {
            if let id = computer.disk.replica?.cluster, !clusters.contains(id) { clusters.append(id) }
        }
        for cluster in clusters {
            expel(from: cluster)
            if leader(of: cluster) == nil { elect(in: cluster) }
            if let leader = leader(of: cluster) {
                lead(leader, cluster)
            }
            demote(in: cluster)
        }
    }

    /// Whoever hears from a member that it has been removed stops, with exit code 0.
    private mutating func expel(from cluster: ClusterID) {
        let running = running(cluster)
        for index in running {
            let id = replica(index).member
            let isTold = running.contains { areInTouch(index, $0) && replica($0).removed.contains(id) }
            if isTold { etcdExits(index, code: 0) }
        }
    }

    private mutating func elect(in cluster: ClusterID) {
        let running = running(cluster)
        if let last = lastElection[cluster], now - last < .milliseconds(500) { return }
        lastElection[cluster] = now
        for candidate in running.shuffled(using: &random) where isHeard(candidate) {
            let own = replica(candidate)
            guard own.voters.contains(where: { $0.id == own.member }) else { continue }
            let granting = inTouch(own.voters, with: candidate, among: running)
                .filter { own.isAtLeastAsNew(as: replica($0)) }
            guard granting.count >= quorum(of: own.voters.count) else { continue }
            let term = (running.map { replica($0).term }.max() ?? 0) + 1
            for index in granting {
                computers[index].disk.replica?.term = term
                haveVoted.insert(replica(index).member)
                computers[index].process?.isLeader = false
            }
            computers[candidate].process?.isLeader = true
            computers[candidate].process?.confirmed = [:]
            computers[candidate].disk.replica?.append(.noop)
            note { world in "\(world.computers[candidate].id) leads \(cluster), term \(term)" }
            noteQuorum(of: cluster, led: candidate)
            return
        }
    }

    /// The leader hands out its log, and counts who has it.
    private mutating func lead(_ leader: Int, _ cluster: ClusterID) {
        let running = running(cluster)
        let committed = replica(leader).commit
        for follower in inTouch(replica(leader).members, with: leader, among: running) {
            let id = replica(follower).member
            if follower == leader {
                confirm(leader, by: leader)
            } else if let confirmed = computers[leader].process?.confirmed[id], confirmed > replica(follower).log.count
            {
                // "tocommit(n) is out of range": the leader knows of more than this disk holds (F16).
                violate(.panic, "\(computers[follower].id) as \(id): its log was lost, its ID was not")
                etcdExits(follower, code: 2)
            } else if !random.once(in: 4) {
                replicate(from: leader, to: follower, id, committed)
            }
        }
        commit(leader)
        publish(leader, among: running)
        computers[leader].process?.ledUntil = now + .seconds(1)
    }

    private mutating func replicate(from leader: Int, to follower: Int, _ id: MemberID, _ committed: Int) {
        let source = replica(leader)
        computers[follower].disk.replica?.follow(source)
        if computers[follower].appliesNothingUntil <= now {
            computers[follower].disk.replica?.learn(commit: committed)
        }
        computers[follower].process?.isLeader = false
        computers[follower].process?.ledUntil = now + .seconds(1)
        confirm(leader, by: follower)
        if source.voters.contains(where: { $0.id == id }) { haveVoted.insert(id) }
    }

    /// The leader learns how far the other's log reaches.
    mutating func confirm(_ leader: Int, by follower: Int) {
        let (id, count) = (replica(follower).member, replica(follower).log.count)
        computers[leader].process?.confirmed[id] = count
    }

    /// What a majority has is committed.
    mutating func commit(_ leader: Int) {
        let own = replica(leader)
        let confirmed = computers[leader].process?.confirmed ?? [:]
        let holders = own.voters.count { confirmed[$0.id] == own.log.count }
        if holders >= quorum(of: own.voters.count) { computers[leader].disk.replica?.learn(commit: own.log.count) }
    }

    /// Members that are led tell their names, through the log.
    private mutating func publish(_ leader: Int, among running: [Int]) {
        for index in inTouch(replica(leader).members, with: leader, among: running) {
            let computer = computers[index]
            let id = replica(index).member
            guard let process = computer.process, process.ledUntil != nil || index == leader else { continue }
            let isKnown = replica(leader).members.contains { $0.id == id && $0.isStarted }
            if let last = process.publishedAt, isKnown || now - last < .seconds(2) { continue }
            computers[index].process?.publishedAt = now
            computers[leader].disk.replica?.append(
                .change(.publish(id, name: computer.id.rawValue, clientURL: computer.clientURL)))
        }
    }

    /// Who thinks that it leads and has no majority, or hears a later leader, stops thinking so after a while.
    private mutating func demote(in cluster: ClusterID) {
        let running = running(cluster)
        let leader = leader(of: cluster)
        for index in running where computers[index].process?.isLeader == true && index != leader {
            let isOver = (computers[index].process?.ledUntil ?? .zero) <= now
            let hearsAnother = leader.map { areInTouch(index, $0) } ?? false
            if isOver || hearsAnother { computers[index].process?.isLeader = false }
        }
    }

    /// Whether the etcd there says that it knows a leader.
    func knowsLeader(_ index: Int) -> Bool { (computers[index].process?.ledUntil ?? .zero) > now }

    // MARK: Writes

    /// Clients write to every cluster that takes it.
    mutating func writeSomething() {
        for cluster in everLed {
            guard let leader = leader(of: cluster) else { continue }
            let running = running(cluster)
            computers[leader].disk.replica?.append(.write)
            confirm(leader, by: leader)
            let source = replica(leader)
            for follower in inTouch(source.members, with: leader, among: running) where follower != leader {
                let id = replica(follower).member
                guard computers[leader].process?.confirmed[id] != nil, !random.once(in: 6) else { continue }
                replicate(from: leader, to: follower, id, source.commit)
            }
            commit(leader)
            let isAcknowledged = replica(leader).commit == replica(leader).log.count
            if isAcknowledged { acknowledged[cluster] = replica(leader).writes }
        }
    }
}
