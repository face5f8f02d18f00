/// The schedules of lost quorums: when a generation is dead, and what the next one begins with.

import ClusterPlanning

extension Schedule {
    static let ofLoss: [Schedule] =
        [
            // Five voters; A is cut off from peers, not from AWS; the other four are replaced one by one.
            Schedule("stale survivor", family: .late35) { world in
                try world.form(5)
                let stale = world.followers()[0]
                world.cut(stale, for: .seconds(10_000))
                let others = world.machines.indices.filter { $0 != stale }
                for index in others {
                    world.terminate(index, now: true)
                    try world.reach("i-00\(index + 1) is replaced") { world in
                        world.members.count == 5
                            && !world.members.contains { $0.name == world.machines[index].id.rawValue }
                            && world.members.count(where: \.isStarted) == 5
                    }
                    world.run(for: .seconds(10))
                }
                world.write()
                world.expect(world.ledger.recoveries == 0, "A is not forced")
                let old = world.memberID(stale)
                if let old, let cluster = world.replica(stale)?.cluster {
                    world.ledger.removedByHand.append(old)
                    _ = world.change(cluster, .remove(old, because: nil), by: nil)
                }
                world.machines[stale].cutOffUntil = .zero
                world.disturbEtcd()
                try world.rest()
                world.expect(world.ledger.recoveries == 0, "A is not forced")
                world.expect(world.memberID(stale) != old, "A sets its data aside and joins")
            },
            // The middle of a 3→2→3.
            Schedule("two of two") { world in
                try world.form(2)
                let writes = world.writes
                world.terminate(world.followers()[0], now: true)
                try world.rest()
                world.expect(world.record?.generation == 2 && world.isCarriedOn, "the survivor's data is carried on")
                world.expect(world.writes >= writes, "with all that was written")
            },
            Schedule("two of two, the leader") { world in
                try world.form(2)
                world.terminate(world.soleLeader() ?? 0, now: true)
                try world.rest()
                world.expect(world.record?.generation == 2 && world.isCarriedOn, "the survivor's data is carried on")
            },
            // Three of five terminated, i1 and i2 held; the swap names one of them; it is terminated before its exec.
            Schedule("survivor dies before its exec") { world in
                try world.form(5)
                for index in 2..<5 { world.terminate(index, now: true) }
                try world.reach("one of two is named") { $0.record?.generation == 2 }
                let named = world.record?.start.first.flatMap { world.index(of: $0.instance) } ?? 0
                world.kill(named)
                world.terminate(named, now: true)
                try world.rest(.seconds(400))
                world.expect(world.record?.generation == 3 && world.isCarriedOn, "the other disk is the source")
            },
            // i3's member is removed, the leader crashes before the record drops it; i1 is terminated; i2, i4 are cut off from
            // each other.
            Schedule("removal ahead of the record") { world in
                try world.form(4)
                let leader = world.soleLeader() ?? 0
                let others = world.followers()
                world.cloud.keepsItsSize = false
                world.machines[leader].storesDownUntil = .seconds(10_000)
                world.terminate(others[0], now: true)
                try world.reach("it is removed") { $0.members.count == 3 }
                world.write(for: 2)
                world.expect(world.record?.voters.count == 4, "the record does not know")
                world.kill(leader)
                world.terminate(leader, now: true)
                world.cut(others[1], from: others[2], for: .seconds(150))
                world.cloud.keepsItsSize = true
                world.cloud.nextStepAt = world.now
                try world.hold("nobody is forced", for: .seconds(140)) { $0.record?.generation == 1 }
                try world.rest()
                world.expect(world.ledger.recoveries == 0, "by their own lists they are a quorum")
            },
            // i2 removed; i4 `+` and added as learner; i1 terminated.
            Schedule("learner's window") { world in
                try world.form(3)
                let leader = world.soleLeader() ?? 0
                let survivor = world.followers()[1]
                world.terminate(world.followers()[0], now: true)
                try world.reach("a learner is there") { $0.members.contains(where: \.isLearner) }
                world.kill(leader)
                world.terminate(leader, now: true)
                let id = world.memberID(survivor)
                try world.rest(.seconds(400))
                if case .member(let source)? = world.record?.source {
                    world.expect(source == id, "recovered from the voter")
                } else {
                    world.expect(false, "recovered from the voter")
                }
            },
            Schedule("reboot with tmpfs") { world in
                try world.form(3)
                let followers = world.followers()
                for index in followers { world.loseDisk(index, withStamp: true) }
                try world.rest()
                world.expect(world.record?.generation == 2 && world.isCarriedOn, "the third's data is carried on")
            },
            Schedule("weekend zero") { world in
                try world.form(3)
                world.cloud.remembersFor = .seconds(30)
                world.setDesired(0)
                world.run(for: .seconds(120))
                world.setDesired(3)
                try world.rest(.seconds(400))
                world.expect(world.record?.generation == 2, "empty, in the next generation")
            },
            // Found by the random lives: what a learner holds is no source, and must not keep the rest from beginning anew.
            Schedule("nothing but a learner's disk is left") { world in
                try world.form(2)
                world.terminate(world.followers()[0], now: true)
                try world.reach("a learner is there", atMost: .seconds(200)) { world in
                    world.machines.indices.contains {
                        world.memberID($0) != nil && world.replica($0).map { !world.isVoter($0) } == true
                    }
                }
                for index in world.machines.indices where world.replica(index).map(world.isVoter) == true {
                    world.kill(index)
                    world.terminate(index, now: true)
                }
                try world.rest(.seconds(600))
            },
            // Found by the random lives: who is entered as a voter and has yet to start can make a quorum at any moment.
            Schedule("entered voter that has yet to start", family: .early35) { world in
                try world.form(3)
                world.terminate(world.followers()[0], now: true)
                try world.reach("a voter is entered") { world in world.members.contains { $0.isVoter && !$0.isStarted }
                }
                let leader = world.soleLeader() ?? 0
                let joiner = world.machines.count - 1
                world.kill(joiner, for: .seconds(20))
                // Only a survivor whose own list has it counts it; any other can't be led by its help.
                let survivor = world.machines.indices.first { world.replica($0) != nil && $0 != leader } ?? 0
                try world.reach("the survivor knows it") { world in
                    world.replica(survivor).map {
                        world.tree.membership(at: $0.commit).members.contains { !$0.isStarted }
                    } == true
                }
                world.kill(leader)
                world.terminate(leader, now: true)
                try world.rest(.seconds(400))
                world.expect(world.ledger.recoveries == 0, "its start ends the wait")
            },
            // Of two that are held, the one with the lower ID has missed the last writes.
            Schedule("the better of two disks") { world in
                try world.form(5)
                let behind = world.followers()[0]
                world.cut(behind, for: .seconds(30))
                world.write()
                let better = world.followers().last ?? 0
                let writes = world.writes
                world.cloud.keepsItsSize = false
                for index in world.machines.indices where index != behind && index != better {
                    world.kill(index)
                    world.terminate(index, now: true)
                }
                world.cloud.keepsItsSize = true
                world.cloud.nextStepAt = world.now
                try world.rest(.seconds(400))
                world.expect(world.writes >= writes - 1, "with all that it knew to be committed")
            },
            // `recover --from member`, while the cluster lives: its leader has to stop by itself.
            Schedule("a generation by an operator's word") { world in
                try world.form(3)
                let source = world.followers()[0]
                guard var record = world.record, let id = world.memberID(source),
                    let entry = record.voter(world.machines[source].id)
                else { return world.expect(false, "there is a record") }
                record.former = record.voters.filter { $0 != entry }.map { .init($0, generation: record.generation) }
                record.generation += 1
                record.source = .member(id)
                record.start = [entry]
                record.voters = [entry]
                let store = world.stores[0]
                _ = world.apply(
                    RecordSwap(
                        .byOperator("test"), store: store.name, expected: "v\(store.version)", record: record), by: nil)
                try world.rest(.seconds(400))
                world.expect(world.record?.generation == 2, "it has begun")
            },
            Schedule("the last disk can't be run on") { world in
                try world.form(3)
                let last = world.followers()[0]
                for index in 0..<3 where index != last {
                    world.kill(index)
                    world.terminate(index, now: true)
                }
                world.alterDisk(last) { $0.isCorrupt = true }
                world.killEtcd(last)
                try world.hold("a person decides", for: .seconds(200)) { $0.record?.generation == 1 }
            },
            Schedule("all restart with their disks") { world in
                try world.form(3)
                for index in 0..<3 { world.restartSupervisor(index, backAfter: .seconds(30)) }
                try world.rest()
                for index in 0..<3 { world.kill(index, for: .seconds(30)) }
                try world.rest()
                world.expect(world.ledger.recoveries == 0, "no recovery")
            },
            Schedule("two of three merely cut off") { world in
                try world.form(3)
                for index in 0..<3 { world.cut(index, for: .seconds(120)) }
                world.run(for: .seconds(121))
                try world.rest()
                world.expect(world.ledger.recoveries == 0, "no recovery")
            },
            Schedule("hold instead of recover") { world in
                try world.form(3)
                for index in world.followers() { world.terminate(index, now: true) }
                try world.hold("a person decides", for: .seconds(150)) { $0.record?.generation == 1 }
            }
            .with { $0.onLoss = .hold },
            Schedule("two of three can't be run on") { world in
                try world.form(3)
                for index in 0..<3 {
                    world.alterDisk(index) { $0.isCorrupt = true }
                    world.killEtcd(index)
                }
                try world.hold("a person decides", for: .seconds(200)) { $0.record?.generation == 1 }
                let isKept = (0..<3).allSatisfy { world.replica($0) != nil }
                world.expect(isKept, "the data stays in its place")
            },
            Schedule("one of three can't be run on") { world in
                try world.form(3)
                let ill = world.followers()[0]
                let old = world.memberID(ill)
                world.alterDisk(ill) { $0.isCorrupt = true }
                world.killEtcd(ill)
                try world.rest()
                world.expect(world.memberID(ill) != old, "it joins anew")
            },
        ] + ForceStep.allCases.dropFirst().map(forcedExecCrash)

    /// Two of three are gone, and the survivor's supervisor is killed before one of the steps; clients write whenever they can.
    private static func forcedExecCrash(before step: ForceStep) -> Schedule {
        Schedule("forced exec crashes, before \(step)") { world in
            try world.form(3)
            let survivor = world.soleLeader() ?? 0
            for index in world.followers() { world.terminate(index, now: true) }
            for _ in 0..<2 {
                try world.reach("\(step) is next") { world in
                    world.writeSomething()
                    if case .forcing(_, step)? = world.machines[survivor].supervisor?.start { return true }
                    return false
                }
                world.kill(survivor, for: .seconds(5))
                world.run(for: .seconds(4))
                // The store is away when it comes back: nothing but its own disk can tell it.
                world.stores[0].isDownUntil = world.now + .seconds(15)
                world.write(for: 12)
                if world.machines[survivor].process?.purpose == .world { world.killEtcd(survivor) }
            }
            try world.rest()
            world.expect(world.record?.generation == 2 && world.isCarriedOn, "its data is carried on, once")
        }
    }
}
