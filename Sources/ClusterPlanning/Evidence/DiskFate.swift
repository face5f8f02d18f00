/// Whether a disk that the record names is held, gone or unknown: the evidence on which anything is ever given up.

/// What is known of one disk. Anything short of evidence is `unknown`, and unknown is not dead.
package enum DiskFate: Equatable, Sendable {
    /// A running instance's supervisor reports it with data, whichever instance that is.
    case held(Report)
    /// Its instance reports it, and etcd has not run on it yet.
    case blank(Report)
    /// Its instance reports that etcd can't run on it (F20). Lost for a cluster that lives without it; for a recovery only
    /// a person may say so, since the bytes are there.
    case unusable(Report, String)
    case gone(Loss)
    /// The text says what is not known.
    case unknown(String)

    package var isGone: Bool { if case .gone = self { true } else { false } }
}

/// The evidence that a disk is lost.
package enum Loss: Equatable, Sendable {
    case instanceTerminated(InstanceID)
    /// EC2 knows the instance no more, and the group has not listed it for the whole grace: weak evidence (F39).
    case instanceForgotten(InstanceID)
    /// Its instance reports another disk, or none that ever held data.
    case replaced(InstanceID, by: DiskID)
    case declared(by: String)

    /// Whether it rests on nothing but the absence of an answer.
    var isWeak: Bool { if case .instanceForgotten = self { true } else { false } }
}

/// All that fates are judged by.
struct Evidence {
    var facts: Facts
    var gone: [ClusterRecord.GoneDisk]
    var absence: AbsenceMemory
    var now: Duration
    var grace: Duration

    /// Judges one entry.
    func fate(of entry: ClusterRecord.Entry) -> DiskFate {
        let reporters = facts.counted.filter { $0.disk == entry.disk && entry.disk != nil }
        if reporters.count > 1 {
            return .unknown("\(list(reporters.map(\.instance.rawValue))) report one and the same disk")
        }
        if let reporter = reporters.first { return fate(reportedBy: reporter) }
        guard let disk = entry.disk else { return fateOfUnnamedDisk(entry) }
        if let declared = declared(entry) { return declared }
        if let loss = replacement(of: entry, disk) { return loss }
        return fateByInstance(entry, isVolume: disk.isVolume)
    }

    private func declared(_ entry: ClusterRecord.Entry) -> DiskFate? {
        gone.first { $0.disk == entry.markedDisk }.map { .gone(.declared(by: $0.teller)) }
    }

    private func fate(reportedBy report: Report) -> DiskFate {
        switch report.holding {
        case .data: .held(report)
        case .none: .blank(report)
        case .unusable(let cause): .unusable(report, cause)
        case .unknown(let cause): .unknown("\(report.instance) can't tell: \(cause)")
        }
    }

    /// Of a member that was made before anybody named its disk: what its instance holds is it.
    private func fateOfUnnamedDisk(_ entry: ClusterRecord.Entry) -> DiskFate {
        guard let report = facts.report(entry.instance), report.peerURL == entry.peerURL else {
            return declared(entry) ?? fateByInstance(entry, isVolume: false)
        }
        if case .none = report.holding, let disk = report.disk { return .gone(.replaced(entry.instance, by: disk)) }
        return fate(reportedBy: report)
    }

    /// Its instance reports another disk: this one's life is over. A volume may be late, or mounted elsewhere: against one
    /// only another volume in its place is evidence.
    private func replacement(of entry: ClusterRecord.Entry, _ disk: DiskID) -> DiskFate? {
        guard let report = facts.report(entry.instance) else { return nil }
        if case .unknown(let cause) = report.holding { return .unknown("\(report.instance) can't tell: \(cause)") }
        guard let other = report.disk else { return nil }
        if disk.isVolume, !report.isMountPoint { return fateOfVolumeElsewhere(entry) }
        return .gone(.replaced(entry.instance, by: other))
    }

    /// Its instance reports a directory that is no volume: it may be late, or attached to another one. That lasts as long as the
    /// instance does.
    private func fateOfVolumeElsewhere(_ entry: ClusterRecord.Entry) -> DiskFate {
        guard facts.instance(entry.instance)?.state.isEnd == true else {
            return .unknown("the volume of \(entry.instance) is not mounted there, and nobody else reports it")
        }
        return fateByInstance(entry, isVolume: true)
    }

    private func fateByInstance(_ entry: ClusterRecord.Entry, isVolume: Bool) -> DiskFate {
        guard let instance = facts.instance(entry.instance) else {
            return .unknown("EC2 was not asked about \(entry.instance)")
        }
        switch instance.state {
        case .terminated: return isVolume ? fateOfVolume(entry) : .gone(.instanceTerminated(entry.instance))
        case .unknownToEC2:
            guard let absence = absence.absence(of: entry.instance, now), absence >= grace else {
                return .unknown("EC2 does not know \(entry.instance), which proves nothing before \(grace)")
            }
            return isVolume ? fateOfVolume(entry) : .gone(.instanceForgotten(entry.instance))
        case .running, .pending:
            return .unknown("\(entry.instance) is \(instance.state): \(facts.silence(entry.instance))")
        default: return .unknown("\(entry.instance) is \(instance.state)")
        }
    }

    /// Its instance is gone; the volume may be attached to another one.
    private func fateOfVolume(_ entry: ClusterRecord.Entry) -> DiskFate {
        if let absence = absence.absence(of: entry.instance, now), absence >= grace {
            if let waiting = facts.counted.first(where: \.mayMountLater) {
                return .unknown("the volume of \(entry.instance) may be the one that \(waiting.instance) waits for")
            }
            let isTerminated = facts.instance(entry.instance)?.state == .terminated
            return .gone(isTerminated ? .instanceTerminated(entry.instance) : .instanceForgotten(entry.instance))
        }
        return .unknown("the volume of \(entry.instance) may come back on another instance within \(grace)")
    }
}

extension Report {
    fileprivate var mayMountLater: Bool { if case .unknown = holding { true } else { false } }
}
