/// Everything that the decision how to start this member rests on.

/// Who we are.
package struct Identity: Equatable, Sendable {
    package var instance: InstanceID
    package var peerURL: Endpoint
    package var clientURL: Endpoint

    package init(instance: InstanceID, peerURL: Endpoint, clientURL: Endpoint) {
        self.instance = instance
        self.peerURL = peerURL
        self.clientURL = clientURL
    }
}

/// How etcd last ended in this process's life.
package enum LastExit: Equatable, Sendable {
    case none
    /// Exit code 0 though nobody had asked it to stop: etcd's way to say that the cluster has removed this member (F19).
    case unaskedSuccess
    /// Any other end: a crash, a signal, an error.
    case failure
}

/// What another instance's peer port said.
package struct Peer: Equatable, Sendable {
    package enum Answer: Equatable, Sendable {
        /// The member list that this peer holds, right or stale, with or without a leader. Sorted by ID.
        case members(ClusterID, [Member])
        /// The host is up and nothing listens there: as near to "no etcd runs" as the outside can see.
        case refused
        /// Nothing usable came; the text says what. It may be alive and hidden: unknown (F2).
        case silent(String)
    }

    package var instance: InstanceID
    package var endpoint: Endpoint
    package var answer: Answer

    package init(_ instance: InstanceID, _ endpoint: Endpoint, _ answer: Answer) {
        self.instance = instance
        self.endpoint = endpoint
        self.answer =
            if case .members(let cluster, let members) = answer {
                .members(cluster, members.sorted { $0.id < $1.id })
            } else {
                answer
            }
    }
}

extension Peer {
    var isSilent: Bool { if case .silent = answer { true } else { false } }
    var hasMembers: Bool { if case .members = answer { true } else { false } }

    var nobodyHasStarted: Bool {
        if case .members(_, let members) = answer { members.allSatisfy { !$0.isStarted } } else { true }
    }

    /// The list that it shows, where that is this cluster's.
    func members(of cluster: ClusterID) -> [Member]? {
        if case .members(cluster, let members) = answer { members } else { nil }
    }

    /// The list that it shows, as `--initial-cluster` would have it; sorted by peer URL.
    var initialMembers: [InitialMember] {
        guard case .members(_, let members) = answer else { return [] }
        return members.flatMap { member in member.peerURLs.map { InitialMember(member.name, $0) } }
            .sorted { $0.peerURL < $1.peerURL }
    }
}

/// One look at the world, from an instance on which no etcd runs. Parts that were not looked at yet say so.
package struct StartView: Equatable, Sendable {
    /// Monotonic, since the supervisor's start.
    package var now: Duration
    package var identity: Identity
    /// `--cluster-name`; nil: what the group says.
    package var configuredName: String?
    package var disk: Disk
    package var lastExit: LastExit
    package var group: Observed<Group>
    /// One for every other instance of the group that runs and has an address; sorted by instance.
    package var peers: [Peer]
    /// Every cluster that answers through one of the peers. More than one is a disaster already (F1).
    package var clusters: [RunningCluster]
    /// What the hosted zone says under our name; `notAsked` where no zone is configured.
    package var zone: Observed<Zone>
    /// `--cluster-size`; nil: the group's desired capacity.
    package var configuredSize: Int?

    package init(
        now: Duration, identity: Identity, configuredName: String? = nil, disk: Disk, lastExit: LastExit = .none,
        group: Observed<Group> = .notAsked, peers: [Peer] = [], clusters: [RunningCluster] = [],
        zone: Observed<Zone> = .notAsked, configuredSize: Int? = nil
    ) {
        self.now = now
        self.identity = identity
        self.configuredName = configuredName
        self.disk = disk
        self.lastExit = lastExit
        self.group = group
        self.peers = peers.sorted { $0.instance < $1.instance }
        self.clusters = clusters.sorted { $0.id < $1.id }
        self.zone = zone
        self.configuredSize = configuredSize
    }
}

/// What one look has to remember of the one before.
package struct StartMemory: Equatable, Sendable {
    /// The founders that the last reading of the group, or of the peers that found already, would have given.
    package var founders: [InitialMember]?
    /// When our own entry was last taken out of the cluster.
    package var ownEntryRemoved: Duration?

    package init() {}
}
