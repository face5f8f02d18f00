/// How a supervisor looks at this world: what the daemon's observers build, out of the model's truth.

import ClusterPlanning

extension World {
    /// The machines, as `index` sees them through AWS and the instances' own reports.
    func facts(_ index: Int, _ group: Observed<Group>, _ record: ClusterRecord?, _ members: [Member]) -> Facts {
        var facts = Facts(owner: ownerKnown(to: index), cluster: "main", group: group)
        guard let group = group.value else {
            // Where AWS does not answer, members are asked at the addresses that etcd knows.
            for member in members {
                guard let id = member.instanceID, let url = member.peerURLs.first else { continue }
                facts.reports[id] = askReport(url.host, by: index)
            }
            return facts
        }
        let named = (record?.instances ?? []) + members.compactMap(\.instanceID)
        let strangers = Set(named.filter { group.instance($0) == nil && InstanceID.isInstanceID($0.rawValue) }).sorted()
        facts.asked = isAWSDown(for: index) ? .unavailable("AWS is down") : .seen(ask(strangers, for: index))
        for instance in group.instances + (facts.asked.value ?? []) {
            if instance.id == machines[index].id {
                if let own = report(index) { facts.reports[instance.id] = .report(own) }
            } else if instance.state == .running, let address = instance.address {
                facts.reports[instance.id] = askReport(address, by: index)
            }
        }
        if let record, record.owner != group.owner { facts.otherOwner = .seen(cloud.otherOwner) }
        return facts
    }

    /// `StartObserver.look`, as its last half.
    func startView(
        _ index: Int, _ supervisor: Supervisor, _ record: RecordReading, _ group: Observed<Group>
    ) -> StartView {
        let machine = machines[index]
        supervisor.reachesAWS = group.value != nil
        if let group = group.value { supervisor.owner = group.owner }
        var view = StartView(
            now: now - supervisor.startedAt, time: time, salt: "\(random.next())",
            identity: machine.identity, settings: options.settings, disk: observedDisk(index),
            isMountPoint: isMounted(index))
        view.etcd = OwnEtcd(
            isRunning: machine.process?.purpose == .world, lastExit: supervisor.lastExit, shown: supervisor.shown,
            savedRevision: supervisor.savedRevision)
        if view.etcd.isRunning, let report = report(index) { view.etcd.shown = report.etcd }
        view.record = record
        view.stores = machine.stores.map { stores[$0].name }.sorted()
        view.abilities = options.family.abilities
        view.spoiltBackups = supervisor.spoiltBackups
        view.facts = facts(index, group, record.record, [])
        if let group = group.value {
            view.peers = group.instances.compactMap { instance in
                guard instance.id != machine.id, instance.state == .running, let address = instance.address else {
                    return nil
                }
                return askPeer(instance.id, address, by: index)
            }
        }
        view.clusters = clusters(seenFrom: index)
        view.backups = observedBackups(view)
        if let zone, view.clusters.isEmpty {
            view.zone = isAWSDown(for: index) ? .unavailable("AWS is down") : .seen(zone)
        }
        return view
    }

    /// Where nobody answers they may be needed, and where the record has this disk begin with one.
    private func observedBackups(_ view: StartView) -> Observed<BackupsSeen> {
        if view.clusters.isEmpty { return listBackups() }
        guard case .snapshot? = view.record.record?.source,
            view.disk.stamp?.generation != view.record.record?.generation
        else { return .notAsked }
        return listBackups()
    }

    /// `EtcdObserver.askPeer`.
    private func askPeer(_ id: InstanceID, _ address: String, by index: Int) -> Peer {
        let endpoint = Endpoint(.http, address, 2380)
        guard let other = machine(at: address), !areCut(index, other) else {
            return Peer(id, endpoint, .silent("timeout"))
        }
        guard let process = machines[other].process, process.purpose == .world else {
            return Peer(id, endpoint, .refused)
        }
        guard process.hangsUntil <= now, let replica = replica(other) else {
            return Peer(id, endpoint, .silent("timeout"))
        }
        let members = shownMembers(replica)
        if members.isEmpty { return Peer(id, endpoint, .silent("a member list without members")) }
        return Peer(id, endpoint, .members(replica.cluster, members))
    }

    /// The clusters that answer through somebody whom `index` reaches: by AWS's list, who is anywhere near.
    private func clusters(seenFrom index: Int) -> [RunningCluster] {
        var seen: [RunningCluster] = []
        for cluster in runningClusterIDs() {
            let running = running(cluster)
            for leader in leaders(among: running) where canRead(leader) {
                // Peers are asked, not our own etcd.
                let isAnswered = running.contains { other in
                    other != index && isReached(other, from: index) && knowsLeader(other) && areInTouch(other, leader)
                }
                guard isAnswered else { continue }
                guard let found = runningCluster(cluster, leader, seenFrom: index, running) else { continue }
                if !seen.contains(where: { $0.id == found.id && $0.generation == found.generation }) {
                    seen.append(found)
                }
            }
        }
        return seen
    }

    private func runningCluster(
        _ cluster: ClusterID, _ leader: Int, seenFrom index: Int, _ running: [Int]
    ) -> RunningCluster? {
        guard let replica = replica(leader) else { return nil }
        let members = tree.membership(at: replica.commit).members
        let teller = running.first { other in
            isReached(other, from: index) && machines[other].muteUntil <= now && machines[other].supervisor != nil
                && (other == leader || machines[other].process?.leader == replica.member)
        }
        return RunningCluster(
            id: cluster, generation: teller.flatMap { disk($0).stamp?.generation }, leader: replica.member,
            members: members, health: health(of: members, index, running))
    }

    private func isReached(_ other: Int, from index: Int) -> Bool { !areCut(index, other) && isHeard(other) }

    /// `EtcdObserver.health`.
    private func health(of members: [Member], _ index: Int, _ running: [Int]) -> [MemberID: MemberHealth] {
        var health: [MemberID: MemberHealth] = [:]
        for member in members {
            let isHealthy = running.contains { other in
                replica(other)?.member == member.id && isReached(other, from: index) && knowsLeader(other)
                    && member.clientURLs.contains(machines[other].clientURL)
            }
            health[member.id] = isHealthy ? .healthy : .unhealthy("no answer")
        }
        return health
    }

    // MARK: The leader

    /// What `ClusterObserver.beat` learns from our own etcd; nil where it does not answer clients.
    struct Beat {
        var pulse: Pulse
        var member: MemberID
        var term: Int
        var cluster: RunningCluster?
        var clusterID: ClusterID
    }

    func beat(_ index: Int) -> Beat? {
        guard isHeard(index), let process = machines[index].process, process.hasServed, let own = replica(index) else {
            return nil
        }
        var beat = Beat(
            pulse: Pulse(isLeader: false, hasLeader: process.leader != nil, members: [], healthy: []),
            member: own.member, term: own.term,
            clusterID: own.cluster)
        let running = running(own.cluster)
        guard process.isLeader, let cluster = runningCluster(own.cluster, index, seenFrom: index, running) else {
            return beat
        }
        beat.pulse = Pulse(
            isLeader: true, hasLeader: true, members: cluster.members,
            healthy: cluster.members.filter(cluster.isHealthy).map(\.id))
        beat.cluster = cluster
        return beat
    }

    /// `ClusterObserver.view`, as its last half; nil where the linearizable read fails.
    func clusterView(
        _ index: Int, _ beat: Beat, _ supervisor: Supervisor, _ record: RecordReading, _ group: Observed<Group>
    ) -> ClusterView? {
        guard let cluster = beat.cluster, hasQuorum(index, among: running(beat.clusterID)), canRead(index) else {
            return nil
        }
        supervisor.reachesAWS = group.value != nil
        if let group = group.value { supervisor.owner = group.owner }
        var view = ClusterView(
            now: now - supervisor.startedAt, time: time, salt: "\(random.next())",
            own: machines[index].id, ownMember: beat.member, ownGeneration: disk(index).stamp?.generation,
            settings: options.settings, cluster: cluster, abilities: options.family.abilities,
            facts: facts(index, group, record.record, cluster.members), record: record)
        if corruptAlarmUntil > now { view.alarms = [.corrupt(beat.member)] }
        view.zone = observedZone(index, supervisor)
        if hasBucket {
            view.backups = knownBackups(supervisor)
            view.backupWork = supervisor.backupWork
            view.revision = replica(index).map { UInt64(tree[$0.commit].writes) }
        }
        if options.hasLaunchingHook || options.hasTerminatingHook { view.hooks = .seen(hooks) }
        return view
    }

    private func observedZone(_ index: Int, _ supervisor: Supervisor) -> Observed<Zone> {
        guard let zone else { return .notAsked }
        if let held = supervisor.zone, now - held.readAt < .seconds(600) { return .seen(held.zone) }
        if isAWSDown(for: index) { return .unavailable("AWS is down") }
        supervisor.zone = (zone, now)
        return .seen(zone)
    }

    var hooks: [LifecycleHook] {
        var hooks: [LifecycleHook] = []
        if options.hasLaunchingHook {
            hooks.append(LifecycleHook(Self.launchingHook, .launching, heartbeatTimeout: cloud.hookTimeout))
        }
        if options.hasTerminatingHook {
            hooks.append(LifecycleHook(Self.terminatingHook, .terminating, heartbeatTimeout: cloud.hookTimeout))
        }
        return hooks
    }
}
