/// The stamp in the data directory, written by one hand.

import ClusterPlanning

/// Keeps the stamp: before a start, while etcd runs and tells who it is, and after its end.
actor StampKeeper {
    private let directory: DataDirectory
    /// The stamp of the etcd that runs now; nil while none does.
    private var running: Stamp?
    private var hasAnswered = false
    /// Whether nothing was in the place of the data before the start, so that all that is there is of its making.
    private var isCleared = false

    init(_ directory: DataDirectory) { self.directory = directory }

    /// Whether etcd is meant to run.
    var isRunning: Bool { running != nil }

    /// Clears the place of etcd's data for a first start.
    ///
    /// - Returns: where to what lay there was set aside; nil where nothing was.
    func clear(for launch: Launch, time: Int) throws -> String? {
        isCleared = false
        guard launch.kind != .resume else { return nil }
        let place = try directory.setIncompleteAside(time: time)
        isCleared = true
        return place
    }

    /// To be called before etcd's exec: from then on the disk says that it was started.
    func prepare(_ launch: Launch, on stamp: Stamp?) throws {
        let next = Stamp.before(launch, stamp: stamp)
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

    /// Notes what this directory is for, while no etcd runs.
    func note(_ stamp: Stamp) throws {
        try directory.write(stamp)
    }
}
