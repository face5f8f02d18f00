/// What an operator has chosen, as far as decisions go, and what this etcd can do.

package struct PlanSettings: Equatable, Sendable {
    /// What becomes of a generation that no quorum can lead any more.
    package enum OnLoss: String, Sendable, CaseIterable {
        /// Carry the best data that is held into the next generation.
        case recover
        /// Only say so: a person decides.
        case hold
    }

    /// What the leader may do for an instance that asks to join.
    package enum JoinStrategy: String, Sendable, CaseIterable {
        /// Only entries that an operator has made.
        case prepared
        /// Add while there are fewer members than the target.
        case add
        /// Also remove the dead first.
        case replace
        /// In a group the same as `replace`: every dead member goes, one after the other.
        case prune

        var allowsAdding: Bool { self != .prepared }
        var allowsRemoving: Bool { self == .replace || self == .prune }
    }

    /// `--cluster-name`; nil: what the group says.
    package var clusterName: String?
    /// `--cluster-size`; nil: the group's desired capacity.
    package var clusterSize: Int?
    /// For how long an absence has to last before it is evidence: `--grace`.
    package var grace: Duration
    /// From when on a majority of the target may found: `--found-after`.
    package var foundAfter: Duration
    package var onLoss: OnLoss
    package var joinStrategy: JoinStrategy
    /// Whether there is neither zone nor bucket to keep a record in.
    package var isWithoutRecord: Bool
    /// The hooks that are ours to complete; empty: the group's only one of each kind.
    package var lifecycleHooks: [String]
    /// Nil: none are made.
    package var backups: BackupSettings?
    /// Whether a bucket is configured: what is in it is restored, be backups made or not.
    package var hasBucket: Bool
    /// `--replace-sick` with `--unhealthy-after`; nil: off.
    package var replaceSickAfter: Duration?

    package init(
        clusterName: String? = nil, clusterSize: Int? = nil, grace: Duration = .seconds(300),
        foundAfter: Duration = .seconds(300), onLoss: OnLoss = .recover, joinStrategy: JoinStrategy = .replace,
        isWithoutRecord: Bool = false, lifecycleHooks: [String] = [], replaceSickAfter: Duration? = nil,
        backups: BackupSettings? = nil, hasBucket: Bool = false
    ) {
        self.clusterName = clusterName
        self.clusterSize = clusterSize
        self.grace = grace
        self.foundAfter = foundAfter
        self.onLoss = onLoss
        self.joinStrategy = joinStrategy
        self.isWithoutRecord = isWithoutRecord
        self.lifecycleHooks = lifecycleHooks
        self.replaceSickAfter = replaceSickAfter
        self.backups = backups
        self.hasBucket = hasBucket || backups != nil
    }

    /// How many members the cluster is to have.
    func target(_ group: Group) -> Int { clusterSize ?? group.desiredCapacity }
}

/// What the etcds of a cluster can do, by the oldest version among them.
package struct EtcdAbilities: Equatable, Sendable {
    /// Whether a learner that is promoted stays one after a restart: 3.4, and 3.5.20 and later
    /// (https://github.com/etcd-io/etcd/issues/19557).
    package var learnersAreSound: Bool
    /// Whether a member may be added beside a voter that is down: 3.5.30, 3.6.11 and later.
    package var addsBesideDeadVoters: Bool

    package init(learnersAreSound: Bool = true, addsBesideDeadVoters: Bool = false) {
        self.learnersAreSound = learnersAreSound
        self.addsBesideDeadVoters = addsBesideDeadVoters
    }
}
