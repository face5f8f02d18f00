/// Everything that the leader's housekeeping rests on.

/// One look at the world, from a member whose etcd runs.
package struct ClusterView: Equatable, Sendable {
    /// Monotonic, since the supervisor's start.
    package var now: Duration
    /// In UTC, as `2026-01-31T12:00:00Z`, for what is written down.
    package var time: String
    /// Random, never the same twice: what makes a token unique.
    package var salt: String
    package var own: InstanceID
    package var ownMember: MemberID
    /// What our own stamp says; nil of data that no record knows yet.
    package var ownGeneration: Int?
    package var settings: PlanSettings
    package var cluster: RunningCluster
    package var abilities: EtcdAbilities
    package var alarms: [Alarm]
    package var facts: Facts
    package var record: RecordReading
    /// Whether the record was read in this turn, before the member list: what is changed is changed from such a reading.
    package var isRecordFresh: Bool
    /// What the bucket holds of backups; `notAsked` where none is configured, or nothing may depend on it yet.
    package var backups: Observed<BackupsSeen>
    /// What we are doing about backups.
    package var backupWork: BackupWork
    /// The revision of the newest change that our member knows; nil: it did not say.
    package var revision: UInt64?
    /// `notAsked` where no zone is configured.
    package var zone: Observed<Zone>
    /// The group's lifecycle hooks; asked only while an instance is held by one.
    package var hooks: Observed<[LifecycleHook]>

    package init(
        now: Duration, time: String = "", salt: String = "", own: InstanceID, ownMember: MemberID,
        ownGeneration: Int? = nil, settings: PlanSettings = PlanSettings(), cluster: RunningCluster,
        abilities: EtcdAbilities = EtcdAbilities(), alarms: [Alarm] = [], facts: Facts = Facts(),
        record: RecordReading = .notConfigured, isRecordFresh: Bool = true,
        backups: Observed<BackupsSeen> = .notAsked, backupWork: BackupWork = BackupWork(), revision: UInt64? = nil,
        zone: Observed<Zone> = .notAsked, hooks: Observed<[LifecycleHook]> = .notAsked
    ) {
        self.now = now
        self.time = time
        self.salt = salt
        self.own = own
        self.ownMember = ownMember
        self.ownGeneration = ownGeneration
        self.settings = settings
        self.cluster = cluster
        self.abilities = abilities
        self.alarms = alarms
        self.facts = facts
        self.record = record
        self.isRecordFresh = isRecordFresh
        self.backups = backups
        self.backupWork = backupWork
        self.revision = revision
        self.zone = zone
        self.hooks = hooks
    }
}

/// A lifecycle hook of the group.
/// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LifecycleHook.html
package struct LifecycleHook: Equatable, Sendable {
    package enum Transition: Equatable, Sendable { case launching, terminating }

    package var name: String
    package var transition: Transition
    /// How long the group waits without a heartbeat.
    package var heartbeatTimeout: Duration

    package init(_ name: String, _ transition: Transition, heartbeatTimeout: Duration) {
        self.name = name
        self.transition = transition
        self.heartbeatTimeout = heartbeatTimeout
    }
}

/// What one turn of the leader has to remember of the ones before. A new leader starts with none of it, and waits anew.
package struct ReconcileMemory: Equatable, Sendable {
    /// Since when a member was seen unhealthy in every turn.
    package var unhealthySince: [MemberID: Duration] = [:]
    /// Since when an entry that never started had no instance at its address in any turn.
    package var orphanedSince: [MemberID: Duration] = [:]
    var absence = AbsenceMemory()
    /// When members were removed on weak evidence.
    var weakRemovals: [Duration] = []
    /// The peer URLs of members that were removed, and when: etcd makes an ID from the URL and the second.
    var removedURLs: [Endpoint: Duration] = [:]
    /// Learners whose promotion was tried, and that are learners still.
    var promotions: Set<MemberID> = []
    /// When each instance's hook last had a heartbeat.
    var heartbeats: [InstanceID: Duration] = [:]
    /// Since when AWS has given no good view.
    var blindSince: Duration?
    /// When leadership was last given away for that.
    var handedOver: Duration?
    /// When CloudWatch was last told of the backups.
    var publishedAt: Duration?
    /// When the proof of a backup that is there already was last asked for.
    var proofAskedAt: Duration?
    /// What the last turn saw, and since when turns have seen the same.
    var situation: Situation?
    var situationSince: Duration?

    /// What a leadership leaves to the next one: when it was last given away.
    package func anew() -> ReconcileMemory {
        var next = ReconcileMemory()
        next.handedOver = handedOver
        return next
    }

    /// Whether AWS has given no good view lately, so that peers should see if it answers them.
    package var isBlind: Bool { blindSince != nil }

    package init() {}
}

extension ClusterView {
    /// What the leader of a cluster would see, where somebody else acts by its rules.
    init(_ view: StartView, _ cluster: RunningCluster) {
        self.init(
            now: view.now, time: view.time, salt: view.salt, own: view.identity.instance, ownMember: cluster.leader,
            ownGeneration: cluster.generation, settings: view.settings, cluster: cluster, abilities: view.abilities,
            facts: view.facts, record: view.record, backups: view.backups)
    }
}
