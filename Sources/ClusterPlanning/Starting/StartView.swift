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
    /// etcd can't run on this data: its own words (F20).
    case corruptData(String)
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

/// What is known of etcd on this machine beside its data.
package struct OwnEtcd: Equatable, Sendable {
    package var isRunning: Bool
    package var lastExit: LastExit
    /// What the etcd of this disk shows, as it runs or as it was looked at last; nil: not looked at in this process's life.
    package var shown: EtcdState?
    /// Up to which revision its data is in a backup that was made after it had served for the last time.
    package var savedRevision: UInt64?

    package init(
        isRunning: Bool = false, lastExit: LastExit = .none, shown: EtcdState? = nil, savedRevision: UInt64? = nil
    ) {
        self.isRunning = isRunning
        self.lastExit = lastExit
        self.shown = shown
        self.savedRevision = savedRevision
    }
}

/// One look at the world, from an instance whose etcd does not run, or runs and knows no leader. Parts that were not looked at
/// yet say so.
package struct StartView: Equatable, Sendable {
    /// Monotonic, since the supervisor's start.
    package var now: Duration
    /// In UTC, as `2026-01-31T12:00:00Z`, for what is written down.
    package var time: String
    /// Random, never the same twice: what makes a token unique.
    package var salt: String
    package var identity: Identity
    package var settings: PlanSettings
    package var disk: Disk
    /// Whether the data directory is a file system of its own.
    package var isMountPoint: Bool
    package var etcd: OwnEtcd
    package var facts: Facts
    package var record: RecordReading
    /// The stores that we read, sorted.
    package var stores: [StoreName]
    /// What buckets hold of backups; `notAsked` where none is configured.
    package var backups: Observed<BackupsSeen>
    /// One for every other instance of the group that runs and has an address; sorted by instance.
    package var peers: [Peer]
    /// Every cluster that answers through one of the peers. More than one is a disaster already (F1).
    package var clusters: [RunningCluster]
    /// What the hosted zone says under our name; `notAsked` where no zone is configured.
    package var zone: Observed<Zone>
    package var abilities: EtcdAbilities
    /// Why etcd could not be run here, as far as that can be told without running it; nil: it can, or was not looked at.
    package var programFault: String?
    /// Backups that turned out here, in this process's life, to be no good: names.
    package var spoiltBackups: Set<String>

    package init(
        now: Duration, time: String = "", salt: String = "", identity: Identity,
        settings: PlanSettings = PlanSettings(),
        disk: Disk, isMountPoint: Bool = false, etcd: OwnEtcd = OwnEtcd(), facts: Facts = Facts(),
        record: RecordReading = .notConfigured, stores: [StoreName] = [],
        backups: Observed<BackupsSeen> = .notAsked, peers: [Peer] = [],
        clusters: [RunningCluster] = [], zone: Observed<Zone> = .notAsked, abilities: EtcdAbilities = EtcdAbilities(),
        programFault: String? = nil, spoiltBackups: Set<String> = []
    ) {
        self.now = now
        self.time = time
        self.salt = salt
        self.identity = identity
        self.settings = settings
        self.disk = disk
        self.isMountPoint = isMountPoint
        self.etcd = etcd
        self.facts = facts
        self.record = record
        self.stores = stores.sorted()
        self.backups = backups
        self.peers = peers.sorted { $0.instance < $1.instance }
        self.clusters = clusters.sorted { ($0.id, $0.generation ?? 0) < ($1.id, $1.generation ?? 0) }
        self.zone = zone
        self.abilities = abilities
        self.programFault = programFault
        self.spoiltBackups = spoiltBackups
    }
}

/// What one look has to remember of the ones before.
package struct StartMemory: Equatable, Sendable {
    /// The founders that the last reading would have given, where no record decides; once named they are kept to.
    package var founders: [InitialMember]?
    /// When our own entry was last taken out of the cluster.
    package var ownEntryRemoved: Duration?
    var absence = AbsenceMemory()
    /// Since when there has been nothing to follow, and since when this generation has been dead: from then on patience is
    /// measured. A look without an answer is no news, and ends neither.
    var foundingSince: Duration?
    var recovering: Recovering?
    /// What the leader would remember, where we have to act for ourselves.
    var keeping = ReconcileMemory()
    /// Since when the leader's supervisor has not said anything that counts.
    var leaderSilentSince: Duration?

    package init() {}

    struct Recovering: Equatable, Sendable {
        var generation: Int
        var since: Duration
    }

    mutating func remember(_ view: StartView) {
        absence.remember(view.facts, view.now, grace: view.settings.grace)
        let generation = view.record.record?.generation
        if generation != nil || !view.clusters.isEmpty { foundingSince = nil }
        if generation != nil && generation != recovering?.generation || !view.clusters.isEmpty { recovering = nil }
    }
}
