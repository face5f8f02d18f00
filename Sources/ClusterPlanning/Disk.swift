/// What the data directory holds, and what we wrote into it about itself.

/// Our own note inside the data directory: whose data this is. Written before etcd first runs there.
package struct Stamp: Equatable, Sendable {
    /// The instance that etcd ran on.
    package var instance: InstanceID
    /// The cluster of the data, once it is known; before the first start, the one that was asked for an entry.
    package var cluster: ClusterID?
    /// The member of the data, once it is known; before the first start, the entry that was added for this directory. Nil
    /// beside a cluster: the entry was asked for, and what became of it is not known.
    package var member: MemberID?
    /// Whether etcd was ever started here. Written before its first start, so that data that is missing later was
    /// lost, and its votes with it (F16).
    package var started: Bool

    package init(instance: InstanceID, cluster: ClusterID? = nil, member: MemberID? = nil, started: Bool = false) {
        self.instance = instance
        self.cluster = cluster
        self.member = member
        self.started = started
    }
}

extension Stamp {
    /// What the stamp has to say before etcd is started with `launch`, on data with this stamp or on none.
    ///
    /// - Returns: the stamp to be written; the same one where nothing has to be.
    package static func before(_ launch: Launch, stamp: Stamp?) -> Stamp {
        var next = Stamp(instance: launch.identity.instance, started: true)
        switch launch.kind {
        case .resume:
            next.cluster = stamp?.cluster
            next.member = stamp?.member
        case .found: break
        case .join(let cluster, let member):
            next.cluster = cluster
            next.member = member
        }
        return next
    }

    /// What it has to say before this directory is entered into `cluster`, so that an answer that is lost leaves no doubt
    /// for whom the entry is; and, with `member`, once the answer is there.
    package static func entering(_ cluster: ClusterID, as member: MemberID? = nil, _ instance: InstanceID) -> Stamp {
        Stamp(instance: instance, cluster: cluster, member: member)
    }

    /// What it has to say once the data is set aside: etcd ran here, and what it ran as must not be used again.
    package static func afterSettingAside(_ reason: SetAsideReason, _ instance: InstanceID) -> Stamp {
        switch reason {
        case .removedFromCluster(let cluster): Stamp(instance: instance, cluster: cluster, started: true)
        }
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
    /// It could not be looked at, or not written to; the text says why. Not empty: unknown.
    case unusable(String)
}
