/// `status` in words: what stands above and below its table, and what stands in it.

extension ClusterStatus {
    /// What stands above the table: a word and a sentence each.
    package var head: [(topic: String, sentence: String)] {
        let answers = clusters.isEmpty ? ["none answers"] : clusters.map(\.statusSummary)
        return answers.map { ("cluster", "\(name ?? "without a name"): \($0)") }
            + [("group", groupSentence)] + (silenceOfEC2.map { [("ec2", "could not be asked: \($0)")] } ?? [])
            + recordSentences.map { ("record", $0) }
            + [("dns", dnsSentence), ("here", hereSentence)]
    }

    /// What stands below it, each with its reason: who is not well, whose supervisor is silent, and what is waited for.
    package var foot: [(topic: String, sentence: String)] {
        rows.compactMap { row in row.trouble.map { ("trouble", $0) } }
            + rows.compactMap { row in row.silence.map { ("silent", $0) } }
            + rows.compactMap { row in row.waitsFor.map { ("waits", "\(row.label): \($0)") } } + leaderSentences
    }

    private var groupSentence: String {
        switch group {
        case .notAsked: return "was not asked for"
        case .unavailable(let cause): return "could not be read: \(cause)"
        case .seen(let group):
            return "\(group.name): \(counted(group.instances.count, "instance")), "
                + (running.map { "\($0) running, " } ?? "")
                + "\(group.desiredCapacity) desired; \(counted(target ?? group.desiredCapacity, "member")) wanted"
        }
    }

    private var recordSentences: [String] {
        switch record {
        case .notConfigured: ["none is kept"]
        case .unknown(let cause):
            readings.isEmpty ? ["could not be read: \(cause)"] : readings.map(\.explained)
        case .absent: ["none in \(list(readings.map(\.store.rawValue)))"]
        case .found(let stored, let store):
            [
                "generation \(stored.record.generation) in \(store), token \(stored.record.token), begun from "
                    + "\(stored.record.source), changed \(counted(stored.record.changes, "time"))"
                    + (stored.record.owner == group.value?.owner ?? stored.record.owner
                        ? "" : "; of another group, \(stored.record.owner)")
            ]
        case .conflicting(let readings): readings.map { "one of two that can't both be right: \($0.explained)" }
        }
    }

    private var dnsSentence: String {
        switch dns {
        case .notConfigured: "no hosted zone is configured"
        case .unavailable(let cause): "the hosted zone could not be read: \(cause)"
        case .held(let deferral): deferral.description
        case .seen([]): "says what is true"
        case .seen(let changes):
            "\(counted(changes.count, "change")) due: \(list(changes.map(\.description)))"
        }
    }

    private var hereSentence: String {
        guard let row = rows.first(where: { $0.instance == here }) else { return "\(here)" }
        switch row.role {
        case .leader: return "\(here) leads"
        case .voter, .learner:
            let leader = clusters.lazy.compactMap { cluster in cluster.members.first { $0.id == cluster.leader } }.first
            return leader.map { "\(here) follows \($0.label)" } ?? "\(here) is a member, and nobody is known to lead"
        case StatusRow.Role.none?: return "\(here) is no member"
        case nil: return "\(here); who is a member could not be seen"
        }
    }

    private var leaderSentences: [(topic: String, sentence: String)] {
        switch leader {
        case .nobody: return []
        case .silent(let member, let why):
            return [("deferred", "not known: the supervisor of the leader, member \(member), does not tell: \(why)")]
        case .told(_, let report):
            let more = report.deferredCount - report.deferred.count
            return report.deferred.map { ("deferred", $0) }
                + (more > 0 ? [("deferred", "and \(more) more, which are in the leader's log")] : [])
        }
    }
}

extension FailingBackup: CustomStringConvertible {
    package var description: String { "since \(since), \(counted(times, "time")): \(cause)" }
}

extension RunningCluster {
    fileprivate var statusSummary: String {
        let healthy = members.count(where: isHealthy)
        let leading = members.first { $0.id == leader }?.label ?? "\(leader)"
        return "\(counted(members.count, "member")), \(healthy) healthy, led by \(leading)"
            + (generation.map { ", generation \($0)" } ?? "") + ", cluster ID \(id)"
    }
}

// MARK: The table

extension ClusterStatus {
    /// The table, its columns' names first: `-` for what there is none of, `?` for what is not known.
    package var table: [[String]] {
        let columns = ["INSTANCE", "STATE", "ZONE", "ADDRESS", "MEMBER", "ROLE", "HEALTH", "DISK", "DNS"]
        return [columns] + rows.map { $0.cells + [$0.namesCell(dns)] }
    }
}

extension StatusRow {
    fileprivate var cells: [String] {
        let isMember = role.map { $0 != StatusRow.Role.none }
        return [
            instance?.rawValue ?? "?", stateCell, availabilityZone ?? "?", address ?? "-",
            member?.description ?? (isMember == nil ? "?" : "-"), isMember == false ? "-" : role?.rawValue ?? "?",
            healthCell, diskCell,
        ]
    }

    fileprivate func namesCell(_ dns: DNSStatus) -> String {
        guard let names else { return dns == .notConfigured ? "-" : "?" }
        return names == StatusRow.Names.none ? "-" : names.rawValue
    }

    private var stateCell: String {
        let words = [state.map { $0 == .unknownToEC2 ? "not in EC2" : "\($0)" } ?? "?", lifecycle?.description]
        return words.compactMap { $0 }.joined(separator: ", ")
    }

    private var healthCell: String {
        switch health {
        case .healthy: "healthy" + (etcdVersion.map { ", \($0)" } ?? "")
        case .ill: "ill"
        case .unknown: "?"
        case .noMember: "-"
        }
    }

    private var diskCell: String {
        guard case .report(let report) = report else { return "?" }
        switch report.holding {
        case .none: return "empty"
        case .data(let data): return data.generation.map { "generation \($0)" } ?? "data"
        case .unusable: return "unusable"
        case .unknown: return "?"
        }
    }

    fileprivate var label: String { instance?.rawValue ?? member.map { "member \($0)" } ?? "?" }

    /// What is wrong with it, as far as that is known.
    fileprivate var trouble: String? {
        var troubles: [String] = []
        if case .ill(let cause) = health { troubles.append(cause) }
        if case .report(let report) = report {
            switch report.holding {
            case .unusable(let cause): troubles.append("etcd can't run on its data: \(cause)")
            case .unknown(let cause): troubles.append("what its disk holds is not known: \(cause)")
            case .none, .data: break
            }
            if report.leaving != nil { troubles.append("its instance is about to go") }
        }
        return troubles.isEmpty ? nil : "\(label): \(troubles.joined(separator: "; "))"
    }

    /// Why its supervisor says nothing, where it should.
    fileprivate var silence: String? {
        guard case .silent(let cause) = report, state?.isEnd != true else { return nil }
        return "\(label): \(cause)"
    }
}
