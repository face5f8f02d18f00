/// How this member starts, or why it does not yet.

/// One turn's decision on an instance on which no etcd runs.
package enum StartPlan: Equatable, Sendable {
    /// Run etcd, with exactly this.
    case start(Launch)
    /// Rename the data out of the way, never to be deleted, and look again.
    case setAside(SetAsideReason)
    /// Our own entry belongs to data that is lost: take it out, through the cluster that answers, and look again.
    case removeOwnEntry(Member, from: RunningCluster)
    /// Enter ourselves as a voter, through the cluster that answers, and look again.
    case addSelf(to: RunningCluster)
    /// Do nothing, and say for what.
    case wait(WaitReason)
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
    }

    package var kind: Kind
    package var identity: Identity
    /// Exactly the members that etcd has to expect (F7); only ourselves when resuming. Sorted by peer URL.
    package var initialCluster: [InitialMember]

    package init(_ kind: Kind, _ identity: Identity, initialCluster: [InitialMember]) {
        self.kind = kind
        self.identity = identity
        self.initialCluster = initialCluster.sorted { $0.peerURL < $1.peerURL }
    }
}

package enum SetAsideReason: Equatable, Sendable {
    /// A linearizable list of the data's own cluster lacks this member, and etcd had stopped by itself.
    case removedFromCluster(ClusterID)
}

/// What a start waits for. Each has its sentence in `Explanation.swift`.
package enum WaitReason: Equatable, Sendable {
    case dataDirectoryUnusable(String)
    case dataOfAnotherInstance(InstanceID)
    case dataNotInCluster(RunningCluster)
    case groupNotRead(String)
    case notInGroup(group: String, listed: Int)
    case notInDuty(Lifecycle)
    case ownStateNotRunning(Instance.State)
    case severalClusters([ClusterID])
    case peersSilent([Peer])
    case instancesUnsettled([Instance])
    case noLeader(among: [Peer])
    case foundersDiffer([Peer])
    case foundingWithoutUs(founders: [InitialMember])
    case groupIncomplete(running: Int, wanted: Int)
    case groupMayChange(founders: [InitialMember])
    case zoneNotRead(String)
    case zoneNamesCluster(name: String, hosts: [String])
    case noClusterName(group: String)
    case ownDataLost
    case clusterNotAnswering(ClusterID)
    case otherMemberJoining(Member)
    case clusterFull(members: Int, size: Int, unhealthy: [Member])
    case quorumAtRisk(QuorumRisk)
    case ownEntryNeeded(Member, QuorumRisk)
    case ownEntryAlive(Member)
    case peersLagging([Peer], MemberID)
    case addTooSoon(after: Duration)
}
