/// What AWS and the instances' own reports say of the machines: three-valued, each answer may be missing.

/// One look at the machines.
package struct Facts: Equatable, Sendable {
    /// The owner of our cluster, as the group was last seen to say: known also while AWS does not answer.
    package var owner: String?
    /// The cluster's name, by which its record is kept; nil where it is not known.
    package var cluster: String?
    package var group: Observed<Group>
    /// What EC2 says of instances that were asked for one by one: those that the record or the member list names and the
    /// group does not, or that look ill.
    package var asked: Observed<[Instance]>
    /// One for every instance whose supervisor was asked, and our own.
    package var reports: [InstanceID: ReportAnswer]
    /// What AutoScaling says of the owner that the record names, where that is not our group.
    package var otherOwner: Observed<OtherOwner>

    /// - Parameter owner: nil: what `group` says.
    package init(
        owner: String? = nil, cluster: String? = nil, group: Observed<Group> = .notAsked,
        asked: Observed<[Instance]> = .notAsked,
        reports: [InstanceID: ReportAnswer] = [:], otherOwner: Observed<OtherOwner> = .notAsked
    ) {
        self.owner = owner ?? group.value?.owner
        self.cluster = cluster
        self.group = group
        self.asked = asked
        self.reports = reports
        self.otherOwner = otherOwner
    }

    /// All that is known of one instance: EC2's word, which is the younger one, with the group's.
    func instance(_ id: InstanceID) -> Instance? {
        let listed = group.value?.instance(id)
        guard var asked = asked.value?.first(where: { $0.id == id }) else { return listed }
        asked.lifecycle = listed?.lifecycle
        asked.launchSource = listed?.launchSource
        asked.address = asked.address ?? listed?.address
        return asked
    }

    /// Every instance that anybody spoke of, sorted.
    package var instances: [Instance] {
        let ids = (group.value?.instances ?? []).map(\.id) + (asked.value ?? []).map(\.id)
        return Set(ids).sorted().compactMap(instance)
    }

    /// The report of one instance, where it counts.
    func report(_ id: InstanceID) -> Report? {
        guard case .report(let report)? = reports[id], isCounted(report, of: id) else { return nil }
        return report
    }

    /// Every report that counts, sorted by instance.
    var counted: [Report] { reports.keys.sorted().compactMap(report) }

    /// Whether a report speaks of the instance that was asked and of our cluster. One that does not know its group yet says
    /// nothing of ours.
    private func isCounted(_ report: Report, of id: InstanceID) -> Bool {
        guard report.instance == id, report.owner != nil, report.owner == owner else { return false }
        // A member that resumed and follows has had no reason to ask what its cluster is called.
        guard let theirs = report.cluster, let ours = cluster else { return true }
        return theirs == ours
    }

    /// The generation of the data on an instance; nil where its supervisor does not tell.
    package func generation(on id: InstanceID) -> Int? { report(id)?.heldData?.generation }

    /// The generation of a cluster that answers: its leader's, else the highest that a healthy member's supervisor tells.
    package func generation(of cluster: RunningCluster) -> Int? {
        let told = counted.compactMap(\.heldData)
        if let leader = told.first(where: { $0.member == cluster.leader })?.generation { return leader }
        let healthy = cluster.members.filter(cluster.isHealthy).map(\.id)
        return told.filter { data in data.member.map(healthy.contains) == true }.compactMap(\.generation).max()
    }

    /// Why an instance's own supervisor says nothing that counts.
    func silence(_ id: InstanceID) -> String {
        switch reports[id] {
        case .silent(let cause): cause
        case .report(let report) where report.instance != id: "\(report.instance) answers there"
        case .report(let report) where isCounted(report, of: id): "its report says nothing of this disk"
        case .report(let report): "it reports for \(report.owner ?? "no group yet")"
        case nil: "its supervisor was not asked"
        }
    }
}

/// AutoScaling's word on a group that is not ours.
package enum OtherOwner: Equatable, Sendable {
    /// It is there: its instances may be, too.
    case exists
    /// Its name is another group's now, or no group's, in an answer that also held our own.
    case isGone
    /// Of another account or region, or no group at all: it can't be asked for.
    case outOfSight(String)
}

/// Since when instances have been away: EC2 calls them terminated or does not know them, and the group does not list them.
/// Measured on each process's own clock, so that a new leader waits anew.
package struct AbsenceMemory: Equatable, Sendable {
    private struct Absence: Equatable, Sendable {
        var since: Duration
        var lastSeen: Duration
    }

    private var absences: [InstanceID: Absence] = [:]
    private var ownerGone: Absence?
    /// How long no look may have had an answer before the waiting starts anew: the grace, where that is longer.
    private static let shortestPatience = Duration.seconds(90)

    package init() {}

    /// Takes note of one look.
    mutating func remember(_ facts: Facts, _ now: Duration, grace: Duration) {
        let longestGap = max(Self.shortestPatience, grace)
        if facts.group.value != nil, let asked = facts.asked.value {
            for instance in asked {
                if instance.state.isEnd, facts.group.value?.instance(instance.id) == nil {
                    absences[instance.id] = Self.extend(absences[instance.id], now, longestGap)
                } else {
                    absences[instance.id] = nil
                }
            }
        }
        switch facts.otherOwner {
        case .seen(.isGone): ownerGone = Self.extend(ownerGone, now, longestGap)
        case .seen: ownerGone = nil
        case .notAsked, .unavailable: break
        }
    }

    /// For how long an instance has been away in every look; nil where it has not.
    func absence(of id: InstanceID, _ now: Duration) -> Duration? { absences[id].map { now - $0.since } }

    /// For how long the record's other owner has been gone.
    func ownerAbsence(_ now: Duration) -> Duration? { ownerGone.map { now - $0.since } }

    private static func extend(_ absence: Absence?, _ now: Duration, _ longestGap: Duration) -> Absence {
        guard let absence, now - absence.lastSeen <= longestGap else { return Absence(since: now, lastSeen: now) }
        return Absence(since: absence.since, lastSeen: now)
    }
}

extension Instance.State {
    /// Neither can come back as it was; only the first is proof.
    var isEnd: Bool { self == .terminated || self == .unknownToEC2 }
}
