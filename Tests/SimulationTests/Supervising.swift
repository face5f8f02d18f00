/// A supervisor's two loops, step by step, as in the daemon: look, plan, act, look again; and feel the pulse, take a turn.

import ClusterPlanning

extension World {
    mutating func stepSupervisor(_ index: Int) {
        guard computers[index].isUp, var supervisor = computers[index].supervisor else { return }
        if supervisor.intention != nil {
            carryOutIfDue(index)
            return
        }
        if computers[index].process == nil {
            guard supervisor.nextLook <= now else { return }
            decide(index, &supervisor)
        } else {
            guard supervisor.nextBeat <= now else { return }
            supervisor.nextBeat = now + .seconds(1)
            feelPulse(index, &supervisor)
        }
        computers[index].supervisor = supervisor
        carryOutIfDue(index)
    }

    private mutating func carryOutIfDue(_ index: Int) {
        guard let intention = computers[index].supervisor?.intention, intention.dueAt <= now else { return }
        computers[index].supervisor?.intention = nil
        switch intention.act {
        case .start(let plan): act(index, plan)
        case .turn(let steps, let term): take(steps, index, term)
        }
    }

    private mutating func delay() -> Duration {
        options.longestDelay == .zero ? .zero : random.duration(0...options.longestDelay.inSeconds)
    }

    // MARK: EtcdLoop

    private mutating func decide(_ index: Int, _ supervisor: inout Supervisor) {
        let computer = computers[index]
        if let plan = policy.atOnce(computer.identity, computer.disk.observed, supervisor.lastExit) {
            supervisor.intention = Supervisor.Intention(act: .start(plan), dueAt: now)
            return
        }
        let view = startView(index, &supervisor)
        let plan = policy.start(view, &supervisor.startMemory)
        guard case .wait(let reason) = plan else {
            supervisor.waitingFor = ""
            supervisor.intention = Supervisor.Intention(act: .start(plan), dueAt: now + delay())
            return
        }
        let kind = String(reason.description.prefix { $0 != ":" })
        if kind != supervisor.waitingFor {
            supervisor.waitingFor = kind
            supervisor.waitingSince = now
            note { world in "\(computer.id) waits: \(reason)" }
        }
        supervisor.nextLook =
            now + pause(waitingFor: reason, waited: now - supervisor.waitingSince, interval: .seconds(10))
    }

    private mutating func act(_ index: Int, _ plan: StartPlan) {
        computers[index].supervisor?.nextLook = now
        let computer = computers[index]
        switch plan {
        case .wait: break
        case .start(let launch): exec(index, launch)
        case .setAside(let reason):
            judgeSettingAside(index)
            if let replica = computer.disk.replica { computers[index].disk.aside.append(replica) }
            computers[index].disk.replica = nil
            computers[index].disk.stamp = .afterSettingAside(reason, computer.id)
            computers[index].supervisor?.lastExit = .none
        case .removeOwnEntry(let member, let cluster):
            if case .failure = send(.remove(member.id), to: cluster.id, by: index) { pauseAfterFailure(index) }
        case .addSelf(let cluster):
            computers[index].disk.stamp = .entering(cluster.id, computer.id)
            switch send(.add(peerURL: computer.peerURL), to: cluster.id, by: index) {
            case .success(let id):
                computers[index].disk.stamp = .entering(cluster.id, as: id, computer.id)
            case .failure: pauseAfterFailure(index)
            }
        }
    }

    private mutating func pauseAfterFailure(_ index: Int) {
        computers[index].supervisor?.nextLook = now + .seconds(1)
    }

    /// Sends a change to whoever of the cluster can be reached. What is lost on the way looks like a failure.
    private mutating func send(_ change: Change, to cluster: ClusterID, by index: Int) -> Result<MemberID, Refusal> {
        let fault = computers[index].actFault
        computers[index].actFault = nil
        let isReached = running(cluster).contains { !areCut(index, $0) && isHeard($0) && knowsLeader($0) }
        guard isReached else { return .failure(.noAnswer) }
        switch fault {
        case .lost: return .failure(.noAnswer)
        case .late(let delay):
            lateActs.append(LateAct(dueAt: now + delay, cluster: cluster, change: change))
            return .failure(.noAnswer)
        case .replyLost:
            _ = self.change(cluster, change, by: index)
            return .failure(.noAnswer)
        case nil: return self.change(cluster, change, by: index)
        }
    }

    // MARK: ReconcileLoop

    private mutating func feelPulse(_ index: Int, _ supervisor: inout Supervisor) {
        guard let beat = beat(index) else { return }
        supervisor.hasAnswered = true
        if var stamp = supervisor.runningStamp, stamp.member != beat.member || stamp.cluster != beat.clusterID {
            stamp.member = beat.member
            stamp.cluster = beat.clusterID
            supervisor.runningStamp = stamp
            computers[index].disk.stamp = stamp
        }
        if beat.pulse.isLeader, supervisor.lastPulse?.isLeader != true {
            supervisor.zone = nil
            supervisor.lastTurn = nil
        }
        let isDue = isTurnDue(
            pulse: beat.pulse, lastPulse: supervisor.lastPulse, sinceLastTurn: supervisor.lastTurn.map { now - $0 },
            isUnderWay: supervisor.isUnderWay, interval: .seconds(10))
        supervisor.lastPulse = beat.pulse
        guard isDue else { return }
        supervisor.lastTurn = now
        guard let view = clusterView(index, beat, &supervisor) else { return }
        let plan = policy.reconcile(view, &supervisor.memory)
        judgeTurn(plan, view)
        supervisor.isUnderWay = plan.isUnderWay
        supervisor.deferred = plan.deferred
        if !plan.steps.isEmpty {
            supervisor.intention = Supervisor.Intention(
                act: .turn(plan.steps, term: beat.term), dueAt: now + delay())
        }
    }

    /// A step that fails drops the rest of its turn.
    private mutating func take(_ steps: [ReconcilePlan.Step], _ index: Int, _ term: Int) {
        for step in steps {
            switch step {
            case .removeMember(let member, _):
                guard let beat = beat(index), beat.pulse.isLeader, beat.term == term,
                    case .success = send(.remove(member.id), to: beat.clusterID, by: index)
                else { return }
            case .changeDNS(let changes):
                computers[index].supervisor?.zone = nil
                let fault = computers[index].actFault
                computers[index].actFault = nil
                if case .lost = fault { return }
                if isAWSDown(for: index) { return }
                changeZone(changes)
            }
        }
    }

    /// One batch, all or nothing: a deletion has to name exactly what is there.
    private mutating func changeZone(_ changes: [RecordChange]) {
        guard var zone else { return }
        for change in changes {
            switch change {
            case .delete(let record):
                guard let index = zone.records.firstIndex(of: record) else { return }
                zone.records.remove(at: index)
            case .upsert(let record):
                zone.records.removeAll { $0.name == record.name && $0.kind == record.kind }
                zone.records.append(record)
            }
        }
        self.zone = zone
        note { world in "DNS: \(changes)" }
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
