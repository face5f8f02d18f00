/// How an etcd starts, and ends.

import ClusterPlanning

extension World {
    /// Execs etcd as the daemon would, stamp first; it may end at once.
    func exec(_ index: Int, _ launch: Launch) {
        let machine = machines[index]
        let isFirst = replica(index) == nil
        if let stamp = disk(index).stamp?.before(launch) { alterDisk(index) { $0.stamp = stamp } }
        machine.supervisor?.hasAnswered = false
        note("\(machine.id): \(launch.brief)")
        machine.process = Process(
            purpose: launch.isForTheWorld ? .world : .loopback, startedAt: now, isFirst: isFirst)
        if machine.failingStarts > 0 {
            machine.failingStarts -= 1
            return etcdExits(index, code: 1)
        }
        if disk(index).isCorrupt { return etcdExits(index, code: 2) }
        if isFirst, !makeData(index, launch) { return etcdExits(index, code: 1) }
        disturbEtcd(after: .milliseconds(random.number(100...700)))
    }

    /// What etcd does where it finds no log. False: it gives up before there is one.
    private func makeData(_ index: Int, _ launch: Launch) -> Bool {
        let own = machines[index].peerURL
        let heard = launch.initialCluster.map(\.peerURL).filter { $0 != own }
            .compactMap { machine(at: $0.host) }.filter { areInTouch(index, $0) && replica($0) != nil }
        switch launch.kind {
        case .resume, .inspect, .force, .restore, .save: return false
        case .found(let token): return found(index, launch.initialCluster, token, heard)
        case .join: return join(index, launch.initialCluster, heard)
        }
    }

    private func found(_ index: Int, _ list: [InitialMember], _ token: String, _ heard: [Int]) -> Bool {
        let members = list.map { member in
            Member(MemberID(stableHash("\(member.peerURL) \(token)")), name: member.name, peerURLs: [member.peerURL])
        }
        guard let id = members.first(where: { $0.peerURLs == [machines[index].peerURL] })?.id else { return false }
        let cluster = ClusterID(members.reduce(0) { mixed($0 ^ $1.id.rawValue) })
        // "member ... has already been bootstrapped": told by the first who answers. It fails open: nobody answers, no check.
        if let first = heard.first.flatMap(replica),
            shownMembers(first).contains(where: { $0.id == id && $0.isStarted })
        {
            return false
        }
        judgeFounding(index, cluster, id)
        var replica = Replica(cluster, as: id)
        replica.begin(at: beginning(of: cluster, members), term: 1)
        alterDisk(index) { $0.replica = replica }
        return true
    }

    /// The entries with which every founder of a cluster begins.
    private func beginning(of cluster: ClusterID, _ members: [Member]) -> EntryID {
        if let known = foundings.first(where: { $0.cluster == cluster }) { return known.entry }
        var entry: EntryID = 0
        for member in members { entry = tree.append(.add(member), after: entry, term: 1) }
        foundings.append((cluster, entry))
        return entry
    }

    private func join(_ index: Int, _ list: [InitialMember], _ heard: [Int]) -> Bool {
        guard let peer = random.pick(heard).flatMap(replica) else { return false }
        let shown = shownMembers(peer)
        guard
            shown.flatMap(\.peerURLs).sorted(by: { $0.host < $1.host })
                == list.map(\.peerURL).sorted(by: { $0.host < $1.host }),
            let id = shown.first(where: { $0.peerURLs == [machines[index].peerURL] })?.id
        else { return false }
        var replica = Replica(peer.cluster, as: id)
        replica.borrowed = shown
        alterDisk(index) { $0.replica = replica }
        return true
    }

    /// `--force-new-cluster`: what is not known to be committed goes, and so do the other members. False: it panics.
    func execForced(_ index: Int) -> Bool {
        guard let before = replica(index) else { return false }
        note("\(machines[index].id): --force-new-cluster")
        machines[index].process = Process(purpose: .loopback, startedAt: now, isFirst: false)
        let membership = tree.membership(at: before.persistedCommit)
        guard membership.voters.contains(where: { $0.id == before.member }) else {
            note("\(machines[index].id): removed all voters")
            ledger.promotionForgotten = true
            return false
        }
        judgeForce(index)
        alterReplica(index) { $0.cutToPersisted() }
        let others = membership.members.filter { $0.id != before.member }
        // Learners may be left behind.
        appendAlone(index, others.filter { $0.isVoter || random.once(in: 2) }.map { .remove($0.id) })
        return true
    }

    /// Entries of one who leads alone on loopback: written and committed.
    func appendAlone(_ index: Int, _ kinds: [EntryKind]) {
        guard let own = replica(index) else { return }
        let term = own.term + 1
        var head = own.head
        for kind in kinds { head = tree.append(kind, after: head, term: term) }
        alterReplica(index) { replica in
            replica.write(head, term: term)
            replica.learn(commit: head)
        }
    }

    // MARK: Ending

    /// etcd ends by itself, with an exit code.
    func etcdExits(_ index: Int, code: Int) {
        note("\(machines[index].id): etcd exits \(code)")
        let startedAt = machines[index].process?.startedAt ?? now
        let isCorrupt = disk(index).isCorrupt
        stopEtcd(index, gracefully: code == 0)
        guard let supervisor = machines[index].supervisor else { return }
        supervisor.lastExit = isCorrupt ? .corruptData("walpb: crc mismatch") : code == 0 ? .unaskedSuccess : .failure
        supervisor.endsInARow = now - startedAt >= .seconds(60) ? 1 : supervisor.endsInARow + 1
        // As RestartBackoff has it.
        let longest =
            supervisor.endsInARow > 1 ? Duration.milliseconds(250) * (1 << min(supervisor.endsInARow - 2, 7)) : .zero
        supervisor.etcdEnded(lookAgainAt: now + min(longest, .seconds(30)) * 3 / 4)
    }

    /// The process is gone, however it came to that.
    func stopEtcd(_ index: Int, gracefully: Bool) {
        guard let process = machines[index].process else { return }
        machines[index].process = nil
        if gracefully, process.isLeader { handOver(index) }
        alterReplica(index) { $0.endProcess(gracefully: gracefully) }
        disturbEtcd()
        // A supervisor that is killed with its etcd can't take anything back.
        guard let supervisor = machines[index].supervisor, let stamp = disk(index).stamp else { return }
        let after = stamp.afterExit(
            isFirst: process.isFirst, hasLog: replica(index) != nil, hasAnswered: supervisor.hasAnswered)
        if after != stamp { alterDisk(index) { $0.stamp = after } }
    }

    /// A leader that is asked to stop has another one elected at once.
    private func handOver(_ index: Int) {
        guard let cluster = replica(index)?.cluster, let member = replica(index)?.member else { return }
        for other in running(cluster) where machines[other].process?.leader == member {
            machines[other].process?.leader = nil
        }
    }

    func killEtcd(_ index: Int) {
        guard machines[index].process != nil else { return }
        note("\(machines[index].id): kill -9")
        etcdExits(index, code: 137)
    }
}

extension Launch {
    fileprivate var brief: String {
        switch kind {
        case .resume: "resume"
        case .found(let token): "new \(initialCluster.map(\.name)) token \(token)"
        case .join(let cluster, let member): "existing \(cluster) as \(member)"
        case .inspect: "inspect"
        case .force(let member): "force \(member)"
        case .restore(let name, _): "restore \(name)"
        case .save: "save"
        }
    }
}
