/// What a supervisor says of its own instance when another one asks: facts of a machine that no API of AWS knows.

/// The report of one supervisor. It counts only if it names the instance that was asked, our owner and our record.
package struct Report: Equatable, Sendable {
    package var instance: InstanceID
    package var peerURL: Endpoint
    /// Nil while the supervisor has not read its group.
    package var owner: String?
    /// The cluster's name.
    package var cluster: String?
    /// The stores that it reads, sorted; none while it could not read them.
    package var stores: [StoreName]
    package var disk: DiskID?
    /// Whether the data directory is a file system of its own.
    package var isMountPoint: Bool
    package var holding: Holding
    package var etcd: EtcdState
    /// Whether it waits for the leader to enter it as a member.
    package var asksToJoin: Bool
    /// What its start waits for, or its etcd that runs without a leader, in words.
    package var waitingFor: String?
    /// What it knows of its own end, from the metadata service.
    package var leaving: Departure?
    /// The founders that it has named, where no record exists: it keeps to them.
    package var founders: [InitialMember]?
    /// Whether AWS has answered it lately; nil: it has not asked.
    package var reachesAWS: Bool?
    /// What it has to say as the leader's supervisor; nil: its etcd does not lead, or it is an older etcd-cluster.
    package var asLeader: LeaderReport?

    package init(
        _ instance: InstanceID, _ peerURL: Endpoint, owner: String? = nil, cluster: String? = nil,
        stores: [StoreName] = [], disk: DiskID? = nil, isMountPoint: Bool = false, holding: Holding,
        etcd: EtcdState = EtcdState(), asksToJoin: Bool = false, waitingFor: String? = nil, leaving: Departure? = nil,
        founders: [InitialMember]? = nil, reachesAWS: Bool? = nil, asLeader: LeaderReport? = nil
    ) {
        self.instance = instance
        self.peerURL = peerURL
        self.owner = owner
        self.cluster = cluster
        self.stores = stores.sorted()
        self.disk = disk
        self.isMountPoint = isMountPoint
        self.holding = holding
        self.etcd = etcd
        self.asksToJoin = asksToJoin
        self.waitingFor = waitingFor
        self.leaving = leaving
        self.founders = founders
        self.reachesAWS = reachesAWS
        self.asLeader = asLeader
    }
}

extension Report {
    var heldData: HeldData? { if case .data(let data) = holding { data } else { nil } }

    /// The member whose data it holds: by its stamp, else, where no leader ever told the ID, by its address in the list that its
    /// own etcd shows.
    var member: MemberID? {
        guard let data = heldData else { return nil }
        return data.member ?? etcd.members?.first { $0.peerURLs.contains(peerURL) }?.id
    }

    /// Whether it holds nothing and asks for a place.
    var asksForPlace: Bool { if case .none = holding { asksToJoin && disk != nil } else { false } }
}

/// What a data directory holds.
package enum Holding: Equatable, Sendable {
    /// No write-ahead log, and none is missing.
    case none
    case data(HeldData)
    /// There is data, and etcd can't run on it; the text says what etcd said (F20).
    case unusable(String)
    /// It can't be told: a mount is missing, or the directory can't be read.
    case unknown(String)
}

/// Whose data it is, by the stamp beside it.
package struct HeldData: Equatable, Sendable {
    package var cluster: ClusterID?
    package var member: MemberID?
    /// Nil of data that no record knows yet.
    package var generation: Int?

    package init(cluster: ClusterID? = nil, member: MemberID? = nil, generation: Int? = nil) {
        self.cluster = cluster
        self.member = member
        self.generation = generation
    }
}

/// What the etcd of a disk shows, also without a quorum: as it runs now, or as it was looked at last.
package struct EtcdState: Equatable, Sendable {
    package var isRunning: Bool
    /// The leader that it knows.
    package var leader: MemberID?
    /// Its own list; nil: it can't be read. Sorted by ID.
    package private(set) var members: [Member]?
    /// How far its log is known to be committed; nil: it can't be read.
    package var commitIndex: UInt64?

    package init(
        isRunning: Bool = false, leader: MemberID? = nil, members: [Member]? = nil, commitIndex: UInt64? = nil
    ) {
        self.isRunning = isRunning
        self.leader = leader
        self.members = members?.sorted { $0.id < $1.id }
        self.commitIndex = commitIndex
    }

    /// The same with a list of members.
    package func showing(_ members: [Member]) -> EtcdState {
        EtcdState(isRunning: isRunning, leader: leader, members: members, commitIndex: commitIndex)
    }
}

/// Why an instance is about to go, as its own metadata service says.
package enum Departure: Equatable, Sendable {
    /// `autoscaling/target-lifecycle-state` is `Terminated`.
    case terminating
    /// `spot/instance-action` says `terminate`.
    case spot
}

/// What came back when a supervisor was asked.
package enum ReportAnswer: Equatable, Sendable {
    case report(Report)
    /// No report; the text says what came instead. It proves nothing.
    case silent(String)
}

extension Holding {
    /// What a supervisor has to say of its own disk.
    ///
    /// - Parameters:
    ///   - lastExit: how etcd last ended on it.
    ///   - shown: what its etcd shows: its own entry tells the member where the stamp does not.
    package init(_ disk: Disk, lastExit: LastExit, shown: EtcdState?, _ identity: Identity) {
        switch disk {
        case .unusable(let cause): self = .unknown(cause)
        case .empty: self = .none
        case .data(let stamp):
            if case .corruptData(let cause) = lastExit {
                self = .unusable(cause)
                return
            }
            let own = shown?.members?.first { $0.peerURLs.contains(identity.peerURL) }?.id
            self = .data(HeldData(cluster: stamp?.cluster, member: stamp?.member ?? own, generation: stamp?.generation))
        }
    }
}
