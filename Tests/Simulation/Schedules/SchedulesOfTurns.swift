/// The schedules of the leader's turns: who is removed, drained and entered, and when.

import ClusterPlanning

extension Schedule {
    static let ofTurns: [Schedule] = [
        Schedule("an instance is replaced", hasZone: true) { world in
            try world.form(3)
            world.terminate(world.followers()[0], now: true)
            try world.rest()
        },
        Schedule("three, five, three", hasZone: true) { world in
            try world.form(3)
            world.setDesired(5)
            try world.rest()
            world.setDesired(3)
            try world.rest()
        },
        Schedule("one, two, three, without sound learners", family: .early35) { world in
            try world.form(1)
            world.setDesired(2)
            try world.rest()
            world.setDesired(3)
            try world.rest()
            world.expect(world.ledger.recoveries == 0, "no recovery")
        },
        // The leader is blind after a termination until EC2 has forgotten the instance; a newcomer asks.
        Schedule("EC2 forgets one of three") { world in
            try world.form(3)
            world.cloud.remembersFor = .seconds(10)
            world.terminate(world.followers()[0], now: true)
            world.cloud.isDownUntil = world.now + .seconds(90)
            try world.rest()
            world.expect(world.ledger.recoveries == 0, "no recovery")
        },
        // The same, and the group wants no third.
        Schedule("EC2 forgets one of three, two are wanted") { world in
            try world.form(3)
            world.cloud.remembersFor = .seconds(10)
            world.cloud.keepsItsSize = false
            world.setDesired(2)
            world.terminate(world.followers()[0], now: true)
            world.cloud.isDownUntil = world.now + .seconds(90)
            try world.rest()
        },
        Schedule("hidden healthy member", hasHooks: true) { world in
            try world.form(3)
            let hidden = world.followers()[0]
            let id = world.memberID(hidden)
            for index in 0..<3 { world.machines[index].hidden = [world.machines[hidden].id] }
            world.setDesired(4)
            try world.reach("another joins") { $0.members.count == 4 }
            try world.hold("it stays a member", for: .seconds(150)) { world in
                world.members.isEmpty || world.members.contains { $0.id == id }
            }
            for machine in world.machines { machine.hidden = [] }
            try world.rest()
        },
        Schedule("unhealthy hidden member") { world in
            try world.form(3)
            let hidden = world.followers()[0]
            let id = world.memberID(hidden)
            for index in 0..<3 { world.machines[index].hidden = [world.machines[hidden].id] }
            world.kill(hidden, for: .seconds(100))
            try world.hold("it stays a member", for: .seconds(95)) { world in
                world.members.isEmpty || world.members.contains { $0.id == id }
            }
        },
        Schedule("unhealthy hidden member, and a newcomer asks") { world in
            try world.form(3)
            let hidden = world.followers()[0]
            let id = world.memberID(hidden)
            for index in 0..<3 { world.machines[index].hidden = [world.machines[hidden].id] }
            world.kill(hidden, for: .seconds(20))
            world.setDesired(4)
            try world.hold("it stays a member", for: .seconds(18)) { world in
                world.members.isEmpty || world.members.contains { $0.id == id }
            }
        },
        Schedule("detached and serving") { world in
            try world.form(3)
            let index = world.followers()[0]
            let id = world.memberID(index)
            world.detach(index)
            try world.hold("it stays a member", for: .seconds(150)) { world in
                world.members.isEmpty || world.members.contains { $0.id == id }
            }
        },
        Schedule("address reuse, before the name is published") { world in
            try world.form(3)
            world.terminate(world.followers()[0], now: true)
            try world.reach("one is entered") { world in world.members.contains { !$0.isStarted } }
            let joiner = world.machines.count - 1
            let address = world.machines[joiner].address
            world.cloud.keepsItsSize = false
            world.kill(joiner)
            world.terminate(joiner, now: true)
            try world.reach("it is gone") { world in !world.machines[joiner].isUp }
            world.launch(address: address)
            world.cloud.keepsItsSize = true
            try world.rest()
        },
        Schedule("address reuse, after the name is published") { world in
            try world.form(3)
            let old = world.followers()[0]
            let member = world.memberID(old)
            world.cloud.remembersFor = .seconds(2)
            world.cloud.keepsItsSize = false
            world.terminate(old, now: true)
            world.cloud.isDownUntil = world.now + .seconds(20)
            try world.reach("it is gone") { world in !world.machines[old].isUp }
            let new = world.launch(address: world.machines[old].address)
            world.cloud.keepsItsSize = true
            try world.rest()
            world.expect(world.memberID(new) != member, "it is another member")
        },
        Schedule("a joiner that dies before it starts") { world in
            try world.form(3)
            world.setDesired(4)
            try world.reach("it is entered") { $0.members.count == 4 }
            world.kill(3)
            world.terminate(3, now: true)
            try world.rest()
        },
        Schedule("launch before terminate", hasHooks: true) { world in
            try world.form(3)
            let old = world.followers()[0]
            world.cloud.surplus = 1
            world.cloud.nextStepAt = world.now
            try world.reach("the newcomer is a voter, and in service") { world in
                world.members.count(where: { $0.isVoter && $0.isStarted }) == 4
                    && world.machines.count(where: { $0.lifecycle == .inService }) == 4
            }
            world.expect(world.ledger.hooksExpired == 0, "its hook did not run out")
            world.cloud.surplus = 0
            world.terminate(old)
            try world.rest()
            world.expect(world.ledger.hooksExpired == 0, "no hook ran out")
        },
        // One of three dead, another in `Terminating:Wait`.
        Schedule("drain beside a dead voter", hasHooks: true) { world in
            try world.form(3)
            let followers = world.followers()
            world.cloud.keepsItsSize = false
            world.kill(followers[0])
            world.run(for: .seconds(10))
            world.terminate(followers[1])
            try world.hold("it is held, with heartbeats", for: .seconds(150)) { world in
                world.machines[followers[1]].lifecycle == .terminatingWait
            }
            world.cloud.keepsItsSize = true
            world.terminate(followers[0], now: true)
            try world.rest()
            world.expect(world.ledger.hooksExpired == 0, "no hook ran out")
            world.expect(world.ledger.recoveries == 0, "no recovery")
        },
        Schedule("drain of the leader", hasZone: true, hasHooks: true) { world in
            try world.form(3)
            world.terminate(world.soleLeader() ?? 0)
            try world.rest()
            world.expect(world.ledger.hooksExpired == 0, "no hook ran out")
        },
        // A group of one is replaced, with hooks and without a bucket.
        Schedule("last voter's drain", hasHooks: true) { world in
            try world.form(1)
            let writes = world.writes
            world.terminate(0)
            try world.rest()
            world.expect(world.ledger.recoveries == 0 && world.writes >= writes, "its data lives on")
        },
        Schedule("all three replaced one by one", hasHooks: true) { world in
            try world.form(3)
            for index in 0..<3 {
                world.terminate(index)
                try world.rest()
            }
            world.expect(world.ledger.hooksExpired == 0 && world.ledger.recoveries == 0, "nothing was lost")
        },
        Schedule("scale to nothing, with hooks", hasHooks: true) { world in
            try world.form(1)
            world.setDesired(0)
            try world.reach("it may go", atMost: .seconds(50)) { $0.machines[0].state != .running }
        },
        Schedule("leader blind to AWS") { world in
            try world.form(3)
            let leader = world.soleLeader() ?? 0
            world.machines[leader].awsFault = AWSFault(kind: .down, until: .seconds(10_000))
            for index in world.followers() { world.machines[index].supervisor?.reachesAWS = true }
            try world.reach("leadership moves", atMost: .seconds(200)) { ($0.soleLeader() ?? leader) != leader }
            world.terminate(world.followers().first { $0 != leader } ?? 0, now: true)
            try world.reach("somebody heals", atMost: .seconds(200)) { world in
                world.members.count(where: \.isStarted) == 3
                    && world.members.allSatisfy { member in
                        world.machines.contains { $0.id.rawValue == member.name && $0.isUp }
                    }
            }
        },
        Schedule("a member that is ill for long", hasZone: true) { world in
            try world.form(3)
            let ill = world.followers()[0]
            world.kill(ill, for: .seconds(100))
            world.run(for: .seconds(15))
            world.expect(world.isInDNS(ill), "a restart changes nothing in DNS")
            world.run(for: .seconds(50))
            world.expect(!world.isInDNS(ill), "who stays ill leaves it")
            world.expect(world.members.count == 3, "and stays a member")
            try world.rest()
        },
        Schedule("members' data differ") { world in
            try world.form(3)
            world.corruptAlarmUntil = world.now + .seconds(60)
            world.terminate(world.followers()[0], now: true)
            try world.hold("nothing is changed", for: .seconds(55)) { $0.members.isEmpty || $0.members.count == 3 }
            try world.rest()
        },
        Schedule("removed by hand") { world in
            try world.form(3)
            let index = world.followers()[0]
            let old = world.memberID(index)
            world.removeByHand(index)
            try world.rest()
            world.expect(world.memberID(index) != old, "it joins anew")
        },
        // Of three, one is down, and one serves though EC2 calls it terminated; etcd itself does not check.
        Schedule("terminated and serving", isStrict: false) { world in
            try world.form(3)
            let followers = world.followers()
            world.cloud.keepsItsSize = false
            world.kill(followers[0], for: .seconds(40))
            world.becomeZombie(followers[1], for: .seconds(60))
            try world.hold("the quorum is kept", for: .seconds(30)) { $0.soleLeader() != nil }
            world.cloud.keepsItsSize = true
            try world.rest()
        },
        Schedule("an entry that nobody claims") { world in
            try world.form(3)
            world.addByHand(Endpoint(.http, "10.9.9.9", 2380))
            try world.reach("it is removed") { $0.members.count == 3 }
        },
        Schedule("the record forgets an entry that nobody claims") { world in
            try world.form(3)
            world.addByHand(Endpoint(.http, "10.9.9.9", 2380))
            try world.rest()
        },
        Schedule("a spare waits") { world in
            world.options.settings.clusterSize = 3
            world.setDesired(4)
            try world.reach("three serve") { $0.members.count(where: \.isStarted) == 3 }
            try world.hold("and no fourth", for: .seconds(60)) { $0.members.isEmpty || $0.members.count <= 3 }
        },
    ]

    package static let all = ofFounding + ofLoss + ofDisks + ofTurns + ofBackups + ofRestores
}

extension World {
    /// An operator enters a learner, with `etcdctl member add`.
    func addByHand(_ peerURL: Endpoint) {
        _ = change(ledger.cluster ?? ClusterID(0), .add(peerURL: peerURL, asLearner: true), by: nil)
        run(for: .seconds(1))
        expect(members.count == 4, "it is entered")
    }

    func isInDNS(_ index: Int) -> Bool {
        zone?.records.contains { $0.name == "\(machines[index].id).main.example.org." } == true
    }
}
