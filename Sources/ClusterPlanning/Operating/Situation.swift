/// What `recover` shows before anything else: the record, each disk's fate with the evidence, and what everybody waits for.

/// The situation, line by line: a word and a sentence.
package func situation(_ view: OperatorView) -> [(topic: String, sentence: String)] {
    let start = view.start
    var lines: [(topic: String, sentence: String)] = []
    switch start.record {
    case .found(let stored, let store):
        lines.append(("record", stored.record.summary(in: store)))
        lines += fates(start, stored.record)
    case .absent: lines.append(("record", "none in \(list(view.readings.map(\.store.rawValue)))"))
    case .notConfigured: lines.append(("record", "none is kept"))
    case .unknown, .conflicting: lines += view.readings.map { ("record", $0.explained) }
    }
    if case .seen(let seen) = start.backups {
        lines += seen.backups.prefix(5).map { ("backup", $0.summary) }
        if seen.backups.count > 5 {
            lines.append(("backup", "and \(seen.backups.count - 5) more: `etcd-cluster backups`"))
        }
    }
    lines += start.clusters.map { ("cluster", $0.summary) }
    if start.clusters.isEmpty { lines.append(("cluster", "none answers")) }
    for report in start.facts.counted {
        if let reason = report.waitingFor { lines.append(("waits", "\(report.instance): \(reason)")) }
    }
    return lines
}

private func fates(_ view: StartView, _ record: ClusterRecord) -> [(topic: String, sentence: String)] {
    let evidence = view.evidence(record, StartMemory())
    let voters = record.voters.map { ("voter", "\($0): \(evidence.fate(of: $0))") }
    let former = record.former.map { former in
        ("former", "\(former.entry) of generation \(former.generation): \(evidence.fate(of: former.entry))")
    }
    let gone = record.gone.map { ("declared", "\($0.disk), at \($0.time), by \($0.teller): \($0.evidence)") }
    return voters + former + gone
}

extension Backup {
    fileprivate var summary: String {
        "\(name): generation \(generation), up to revision \(revision), taken at \(time)\(isProven ? ", proven" : "")"
    }
}

extension ClusterRecord {
    fileprivate func summary(in store: StoreName) -> String {
        "generation \(generation), begun from \(source), changed \(counted(changes, "time")); of \(owner), in \(store)"
    }
}

extension RunningCluster {
    fileprivate var summary: String {
        let healthy = members.count(where: isHealthy)
        return "\(id) answers\(generation.map { " as generation \($0)" } ?? ""): "
            + "\(counted(members.count, "member")), \(healthy) healthy, led by \(leader)"
    }
}
