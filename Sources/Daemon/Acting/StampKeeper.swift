/// The stamp in the data directory, written by one hand.

import ClusterPlanning

/// Keeps the stamp: before a start, while etcd runs and tells who it is, and after its end.
actor StampKeeper {
    private let directory: DataDirectory
    private let instance: InstanceID
    /// The stamp of the etcd that runs now; nil while none does.
    private(set) var running: Stamp?
    private var hasAnswered = false
    /// Whether nothing was in the place of the data before the start, so that all that is there is of its making.
    private var isCleared = false

    init(_ directory: DataDirectory, _ instance: InstanceID) {
        self.directory = directory
        self.instance = instance
    }

    /// Whether etcd is meant to run.
    var isRunning: Bool { running != nil }

    /// The disk as it is now; one without data has a stamp of this instance's own.
    func observe() -> Disk {
        let disk = directory.observe()
        do {
            guard let stamp = disk.stampNeeded(on: instance, newDisk: try directory.newDiskID()) else { return disk }
            try directory.write(stamp)
            return .empty(stamp)
        } catch {
            return .unusable("\(error)")
        }
    }

    /// Clears the place of etcd's data for a first start.
    ///
    /// - Returns: where to what lay there was set aside; nil where nothing was.
    func clear(for launch: Launch, time: Int) throws -> SetAside? {
        isCleared = false
        guard launch.kind != .resume else { return nil }
        let place = try directory.setIncompleteAside(time: time)
        isCleared = true
        return place
    }

    /// To be called before etcd's exec: from then on the disk says that it was started, by which version.
    func prepare(_ launch: Launch, on stamp: Stamp?, etcdVersion: String) throws {
        var next = try (stamp ?? Stamp(disk: directory.newDiskID(), instance: instance)).before(launch)
        next.etcdVersion = etcdVersion
        if next != stamp { try directory.write(next) }
        running = next
        hasAnswered = false
    }

    /// What the running etcd says of itself. Ignored while none runs: an answer may arrive late.
    func learn(_ cluster: ClusterID, _ member: MemberID) throws {
        guard var stamp = running else { return }
        hasAnswered = true
        stamp.cluster = cluster
        stamp.member = member
        try rewrite(stamp)
    }

    /// What the record says of data that had no generation, while its etcd runs.
    func adopt(generation: Int?, owner: String?) throws {
        guard var stamp = running else { return }
        stamp.generation = generation
        stamp.owner = owner
        try rewrite(stamp)
    }

    private func rewrite(_ stamp: Stamp) throws {
        guard stamp != running else { return }
        try directory.write(stamp)
        running = stamp
    }

    /// To be called after etcd's end.
    ///
    /// - Parameter isFirst: whether there was no data before that start.
    func finish(isFirst: Bool) throws {
        guard let stamp = running else { return }
        running = nil
        guard isFirst, case .empty = directory.observe() else { return }
        let next = stamp.afterExit(isFirst: isFirst, hasLog: false, hasAnswered: hasAnswered)
        if next != stamp { try directory.write(next) }
        // An etcd that has written no log has promised nothing to anybody. Left there, a half-made database would end each
        // further start.
        if isCleared, !next.started { try directory.removeUnfinished() }
    }

    /// Raises the generation of data that was carried into it. Until then the carrying may be repeated.
    func raise(_ stamp: Stamp, by launch: Launch) throws {
        var next = stamp
        next.instance = instance
        next.owner = launch.owner
        next.generation = launch.generation
        next.carriedInto = nil
        try directory.write(next)
    }

    /// Says that what is here was made of a backup: data of a generation, of a member that never ran.
    func restored(by launch: Launch) throws {
        guard var next = directory.observe().stamp else { throw ObservationError("the stamp is gone") }
        next.instance = instance
        next.owner = launch.owner
        next.generation = launch.generation
        next.cluster = nil
        next.member = nil
        next.started = true
        next.carriedInto = nil
        try directory.write(next)
    }

    /// Notes what this directory is for, while no etcd runs.
    func note(_ change: (inout Stamp) -> Void) throws {
        guard var stamp = directory.observe().stamp else {
            throw ObservationError("the stamp is gone, or can't be read")
        }
        change(&stamp)
        try directory.write(stamp)
    }
}
