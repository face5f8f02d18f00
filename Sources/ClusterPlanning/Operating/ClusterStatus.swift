/// What `status` shows: who is there, as what, how well, and what is waited for. For people: nothing is decided by it.

/// What a look for `status` has seen.
package struct StatusView: Equatable, Sendable {
    package var seen: OperatorView
    package var availabilityZones: [InstanceID: String]
    /// Of the members that told their etcd's version.
    package var etcdVersions: [MemberID: String]

    package init(
        _ seen: OperatorView, availabilityZones: [InstanceID: String] = [:], etcdVersions: [MemberID: String] = [:]
    ) {
        self.seen = seen
        self.availabilityZones = availabilityZones
        self.etcdVersions = etcdVersions
    }
}

/// The cluster at one moment, as far as it could be seen; what could not is in it as unseen, with the reason.
package struct ClusterStatus: Equatable, Sendable {
    /// When it was looked at.
    package var time: UTCTime
    /// The instance that looked.
    package var here: InstanceID
    /// The cluster's name; nil: nobody has told.
    package var name: String?
    package var group: Observed<Group>
    /// Why EC2 tells nothing of single instances; nil: it does, or nothing was to be asked.
    package var silenceOfEC2: String?
    /// How many members there are to be; nil: the group, which tells, could not be read.
    package var target: Int?
    package var record: RecordReading
    /// Each store's own answer, the hosted zone first.
    package var readings: [StoreReading]
    /// Every cluster that answers: one, if all is well.
    package var clusters: [RunningCluster]
    package var dns: DNSStatus
    /// Sorted by instance; members that no instance could be found for come last.
    package var rows: [StatusRow]
    /// `notAsked` where no bucket is configured.
    package var backups: Observed<BackupSummary>
    package var leader: LeaderStatus
    /// Whether nothing at all of the cluster could be seen.
    package var isBlind: Bool
}

/// One instance, or one member of which no instance is known.
package struct StatusRow: Equatable, Sendable {
    package enum Role: String, Sendable { case leader, voter, learner, none }

    package enum Health: Equatable, Sendable {
        case healthy
        /// It gave no good answer; the text says what came instead.
        case ill(String)
        /// Nobody could be asked.
        case unknown(String)
        case noMember
    }

    /// Its names in the hosted zone: its own address, and the sets that name it for peers and clients.
    package enum Names: String, Sendable {
        /// They are there, and true.
        case named
        /// They are to be there, and are not.
        case missing
        /// They are there, and are to go.
        case stale
        /// Some of them are there, or they say something else.
        case wrong
        /// There are none, and there are to be none.
        case none
    }

    package var instance: InstanceID?
    /// EC2's word; nil: it was not asked, or did not answer.
    package var state: Instance.State?
    /// The group's word; nil where the group does not list it.
    package var lifecycle: Lifecycle?
    package var availabilityZone: String?
    package var address: String?
    package var member: MemberID?
    /// Nil: neither a cluster nor a disk has shown who is a member.
    package var role: Role?
    package var health: Health
    package var etcdVersion: String?
    /// Whether the record names one of its disks.
    package var isInRecord: Bool
    package var report: ReportAnswer
    /// Nil where no zone is configured, or it could not be read.
    package var names: Names?
}

extension ClusterStatus {
    /// How many of the group's instances run; nil: EC2 has not told of each.
    package var running: Int? {
        guard let instances = group.value?.instances, !instances.contains(where: { $0.state == .unclear }) else {
            return nil
        }
        return instances.count { $0.state == .running }
    }
}

extension StatusRow {
    /// What its own supervisor says that it waits for.
    package var waitsFor: String? {
        if case .report(let report) = report { report.waitingFor } else { nil }
    }
}

/// What the hosted zone says, against what it is to say.
package enum DNSStatus: Equatable, Sendable {
    case notConfigured
    case unavailable(String)
    /// The changes that are due; none where all is true.
    case seen([RecordChange])
    /// What it is to say can't be told, or written.
    case held(Deferral)
}

/// What lies in the bucket.
package struct BackupSummary: Equatable, Sendable {
    /// By generation, then revision.
    package var newest: Backup?
    package var newestProven: Backup?
    package var count: Int
    package var provenCount: Int
    /// Objects among them that are none of our backups.
    package var strangers: Int

    package init(_ seen: BackupsSeen) {
        newest = seen.backups.first
        newestProven = seen.backups.first(where: \.isProven)
        count = seen.backups.count
        provenCount = seen.backups.count(where: \.isProven)
        strangers = seen.strangers.count
    }
}

/// What the leader's supervisor tells of its turns and its backups.
package enum LeaderStatus: Equatable, Sendable {
    case told(InstanceID, LeaderReport)
    /// Somebody leads, and its supervisor does not tell.
    case silent(MemberID, String)
    /// Nobody is known to lead.
    case nobody
}
