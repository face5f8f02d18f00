/// `status -o json`: every field is always there. What is not known is null, with the reason in the field beside it.

import ClusterPlanning

extension ClusterStatus {
    func json() throws -> String { String(decoding: try prettyJSON(StatusFile(self)), as: UTF8.self) }
}

/// A value, or null.
private struct Nullable<Value: Encodable>: Encodable {
    var value: Value?

    init(_ value: Value?) { self.value = value }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let value { try container.encode(value) } else { try container.encodeNil() }
    }
}

/// What stands in the JSON. Names stay as they are; new ones may come.
private struct StatusFile: Encodable {
    struct ClusterFile: Encodable {
        var id: String
        var generation: Nullable<Int>
        var leader: String
        var members: Int
        var healthy: Int
    }

    struct GroupFile: Encodable {
        var name: String
        var owner: String
        var instances: Int
        var running: Nullable<Int>
        var desiredCapacity: Int
    }

    struct RecordFile: Encodable {
        var store: String
        var owner: String
        var generation: Int
        var token: String
        var source: String
        var changes: Int
        var voters: [String]
    }

    struct DNSFile: Encodable {
        /// Those that are due; null where that can't be told.
        var changes: Nullable<[String]>
        var reason: Nullable<String>
    }

    struct InstanceFile: Encodable {
        var instance: Nullable<String>
        var state: Nullable<String>
        var lifecycle: Nullable<String>
        var availabilityZone: Nullable<String>
        var address: Nullable<String>
        var member: Nullable<String>
        /// `leader`, `voter`, `learner` or `none`.
        var role: Nullable<String>
        /// Null where it is not known, and where it is no member.
        var healthy: Nullable<Bool>
        var healthReason: Nullable<String>
        var etcdVersion: Nullable<String>
        var inRecord: Bool
        var report: Nullable<ReportFile>
        var reportReason: Nullable<String>
        /// `named`, `missing`, `stale`, `wrong` or `none`.
        var dns: Nullable<String>
        var waitingFor: Nullable<String>
    }

    struct ReportFile: Encodable {
        var disk: Nullable<String>
        /// `none`, `data`, `unusable` or `unknown`.
        var holding: String
        var holdingReason: Nullable<String>
        var generation: Nullable<Int>
        var etcdRuns: Bool
        var leaving: Bool
        var reachesAWS: Nullable<Bool>
    }

    struct BackupsFile: Encodable {
        var count: Int
        var provenCount: Int
        var strangers: Int
        var newest: Nullable<BackupFile>
        var newestProven: Nullable<BackupFile>
    }

    struct BackupFile: Encodable {
        var name: String
        var generation: Int
        var revision: UInt64
        /// In bytes, as it is stored.
        var size: Int
        var time: String
        var ageSeconds: Int
        var proven: Bool
        var refuted: Bool
    }

    struct LeaderFile: Encodable {
        var instance: Nullable<String>
        var member: Nullable<String>
        /// Null where its supervisor does not tell.
        var deferred: Nullable<[String]>
        var deferredCount: Nullable<Int>
        var failingBackup: Nullable<FailingFile>
        var reason: Nullable<String>
    }

    struct FailingFile: Encodable {
        var since: String
        var times: Int
        var cause: String
    }

    var time: String
    var here: String
    var name: Nullable<String>
    var group: Nullable<GroupFile>
    var groupReason: Nullable<String>
    var wantedMembers: Nullable<Int>
    var record: Nullable<RecordFile>
    var recordReason: Nullable<String>
    var clusters: [ClusterFile]
    var leader: LeaderFile
    var instances: [InstanceFile]
    /// Why EC2 tells nothing of them.
    var instancesReason: Nullable<String>
    var dns: DNSFile
    var backups: Nullable<BackupsFile>
    var backupsReason: Nullable<String>
}

// MARK: Writing

extension StatusFile {
    init(_ status: ClusterStatus) {
        time = status.time.description
        here = status.here.rawValue
        name = Nullable(status.name)
        group = Nullable(status.group.value.map { GroupFile($0, running: status.running) })
        groupReason = Nullable(status.group.reason("it was not asked for"))
        wantedMembers = Nullable(status.target)
        (record, recordReason) = Self.record(status)
        clusters = status.clusters.map(ClusterFile.init)
        leader = LeaderFile(status.leader, status.clusters.first?.leader)
        instances = status.rows.map(InstanceFile.init)
        instancesReason = Nullable(status.silenceOfEC2)
        dns = DNSFile(status.dns)
        backups = Nullable(status.backups.value.map { BackupsFile($0, status) })
        backupsReason = Nullable(status.backups.reason("no bucket is configured here"))
    }

    private static func record(_ status: ClusterStatus) -> (Nullable<RecordFile>, Nullable<String>) {
        switch status.record {
        case .found(let stored, let store): (Nullable(RecordFile(stored.record, store)), Nullable(nil))
        case .notConfigured: (Nullable(nil), Nullable("none is kept"))
        case .unknown(let cause): (Nullable(nil), Nullable("could not be read: \(cause)"))
        case .absent: (Nullable(nil), Nullable("there is none"))
        case .conflicting: (Nullable(nil), Nullable("two records can't both be right"))
        }
    }
}

extension Observed {
    /// Why there is no value; nil where there is one.
    fileprivate func reason(_ otherwise: String) -> String? {
        switch self {
        case .notAsked: otherwise
        case .unavailable(let cause): "could not be read: \(cause)"
        case .seen: nil
        }
    }
}

extension StatusFile.GroupFile {
    init(_ group: Group, running: Int?) {
        self.init(
            name: group.name, owner: group.owner, instances: group.instances.count,
            running: Nullable(running), desiredCapacity: group.desiredCapacity)
    }
}

extension StatusFile.RecordFile {
    init(_ record: ClusterRecord, _ store: StoreName) {
        self.init(
            store: store.rawValue, owner: record.owner, generation: record.generation, token: record.token,
            source: record.source.description, changes: record.changes,
            voters: record.voters.map(\.description))
    }
}

extension StatusFile.ClusterFile {
    init(_ cluster: RunningCluster) {
        self.init(
            id: cluster.id.description, generation: Nullable(cluster.generation), leader: cluster.leader.description,
            members: cluster.members.count, healthy: cluster.members.count(where: cluster.isHealthy))
    }
}

extension StatusFile.DNSFile {
    init(_ dns: DNSStatus) {
        switch dns {
        case .notConfigured: self.init(nil, "no hosted zone is configured")
        case .unavailable(let cause): self.init(nil, "could not be read: \(cause)")
        case .held(let deferral): self.init(nil, deferral.description)
        case .seen(let changes): self.init(changes.map(\.description), nil)
        }
    }

    private init(_ changes: [String]?, _ reason: String?) {
        self.init(changes: Nullable(changes), reason: Nullable(reason))
    }
}

extension StatusFile.InstanceFile {
    init(_ row: StatusRow) {
        let (isHealthy, healthReason) = row.health.words
        var report: StatusFile.ReportFile?
        var silence: String?
        switch row.report {
        case .report(let told): report = StatusFile.ReportFile(told)
        case .silent(let cause): silence = cause
        }
        self.init(
            instance: Nullable(row.instance?.rawValue), state: Nullable(row.state?.description),
            lifecycle: Nullable(row.lifecycle?.rawValue), availabilityZone: Nullable(row.availabilityZone),
            address: Nullable(row.address), member: Nullable(row.member?.description),
            role: Nullable(row.role?.rawValue), healthy: Nullable(isHealthy), healthReason: Nullable(healthReason),
            etcdVersion: Nullable(row.etcdVersion), inRecord: row.isInRecord, report: Nullable(report),
            reportReason: Nullable(silence), dns: Nullable(row.names?.rawValue), waitingFor: Nullable(row.waitsFor))
    }
}

extension StatusRow.Health {
    /// Whether it is healthy, and why it is not, or why that is not known.
    fileprivate var words: (Bool?, String?) {
        switch self {
        case .healthy: (true, nil)
        case .ill(let cause): (false, cause)
        case .unknown(let cause): (nil, cause)
        case .noMember: (nil, "it is no member")
        }
    }
}

extension StatusFile.ReportFile {
    init(_ report: Report) {
        let (word, reason) = report.holding.words
        var generation: Int?
        if case .data(let data) = report.holding { generation = data.generation }
        self.init(
            disk: Nullable(report.disk?.rawValue), holding: word, holdingReason: Nullable(reason),
            generation: Nullable(generation), etcdRuns: report.etcd.isRunning, leaving: report.leaving != nil,
            reachesAWS: Nullable(report.reachesAWS))
    }
}

extension Holding {
    fileprivate var words: (String, String?) {
        switch self {
        case .none: ("none", nil)
        case .data: ("data", nil)
        case .unusable(let cause): ("unusable", cause)
        case .unknown(let cause): ("unknown", cause)
        }
    }
}

extension StatusFile.BackupsFile {
    init(_ summary: BackupSummary, _ status: ClusterStatus) {
        self.init(
            count: summary.count, provenCount: summary.provenCount, strangers: summary.strangers,
            newest: Nullable(summary.newest.map { StatusFile.BackupFile($0, age: status.age(of: $0)) }),
            newestProven: Nullable(
                summary.newestProven.map { StatusFile.BackupFile($0, age: status.age(of: $0)) }))
    }
}

extension StatusFile.BackupFile {
    init(_ backup: Backup, age: Int) {
        self.init(
            name: backup.name, generation: backup.generation, revision: backup.revision, size: backup.size,
            time: backup.time.description, ageSeconds: age, proven: backup.isProven, refuted: backup.isRefuted)
    }
}

extension StatusFile.LeaderFile {
    /// - Parameter leading: in the cluster that answers.
    init(_ leader: LeaderStatus, _ leading: MemberID?) {
        let member = leading?.description
        switch leader {
        case .nobody: self.init(reason: "nobody is known to lead")
        case .silent(_, let why): self.init(member: member, reason: why)
        case .told(let instance, let report):
            self.init(instance: instance.rawValue, member: member, report: report)
        }
    }

    private init(
        instance: String? = nil, member: String? = nil, report: LeaderReport? = nil, reason: String? = nil
    ) {
        let failing = report?.failingBackup.map {
            StatusFile.FailingFile(since: $0.since.description, times: $0.times, cause: $0.cause)
        }
        self.init(
            instance: Nullable(instance), member: Nullable(member), deferred: Nullable(report?.deferred),
            deferredCount: Nullable(report?.deferredCount), failingBackup: Nullable(failing),
            reason: Nullable(reason))
    }
}
