/// A supervisor's second loop, step by step, as in the daemon: feel the pulse, and on the leader take a turn.

import ClusterPlanning

extension World {
    func stepTurn(_ index: Int, _ supervisor: Supervisor) {
        switch supervisor.turn {
        case .resting: feelPulse(index, supervisor)
        case .halfLooked(let record, let group): takeTurn(index, supervisor, record, group)
        case .acting(let steps, let term): take(steps, index, supervisor, term)
        }
    }

    private func feelPulse(_ index: Int, _ supervisor: Supervisor) {
        guard machines[index].process?.purpose == .world else {
            supervisor.turnAt = .never
            return
        }
        supervisor.turnAt = now + .seconds(2)
        // Where nothing has happened since, the same look would come to the same.
        let isNews = supervisor.changesAtLastTurn != changes
        guard isNews || supervisor.lastTurn.map({ now - $0 >= .seconds(8) }) ?? true else { return }
        guard let beat = beat(index) else { return }
        learn(index, supervisor, beat)
        if beat.pulse.isLeader, supervisor.ledTerm != beat.term {
            supervisor.memory = ReconcileMemory()
            supervisor.zone = nil
            supervisor.backupList = nil
            supervisor.lastTurn = nil
            supervisor.failuresInARow = 0
        }
        supervisor.ledTerm = beat.pulse.isLeader ? beat.term : nil
        if !beat.pulse.isLeader { supervisor.turnAt = now + .seconds(4) }
        let isDue = isTurnDue(
            pulse: beat.pulse, lastPulse: supervisor.lastPulse, sinceLastTurn: supervisor.lastTurn.map { now - $0 },
            isUnderWay: supervisor.isUnderWay, isAsked: false, interval: .seconds(10))
        supervisor.lastPulse = beat.pulse
        guard isDue else { return }
        supervisor.lastTurn = now
        let (record, group) = (readRecord(index), observedGroup(for: index))
        if options.longestDelay > .zero, random.once(in: 3) {
            supervisor.turn = .halfLooked(record, group)
            supervisor.turnAt = now + delay()
        } else {
            takeTurn(index, supervisor, record, group)
        }
    }

    /// What the stamp's keeper learns from etcd.
    private func learn(_ index: Int, _ supervisor: Supervisor, _ beat: Beat) {
        supervisor.hasAnswered = true
        guard let stamp = disk(index).stamp, stamp.member != beat.member || stamp.cluster != beat.clusterID else {
            return
        }
        alterDisk(index) { disk in
            disk.stamp?.member = beat.member
            disk.stamp?.cluster = beat.clusterID
        }
    }

    private func takeTurn(_ index: Int, _ supervisor: Supervisor, _ record: RecordReading, _ group: Observed<Group>) {
        supervisor.turn = .resting
        supervisor.turnAt = now + .seconds(1)
        guard let beat = beat(index), beat.pulse.isLeader,
            let view = clusterView(index, beat, supervisor, record, group)
        else { return supervisor.turnFailed() }
        ledger.turns += 1
        let plan = policy.reconcile(view, &supervisor.memory)
        judgeTurn(plan, view)
        supervisor.isUnderWay = plan.isUnderWay
        supervisor.isOvertaken = plan.isOvertaken || plan.isLastToLeave
        if supervisor.isOvertaken { supervisor.startAt = min(supervisor.startAt, now + .seconds(1)) }
        if supervisor.deferred != plan.deferred {
            supervisor.deferred = plan.deferred
            for deferral in plan.deferred { note("\(machines[index].id) defers: \(deferral)") }
        }
        supervisor.changesAtLastTurn = plan.steps.isEmpty ? changes : -1
        if plan.steps.isEmpty {
            supervisor.failuresInARow = 0
        } else {
            supervisor.turn = .acting(plan.steps, term: beat.term)
            supervisor.turnAt = now + delay()
        }
    }

    /// A step that fails drops the rest of its turn.
    private func take(_ steps: [ReconcilePlan.Step], _ index: Int, _ supervisor: Supervisor, _ term: Int) {
        supervisor.turn = .resting
        supervisor.turnAt = now + .seconds(1)
        guard let step = steps.first else { return }
        guard let beat = beat(index), beat.pulse.isLeader, beat.term == term,
            perform(step, on: beat.clusterID, by: index)
        else { return supervisor.turnFailed() }
        if steps.count > 1 {
            supervisor.turn = .acting(Array(steps.dropFirst()), term: term)
            supervisor.turnAt = now + delay()
        } else {
            supervisor.failuresInARow = 0
        }
    }

    /// Carries one step out. False: it failed, or its answer did not come.
    func perform(_ step: ReconcilePlan.Step, on cluster: ClusterID, by index: Int) -> Bool {
        switch step {
        case .swapRecord(let swap): return send(swap, by: index)
        case .removeMember(let member, let reason): return send(.remove(member.id, because: reason), cluster, index)
        case .addMember(_, let peerURL, let asLearner):
            return send(.add(peerURL: peerURL, asLearner: asLearner), cluster, index)
        case .promote(let member): return send(.promote(member.id), cluster, index) || true
        case .updatePeerURL(let member, let endpoint): return send(.move(member.id, to: endpoint), cluster, index)
        case .moveLeader(let member, _): return moveLeader(index, to: member.id)
        case .changeDNS(let changes):
            machines[index].supervisor?.zone = nil
            return takeFault(index) { changeZone(changes) }
        case .heartbeat(_, let id): return takeFault(index) { heartbeat(id) }
        case .completeHook(let hook, let id): return takeFault(index) { completeHook(hook, id, by: index) }
        // Nothing waits for backups.
        case .backUp(let order):
            if let supervisor = machines[index].supervisor { self.order(order, supervisor) }
            return true
        case .deleteBackups(let backups): return takeFault(index) { deleteBackups(backups, by: index) } || true
        case .publish: return true
        }
    }

    /// Sends a change to whoever of the cluster can be reached. What is lost on the way looks like a failure; a removal that was
    /// done already is a success.
    private func send(_ change: Change, _ cluster: ClusterID, _ index: Int) -> Bool {
        let fault = machines[index].actFault
        machines[index].actFault = nil
        let isReached = running(cluster).contains { !areCut(index, $0) && isHeard($0) && knowsLeader($0) }
        guard isReached else { return false }
        switch fault {
        case .lost: return false
        case .late(let delay):
            lateActs.append(LateAct(dueAt: now + delay, act: .change(cluster, change)))
            return false
        case .replyLost:
            _ = self.change(cluster, change, by: index)
            return false
        case nil:
            switch self.change(cluster, change, by: index) {
            case .success: return true
            case .failure(.notFound): if case .remove = change { return true } else { return false }
            case .failure: return false
            }
        }
    }

    private func takeFault(_ index: Int, _ act: () -> Void) -> Bool {
        let fault = machines[index].actFault
        machines[index].actFault = nil
        if case .lost = fault { return false }
        if isAWSDown(for: index) { return false }
        act()
        return true
    }

    /// One batch, all or nothing: a deletion has to name exactly what is there.
    private func changeZone(_ changes: [RecordChange]) {
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
        note("DNS: \(changes.count) changes")
    }
}
