/// What the data directory holds, and what we wrote into it about itself.

/// Our own note inside the data directory: whose data this is. Written before etcd first runs there.
package struct Stamp: Equatable, Sendable {
    /// The instance that etcd ran on.
    package var instance: InstanceID
    /// The cluster of the data, once it is known.
    package var cluster: ClusterID?
    /// The member of the data, once it is known; before the first start, the entry that was added for this directory.
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

/// The data directory, as it was found. Data means a write-ahead log: the one thing that etcd itself goes by.
package enum Disk: Equatable, Sendable {
    /// No write-ahead log. A stamp may be left: it says whether there was one.
    case empty(Stamp?)
    /// A write-ahead log; without a stamp it was written under an older tool, or came with the image.
    case data(Stamp?)
    /// It could not be looked at, or not written to; the text says why. Not empty: unknown.
    case unusable(String)
}
