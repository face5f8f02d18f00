/// The schedules of disks that are lost, late, moved or copied.

import ClusterPlanning

extension Schedule {
    static let ofDisks: [Schedule] = [
        Schedule("late volume") { world in try world.rebootWithLateVolume(requiresMount: true) },
        Schedule("late volume, unannounced") { world in try world.rebootWithLateVolume(requiresMount: false) },
        Schedule("moved volume") { world in
            try world.formOnVolumes()
            try world.moveDisk { world, old, new in world.machines[new].volume = world.machines[old].volume }
        },
        // The data lies in a directory of a volume, and nobody can see that it may come back.
        Schedule("moved directory") { world in
            try world.form(3)
            try world.moveDisk { world, old, new in
                world.machines[new].rootDisk = world.machines[old].rootDisk
                // The cluster knows its address long before etcd tells it the new name.
                world.machines[new].failingStarts = 12
            }
        },
        Schedule("moved volumes, all at once") { world in
            try world.formOnVolumes()
            let writes = world.writes
            world.cloud.keepsItsSize = false
            for index in 0..<3 { world.kill(index) }
            for index in 0..<3 {
                let new = world.launch(address: "10.0.1.\(index)")
                world.machines[new].volume = world.machines[index].volume
                world.machines[new].stores = [0]
                world.terminate(index, now: true)
            }
            world.run(for: .seconds(20))
            world.cloud.keepsItsSize = true
            world.cloud.nextStepAt = world.now
            try world.rest(.seconds(400))
            world.expect(world.record?.generation == 2 && world.isCarriedOn, "from the best disk")
            world.expect(world.writes >= writes, "with all that was written")
        },
        Schedule("cloned volume") { world in
            try world.formOnVolumes()
            let original = world.followers()[0]
            let copy = world.giveCopy(of: original)
            world.setDesired(4)
            let new = world.launch()
            world.machines[new].volume = copy
            world.run(for: .seconds(60))
            world.expect(world.machines[new].process == nil, "the copy is not resumed")
            world.expect(world.machines[original].process != nil, "the original serves on")
            world.expect(world.soleLeader() != nil && world.members.count == 3, "and stays a member")
        },
        // One member's data, without a stamp, is part of the machine image.
        Schedule("baked image") { world in
            try world.form(1)
            let replica = world.replica(0)
            let leader = world.memberID(0)
            world.setDesired(3)
            let first = world.machines.count
            for _ in 0..<2 {
                let new = world.launch()
                world.machines[new].rootDisk.replica = replica
                world.machines[new].rootDisk.stamp = nil
            }
            try world.hold("the copies serve nobody", for: .seconds(100)) { world in
                (first..<world.machines.count).allSatisfy { world.machines[$0].process == nil }
            }
            world.expect(world.soleLeader().flatMap(world.memberID) == leader, "the original serves on")
        },
        Schedule("replace root volume") { world in
            try world.form(3)
            let index = world.followers()[0]
            let old = world.memberID(index)
            world.loseDisk(index, withStamp: true)
            try world.rest()
            world.expect(world.memberID(index) != old, "it is another member")
        },
        Schedule("the data lost, the stamp not") { world in
            try world.form(3)
            let index = world.followers()[0]
            let old = world.memberID(index)
            world.loseDisk(index, withStamp: false)
            try world.rest()
            world.expect(world.memberID(index) != old, "it is another member")
        },
        Schedule("exec that fails before its first WAL") { world in
            try world.form(3)
            world.terminate(world.followers()[0], now: true)
            try world.reach("one asks") { world in world.machines.contains { $0.supervisor?.asksToJoin == true } }
            let new = world.machines.count - 1
            world.machines[new].failingStarts = 10
            let disk = world.disk(new).stamp?.disk
            try world.rest(.seconds(400))
            world.expect(world.disk(new).stamp?.disk == disk, "it is the same disk")
        },
        // A joiner whose etcd is slow to say its name.
        Schedule("a learner that hangs before its name is published") { world in
            try world.form(3)
            world.terminate(world.followers()[0], now: true)
            try world.reach("a learner starts") { world in
                world.machines.indices.contains { world.replica($0)?.commit == 0 && world.machines[$0].process != nil }
            }
            let new = world.machines.indices.first { world.replica($0)?.commit == 0 } ?? 0
            let member = world.memberID(new)
            world.machines[new].process?.hangsUntil = world.now + .seconds(30)
            world.machines[new].stirsAt.append(world.now + .seconds(30))
            try world.rest()
            world.expect(world.memberID(new) == member, "it keeps its data")
        },
    ]
}

extension World {
    /// A group of three whose data is on volumes of its own.
    func formOnVolumes() throws {
        try boot(3)
        for index in 0..<3 { giveVolume(index) }
        startSupervisors([0, 1, 2])
        try reach("a cluster of 3 forms") { $0.unrest() == nil }
        run(for: .seconds(10))
        write()
    }

    /// A follower's instance is terminated, and its disk goes on in another one.
    fileprivate func moveDisk(_ attach: (World, _ old: Int, _ new: Int) -> Void) throws {
        let old = followers()[0]
        let member = memberID(old)
        // Nobody sees it go, or it would be drained.
        cloud.isDownUntil = now + .seconds(12)
        kill(old)
        terminate(old, now: true)
        let new = launch()
        attach(self, old, new)
        try rest()
        expect(memberID(new) == member, "the member lives on at the new address")
        expect(ledger.recoveries == 0, "no recovery")
    }

    fileprivate func rebootWithLateVolume(requiresMount: Bool) throws {
        try formOnVolumes()
        for machine in machines { machine.requiresMount = requiresMount }
        let late = followers()[0]
        let member = memberID(late)
        reboot(late, mountedAfter: .seconds(60))
        try hold("its member stays", for: .seconds(55)) { world in
            world.members.isEmpty || world.members.contains { $0.id == member }
        }
        try rest()
        expect(memberID(late) == member, "it is the same member")
    }

    fileprivate func giveCopy(of index: Int) -> Int {
        let copy = SimulatedDisk()
        copy.stamp = disk(index).stamp
        copy.replica = disk(index).replica
        volumes.append(copy)
        return volumes.count - 1
    }
}
