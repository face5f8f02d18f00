/// How a supervisor looks at this world: what the daemon's observers build, out of the model's truth.

import ClusterPlanning

extension World {
    /// `StartObserver.look`.
    mutating func startView(_ index: Int, _ supervisor: inout Supervisor) -> StartView {
        let computer = computers[index]
        var view = StartView(
            now: now - supervisor.startedAt, identity: computer.identity, disk: computer.disk.observed,
            lastExit: supervisor.lastExit)
        view.group = observedGroup(for: index, known: supervisor.known).described { ids in
            let answers = ask(ids, for: index)
            for answer in answers where answer.address != nil { supervisor.known[answer.id] = answer }
            return answers
        }
        guard let group = view.group.value else { return view }
        view.peers = group.instances.compactMap { instance in
            guard instance.id != computer.id, instance.state == .running, let address = instance.address else {
                return nil
            }
            return askPeer(instance.id, address, by: index)
        }
        view.clusters = clusters(seenBy: view.peers, index)
        if let zone, view.clusters.isEmpty {
            view.zone = isAWSDown(for: index) ? .unavailable("AWS is down") : .seen(zone)
        }
        return view
    }

    func isAWSDown(for index: Int) -> Bool {
        if cloud.isDownUntil > now { return true }
        guard let fault = computers[index].awsFault, case .down = fault.kind else { return false }
        return fault.until > now
    }

    /// `EtcdObserver.askPeer`.
    private mutating func askPeer(_ id: InstanceID, _ address: String, by index: Int) -> Peer {
        let endpoint = Endpoint(.http, address, 2380)
        guard let other = computer(at: address), !areCut(index, other) else {
            return Peer(id, endpoint, .silent("timeout"))
        }
        guard let process = computers[other].process else { return Peer(id, endpoint, .refused) }
        guard process.hangsUntil <= now else { return Peer(id, endpoint, .silent("timeout")) }
        let replica = replica(other)
        var members = replica.shownMembers
        // A founder that has just started shows its list piece by piece.
        if process.isFirst, now - process.startedAt <= Self.tick, random.once(in: 2) {
            members = Array(members.prefix(random.number(0...members.count)))
        }
        if members.isEmpty { return Peer(id, endpoint, .silent("a member list without members")) }
        return Peer(id, endpoint, .members(replica.cluster, members))
    }

    /// `EtcdObserver.runningClusters`.
    private func clusters(seenBy peers: [Peer], _ index: Int) -> [RunningCluster] {
        var candidates: [ClusterID: [String]] = [:]
        for case .members(let cluster, let members) in peers.map(\.answer) {
            candidates[cluster, default: []] += members.flatMap(\.clientURLs).map(\.host)
        }
        return candidates.keys.sorted().compactMap { cluster in
            guard let leader = leader(of: cluster) else { return nil }
            let isAnswered = (candidates[cluster] ?? []).contains { host in
                guard let other = computer(at: host), areReachable(index, other), knowsLeader(other) else {
                    return false
                }
                return computers[other].disk.replica?.cluster == cluster && areInTouch(other, leader)
            }
            guard isAnswered else { return nil }
            return runningCluster(cluster, leader, seenFrom: index)
        }
    }

    private func runningCluster(_ cluster: ClusterID, _ leader: Int, seenFrom index: Int) -> RunningCluster {
        let members = replica(leader).members
        return RunningCluster(
            id: cluster, leader: replica(leader).member, members: members, health: health(of: members, cluster, index))
    }

    /// Whether the etcd of `other` hears us; we need none of our own.
    private func areReachable(_ index: Int, _ other: Int) -> Bool { !areCut(index, other) && isHeard(other) }

    /// `EtcdObserver.health`.
    private func health(of members: [Member], _ cluster: ClusterID, _ index: Int) -> [MemberID: MemberHealth] {
        var health: [MemberID: MemberHealth] = [:]
        for member in members {
            health[member.id] = .unhealthy("no answer")
            guard let host = member.clientURLs.first?.host, let other = computer(at: host), areReachable(index, other),
                replica(other).member == member.id, replica(other).cluster == cluster, knowsLeader(other)
            else { continue }
            health[member.id] = .healthy
        }
        return health
    }

    /// What `ClusterObserver.beat` learns from our own etcd; nil where it does not answer clients.
    struct Beat {
        var pulse: Pulse
        var member: MemberID
        var term: Int
        var cluster: RunningCluster?
        var clusterID: ClusterID
    }

    func beat(_ index: Int) -> Beat? {
        guard isHeard(index), let process = computers[index].process, process.ledUntil != nil else { return nil }
        let own = replica(index)
        var beat = Beat(
            pulse: Pulse(isLeader: false, members: [], healthy: []), member: own.member, term: own.term,
            clusterID: own.cluster)
        guard process.isLeader else { return beat }
        let cluster = runningCluster(own.cluster, index, seenFrom: index)
        beat.pulse = Pulse(
            isLeader: true, members: cluster.members, healthy: cluster.members.filter(cluster.isHealthy).map(\.id))
        beat.cluster = cluster
        return beat
    }

    /// `ClusterObserver.view`; nil where the linearizable read fails.
    mutating func clusterView(_ index: Int, _ beat: Beat, _ supervisor: inout Supervisor) -> ClusterView? {
        guard let cluster = beat.cluster, leader(of: beat.clusterID) == index else { return nil }
        var view = ClusterView(
            now: now - supervisor.startedAt, own: computers[index].id, ownMember: beat.member, cluster: cluster)
        if hasCorruptAlarmUntil > now { view.alarms = [.corrupt(beat.member)] }
        view.group = observedGroup(for: index, known: supervisor.known)
        guard let group = view.group.value else { return view }
        supervisor.known = supervisor.known.filter { group.instance($0.key) != nil }
        let known = Set(supervisor.known.filter { $0.value.address != nil }.keys)
        let ids = instancesToAsk(about: cluster, group: group, known: known)
        if !ids.isEmpty {
            let answers = ask(ids, for: index)
            for answer in answers where answer.address != nil { supervisor.known[answer.id] = answer }
            view.askedInstances = .seen(answers)
        }
        if let zone {
            if let held = supervisor.zone, now - held.readAt < .seconds(600) {
                view.zone = .seen(held.zone)
            } else if isAWSDown(for: index) {
                view.zone = .unavailable("AWS is down")
            } else {
                supervisor.zone = (zone, now)
                view.zone = .seen(zone)
            }
        }
        return view
    }
}

extension Observed where Value == Group {
    /// `GroupObserver.groupWithInstances`: every instance as EC2 describes it now.
    fileprivate func described(by ask: ([InstanceID]) -> [Instance]) -> Self {
        guard case .seen(let group) = self else { return self }
        let instances = zip(group.instances, ask(group.instances.map(\.id))).map { listed, answer in
            var instance = answer
            instance.lifecycle = listed.lifecycle
            return instance
        }
        return .seen(
            Group(
                name: group.name, desiredCapacity: group.desiredCapacity, stackName: group.stackName,
                instances: instances))
    }
}
