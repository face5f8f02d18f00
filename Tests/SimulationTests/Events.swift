/// What happens to the world of a seed.

import ClusterPlanning

extension World {
    /// A whole life: boot, trouble, rest.
    ///
    /// - Parameter trouble: for how long things happen; then everything that can heal heals.
    mutating func live(trouble: Duration = .seconds(100), rest: Duration = .seconds(400)) -> Outcome {
        cloud.desired = random.pick([1, 3, 3, 3, 3, 5]) ?? 3
        let end = now + trouble
        var nextEvent = random.duration(0...4)
        var nextWrite = Duration.zero
        while now < end {
            if nextEvent <= now {
                happen()
                nextEvent = now + random.duration(0.2...6)
            }
            step()
            if nextWrite <= now {
                writeSomething()
                nextWrite = now + .seconds(1)
            }
            if !violations.isEmpty { return .stuck("violated") }
        }
        heal()
        return settle(within: rest)
    }

    /// Waits until all is well, and stays so.
    private mutating func settle(within limit: Duration) -> Outcome {
        let start = now
        var wellSince: Duration?
        while now - start < limit {
            step()
            guard violations.isEmpty else { return .stuck("violated") }
            guard now.components.attoseconds == 0 else { continue }
            writeSomething()
            if unrest() != nil {
                wellSince = nil
            } else if let wellSince {
                if now - wellSince >= .seconds(12) { return .converged(wellSince - start) }
            } else {
                wellSince = now
            }
        }
        return gap().map(Outcome.gap) ?? .stuck(unrest() ?? "restless")
    }

    /// What can heal does; what has been lost stays lost. A leader that the group does not list removes nobody, and it takes
    /// a report of the others to hand leadership on: until then an operator does.
    private mutating func heal() {
        note { world in "all heals" }
        cloud.isDownUntil = .zero
        pairsCutUntil = [:]
        hasCorruptAlarmUntil = .zero
        for index in computers.indices {
            computers[index].cutOffUntil = .zero
            computers[index].awsFault = nil
            computers[index].groupLag = .zero
            computers[index].instanceLag = .zero
            computers[index].actFault = nil
            computers[index].process?.hangsUntil = .zero
            if computers[index].isUp, computers[index].supervisor == nil {
                computers[index].supervisorStartsAt = min(computers[index].supervisorStartsAt ?? now, now + .seconds(1))
            }
            if computers[index].lifecycle == nil { stopSupervisor(index, for: .seconds(2), gracefully: true) }
        }
    }

    // MARK: Limits

    /// Whether the cluster can do without this instance's data for ever, by those whom the group lists: what lies beyond is
    /// recovery, not housekeeping.
    func mayLose(_ index: Int) -> Bool {
        guard mayStop(index) else { return false }
        let replicas = livingReplicas()
        guard let newest = replicas.filter({ everLed.contains($0.cluster) }).max(by: { $0.commit < $1.commit }) else {
            return replicas.isEmpty
        }
        let voters = newest.voters
        let intact = voters.count { voter in
            computers.indices.contains { other in
                other != index && computers[other].state == .running && computers[other].lifecycle != nil
                    && computers[other].disk.replica.map { $0.member == voter.id && $0.cluster == newest.cluster }
                        ?? false
            }
        }
        // Who asks to be added may be in the next moment.
        let coming = lateActs.count + computers.count { $0.supervisor?.intention?.isAddition == true }
        return intact >= quorum(of: voters.count + coming)
    }

    /// Whether etcd may stop here without leaving nobody who can tell of the data: until the zone names the cluster (or, without
    /// a zone, at any time) a newcomer can't tell an etcd that is down from one that never was.
    func mayStop(_ index: Int) -> Bool {
        if livingReplicas().isEmpty { return true }
        if let zone { return !zone.records.isEmpty }
        return everLed.contains { cluster in
            running(cluster).contains {
                $0 != index && computers[$0].lifecycle != nil && computers[$0].state == .running
                    && replica($0).commit > 3
            }
        }
    }

    /// Whether it is a member that serves, or wants nothing yet. One that is detached in the middle of joining can do nothing
    /// but wait, for a person.
    private func isSettled(_ index: Int) -> Bool {
        let id = computers[index].id.rawValue
        let isNamed = livingReplicas().contains {
            $0.members.contains { $0.name == id || $0.peerURLs == [computers[index].peerURL] }
        }
        return !everLed.isEmpty && (!isNamed || knowsLeader(index) && computers[index].process?.publishedAt != nil)
    }

    // MARK: Events

    private mutating func happen() {
        let up = computers.indices.filter { computers[$0].isUp && computers[$0].state == .running }
        guard let index = random.pick(up) else { return }
        // Where etcd does not check, ours has to, by what is seen; a link that was cut a moment ago is not.
        let events = options.isStrict ? 1...21 : 1...18
        switch random.number(events) {
        case 1, 2: if mayLose(index) { terminate(index) }
        case 3: if mayLose(index), !everLed.isEmpty { becomeZombie(index) }
        case 4: if mayLose(index), isSettled(index) { detach(index) }
        case 5, 6: if mayStop(index) { stopSupervisor(index, for: random.duration(0.2...40)) }
        case 7: if mayStop(index), computers[index].process != nil { killEtcd(index) }
        case 8: cloud.isDownUntil = now + random.duration(1...30)
        case 9, 10: makeAWSWrong(index)
        case 11, 12: makeAWSOld(index)
        case 13:
            let late = options.isStrict ? [ActFault.late(random.duration(0.4...6))] : []
            computers[index].actFault = random.pick([.lost, .replyLost] + late)
        case 14, 15: scale()
        case 16: if mayLose(index), computers[index].lifecycle != nil { loseDisk(index, withStamp: random.once(in: 2)) }
        case 17: if random.once(in: 3) { hasCorruptAlarmUntil = now + random.duration(1...20) }
        case 18: removeByHand(index)
        case 19: computers[index].cutOffUntil = now + random.duration(1...40)
        case 20: if let other = random.pick(up) { pairsCutUntil[Pair(index, other)] = now + random.duration(1...40) }
        default: computers[index].process?.hangsUntil = now + random.duration(1...30)
        }
    }

    /// An operator removes a healthy member, with `etcdctl member remove`.
    mutating func removeByHand(_ index: Int) {
        guard options.isStrict, mayLose(index), isSettled(index), let replica = computers[index].disk.replica,
            let leader = leader(of: replica.cluster), leader != index, self.replica(leader).voters.count > 2
        else { return }
        note { world in "\(world.computers[index].id) is removed by hand" }
        removedByHand.insert(replica.member)
        _ = change(replica.cluster, .remove(replica.member), by: nil)
    }

    /// EC2 calls it terminated, and yet it serves for a while.
    mutating func becomeZombie(_ index: Int) {
        note { world in "\(world.computers[index].id) becomes a zombie" }
        computers[index].state = .terminated
        computers[index].lifecycle = "Terminating"
        computers[index].changesAt = now + random.duration(5...25)
    }

    /// Out of the group, and serving still.
    mutating func detach(_ index: Int) {
        note { world in "\(world.computers[index].id) is detached" }
        computers[index].lifecycle = nil
    }

    mutating func stopSupervisor(_ index: Int, for duration: Duration, gracefully: Bool? = nil) {
        note { world in "\(world.computers[index].id): supervisor ends" }
        let gracefully = gracefully ?? random.once(in: 2)
        if !gracefully { computers[index].supervisor = nil }
        stopEtcd(index, gracefully: gracefully)
        computers[index].supervisor = nil
        computers[index].supervisorStartsAt = now + duration
    }

    mutating func killEtcd(_ index: Int) {
        note { world in "\(world.computers[index].id): kill -9" }
        etcdExits(index, code: 137)
    }

    private mutating func makeAWSWrong(_ index: Int) {
        guard let kind = random.pick([AWSFault.Kind.down, .partial, .empty, .withoutUs]) else { return }
        note { world in "\(world.computers[index].id): AWS \(kind)" }
        computers[index].awsFault = AWSFault(kind: kind, until: now + random.duration(1...35))
    }

    private mutating func makeAWSOld(_ index: Int) {
        computers[index].groupLag = random.duration(0...12)
        computers[index].instanceLag = random.duration(0...12)
        note { world in
            "\(world.computers[index].id): AWS lags by \(world.computers[index].groupLag), \(world.computers[index].instanceLag)"
        }
    }

    private mutating func scale() {
        let sizes = [3, 3, 3, 4, 5, 5].filter { abs($0 - cloud.desired) <= 2 }
        cloud.desired = random.pick(sizes) ?? 3
        note { world in "desired capacity \(world.cloud.desired)" }
    }

    mutating func loseDisk(_ index: Int, withStamp: Bool) {
        note { world in "\(world.computers[index].id) loses its disk" }
        computers[index].supervisor = nil
        stopEtcd(index, gracefully: false)
        computers[index].disk.replica = nil
        computers[index].disk.aside = []
        if withStamp { computers[index].disk.stamp = nil }
        computers[index].supervisorStartsAt = now + random.duration(0.2...10)
    }
}
