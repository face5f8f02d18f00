/// What happens to the world of a seed.

import ClusterPlanning

extension World.Options {
    /// Which world a seed lives in.
    static func of(seed: UInt64) -> Self {
        var options = World.Options()
        let choice = mixed(seed)
        options.hasZone = choice % 4 == 0
        options.isStrict = choice % 5 != 1
        options.family = EtcdFamily.allCases[Int(choice / 16 % 3)]
        options.hasTerminatingHook = choice / 64 % 4 == 0
        options.hasLaunchingHook = choice / 256 % 8 == 0
        if choice / 2048 % 2 == 0 {
            options.settings.backups = .often
            options.hasTerminatingHook = choice / 64 % 2 == 0
        }
        if !options.isStrict { options.longestDelay = .zero }
        return options
    }
}

extension BackupSettings {
    /// At the pace of a life.
    static let often = BackupSettings(
        interval: .seconds(8),
        retention: Retention(all: .seconds(20), hourly: .seconds(60), daily: .seconds(120)), isPublished: true)
}

extension World {
    /// A whole life: boot, trouble, rest.
    ///
    /// - Parameter trouble: for how long things happen; then everything that can heal heals.
    package func live(trouble: Duration = .seconds(45), rest: Duration = .seconds(400)) -> Outcome {
        setDesired(random.pick([1, 2, 3, 3, 3, 3, 3, 5]) ?? 3)
        cloud.remembersFor = random.duration(5...200)
        if random.once(in: 8) { ledger.storesOfNewMachines = [0, 1] }
        let end = now + trouble
        var nextEvent = random.duration(0...20)
        var nextWrite = Duration.zero
        while now < end {
            step(until: min(end, min(nextEvent, nextWrite)))
            if nextEvent <= now {
                if hasBucket, random.once(in: 4) { happenToBackups() } else { happen() }
                nextEvent = now + random.duration(0.2...12)
            }
            if nextWrite <= now {
                writeSomething()
                nextWrite = now + .seconds(2)
            }
            if !violations.isEmpty { return .violated }
        }
        heal()
        return settle(within: rest)
    }

    /// Waits until all is well, and stays so.
    private func settle(within limit: Duration) -> Outcome {
        let start = now
        var wellSince: Duration?
        while now - start < limit {
            run(for: .seconds(3))
            guard violations.isEmpty else { return .violated }
            if unrest() != nil {
                wellSince = nil
            } else if let wellSince {
                if now - wellSince >= .seconds(9) { return .converged(wellSince - start) }
            } else {
                wellSince = now
                writeSomething()
            }
        }
        return reasonForPerson().map(Outcome.waitsForPerson) ?? .stuck(unrest() ?? "restless")
    }

    /// What can heal does; what has been lost stays lost.
    private func heal() {
        note("all heals")
        cloud.isDownUntil = .zero
        cloud.surplus = 0
        cloud.nextStepAt = now
        cuts = []
        corruptAlarmUntil = .zero
        bucket.isDownUntil = .zero
        if cloud.desired == 0 { setDesired(3) }
        for store in stores.indices { stores[store].isDownUntil = .zero }
        for (index, machine) in machines.enumerated() {
            machine.heal()
            if machine.isUp, machine.supervisor == nil {
                machine.supervisorStartsAt = min(machine.supervisorStartsAt, now + .seconds(1))
            }
            // One that the group has let go serves on; in the end a person takes it down.
            if machine.lifecycle == nil, machine.state == .running { terminate(index) }
        }
        disturbEtcd()
    }

    // MARK: Events

    private func happen() {
        let up = machines.indices.filter { machines[$0].isUp && machines[$0].state == .running }
        guard let index = random.pick(up) else { return }
        // Where etcd does not check, ours has to, by what is seen; a link that was cut a moment ago is not.
        switch random.number(options.isStrict ? 1...30 : 1...22) {
        case 1...3: terminate(index, now: random.once(in: 3))
        case 4: if random.once(in: 6) { for other in up where random.once(in: 2) { terminate(other, now: true) } }
        case 5: if random.once(in: 3) { detach(index) }
        case 6, 7: crashSupervisor(index, backAfter: random.duration(0.2...30))
        case 8: restartSupervisor(index, backAfter: random.duration(0.2...20))
        case 9:
            if random.once(in: 4) { for other in up { restartSupervisor(other, backAfter: random.duration(0.2...9)) } }
        case 10: killEtcd(index)
        case 11: cloud.isDownUntil = now + random.duration(1...30)
        case 12: makeAWSWrong(index)
        case 13: makeAWSOld(index)
        case 14, 15: machines[index].actFault = someActFault()
        case 16: setDesired(random.pick([1, 2, 3, 3, 3, 4, 5].filter { abs($0 - cloud.desired) <= 2 }) ?? 3)
        case 17: loseDisk(index, withStamp: random.once(in: 2), backAfter: random.duration(0.2...10))
        case 18: if random.once(in: 4) { corruptAlarmUntil = now + random.duration(1...20) }
        case 19: stores[random.number(0...1)].isDownUntil = now + random.duration(1...30)
        case 20: machines[index].storesDownUntil = now + random.duration(1...30)
        case 21: machines[index].muteUntil = now + random.duration(1...30)
        case 22:
            if random.once(in: 2) {
                cloud.surplus = 1
                cloud.nextStepAt = now
            } else {
                cloud.surplus = 0
            }
        case 23, 24: cut(index, for: random.duration(1...40))
        case 25, 26:
            if let other = random.pick(up), other != index { cut(index, from: other, for: random.duration(1...40)) }
        case 27: hang(index, for: random.duration(1...30))
        case 28: removeByHand(index)
        case 29: machines[index].failingStarts = random.number(1...3)
        default: machines[index].appliesNothingUntil = now + random.duration(1...20)
        }
    }

    /// What backups are there for, and what goes wrong with them.
    private func happenToBackups() {
        let up = machines.indices.filter { machines[$0].isUp && machines[$0].state == .running }
        switch random.number(1...13) {
        case 1, 2: bucket.isDownUntil = now + random.duration(1...30)
        case 3: if let object = random.pick(bucket.objects) { spoil(object.backup.name) }
        case 4: if let newest = bucket.seen.backups.first { spoil(newest.name) }
        case 5, 6: for index in up { terminate(index, now: true) }
        case 7: for index in up where !random.once(in: 4) { terminate(index, now: random.once(in: 2)) }
        case 8, 9: setDesired(0)
        case 10, 11: if cloud.desired == 0 { setDesired(random.number(1...3)) }
        case 12: proofsFailUntil = now + random.duration(1...60)
        default:
            // Whoever is at work on a backup or a restore.
            for index in up where machines[index].supervisor?.isAtBackups == true {
                crashSupervisor(index, backAfter: random.duration(0.2...20))
            }
        }
    }

    private func someActFault() -> ActFault {
        let late = options.isStrict ? [ActFault.late(random.duration(0.4...6))] : []
        return random.pick([.lost, .replyLost] + late) ?? .lost
    }

    private func hang(_ index: Int, for duration: Duration) {
        guard machines[index].process != nil else { return }
        note("\(machines[index].id): etcd hangs for \(duration)")
        machines[index].process?.hangsUntil = now + duration
        machines[index].stirsAt.append(now + duration)
        disturbEtcd()
    }

    private func makeAWSWrong(_ index: Int) {
        guard let kind = random.pick([AWSFault.Kind.down, .partial, .empty, .withoutUs]) else { return }
        note("\(machines[index].id): AWS \(kind)")
        machines[index].awsFault = AWSFault(kind: kind, until: now + random.duration(1...35))
    }

    private func makeAWSOld(_ index: Int) {
        machines[index].groupLag = random.duration(0...12)
        machines[index].instanceLag = random.duration(0...12)
        note("\(machines[index].id): AWS lags by \(machines[index].groupLag), \(machines[index].instanceLag)")
    }

    /// An operator removes a healthy member, with `etcdctl member remove`.
    func removeByHand(_ index: Int) {
        guard let own = replica(index), let leader = leader(of: own.cluster), leader != index,
            let membership = replica(leader).map({ tree.membership(at: $0.commit) }), membership.voterCount > 2,
            inTouch(membership.voters, with: leader, among: running(own.cluster)).count == membership.voterCount
        else { return }
        note("\(machines[index].id) is removed by hand")
        ledger.removedByHand.append(own.member)
        _ = change(own.cluster, .remove(own.member, because: nil), by: nil)
    }
}

extension Machine {
    /// What was wrong with it is over.
    func heal() {
        cutOffUntil = .zero
        muteUntil = .zero
        storesDownUntil = .zero
        awsFault = nil
        groupLag = .zero
        instanceLag = .zero
        hidden = []
        actFault = nil
        appliesNothingUntil = .zero
        failingStarts = 0
        process?.hangsUntil = .zero
    }
}
