/// How etcds elect, replicate and lose touch. A round is taken when something has changed, and again until nothing does.

import ClusterPlanning

extension World {
    /// For how long a member that hears nothing goes on believing in its leader.
    private static let electionTimeout = Duration.milliseconds(1000)

    /// Who runs etcd for the world on data of which cluster.
    func running(_ cluster: ClusterID) -> [Int] {
        machines.indices.filter {
            machines[$0].process?.purpose == .world && disk($0).replica?.cluster == cluster
        }
    }

    /// The clusters of which anybody runs, in the machines' order.
    func runningClusterIDs() -> [ClusterID] {
        var clusters: [ClusterID] = []
        for index in machines.indices where machines[index].process?.purpose == .world {
            if let id = disk(index).replica?.cluster, !clusters.contains(id) { clusters.append(id) }
        }
        return clusters
    }

    /// The machine on which this member runs, as `index` reaches it: at the address that its own list gives.
    func machine(running member: Member, for index: Int, among running: [Int]) -> Int? {
        running.first { other in
            replica(other)?.member == member.id && areInTouch(index, other)
                && (other == index || member.peerURLs.contains(machines[other].peerURL))
        }
    }

    func inTouch(_ members: [Member], with index: Int, among running: [Int]) -> [Int] {
        members.compactMap { machine(running: $0, for: index, among: running) }
    }

    /// Whether `index` and the voters in touch with it are a majority by its own list.
    func hasQuorum(_ index: Int, among running: [Int]) -> Bool {
        guard let replica = replica(index) else { return false }
        let membership = tree.membership(at: replica.commit)
        return membership.voterCount > 0
            && inTouch(membership.voters, with: index, among: running).count >= quorum(of: membership.voterCount)
    }

    /// The leaders that have a quorum. In a sound world there is at most one.
    func leaders(among running: [Int]) -> [Int] {
        running.filter { machines[$0].process?.isLeader == true && hasQuorum($0, among: running) }
    }

    /// Whether a linearizable read through this leader succeeds: it has committed something in its term.
    func canRead(_ leader: Int) -> Bool { replica(leader).map { tree[$0.commit].term == $0.term } ?? false }

    /// The leader that has a quorum, if there is one; of several, the one of the latest term.
    func leader(of cluster: ClusterID) -> Int? {
        let running = running(cluster)
        return leaders(among: running).max { (replica($0)?.term ?? 0) < (replica($1)?.term ?? 0) }
    }

    func stepEtcd() {
        etcdRoundAt = .never
        var isMoving = false
        for cluster in runningClusterIDs() {
            expel(from: cluster)
            let running = running(cluster)
            let leaders = leaders(among: running)
            for leader in leaders where lead(leader, running) { isMoving = true }
            for index in running where loseTouch(index, leaders, running) { isMoving = true }
            if elect(cluster, running, leaders) { isMoving = true }
        }
        if isMoving { disturbEtcd(after: .milliseconds(random.number(60...300))) }
    }

    /// Whoever hears from a member that it has been removed stops, with exit code 0.
    private func expel(from cluster: ClusterID) {
        let running = running(cluster)
        for index in running {
            guard let id = replica(index)?.member, machines[index].process != nil else { continue }
            let isTold = running.contains { other in
                guard areInTouch(index, other), let replica = replica(other) else { return false }
                return tree.membership(at: replica.commit).removed.contains(id)
            }
            if isTold { etcdExits(index, code: 0) }
        }
    }

    // MARK: Elections

    /// Has somebody elected where nobody leads and somebody can. True: it will come to that soon.
    private func elect(_ cluster: ClusterID, _ running: [Int], _ leaders: [Int]) -> Bool {
        let candidates = running.filter { candidate in
            !leaders.contains { areInTouch(candidate, $0) } && canBeElected(candidate, running)
        }
        guard let candidate = random.pick(candidates) else { return false }
        if electionAt == .never { electionAt = now + .milliseconds(random.number(200...1200)) }
        guard electionAt <= now else { return true }
        electionAt = .never
        takeLead(candidate, running)
        return true
    }

    private func votersGranting(_ candidate: Int, _ running: [Int]) -> [Int] {
        guard let own = replica(candidate) else { return [] }
        let voters = tree.membership(at: own.commit).voters
        guard voters.contains(where: { $0.id == own.member }) else { return [] }
        return inTouch(voters, with: candidate, among: running).filter { voter in
            guard let other = replica(voter) else { return false }
            // Who hears a leader votes for nobody else.
            let isLed = voter != candidate && machines[voter].process?.leader != nil
            return !isLed && tree.isAtLeastAsNew(own.head, as: other.head)
        }
    }

    private func canBeElected(_ candidate: Int, _ running: [Int]) -> Bool {
        guard isHeard(candidate), let own = replica(candidate), machines[candidate].process?.leader == nil else {
            return false
        }
        let granting = votersGranting(candidate, running)
        return granting.count >= quorum(of: max(1, tree.membership(at: own.commit).voterCount))
    }

    func takeLead(_ candidate: Int, _ running: [Int]) {
        let granting = votersGranting(candidate, running)
        let term = (running.compactMap { replica($0)?.term }.max() ?? 0) + 1
        for voter in granting {
            alterReplica(voter) { $0.term = term }
            machines[voter].process?.isLeader = false
        }
        guard let own = replica(candidate) else { return }
        machines[candidate].process?.isLeader = true
        machines[candidate].process?.leader = own.member
        machines[candidate].process?.leaderLostAt = nil
        machines[candidate].process?.confirmed = []
        appendToLog(of: candidate, .noop)
        note("\(machines[candidate].id) leads \(own.cluster), term \(term)")
        disturbEtcd()
    }

    // MARK: Replication

    func appendToLog(of leader: Int, _ kind: EntryKind) {
        guard let own = replica(leader) else { return }
        let entry = tree.append(kind, after: own.head, term: own.term)
        alterReplica(leader) { $0.write(entry, term: own.term) }
        machines[leader].process?.confirm(entry, by: own.member)
    }

    /// The leader hands out its log, and counts who has it. True: not everybody is level with it yet.
    private func lead(_ leader: Int, _ running: [Int]) -> Bool {
        guard let own = replica(leader) else { return false }
        var isMoving = false
        let members = tree.membership(at: own.commit).members
        for follower in inTouch(members, with: leader, among: running) where follower != leader {
            guard machines[follower].process != nil, let other = replica(follower) else { continue }
            if other.term > own.term {
                machines[leader].process?.isLeader = false
                return true
            }
            hear(follower, own)
            let isLevel = other.head == own.head && other.commit == own.commit
            if isLevel, machines[leader].process?.confirmedHead(of: other.member) == own.head { continue }
            isMoving = true
            if random.once(in: 4) { continue }
            replicate(from: leader, to: follower)
        }
        machines[leader].process?.hasServed = true
        advanceCommit(leader)
        if publish(leader, among: running) { isMoving = true }
        return isMoving || replica(leader)?.commit != own.commit
            || replica(leader)?.commit != replica(leader)?.head
    }

    private func hear(_ follower: Int, _ leader: Replica) {
        if machines[follower].process?.leader != leader.member { changes += 1 }
        machines[follower].process?.leader = leader.member
        machines[follower].process?.leaderLostAt = nil
        machines[follower].process?.isLeader = false
        machines[follower].process?.hasServed = true
    }

    private func replicate(from leader: Int, to follower: Int) {
        guard let source = replica(leader), let other = replica(follower) else { return }
        if let confirmed = machines[leader].process?.confirmedHead(of: other.member),
            tree[confirmed].index > tree[other.head].index
        {
            // "tocommit(n) is out of range": the leader knows of more than this disk holds (F16).
            violate(.panic, "\(machines[follower].id) as \(other.member): its log was lost, its ID was not")
            return etcdExits(follower, code: 2)
        }
        if !tree.isBeginning(other.commit, of: source.head) {
            violate(.panic, "\(machines[follower].id) has committed what \(machines[leader].id) has not")
            return etcdExits(follower, code: 2)
        }
        let learns = machines[follower].appliesNothingUntil <= now
        let known = tree[source.commit].index > tree[other.commit].index
        alterReplica(follower) { replica in
            if replica.head != source.head { replica.write(source.head, term: source.term) }
            if learns, known { replica.learn(commit: source.commit) }
            replica.term = source.term
        }
        machines[leader].process?.confirm(source.head, by: other.member)
    }

    /// What a majority has is committed.
    func advanceCommit(_ leader: Int) {
        guard let own = replica(leader), own.commit != own.head, let process = machines[leader].process else { return }
        let membership = tree.membership(at: own.commit)
        let holders = membership.voters.count { process.confirmedHead(of: $0.id) == own.head }
        guard holders >= quorum(of: membership.voterCount) else { return }
        alterReplica(leader) { $0.learn(commit: own.head) }
        judgeCommit(of: own.head, by: leader)
    }

    /// Members that are led tell their names, through the log. True: somebody has to be heard again.
    private func publish(_ leader: Int, among running: [Int]) -> Bool {
        guard let own = replica(leader) else { return false }
        var isWaiting = false
        let members = tree.membership(at: own.commit).members
        for member in members where !member.isStarted || member.clientURLs != member.peerURLs.map(\.asClientURL) {
            guard let index = machine(running: member, for: leader, among: running) else { continue }
            isWaiting = true
            if let last = machines[index].process?.publishedAt, now - last < .seconds(2) { continue }
            machines[index].process?.publishedAt = now
            changes += 1
            appendToLog(
                of: leader, .publish(member.id, name: machines[index].id.rawValue, clientURL: machines[index].clientURL)
            )
        }
        return isWaiting
    }

    /// Who hears no leader any more stops believing in one after a while. True: it will.
    private func loseTouch(_ index: Int, _ leaders: [Int], _ running: [Int]) -> Bool {
        guard let process = machines[index].process, let own = replica(index), process.leader != nil || process.isLeader
        else { return false }
        let isLed = leaders.contains { leader in
            leader == index
                || areInTouch(index, leader) && replica(leader)?.member == process.leader
                    && isReached(own.member, by: leader)
        }
        if isLed { return false }
        guard let lostAt = process.leaderLostAt else {
            machines[index].process?.leaderLostAt = now
            return true
        }
        guard now - lostAt >= Self.electionTimeout else { return true }
        changes += 1
        machines[index].process?.leader = nil
        machines[index].process?.leaderLostAt = nil
        machines[index].process?.isLeader = false
        return true
    }

    private func isReached(_ member: MemberID, by leader: Int) -> Bool {
        guard let replica = replica(leader) else { return false }
        return tree.membership(at: replica.commit).members.contains { $0.id == member }
    }

    /// Whether the etcd there says that it knows a leader.
    func knowsLeader(_ index: Int) -> Bool { machines[index].process?.leader != nil }

    // MARK: Writes

    /// Clients write to every etcd that takes it.
    func writeSomething() {
        for cluster in runningClusterIDs() {
            let running = running(cluster)
            for leader in leaders(among: running) {
                appendToLog(of: leader, .write)
                spread(leader, running)
            }
        }
        disturbEtcd()
    }

    /// Hands what the leader has just written to those who hear it, most of the time.
    func spread(_ leader: Int, _ running: [Int], mostly: Bool = true) {
        guard let own = replica(leader) else { return }
        let members = tree.membership(at: own.commit).members
        for follower in inTouch(members, with: leader, among: running) where follower != leader {
            guard let id = replica(follower)?.member, machines[leader].process?.confirmedHead(of: id) != nil,
                !mostly || !random.once(in: 6)
            else { continue }
            replicate(from: leader, to: follower)
        }
        advanceCommit(leader)
    }
}

extension Endpoint {
    /// Where the same etcd answers clients.
    var asClientURL: Endpoint { Endpoint(scheme, host, 2379) }
}
