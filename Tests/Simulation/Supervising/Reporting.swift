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
        return Report(
            machine.id, machine.peerURL, owner: ownerKnown(to: index), cluster: "main",
            stores: machine.stores.map { stores[$0].name }, disk: disk.stamp?.disk, isMountPoint: isMounted(index),
            holding: Holding(disk, lastExit: supervisor.lastExit, shown: etcd, machine.identity), etcd: etcd,
            asksToJoin: supervisor.asksToJoin,
            waitingFor: supervisor.asksToJoin ? "asks to join" : nil, leaving: departure(machine),
            founders: supervisor.startMemory.founders, reachesAWS: supervisor.reachesAWS)
    }

    /// A supervisor that has resumed at once has not read its group: its own stamp says whose cluster this is.
    func ownerKnown(to index: Int) -> String? { machines[index].supervisor?.owner ?? disk(index).stamp?.owner }

    private func departure(_ machine: Machine) -> Departure? {
        machine.lifecycle == .terminatingWait ? .terminating : nil
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
