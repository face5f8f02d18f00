/// The schedules of the leader's turns.

import ClusterPlanning

extension Schedule {
    static let ofTurns: [Schedule] = [
        Schedule("an instance is replaced") { world in
            try world.form(3)
            world.terminate(0)
            try world.rest()
        },
        Schedule("three, five, three") { world in
            try world.form(3)
            world.cloud.desired = 5
            try world.rest()
            world.cloud.desired = 3
            try world.rest()
        },
        // Desired 3, four instances, nobody dead: the newcomer is a spare. It takes the first place that is free.
        Schedule("launch before terminate") { world in
            try world.form(3)
            world.cloud.keepsItsSize = false
            let spare = world.launch()
            world.run(for: .seconds(60))
            world.expect(world.isWaiting(spare, "the cluster has 3 members of 3"), "the newcomer waits")
            world.terminate(0)
            try world.rest()
            world.expect(world.isMember(spare), "and joins")
        },
        Schedule("hidden healthy member") { world in
            try world.form(3)
            let leader = world.everLed.last.flatMap(world.leader) ?? 0
            let others = [0, 1, 2].filter { $0 != leader }
            world.hide(others[0], from: leader)
            world.terminate(others[1])
            try world.reach("the dead one is removed", atMost: .seconds(60)) {
                $0.members().count(where: \.isStarted) <= 2
            }
            try world.hold("the hidden one is kept", for: .seconds(90)) { $0.isMember(others[0]) }
            let isSaid = world.computers[leader].supervisor?.deferred.contains { deferral in
                if case .outsideGroup = deferral { true } else { false }
            }
            world.expect(isSaid == true, "and that is said")
        },
        Schedule("AWS answers nothing, nobody, or half") { world in
            try world.form(3)
            let leader = world.everLed.last.flatMap(world.leader) ?? 0
            world.cloud.keepsItsSize = false
            world.kill((leader + 1) % 3, for: .seconds(60))
            for kind in [AWSFault.Kind.down, .empty, .partial, .withoutUs] {
                for index in 0..<3 {
                    world.computers[index].awsFault = AWSFault(kind: kind, until: world.now + .seconds(20))
                }
                try world.hold("nobody is removed", for: .seconds(20)) { $0.members().count == 3 }
            }
            try world.rest()
        },
        Schedule("EC2 forgets one of three", closedBy: .record) { world in
            try world.form(3)
            world.cloud.keepsItsSize = false
            let leader = world.everLed.last.flatMap(world.leader) ?? 0
            let dead = (leader + 1) % 3
            world.cloud.forgotten.insert(world.computers[dead].id)
            world.run(for: .seconds(1))
            world.terminate(dead)
            world.cloud.keepsItsSize = true
            world.run(for: .seconds(120))
            world.expect(world.members().count == 3, "its member stays")
            world.expect(
                world.isWaiting(3, "the cluster has 3 members of 3"), "and the newcomer says who is in its place")
        },
        Schedule("leader blind to AWS", closedBy: .reports) { world in
            try world.form(3)
            let leader = world.everLed.last.flatMap(world.leader) ?? 0
            world.computers[leader].awsFault = AWSFault(kind: .down, until: world.now + .seconds(90))
            world.terminate((leader + 1) % 3)
            try world.hold("nobody is removed", for: .seconds(85)) { $0.members().count == 3 }
            try world.rest()
        },
        Schedule("a leader that the group does not list", closedBy: .reports) { world in
            try world.form(3)
            let leader = world.everLed.last.flatMap(world.leader) ?? 0
            world.detach(leader)
            world.terminate((leader + 1) % 3)
            try world.hold("nobody is removed", for: .seconds(60)) { $0.members().count == 3 }
        },
        Schedule("two of two", closedBy: .record) { world in
            try world.form(1)
            world.cloud.desired = 2
            try world.rest()
            world.terminate(1)
            world.run(for: .seconds(90))
            world.expect(
                world.computers[0].process != nil && world.foundings == 1, "the survivor keeps its data, and waits")
        },
        // EC2 says terminated, and it serves still; another voter is down. Without it there is no quorum.
        Schedule("terminated and serving", isStrict: false) { world in
            try world.form(3)
            world.cloud.keepsItsSize = false
            let leader = world.everLed.last.flatMap(world.leader) ?? 0
            world.kill((leader + 1) % 3, for: .seconds(30))
            world.becomeZombie((leader + 2) % 3)
            world.computers[(leader + 2) % 3].changesAt = world.now + .seconds(60)
            world.computers[(leader + 2) % 3].lifecycle = nil
            try world.hold("the quorum is kept", for: .seconds(25)) { $0.everLed.last.flatMap($0.leader) != nil }
            world.cloud.keepsItsSize = true
            try world.rest()
        },
        Schedule("a member that is ill for long") { world in
            try world.form(3)
            let leader = world.everLed.last.flatMap(world.leader) ?? 0
            let ill = (leader + 1) % 3
            world.kill(ill, for: .seconds(100))
            world.run(for: .seconds(20))
            world.expect(world.isInDNS(ill), "a restart changes nothing in DNS")
            world.run(for: .seconds(40))
            world.expect(!world.isInDNS(ill), "who stays ill leaves it")
            world.expect(world.members().count == 3, "and stays a member")
            try world.rest()
        },
        Schedule("a joiner that dies before it starts") { world in
            try world.form(3)
            world.cloud.desired = 4
            try world.reach("it is entered") { $0.computers.count == 4 && $0.members(at: 0).count == 4 }
            world.stopEtcd(3, gracefully: false)
            world.computers[3].disk = SimulatedDisk()
            world.computers[3].supervisor = nil
            world.terminate(3)
            try world.rest()
        },
        // The request times out, is made again, and arrives after all.
        Schedule("an act that is applied after its timeout") { world in
            try world.form(3)
            world.cloud.desired = 4
            try world.reach("all have booted", atMost: .seconds(30)) { $0.computers.count == 4 && $0.computers[3].isUp }
            world.computers[3].actFault = .late(.seconds(2))
            try world.rest()
        },
    ]
}

extension World {
    func isInDNS(_ index: Int) -> Bool {
        zone?.records.contains { $0.name == "\(computers[index].id).main.example.org." } == true
    }

    /// AWS leaves this instance out of what it tells `caller`.
    mutating func hide(_ index: Int, from caller: Int) {
        hidden[caller] = computers[index].id
    }
}
