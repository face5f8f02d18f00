/// A supervisor's first loop, step by step, as in the daemon: look, plan, act, look again; and watch etcd while it runs.

import ClusterPlanning

extension World {
    func stepStart(_ index: Int, _ supervisor: Supervisor) {
        switch supervisor.start {
        case .looking: look(index, supervisor)
        case .halfLooked(let record, let group): decide(index, supervisor, record, group)
        case .acting(let plan): act(index, supervisor, plan)
        case .forcing(let launch, let step): force(index, supervisor, launch, step)
        case .restoring(let launch, let step, let entry): restore(index, supervisor, launch, step, entry)
        case .saving(let launch, let step): save(index, supervisor, launch, step)
        case .inspecting: finishInspection(index, supervisor)
        case .watching: watch(index, supervisor)
        case .halfWatched(let record, let group): reconsider(index, supervisor, record, group)
        case .stopping(let plan): stop(index, supervisor, plan)
        }
    }

    // MARK: Deciding

    private func look(_ index: Int, _ supervisor: Supervisor) {
        if let stamp = observedDisk(index).stampNeeded(
            on: machines[index].id, newDisk: newDiskID(onVolume: isMounted(index)))
        {
            alterDisk(index) { $0.stamp = stamp }
        }
        let observed = observedDisk(index)
        if !supervisor.hasToLook,
            let plan = policy.atOnce(machines[index].identity, observed, supervisor.lastExit)
        {
            supervisor.start = .acting(plan)
            return act(index, supervisor, plan)
        }
        // Where nothing has happened since, the same look would come to the same.
        if supervisor.changesAtLastLook == changes, now - supervisor.lookedAt < .seconds(8) {
            supervisor.startAt = supervisor.lookedAt + .seconds(8)
            return
        }
        let (record, group) = (readRecord(index), observedGroup(for: index))
        if options.longestDelay > .zero, random.once(in: 3) {
            supervisor.start = .halfLooked(record, group)
            supervisor.startAt = now + delay()
        } else {
            decide(index, supervisor, record, group)
        }
    }

    private func decide(_ index: Int, _ supervisor: Supervisor, _ record: RecordReading, _ group: Observed<Group>) {
        supervisor.start = .looking
        let view = startView(index, supervisor, record, group)
        let plan = policy.start(view, &supervisor.startMemory)
        if case .claim(let swap) = plan { judgeClaim(swap, by: index) }
        answerOwnHook(index, view, plan)
        supervisor.asksToJoin = false
        guard case .wait(let reason) = plan else {
            supervisor.waitingFor = nil
            supervisor.start = .acting(plan)
            supervisor.startAt = now + delay()
            return
        }
        supervisor.asksToJoin = reason.asksToJoin
        if supervisor.waitingFor != reason {
            if !isSameKind(supervisor.waitingFor, reason) { supervisor.waitingSince = now }
            supervisor.waitingFor = reason
            note("\(machines[index].id) waits: \(reason)")
        }
        supervisor.changesAtLastLook = changes
        supervisor.lookedAt = now
        supervisor.startAt =
            now + policy.pause(reason, now - supervisor.waitingSince)
    }

    /// What an instance tells AutoScaling of the hook that holds it, where no leader does.
    private func answerOwnHook(_ index: Int, _ view: StartView, _ plan: StartPlan?) {
        guard options.hasLaunchingHook || options.hasTerminatingHook, !isAWSDown(for: index) else { return }
        for step in planOwnHooks(view, plan, hooks: hooks) {
            switch step {
            case .complete(let hook): completeHook(hook, machines[index].id, by: index)
            case .heartbeat: heartbeat(machines[index].id)
            }
        }
    }

    private func isSameKind(_ old: WaitReason?, _ new: WaitReason) -> Bool {
        guard let old else { return false }
        return old.kind == new.kind
    }

    private func act(_ index: Int, _ supervisor: Supervisor, _ plan: StartPlan) {
        supervisor.start = .looking
        supervisor.startAt = now
        switch plan {
        case .wait: supervisor.startAt = now + .seconds(1)
        case .start(let launch):
            // What was forced and is not stamped must not serve: a second force would cut what it acknowledges.
            start(index, supervisor, launch)
        case .setAside(let reason): setAside(index, supervisor, reason)
        case .claim(let swap): if !send(swap, by: index) { pauseAfterFailure(supervisor) }
        case .act(let step, let cluster):
            if !perform(step, on: cluster.id, by: index) { pauseAfterFailure(supervisor) }
        }
    }

    private func start(_ index: Int, _ supervisor: Supervisor, _ launch: Launch) {
        switch launch.kind {
        case .inspect:
            exec(index, launch)
            guard machines[index].process != nil else { return }
            supervisor.start = .inspecting
            supervisor.startAt = now + .milliseconds(random.number(100...900))
        case .force:
            supervisor.start = .forcing(launch, .stop)
            force(index, supervisor, launch, .stop)
        case .restore: restore(index, supervisor, launch, .download)
        case .save:
            supervisor.hasToLook = true
            exec(index, launch)
            guard machines[index].process != nil else { return }
            supervisor.start = .saving(launch, .lead)
            supervisor.startAt = now + .milliseconds(random.number(100...900))
        case .resume, .found, .join:
            supervisor.start = .watching
            supervisor.startAt = now + .seconds(3)
            supervisor.turnAt = now + .seconds(1)
            supervisor.shown = nil
            supervisor.savedRevision = nil
            supervisor.hasToLook = false
            exec(index, launch)
        }
    }

    private func setAside(_ index: Int, _ supervisor: Supervisor, _ reason: SetAsideReason) {
        judgeSettingAside(index, reason)
        let id = machines[index].id
        let newDisk = newDiskID(onVolume: isMounted(index))
        note("\(id): sets its data aside: \(reason)")
        alterDisk(index) { disk in
            if let replica = disk.replica { disk.aside.append(replica) }
            disk.replica = nil
            disk.isCorrupt = false
            disk.stamp = Stamp(disk: newDisk, instance: id, followsLostData: true)
        }
        supervisor.lastExit = .none
        supervisor.shown = nil
    }

    private func pauseAfterFailure(_ supervisor: Supervisor) { supervisor.startAt = now + .seconds(1) }

    private func finishInspection(_ index: Int, _ supervisor: Supervisor) {
        supervisor.shown = inspected(index)
        stopEtcd(index, gracefully: true)
        supervisor.hasToLook = true
        supervisor.start = .looking
        supervisor.startAt = now
    }

    // MARK: While etcd runs

    /// Looks closer only where etcd knows no leader for some seconds, or a later generation is known of.
    private func watch(_ index: Int, _ supervisor: Supervisor) {
        supervisor.startAt = now + .seconds(4)
        guard let process = machines[index].process else { return }
        let since = process.leader == nil ? supervisor.leaderlessSince ?? now : nil
        supervisor.leaderlessSince = since
        let isWithoutLeader = since.map { now - $0 >= .seconds(3) } ?? false
        let hasNoGeneration = disk(index).stamp?.generation == nil
        guard isWithoutLeader || supervisor.isOvertaken || hasNoGeneration else { return }
        let (record, group) = (readRecord(index), observedGroup(for: index))
        if options.longestDelay > .zero, random.once(in: 3) {
            supervisor.start = .halfWatched(record, group)
            supervisor.startAt = now + delay()
        } else {
            reconsider(index, supervisor, record, group)
        }
    }

    private func reconsider(
        _ index: Int, _ supervisor: Supervisor, _ record: RecordReading, _ group: Observed<Group>
    ) {
        supervisor.start = .watching
        supervisor.startAt = now + .seconds(2)
        guard machines[index].process != nil else { return }
        let view = startView(index, supervisor, record, group)
        answerOwnHook(index, view, nil)
        let plan = policy.running(view, &supervisor.startMemory)
        if case .claim(let swap) = plan { judgeClaim(swap, by: index) }
        switch plan {
        case .stay(let reason):
            supervisor.waitingFor = reason
        case .stop, .claim, .stamp:
            note("\(machines[index].id), while etcd runs: \(plan)")
            supervisor.start = .stopping(plan)
            supervisor.startAt = now + delay()
        }
    }

    private func stop(_ index: Int, _ supervisor: Supervisor, _ plan: RunningPlan) {
        supervisor.start = .watching
        supervisor.startAt = now + .seconds(2)
        switch plan {
        case .stay: break
        case .claim(let swap): _ = send(swap, by: index)
        case .stamp(let stamp): alterDisk(index) { $0.stamp = stamp }
        case .stop:
            supervisor.isOvertaken = false
            supervisor.shown = inspected(index)
            stopEtcd(index, gracefully: true)
            supervisor.lastExit = .none
            supervisor.hasToLook = true
            supervisor.etcdEnded(lookAgainAt: now)
        }
    }
}

extension WaitReason {
    /// Its case, without what it carries.
    var kind: String {
        let text = "\(self)"
        return String(text.prefix { $0 != ":" && $0 != "(" })
    }
}
