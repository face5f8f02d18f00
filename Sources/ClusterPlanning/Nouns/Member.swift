/// What etcd says: members, how they are, and the cluster that they form.

/// One entry of etcd's member list.
package struct Member: Equatable, Sendable {
    package var id: MemberID
    /// Empty until the member has started, unless it was named by the founders.
    package var name: String
    package var peerURLs: [Endpoint]
    package var clientURLs: [Endpoint]
    package var isLearner: Bool

    package init(
        _ id: MemberID, name: String, peerURLs: [Endpoint], clientURLs: [Endpoint] = [], isLearner: Bool = false
    ) {
        self.id = id
        self.name = name
        self.peerURLs = peerURLs.sorted()
        self.clientURLs = clientURLs.sorted()
        self.isLearner = isLearner
    }

    package var isVoter: Bool { !isLearner }

    /// A member publishes its client URLs, through the log, once it has started. Its name is no sign of that: the
    /// founders know each other's names before any of them runs.
    package var isStarted: Bool { !clientURLs.isEmpty }

    /// The instance that it runs on, where its name tells.
    package var instanceID: InstanceID? { InstanceID.isInstanceID(name) ? InstanceID(name) : nil }
}

/// What a member answered when it was asked how it is.
package enum MemberHealth: Equatable, Sendable {
    /// It answered as itself, and knows a leader. Alarms are told apart from that: they are the whole cluster's.
    case healthy
    /// No good answer; the text says what came instead.
    case unhealthy(String)

    package var isHealthy: Bool { self == .healthy }
}

/// An alarm that a member raised. https://etcd.io/docs/v3.5/op-guide/maintenance/
package enum Alarm: Equatable, Sendable {
    /// The backend quota is used up: etcd refuses writes until it is compacted, defragmented and disarmed.
    case noSpace(MemberID)
    /// The members' data differ: no automatic change is safe, the leader may be the wrong one (F21).
    case corrupt(MemberID)
    case other(MemberID, String)
}

/// A cluster that answers: one of its members knows a leader, and a linearizable read through that member succeeded.
/// Anything less is nobody.
package struct RunningCluster: Equatable, Sendable {
    package var id: ClusterID
    /// The generation that a supervisor of one of its members tells; nil where none does.
    package var generation: Int?
    package var leader: MemberID
    /// As of a moment after that read, so it lacks no change that was acknowledged before it. Sorted by ID.
    package private(set) var members: [Member]
    package var health: [MemberID: MemberHealth]

    package init(
        id: ClusterID, generation: Int? = nil, leader: MemberID, members: [Member], health: [MemberID: MemberHealth]
    ) {
        self.id = id
        self.generation = generation
        self.leader = leader
        self.members = members.sorted { $0.id < $1.id }
        self.health = health
    }

    package var voters: [Member] { members.filter(\.isVoter) }

    package func isHealthy(_ member: Member) -> Bool { health[member.id]?.isHealthy == true }
}
