/// How this member starts, or why it does not yet.

/// One turn's decision on an instance on which no etcd runs.
package enum StartPlan: Equatable, Sendable {
    /// Run etcd, with exactly this.
    case start(Launch)
    /// Rename the data out of the way, never to be deleted, and look again.
    case setAside(SetAsideReason)
    /// Write the record, if nobody was faster, and look again: what is there then is followed.
    case claim(RecordSwap)
    /// Act on the cluster that answers, since its leader has no supervisor of ours, and look again.
    case act(ReconcilePlan.Step, on: RunningCluster)
    /// Do nothing, and say for what.
    case wait(WaitReason)
}

/// What a running etcd that knows no leader, or that a later generation has overtaken, is to do.
package enum RunningPlan: Equatable, Sendable {
    /// Go on; the text of the reason is what it waits for.
    case stay(WaitReason?)
    /// Stop etcd, by SIGTERM, and look again: the plan for a start says what follows.
    case stop(StartPlan)
    /// Write the record, if nobody was faster, and look again.
    case claim(RecordSwap)
    /// Write down what the record says of data that had no generation.
    case stamp(Stamp)
}

/// A name and a peer URL of `--initial-cluster`.
package struct InitialMember: Equatable, Hashable, Sendable, CustomStringConvertible {
    package var name: String
    package var peerURL: Endpoint

    package init(_ name: String, _ peerURL: Endpoint) {
        self.name = name
        self.peerURL = peerURL
    }

    package var description: String { "\(name)=\(peerURL)" }
}

/// What etcd is started with, as far as membership goes.
package struct Launch: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        /// On data of its own: etcd goes by its write-ahead log and by nothing else.
        case resume
        /// As one of the first members. The token makes the cluster's ID its own.
        case found(token: String)
        /// As a member that a living cluster has entered, under this ID.
        case join(ClusterID, MemberID)
        /// For a moment, listening on loopback alone, to see what the data holds: its member list and commit index.
        case inspect
        /// Carry this disk's data into a new generation, alone: stop, copy, one exec with `--force-new-cluster` on loopback,
        /// remove the others, stop, raise the stamp. Then the next look resumes.
        case force(MemberID)
        /// Have etcd's tools make data of a backup, of this key, as those of a cluster of one with a token of its own. Then the
        /// next look resumes.
        case restore(String, token: String)
        /// For as long as it takes, listening on loopback alone, so that a backup is made of data that no one adds to.
        case save
    }

    package var kind: Kind
    package var identity: Identity
    /// Exactly the members that etcd has to expect (F7); only ourselves when resuming. Sorted by peer URL.
    package var initialCluster: [InitialMember]
    /// What the stamp is to say; nil: what it says already.
    package var owner: String?
    package var generation: Int?

    package init(
        _ kind: Kind, _ identity: Identity, initialCluster: [InitialMember], owner: String? = nil,
        generation: Int? = nil
    ) {
        self.kind = kind
        self.identity = identity
        self.initialCluster = initialCluster.sorted { $0.peerURL < $1.peerURL }
        self.owner = owner
        self.generation = generation
    }

    /// Whether etcd is to serve the world.
    package var isForTheWorld: Bool {
        switch kind {
        case .inspect, .force, .restore, .save: false
        case .resume, .found, .join: true
        }
    }
}

package enum SetAsideReason: Equatable, Sendable {
    /// A linearizable list of the data's own cluster lacks this member.
    case removedFromCluster(ClusterID)
    /// The record knows a later generation, and its cluster answers.
    case ofEarlierGeneration(Int, now: Int)
    /// etcd can't run on it, and the cluster has its quorum without us (F20).
    case corrupt(String)
}

/// What a start waits for. Each has its sentence in `Explanation.swift`.
package enum WaitReason: Equatable, Sendable {
    case dataDirectoryUnusable(String)
    case volumeMissing(DiskID)
    case dataOfAnotherInstance(InstanceID)
    case movedVolume(from: InstanceID, MemberID?)
    case movedVolumeWithoutLeader(from: InstanceID)
    case dataNotInCluster(RunningCluster)
    case dataWithoutStampElsewhere(shown: [Endpoint])
    case dataOfEarlierGeneration(Int, now: Int)
    case carriedHalfway(into: Int)
    case startsFromOtherSource(ClusterRecord.Source)
    case corruptData(String, because: String)
    case groupNotRead(String)
    case notInGroup(group: String, listed: Int)
    case notInDuty(Lifecycle)
    case ownStateNotRunning(Instance.State)
    case recordNotRead(String)
    case recordsConflict([StoreReading])
    case recordOfOther(owner: String, String)
    case severalClusters([ClusterID])
    case peersSilent([Peer])
    case instancesUnsettled([Instance])
    case reportsMissing([String])
    case storesDiffer([InstanceID])
    case noLeader(among: [Peer])
    case foundersDiffer([InstanceID])
    case foundingWithoutUs(founders: [InitialMember])
    case groupIncomplete(running: Int, wanted: Int)
    case groupMayChange(founders: [InitialMember])
    case zoneNotRead(String)
    case zoneNamesCluster(name: String, hosts: [String])
    case backupsNotRead(String)
    case backupsExist(Int)
    /// Nothing there is a backup of ours: keys.
    case backupsNotOurs([String])
    /// These could not be restored here, and nothing may take their place: keys.
    /// The best generation of the backups is that of two clusters.
    case backupsShareGeneration(Int)
    case backupsSpoilt([String])
    /// There are backups of a later generation than the record's.
    case backupsOutrank(generation: Int, record: Int)
    /// The last member of a group that is to be empty has been backed up, and does not serve any more.
    case savedToTheEnd(revision: UInt64)
    case noClusterName(group: String)
    case ownDataLost
    case generationUnknown([String])
    case generationPending([InstanceID])
    case generationQuorate(by: InstanceID)
    case generationLed(by: InstanceID)
    case generationHeld(Int)
    case dataUnusable([InstanceID])
    case otherMemberJoining(Member)
    case otherAnnounced(InstanceID)
    case clusterFull(members: Int, size: Int, unhealthy: [Member])
    case quorumAtRisk(QuorumRisk)
    case ownEntryNeeded(Member, QuorumRisk)
    case ownEntryAlive(Member)
    case ownEntryMoved(Member, to: InstanceID)
    case ownEntryOfLostData(Member)
    case askedToJoin(ClusterID)
    case programUnfit(String)
    case peersLagging([Peer], MemberID)
    case addTooSoon(after: Duration)
}

extension WaitReason {
    /// Whether it is the leader who has to do something for us: enter this disk, or take away what stands in its place.
    package var asksToJoin: Bool {
        switch self {
        case .askedToJoin, .ownEntryOfLostData: true
        default: false
        }
    }
}
