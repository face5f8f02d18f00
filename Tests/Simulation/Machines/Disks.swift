/// Which data directory a machine sees: that of its volume, once it is mounted, or the one on its root disk.

import ClusterPlanning

extension World {
    func isMounted(_ index: Int) -> Bool { machines[index].volume != nil && machines[index].mountsAt <= now }

    func disk(_ index: Int) -> SimulatedDisk {
        if let volume = machines[index].volume, machines[index].mountsAt <= now { return volumes[volume] }
        return machines[index].rootDisk
    }

    func alterDisk(_ index: Int, _ alter: (SimulatedDisk) -> Void) {
        changes += 1
        alter(disk(index))
    }

    func replica(_ index: Int) -> Replica? { disk(index).replica }

    func alterReplica(_ index: Int, _ alter: (inout Replica) -> Void) {
        let disk = disk(index)
        guard var replica = disk.replica.take() else { return }
        alter(&replica)
        disk.replica = replica
    }

    /// As the daemon finds it.
    func observedDisk(_ index: Int) -> Disk {
        if machines[index].requiresMount, !isMounted(index) { return .unusable("nothing is mounted there") }
        let disk = disk(index)
        return disk.replica == nil ? .empty(disk.stamp) : .data(disk.stamp)
    }

    func newDiskID(onVolume: Bool) -> DiskID {
        disksNamed += 1
        return DiskID("\(onVolume ? "m" : "d")-\(disksNamed)")
    }

    /// The member list that a replica shows on its peer port.
    func shownMembers(_ replica: Replica) -> [Member] {
        replica.commit == 0 ? replica.borrowed : tree.membership(at: replica.commit).members
    }

    // MARK: What happens to disks

    /// The data is gone, and the stamp with it or not; the instance restarts.
    func loseDisk(_ index: Int, withStamp: Bool, backAfter: Duration = .seconds(1)) {
        note("\(machines[index].id) loses its data\(withStamp ? " and stamp" : "")")
        crashSupervisor(index, backAfter: backAfter)
        alterDisk(index) { disk in
            disk.replica = nil
            disk.aside = []
            if withStamp { disk.stamp = nil }
        }
    }

    /// Gives a machine a volume of its own, before it first starts.
    @discardableResult
    func giveVolume(_ index: Int) -> Int {
        volumes.append(SimulatedDisk())
        machines[index].volume = volumes.count - 1
        return volumes.count - 1
    }

    /// The host restarts; its volume is mounted a while after the supervisor starts.
    func reboot(_ index: Int, mountedAfter: Duration = .zero) {
        note("\(machines[index].id) reboots")
        crashSupervisor(index, backAfter: .seconds(2))
        guard machines[index].volume != nil, mountedAfter > .zero else { return }
        machines[index].mountsAt = now + .seconds(2) + mountedAfter
        machines[index].stirsAt.append(machines[index].mountsAt)
    }
}
