/// What is said about the making of backups: how it is wanted, ordered, under way, and told.

/// How an operator wants backups.
package struct BackupSettings: Equatable, Sendable {
    /// At most so long a change may be without a backup: `--backup-interval`.
    package var interval: Duration
    package var retention: Retention
    /// Whether CloudWatch is told how backups fare.
    package var isPublished: Bool
    /// Whether each is to be proven.
    package var areProven: Bool

    package init(
        interval: Duration = .seconds(300), retention: Retention = .usual, isPublished: Bool = false,
        areProven: Bool = false
    ) {
        self.interval = interval
        self.retention = retention
        self.isPublished = isPublished
        self.areProven = areProven
    }
}

/// What the leader's supervisor is doing about backups: it makes one at a time, beside its turns.
package struct BackupWork: Equatable, Sendable {
    package var isRunning: Bool
    /// How many attempts have failed in a row, and when the last one did; monotonic, as `ClusterView.now`. One whose proof has
    /// failed is no backup, and counts.
    package var failures: Int
    package var failedAt: Duration?
    /// Of which member the last attempt has failed; nil where it was not the member's failure, as where the bucket refuses.
    package var failedOf: MemberID?

    package init(
        isRunning: Bool = false, failures: Int = 0, failedAt: Duration? = nil, failedOf: MemberID? = nil
    ) {
        self.isRunning = isRunning
        self.failures = failures
        self.failedAt = failedAt
        self.failedOf = failedOf
    }
}

/// One backup to be made.
package struct BackupOrder: Equatable, Sendable {
    package enum Reason: Equatable, Sendable {
        /// There are changes, and the last backup is as old as the interval.
        case due
        /// There is none yet of this generation.
        case first
        /// A voter is about to be removed.
        case beforeRemoval
        /// There is one of everything, and its proof was never brought to an end.
        case unproven
    }

    /// The member whose etcd is asked for it.
    package var member: Member
    package var generation: Int
    package var cluster: ClusterID
    /// The names of all voters, to be written down beside it.
    package var voters: [String]
    package var reason: Reason

    package init(
        of member: Member, generation: Int, cluster: ClusterID, voters: [String] = [], because reason: Reason
    ) {
        self.member = member
        self.voters = voters
        self.generation = generation
        self.cluster = cluster
        self.reason = reason
    }
}

/// What CloudWatch is told.
package struct BackupFigures: Equatable, Sendable {
    /// The newest of the cluster's own generation.
    package var newest: Backup?
    /// How old the newest proven one is, in seconds.
    package var provenAge: Int?

    package init(newest: Backup?, provenAge: Int?) {
        self.newest = newest
        self.provenAge = provenAge
    }
}
