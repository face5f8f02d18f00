/// Everything that the leader's housekeeping rests on.

/// One look at the world, from a member whose etcd runs.
package struct ClusterView: Equatable, Sendable {
    /// Monotonic, since the supervisor's start.
    package var now: Duration
    package var own: InstanceID
    package var ownMember: MemberID
    /// `--cluster-name`; nil: what the group says.
    package var configuredName: String?
    package var cluster: RunningCluster
    package var alarms: [Alarm]
    package var group: Observed<Group>
    /// What EC2 says of members' instances that the group does not list, or that look ill. Asked by ID.
    package var askedInstances: Observed<[Instance]>
    /// `notAsked` where no zone is configured.
    package var zone: Observed<Zone>
    /// `--cluster-size`; nil: the group's desired capacity.
    package var configuredSize: Int?

    package init(
        now: Duration, own: InstanceID, ownMember: MemberID, configuredName: String? = nil, cluster: RunningCluster,
        alarms: [Alarm] = [], group: Observed<Group> = .notAsked, askedInstances: Observed<[Instance]> = .seen([]),
        zone: Observed<Zone> = .notAsked, configuredSize: Int? = nil
    ) {
        self.now = now
        self.own = own
        self.ownMember = ownMember
        self.configuredName = configuredName
        self.cluster = cluster
        self.alarms = alarms
        self.group = group
        self.askedInstances = askedInstances
        self.zone = zone
        self.configuredSize = configuredSize
    }
}

/// What one turn of the leader has to remember of the ones before. A new leader starts with none of it, and waits anew.
package struct ReconcileMemory: Equatable, Sendable {
    /// Since when a member was seen unhealthy in every turn.
    package var unhealthySince: [MemberID: Duration] = [:]
    /// Since when an entry that never started had no instance at its address in any turn.
    package var orphanedSince: [MemberID: Duration] = [:]
    /// What the last turn saw, and since when turns have seen the same.
    var situation: Situation?
    var situationSince: Duration?

    package init() {}
}
