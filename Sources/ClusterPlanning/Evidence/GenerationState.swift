/// Whether the generation that the record names can still be led, by what each disk's own etcd shows.

/// A disk that a running instance holds, as it counts for a recovery.
package struct HeldDisk: Equatable, Sendable {
    package var report: Report
    package var disk: DiskID
    package var member: MemberID
    package var generation: Int
    /// How far its log is known to be committed.
    package var commitIndex: UInt64
}

/// The state of a generation.
package enum GenerationState: Equatable, Sendable {
    /// Somebody knows a leader.
    case led(by: InstanceID)
    /// These may start it, and have not yet.
    case pending([InstanceID])
    /// The newest data may be there: wait, and name it.
    case unknown([String])
    /// The held disks are a quorum by the list of this instance's etcd: they only have to reach each other.
    case quorate(by: InstanceID)
    /// No quorum can ever be had. `sources`: what data is held, the best first; `unusable`: what a person has to judge.
    case dead(sources: [HeldDisk], unusable: [InstanceID])
}

extension GenerationState {
    /// Whether somebody leads it, or can.
    var isAlive: Bool {
        switch self {
        case .led, .pending, .quorate: true
        case .unknown, .dead: false
        }
    }
}

extension Evidence {
    /// Judges the record's generation. It is dead only if no disk in `voters` or `former` is unknown, the disks that are
    /// held are fewer than the quorum by each one's own list, and every running instance that the record names reports and
    /// knows no leader: raft goes by each disk's own list, the record only says who may hold data.
    func state(of record: ClusterRecord) -> GenerationState {
        let named = record.instances.filter { facts.instance($0)?.state == .running }
        // Whoever knows a leader, named or not: its instance may have a volume of a member by now.
        let led = facts.counted.first { report in
            report.etcd.leader != nil
                && (named.contains(report.instance)
                    || (report.heldData?.generation ?? record.generation) >= record.generation)
        }
        if let led { return .led(by: led.instance) }
        let voters = record.voters.map { ($0, fate(of: $0)) }
        let former = record.former.map { ($0, fate(of: $0.entry)) }
        var doubts = (voters.map(\.1) + former.map(\.1)).compactMap(\.doubt)
        // Who started the generation once, and holds nothing of it any more, has no say.
        let concerned = named.filter { id in
            record.voters.contains { $0.instance == id } || record.former.contains { $0.entry.instance == id }
        }
        doubts += concerned.filter { facts.report($0) == nil }.map { "\($0): \(facts.silence($0))" }
        if !doubts.isEmpty { return .unknown(Set(doubts).sorted()) }

        let pending = voters.compactMap { entry, fate in fate.mayYetStart(entry, record) }
        if !pending.isEmpty { return .pending(pending) }
        let current = voters.compactMap { entry, fate in fate.heldReport }
        let unread = current.filter { $0.etcd.members == nil || $0.etcd.commitIndex == nil }
        if !unread.isEmpty {
            return .unknown(unread.map { "\($0.instance): what its etcd shows can't be read" })
        }
        // One that has no log yet shows only what its peers told it, and can't lead.
        for report in current
        where report.etcd.commitIndex != 0 && report.heldVoters(among: current) >= report.ownQuorum {
            return .quorate(by: report.instance)
        }
        let entered = enteredVoters(voters, current)
        if !entered.isEmpty { return .pending(entered) }
        return dead(record, voters.map(\.1), former)
    }

    /// Voters that were entered and have not started, on whom a quorum of this generation hangs: they may start at any moment,
    /// since nobody could lead without them.
    private func enteredVoters(
        _ voters: [(ClusterRecord.Entry, DiskFate)], _ held: [Report]
    ) -> [InstanceID] {
        let blank = voters.compactMap { entry, fate -> ClusterRecord.Entry? in
            if case .blank(let report) = fate, report.instance == entry.instance { entry } else { nil }
        }
        for report in held where report.etcd.commitIndex != 0 {
            // It starts by the one list that all show who know of it: where they differ, it waits as everybody does.
            let entered = blank.filter { entry in
                report.showsAsVoter(entry)
                    && held.allSatisfy { !$0.showsAsVoter(entry) || $0.shownIDs == report.shownIDs }
            }
            if !entered.isEmpty, report.heldVoters(among: held) + entered.count >= report.ownQuorum {
                return entered.map(\.instance)
            }
        }
        return []
    }

    private func dead(
        _ record: ClusterRecord, _ voters: [DiskFate], _ former: [(ClusterRecord.FormerEntry, DiskFate)]
    ) -> GenerationState {
        let reports =
            voters.compactMap(\.heldReport).map { ($0, record.generation) }
            + former.compactMap { former, fate in fate.heldReport.map { ($0, former.generation) } }
        var sources: [HeldDisk] = []
        var doubts: [String] = []
        for (report, generation) in reports {
            switch report.source(generation) {
            case .source(let disk): sources.append(disk)
            case .noVoter: break
            case .unread(let what): doubts.append(what)
            }
        }
        // A single disk needs no comparison; of several, each has to show how much it has.
        if !doubts.isEmpty { return .unknown(doubts.sorted()) }
        let unusable = (voters + former.map(\.1)).compactMap { fate -> InstanceID? in
            if case .unusable(let report, _) = fate { report.instance } else { nil }
        }
        return .dead(sources: sources.sorted(by: HeldDisk.isBetter), unusable: Set(unusable).sorted())
    }
}

extension HeldDisk {
    /// The highest generation, then the highest commit index: committed logs are prefixes of each other. Terms and last
    /// indexes are no measure: what was never committed may be longer.
    fileprivate static func isBetter(_ left: HeldDisk, _ right: HeldDisk) -> Bool {
        if left.generation != right.generation { return left.generation > right.generation }
        if left.commitIndex != right.commitIndex { return left.commitIndex > right.commitIndex }
        return left.report.instance < right.report.instance
    }
}

extension DiskFate {
    fileprivate var doubt: String? { if case .unknown(let cause) = self { cause } else { nil } }

    var heldReport: Report? { if case .held(let report) = self { report } else { nil } }

    /// The instance that the record tells to start this generation from this disk, and that has not.
    fileprivate func mayYetStart(_ entry: ClusterRecord.Entry, _ record: ClusterRecord) -> InstanceID? {
        guard let disk = entry.disk, record.mayStart(disk, on: entry.instance) else { return nil }
        switch self {
        case .blank(let report) where report.instance == entry.instance && report.peerURL == entry.peerURL:
            if case .member = record.source { return nil }
            return entry.instance
        case .held(let report) where report.instance == entry.instance:
            // Data of no generation is a restore, or a survivor's data, that is not through yet. And what was restored shows
            // nothing as committed before it has led once.
            let generation = report.heldData?.generation ?? 0
            if case .snapshot = record.source, report.etcd.commitIndex ?? 0 == 0 { return entry.instance }
            return generation < record.generation ? entry.instance : nil
        default: return nil
        }
    }
}

private enum SourceReading {
    case source(HeldDisk)
    case noVoter
    case unread(String)
}

extension Report {
    private var shownVoters: [Member] { (etcd.members ?? []).filter(\.isVoter) }

    fileprivate var shownIDs: [MemberID] { (etcd.members ?? []).map(\.id) }

    fileprivate func showsAsVoter(_ entry: ClusterRecord.Entry) -> Bool {
        shownVoters.contains { !$0.isStarted && $0.peerURLs.contains(entry.peerURL) }
    }

    fileprivate var ownQuorum: Int { quorum(of: shownVoters.count) }

    /// How many of the voters that this disk's etcd shows are held, at the addresses that it shows: elsewhere they would not
    /// find each other.
    fileprivate func heldVoters(among held: [Report]) -> Int {
        shownVoters.count { voter in
            held.contains { other in
                other.member == voter.id && voter.peerURLs.contains(other.peerURL)
            }
        }
    }

    fileprivate func source(_ recorded: Int) -> SourceReading {
        guard let disk, let data = heldData, let member, let members = etcd.members,
            let commitIndex = etcd.commitIndex
        else { return .unread("\(instance): what its etcd shows can't be read") }
        // A learner's disk panics when it is forced, and one that has no log yet shows only what its peers told it.
        guard commitIndex > 0, members.contains(where: { $0.id == member && $0.isVoter }) else { return .noVoter }
        return .source(
            HeldDisk(
                report: self, disk: disk, member: member, generation: data.generation ?? recorded,
                commitIndex: commitIndex))
    }
}
