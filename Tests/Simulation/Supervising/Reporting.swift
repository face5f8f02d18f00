/// What a supervisor says of its own instance, and what comes back when it is asked.

import ClusterPlanning

extension World {
    /// Asks the supervisor at the address of an instance.
    func askReport(_ address: String?, by index: Int) -> ReportAnswer {
        guard let address, let other = machine(at: address), !areCut(index, other), machines[other].muteUntil <= now,
            let report = report(other)
        else { return .silent("timeout") }
        wakeLeader(other, for: index)
        return .report(report)
    }

    /// A question from an instance that waits to be entered wakes the leader.
    private func wakeLeader(_ leader: Int, for index: Int) {
        guard leader != index, machines[leader].process?.isLeader == true, replica(index) == nil,
            let supervisor = machines[leader].supervisor, case .resting = supervisor.turn,
            supervisor.lastTurn.map({ now - $0 > .seconds(2) }) ?? true
        else { return }
        supervisor.lastPulse = nil
        supervisor.turnAt = min(supervisor.turnAt, now + .milliseconds(100))
    }

    /// Nil where no supervisor runs.
    func report(_ index: Int) -> Report? {
        let machine = machines[index]
        guard let supervisor = machine.supervisor else { return nil }
        let disk = observedDisk(index)
        let etcd = etcdState(index, supervisor)
        // A supervisor that has resumed at once has not read its group: its own stamp says whose cluster this is.
        let ownStamp = disk.stamp.flatMap { $0.instance == machine.id ? $0 : nil }
        return Report(
            machine.id, machine.peerURL, owner: supervisor.owner ?? ownStamp?.owner, cluster: "main",
            stores: machine.stores.map { stores[$0].name }, disk: disk.stamp?.disk, isMountPoint: isMounted(index),
            holding: holding(disk, machine, etcd), etcd: etcd, asksToJoin: supervisor.asksToJoin,
            waitingFor: supervisor.asksToJoin ? "asks to join" : nil, leaving: departure(machine),
            founders: supervisor.startMemory.founders, reachesAWS: supervisor.reachesAWS)
    }

    private func departure(_ machine: Machine) -> Departure? {
        machine.lifecycle == .terminatingWait ? .terminating : nil
    }

    private func holding(_ disk: Disk, _ machine: Machine, _ etcd: EtcdState) -> Holding {
        switch disk {
        case .unusable(let cause): return .unknown(cause)
        case .empty: return .none
        case .data(let stamp):
            if case .corruptData(let words) = machine.supervisor?.lastExit { return .unusable(words) }
            let member = stamp?.member ?? etcd.members?.first { $0.peerURLs.contains(machine.peerURL) }?.id
            return .data(HeldData(cluster: stamp?.cluster, member: member, generation: stamp?.generation))
        }
    }

    private func etcdState(_ index: Int, _ supervisor: Supervisor) -> EtcdState {
        let machine = machines[index]
        guard let process = machine.process, process.purpose == .world, let replica = replica(index) else {
            return supervisor.shown ?? EtcdState()
        }
        guard process.hangsUntil <= now else { return EtcdState(isRunning: true) }
        return EtcdState(
            isRunning: true, leader: process.leader, members: shownMembers(replica),
            commitIndex: UInt64(tree[replica.commit].index))
    }

    /// What an etcd that runs on loopback alone shows.
    func inspected(_ index: Int) -> EtcdState? {
        guard let replica = replica(index) else { return nil }
        return EtcdState(members: shownMembers(replica), commitIndex: UInt64(tree[replica.commit].index))
    }
}
