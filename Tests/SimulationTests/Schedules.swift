/// The schedules of founding and of starting.

import ClusterPlanning

extension Schedule {
    static let all = ofFounding + ofStarting + ofTurns

    static let ofFounding: [Schedule] = [
        // A and B form and acknowledge writes; B's disk is lost, A is down for a moment, and C comes up for the first time.
        Schedule("amnesiac founder", closedBy: .record) { world in
            try world.foundWithoutLast()
            world.kill(0, for: .seconds(40))
            world.loseDisk(1, withStamp: true)
            world.computers[2].supervisorStartsAt = world.now
            try world.hold("nobody starts anew while A is away", for: .seconds(35)) { world in
                world.computers[1].process == nil && world.computers[2].process == nil
            }
            // Which of C's and B's disks is the new one, only a record can tell.
            world.run(for: .seconds(60))
            world.expect(world.foundings == 1, "one cluster")
            world.expect(world.isWaiting(2, "a cluster is there and has no leader"), "C waits for a leader")
        },
        Schedule("slow founder") { world in
            try world.foundWithoutLast()
            world.computers[2].supervisorStartsAt = world.now
            let entry = world.members().first { !$0.isStarted }?.id
            try world.reach("C starts under the founders' entry") { $0.memberID(2) != nil && $0.memberID(2) == entry }
            try world.rest()
        },
        // The desired capacity changes between two looks.
        Schedule("one reading of two") { world in
            world.cloud.desired = 4
            try world.reach("all have booted", atMost: .seconds(60)) {
                $0.computers.count == 4 && $0.computers.allSatisfy { $0.state == .running }
            }
            for index in 0..<4 { world.computers[index].supervisorStartsAt = nil }
            for index in 0..<4 { world.computers[index].supervisor = nil }
            world.run(for: .seconds(20))
            world.cloud.keepsItsSize = false
            world.cloud.desired = 3
            world.run(for: .seconds(1))
            world.computers[0].supervisorStartsAt = world.now
            world.step()
            world.step()
            world.cloud.desired = 4
            // i-001 has decided on three, or has to look again.
            if world.computers[0].supervisor?.intention != nil {
                world.computers[0].supervisor?.intention?.dueAt = world.now + .seconds(2)
            }
            for index in 1..<4 { world.computers[index].supervisorStartsAt = world.now }
            try world.rest()
        },
        // A group of one is replaced. The old instance is on its way down, and still serves.
        Schedule("beside one that is on its way down", hasZone: false) { world in
            try world.form(1)
            world.terminate(0)
            world.computers[0].changesAt = world.now + .seconds(60)
            try world.hold("nobody founds beside it", for: .seconds(55)) { $0.foundings == 1 }
            try world.reach("then, its disk being gone, a cluster is founded anew") { $0.unrest() == nil }
        },
        Schedule("older cluster behind a security group", hasZone: false) { world in
            try world.form(1)
            world.cloud.desired = 3
            world.computers[0].cutOffUntil = .seconds(10_000)
            try world.reach("all have booted", atMost: .seconds(30)) {
                $0.computers.count == 3 && $0.computers.allSatisfy { $0.isUp }
            }
            try world.hold("nobody founds beside it", for: .seconds(120)) { $0.foundings == 1 }
            world.expect(world.isWaiting(1, "nobody can tell whether data lives on i-001"), "the silent one is named")
        },
        // Two of three readings agree on nothing: whoever founds alone is followed by nobody. Only a record can settle it.
        Schedule("founders differ", closedBy: .record) { world in
            world.cloud.desired = 3
            try world.reach("all have booted", atMost: .seconds(60)) {
                $0.computers.count == 3 && $0.computers.allSatisfy { $0.state == .running }
            }
            for (index, list) in [(0, [0, 1]), (1, [1, 2])] {
                let members = list.map { InitialMember(world.computers[$0].id.rawValue, world.computers[$0].peerURL) }
                world.computers[index].supervisor = Supervisor(startedAt: world.now)
                world.exec(
                    index, Launch(.found(token: "t\(index)"), world.computers[index].identity, initialCluster: members))
            }
            try world.hold("two lists never both get a quorum", for: .seconds(120)) { $0.everLed.count <= 1 }
            world.expect(world.isWaiting(2, "peers show different members"), "the third waits, and says why")
        },
        Schedule("weekend zero", closedBy: .record) { world in
            try world.form(3)
            world.cloud.keepsItsSize = false
            for index in 0..<3 { world.terminate(index) }
            world.run(for: .seconds(30))
            world.cloud.keepsItsSize = true
            world.run(for: .seconds(60))
            world.expect(world.foundings == 0, "nobody founds where the zone names members")
            let isSaid = world.computers.indices.suffix(3).allSatisfy {
                world.isWaiting($0, "nobody answers, yet the zone names members")
            }
            world.expect(isSaid, "everybody says why")
        },
    ]

    static let ofStarting: [Schedule] = [
        Schedule("second of two") { world in
            try world.form(1)
            world.cloud.desired = 3
            try world.rest()
        },
        Schedule("second of two, the answer lost") { world in
            try world.form(1)
            world.cloud.desired = 2
            try world.reach("all have booted", atMost: .seconds(30)) { $0.computers.count == 2 && $0.computers[1].isUp }
            world.computers[1].actFault = .replyLost
            try world.rest()
        },
        Schedule("second of two, the supervisor killed in between") { world in
            try world.form(1)
            world.cloud.desired = 2
            try world.reach("an entry is made") { $0.computers.count == 2 && $0.members(at: 0).count == 2 }
            world.kill(1, for: .seconds(5))
            try world.rest()
        },
        Schedule("replace root volume") { world in
            try world.form(3)
            let old = world.memberID(2)
            world.loseDisk(2, withStamp: true)
            try world.rest()
            world.expect(world.memberID(2) != old, "it is another member")
        },
        Schedule("the data lost, the stamp not") { world in
            try world.form(3)
            let old = world.memberID(2)
            world.loseDisk(2, withStamp: false)
            try world.rest()
            world.expect(world.memberID(2) != old, "it is another member")
        },
        // Its votes count before its name is known.
        Schedule("the data lost before the name was published") { world in
            try world.foundWithoutLast()
            world.computers[2].supervisorStartsAt = world.now
            try world.reach("C has a log") { ($0.computers[2].disk.replica?.log.count ?? 0) > 3 }
            let old = world.memberID(2)
            world.loseDisk(2, withStamp: false)
            world.forgetName(of: old)
            try world.rest()
            world.expect(world.memberID(2) != old, "it is another member")
        },
        Schedule("reboot with tmpfs", closedBy: .record) { world in
            try world.form(3)
            world.loseDisk(0, withStamp: true)
            world.loseDisk(1, withStamp: true)
            world.run(for: .seconds(90))
            world.expect(world.foundings == 1 && world.computers[2].process != nil, "the third keeps its data")
            world.expect(world.isWaiting(0, "a cluster is there and has no leader"), "the others wait")
        },
        Schedule("all restart at once") { world in
            try world.form(3)
            let (cluster, ids) = (world.everLed, (0..<3).map(world.memberID))
            for index in 0..<3 { world.kill(index, for: .seconds(Double(index))) }
            try world.rest()
            world.expect(world.everLed == cluster && (0..<3).map(world.memberID) == ids, "the same cluster")
        },
        Schedule("address reuse after the name was published") { world in
            try world.form(3)
            world.replace(2, at: world.computers[2].address)
            try world.rest()
        },
        Schedule("address reuse before the name was published") { world in
            try world.form(3)
            world.cloud.desired = 4
            try world.reach("a fourth has voted") { world in
                world.computers.count == 4 && world.memberID(3).map(world.haveVoted.contains) == true
            }
            let old = world.memberID(3)
            world.kill(3, for: .seconds(10_000))
            world.forgetName(of: old)
            world.replace(3, at: world.computers[3].address)
            try world.rest()
        },
        Schedule("exec that fails before its first log") { world in
            try world.form(3)
            world.cloud.desired = 4
            try world.reach("all have booted", atMost: .seconds(30)) { $0.computers.count == 4 && $0.computers[3].isUp }
            world.computers[3].failingStarts = 10
            try world.reach("it is entered") { $0.members(at: 0).count == 4 }
            let id = world.members(at: 0).first { !$0.isStarted }?.id
            try world.rest(.seconds(400))
            world.expect(world.memberID(3) == id, "once, and under one ID")
        },
        // One peer has the log and has not applied it: it shows the entry that was there before.
        Schedule("a peer that lags shows an older entry") { world in
            try world.form(3)
            for _ in 0..<6 {
                let leader = world.everLed.last.flatMap(world.leader) ?? 0
                world.computers[(leader + 1) % 3].appliesNothingUntil = world.now + .seconds(15)
                world.loseDisk((leader + 2) % 3, withStamp: true)
                try world.rest()
            }
            world.expect(world.oldIDsTaken == 0, "nobody starts under an ID that is gone")
        },
        Schedule("added, lost sight of, and added again within a second") { world in
            try world.form(3)
            world.cloud.desired = 4
            try world.reach("all have booted", atMost: .seconds(30)) { $0.computers.count == 4 && $0.computers[3].isUp }
            world.options.longestDelay = .zero
            // Somebody else's act makes the entry in the very second in which the newcomer first looks.
            world.computers[3].supervisorStartsAt = nil
            world.computers[3].supervisor = nil
            world.run(for: .seconds(8))
            while world.now.components.attoseconds != 0 { world.step() }
            guard let cluster = world.everLed.last else { return }
            _ = world.change(cluster, .add(peerURL: world.computers[3].peerURL), by: nil)
            world.computers[3].supervisor = Supervisor(startedAt: world.now)
            try world.rest()
        },
        Schedule("two machines with one address") { world in
            try world.form(3)
            world.cloud.keepsItsSize = false
            let twin = world.launch(address: world.computers[0].address)
            try world.hold("the one that serves is kept", for: .seconds(120)) { $0.isMember(0) }
            world.expect(
                world.isWaiting(twin, "another machine runs etcd as our entry"), "the other one says why it waits")
        },
        Schedule("detached while it boots") { world in
            try world.form(3)
            world.cloud.desired = 4
            try world.reach("all have booted", atMost: .seconds(30)) { $0.computers.count == 4 }
            world.cloud.keepsItsSize = false
            world.computers[3].lifecycle = nil
            try world.hold("who is not in the group does not join", for: .seconds(60)) { $0.members().count == 3 }
        },
        Schedule("removed by hand") { world in
            try world.form(3)
            let old = world.memberID(2)
            world.removeByHand(world.everLed.last.flatMap(world.leader) == 2 ? 1 : 2)
            try world.rest()
            world.expect(old != nil && world.computers.contains { !$0.disk.aside.isEmpty }, "its data is set aside")
        },
    ]
}

extension World {
    /// The first two of three form; the third has not come up yet.
    mutating func foundWithoutLast() throws {
        cloud.desired = 3
        try reach("three launch") { world in
            world.computers.count == 3 && world.computers[2].isUp
        }
        computers[2].supervisor = nil
        stopEtcd(2, gracefully: false)
        computers[2].disk = SimulatedDisk()
        computers[2].supervisorStartsAt = .seconds(10_000)
        try reach("A and B form, and DNS names them") { world in
            world.members().count(where: \.isStarted) == 2 && world.zone?.records.isEmpty == false
        }
        for _ in 0..<20 { writeSomething() }
        run(for: .seconds(10))
    }

    /// A terminated instance, and another one at its address.
    mutating func replace(_ index: Int, at address: String) {
        cloud.keepsItsSize = false
        terminate(index)
        run(for: .seconds(5))
        _ = launch(address: address)
        cloud.keepsItsSize = true
    }

    /// As if a member had ended before its name was published.
    mutating func forgetName(of id: MemberID?) {
        guard let id else { return }
        for index in computers.indices { computers[index].disk.replica?.forgetName(of: id) }
    }
}
