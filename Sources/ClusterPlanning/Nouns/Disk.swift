/// What the data directory holds, and what we wrote into it about itself.

/// One life of one data directory. A lost disk gets another ID.
package struct DiskID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }
    package init(_ rawValue: String) { self.rawValue = rawValue }

    /// Whether it is a volume of its own, which can come back on another instance.
    package var isVolume: Bool { rawValue.hasPrefix("m-") }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    package var description: String { rawValue }
}

/// Our own note inside the data directory: whose data this is. Written before etcd first runs there.
package struct Stamp: Equatable, Sendable {
    package var disk: DiskID
    /// The instance that etcd ran on.
    package var instance: InstanceID
    /// The owner of the record by which it was started; nil where there was none.
    package var owner: String?
    /// The generation of the data; nil of data that no record knows yet.
    package var generation: Int?
    /// The cluster of the data, once it is known; before the first start, the one that entered this disk.
    package var cluster: ClusterID?
    /// The member of the data, once it is known; before the first start, the entry that was made for this disk.
    package var member: MemberID?
    /// Whether etcd was ever started here. Written before its first start, so that data that is missing later was
    /// lost, and its votes with it (F16).
    package var started: Bool
    /// The newest minor version of etcd that ran here, as `3.5`: an older one must not follow it (F22).
    package var etcdVersion: String?
    /// The generation into which the data is being carried: from the first step on until `generation` is raised it must not
    /// run as what it was.
    package var carriedInto: Int?
    /// Whether an earlier life of this directory had data: where no record tells, such a disk founds nothing.
    package var followsLostData: Bool

    package init(
        disk: DiskID, instance: InstanceID, owner: String? = nil, generation: Int? = nil, cluster: ClusterID? = nil,
        member: MemberID? = nil, started: Bool = false, etcdVersion: String? = nil, carriedInto: Int? = nil,
        followsLostData: Bool = false
    ) {
        self.disk = disk
        self.instance = instance
        self.owner = owner
        self.generation = generation
        self.cluster = cluster
        self.member = member
        self.started = started
        self.etcdVersion = etcdVersion
        self.carriedInto = carriedInto
        self.followsLostData = followsLostData
    }
}

extension Stamp {
    /// What the stamp has to say before etcd is started with `launch`.
    ///
    /// - Returns: the stamp to be written; the same one where nothing has to be.
    package func before(_ launch: Launch) -> Stamp {
        var next = self
        next.instance = launch.identity.instance
        switch launch.kind {
        case .resume: break
        // Nothing of the world is reached by these; what follows them is what counts.
        case .inspect, .force, .restore, .save: return self
        case .found:
            next.cluster = nil
            next.member = nil
        case .join(let cluster, let member):
            next.cluster = cluster
            next.member = member
        }
        next.owner = launch.owner ?? next.owner
        next.generation = launch.generation ?? next.generation
        next.started = true
        if launch.kind != .resume { next.carriedInto = nil }
        return next
    }

    /// What it has to say after etcd has ended. Where a first start did not get as far as a write-ahead log (a wrong flag, a
    /// port taken), etcd never ran under its ID, and the next start is a first one still.
    ///
    /// - Parameters:
    ///   - isFirst: whether there was no data before that start.
    ///   - hasLog: whether there is data now.
    ///   - hasAnswered: whether that etcd ever answered; then it did run, wherever its log has gone since.
    package func afterExit(isFirst: Bool, hasLog: Bool, hasAnswered: Bool) -> Stamp {
        var next = self
        if isFirst, !hasLog, !hasAnswered { next.started = false }
        return next
    }
}

/// The data directory, as it was found. Data means a write-ahead log: the one thing that etcd itself goes by.
package enum Disk: Equatable, Sendable {
    /// No write-ahead log. A stamp may be left: it says whether there was one.
    case empty(Stamp?)
    /// A write-ahead log; without a stamp it was written under an older tool, or came with the image.
    case data(Stamp?)
    /// It could not be looked at, or not written to, or a required mount is missing; the text says why. Not empty: unknown.
    case unusable(String)

    package var stamp: Stamp? {
        switch self {
        case .empty(let stamp), .data(let stamp): stamp
        case .unusable: nil
        }
    }

    /// The stamp that a disk without data must have before it is reported: that of this instance's own life, or a new one.
    ///
    /// A stamp that says `started` beside missing data is that of a lost disk; one that names another instance came with
    /// an image or an emptied volume.
    ///
    /// - Returns: nil where the one that is there will do, or where there is data.
    package func stampNeeded(on instance: InstanceID, newDisk: DiskID) -> Stamp? {
        guard case .empty(let stamp) = self else { return nil }
        let own = stamp?.instance == instance ? stamp : nil
        if let own, !own.started { return nil }
        // The generation stays, so that none is ever counted twice; it says nothing of what is here now.
        return Stamp(
            disk: newDisk, instance: instance, generation: own?.generation, followsLostData: own != nil)
    }
}
