/// The schedules of founding: who may begin, and with what.

import ClusterPlanning

extension Schedule {
    static let ofFounding: [Schedule] = [
        // A, B form and acknowledge writes, C is slow; B's disk is lost, A is down for a moment; B and C start.
        Schedule("amnesiac founder") { world in
            try world.foundWithoutLast()
            world.cut(0, for: .seconds(40))
            world.kill(0, for: .seconds(40))
            world.loseDisk(1, withStamp: true)
            world.startSupervisors([2])
            try world.hold("B starts nothing while A is away", for: .seconds(35)) { $0.machines[1].process == nil }
            try world.rest()
            world.expect(world.record?.generation == 1, "A's data lives on")
        },
        Schedule("slow founder") { world in
            try world.foundWithoutLast()
            let entry = world.members.first { !$0.isStarted }?.id
            world.run(for: .seconds(60))
            world.expect(world.members.contains { $0.id == entry }, "its entry stays")
            world.startSupervisors([2])
            try world.reach("C starts under the founders' entry") { entry != nil && $0.memberID(2) == entry }
            try world.rest()
        },
        // Found by the random lives: the list of the founders must not shrink with those who are gone.
        Schedule("slow founders after replacements") { world in
            try world.boot(5)
            world.startSupervisors(Array(0..<5))
            try world.reach("the founders are named") { $0.record != nil }
            for index in [3, 4] { world.kill(index) }
            try world.reach("three lead") { $0.soleLeader() != nil }
            world.write()
            world.cloud.keepsItsSize = false
            for index in [0, 1] {
                world.terminate(index, now: true)
                world.run(for: .seconds(20))
            }
            world.startSupervisors([3, 4])
            world.cloud.keepsItsSize = true
            world.cloud.nextStepAt = world.now
            try world.rest()
        },
        Schedule("founders dead before formation") { world in
            try world.boot(3)
            world.startSupervisors([0, 1, 2])
            try world.reach("the founders are named") { $0.record != nil }
            for index in 0..<3 { world.kill(index, for: .seconds(index == 0 ? 20 : 10_000)) }
            for index in 1..<3 { world.terminate(index, now: true) }
            try world.rest()
            world.expect(world.record?.generation ?? 0 > 1, "the next generation")
        },
        // Founded with the zone; a bucket is added, and half the instances see it. Then all disks are lost.
        Schedule("store switched") { world in
            try world.form(3)
            for index in [0, 1] {
                world.machines[index].stores = [0, 1]
                world.restartSupervisor(index, backAfter: .seconds(1))
                world.run(for: .seconds(10))
            }
            world.ledger.storesOfNewMachines = [0, 1]
            world.terminate(2, now: true)
            try world.rest()
            world.expect(world.stores[1].record == nil, "nothing is written to the bucket")
            world.expect(world.record?.generation == 1, "the zone's record rules")
        },
        // At first boot X reads zone and bucket, Y only the bucket.
        Schedule("half-rolled template") { world in
            try world.boot(3)
            world.machines[0].stores = [0, 1]
            for index in [1, 2] { world.machines[index].stores = [1] }
            world.startSupervisors([0, 1, 2])
            try world.hold("nobody founds", for: .seconds(120)) { $0.record == nil }
            world.expect(world.isWaiting(0, "keep the record elsewhere"), "the difference is named")
            world.expect(world.isWaiting(1, "keep the record elsewhere"), "by everybody")
        },
        // The request times out, somebody else acts, and it arrives after all.
        Schedule("swap applied after its timeout, at founding") { world in
            try world.boot(3)
            for machine in world.machines { machine.actFault = .late(.seconds(4)) }
            world.startSupervisors([0, 1, 2])
            try world.rest()
            world.expect(world.record?.generation == 1, "one founding")
        },
        Schedule("swap applied after its timeout, at recovery") { world in
            try world.form(3)
            world.cloud.keepsItsSize = false
            for index in world.followers() { world.terminate(index, now: true) }
            for machine in world.machines { machine.actFault = .late(.seconds(4)) }
            world.cloud.keepsItsSize = true
            world.cloud.nextStepAt = world.now
            try world.rest()
            world.expect(world.record?.generation == 2, "one recovery")
        },
        Schedule("swap applied after its timeout, at +") { world in
            try world.form(3)
            world.terminate(world.followers()[0], now: true)
            try world.reach("one asks") { world in world.machines.contains { $0.supervisor?.asksToJoin == true } }
            world.machines[world.soleLeader() ?? 0].actFault = .late(.seconds(4))
            try world.rest()
        },
        // A cluster that an older tool made lives, unseen by the new instances.
        Schedule("older cluster behind a security group") { world in
            try world.makeOlderCluster()
            world.cut(0, for: .seconds(10_000))
            world.setDesired(3)
            try world.hold("nobody founds beside it", for: .seconds(200)) { $0.record == nil }
            world.expect(world.isWaiting(1, "i-001"), "the silent one is named")
        },
        Schedule("older cluster is taken over") { world in
            try world.makeOlderCluster()
            world.setDesired(3)
            try world.reach("two of ours serve beside it", atMost: .seconds(200)) {
                $0.members.count(where: \.isStarted) == 3
            }
            world.terminate(0, now: true)
            try world.rest()
            world.expect(world.record?.generation == 1, "its data lives on")
        },
        // A deleted group of the same name, whose detached instance still serves.
        Schedule("another owner") { world in
            try world.form(1)
            world.detach(0)
            world.cloud.owner = "arn:group/again"
            world.cloud.otherOwner = .isGone
            world.setDesired(3)
            try world.hold("its record stays", for: .seconds(150)) { $0.record?.owner == "arn:group/main" }
            world.terminate(0, now: true)
            try world.reach("then the record is replaced", atMost: .seconds(200)) {
                $0.record?.owner == "arn:group/again"
            }
            try world.rest()
        },
        Schedule("another owner that lives") { world in
            try world.form(1)
            world.detach(0)
            world.cloud.owner = "arn:group/again"
            world.setDesired(3)
            world.run(for: .seconds(20))
            world.terminate(0, now: true)
            try world.hold("its record stays", for: .seconds(150)) { $0.record?.owner == "arn:group/main" }
            world.expect(world.isWaiting(1, "alive"), "the reason is said")
        },
        Schedule("generation restarted beside old backups") { world in
            world.bucket.oldGeneration = 7
            try world.form(3)
            world.expect(world.record?.generation == 8, "one above every generation seen")
        }
        .withBackups(),
        Schedule("another tool's backups and no record") { world in
            world.bucket.strangers = ["etcd-snapshot.json"]
            world.setDesired(3)
            try world.hold("nothing empty is founded beside them", for: .seconds(150)) { $0.record == nil }
        }
        .withBackups(),
        Schedule("without a record") { world in
            try world.bootWithoutRecord()
            try world.rest()
            world.expect(world.record == nil, "none is written")
        }
        .with { $0.isWithoutRecord = true },
        // The group's lists differ by caller: whoever sees fewer would found alone.
        Schedule("without a record, one reading of two") { world in
            try world.bootWithoutRecord()
            world.cloud.desired = 2
            world.rememberGroup()
            world.machines[0].hidden = [world.machines[2].id]
            world.run(for: .seconds(3))
            world.cloud.desired = 3
            world.rememberGroup()
            world.machines[0].hidden = []
            world.run(for: .seconds(120))
            world.expect(world.foundings.count <= 1, "never two clusters")
        }
        .with { $0.isWithoutRecord = true },
        Schedule("store down at first boot") { world in
            world.stores[0].isDownUntil = .seconds(90)
            world.setDesired(3)
            try world.hold("nobody founds", for: .seconds(85)) { $0.record == nil }
            try world.rest(.seconds(60))
        },
    ]
}

extension World {
    fileprivate func bootWithoutRecord() throws {
        try boot(3)
        for machine in machines { machine.stores = [] }
        ledger.storesOfNewMachines = []
        startSupervisors([0, 1, 2])
    }

    /// Three are named, and two of them form and acknowledge writes; the third has not come to its start.
    func foundWithoutLast() throws {
        try boot(3)
        startSupervisors([0, 1, 2])
        try reach("the founders are named") { $0.record != nil }
        kill(2)
        alterDisk(2) { disk in
            disk.replica = nil
            disk.stamp?.started = false
        }
        try reach("two lead") {
            $0.soleLeader() != nil && $0.machines[0].process != nil && $0.machines[1].process != nil
        }
        write()
    }

    /// One etcd without a supervisor of ours, and without a record, in our group.
    func makeOlderCluster() throws {
        try boot(1)
        let machine = machines[0]
        machine.launchSource = "lc-old:1"
        let list = [InitialMember(machine.id.rawValue, machine.peerURL)]
        exec(0, Launch(.found(token: "old"), machine.identity, initialCluster: list))
        try reach("it leads") { $0.soleLeader() == 0 }
        write()
    }
}
