/// `status`: who is there, as what, how well, and what is waited for, as a table or as JSON. Looks, and changes nothing.

import ClusterPlanning
import FoundationEssentials
import HTTP

/// - Returns: the exit code: 0 where anything could be shown, however ill it is; 70 where nothing could.
func printStatus(_ configuration: Configuration, _ format: PlanFormat) async -> Int32 {
    do {
        let loop = try CurlLoop()
        let status = try await LongLook(over: loop).during {
            let surroundings = try await Surroundings(configuration, loop: loop)
            let directory = DataDirectory(configuration.dataDirectory, requiresMount: configuration.requiresMount)
            let observers = Observers(configuration, surroundings, directory)
            let observer = StatusObserver(
                observer: OperatorObserver(
                    start: observers.start, reports: surroundings.reports, directory: directory))
            return ClusterStatus(try await observer.look())
        }
        print(format == .json ? try status.json() : status.text, terminator: "")
        guard status.isBlind else { return 0 }
        writeToStandardError("etcd-cluster: nothing of the cluster could be seen\n")
        return 70
    } catch {
        writeToStandardError("etcd-cluster: no status: \(error)\n")
        return 70
    }
}

extension ClusterStatus {
    /// For people: lines of a word and a sentence, around a table.
    var text: String {
        sentences(head) + "\n" + columns(table) + "\n" + sentences(backupLines + foot)
    }

    private var backupLines: [(topic: String, sentence: String)] {
        var lines: [(topic: String, sentence: String)] = []
        switch backups {
        case .notAsked: lines.append(("backups", "none: no bucket is configured here; one loss away from empty"))
        case .unavailable(let cause): lines.append(("backups", "could not be read: \(cause)"))
        case .seen(let summary): lines += describe(summary)
        }
        if case .told(_, let report) = leader, let failing = report.failingBackup {
            lines.append(("backups", "failing \(failing)"))
        }
        return lines
    }

    private func describe(_ summary: BackupSummary) -> [(topic: String, sentence: String)] {
        let others = summary.strangers == 1 ? "1 object there is" : "\(summary.strangers) objects there are"
        let strangers = summary.strangers > 0 ? "; \(others) none of ours" : ""
        guard let newest = summary.newest else {
            return [("backups", "no backups: one loss away from empty\(strangers)")]
        }
        var lines = [("backups", "\(summary.count), of them \(summary.provenCount) proven\(strangers)")]
        if newest != summary.newestProven {
            lines.append(("newest", describe(newest) + (newest.isRefuted ? ", refuted" : ", not proven")))
        }
        lines.append(("proven", summary.newestProven.map(describe) ?? "none of them was proven"))
        return lines
    }

    private func describe(_ backup: Backup) -> String {
        "\(backup.name): \(words(forSeconds: age(of: backup))) old, revision \(backup.revision), \(size(Int64(backup.size)))"
    }

    /// In seconds. A clock that was set back makes nothing younger than new.
    func age(of backup: Backup) -> Int { max(0, time.seconds - backup.time.seconds) }
}

/// `90 s`, `12 min`, `3 h 5 min`, `4 d`.
func words(forSeconds seconds: Int) -> String {
    switch seconds {
    case ..<120: "\(seconds) s"
    case ..<7200: "\(seconds / 60) min"
    case ..<172_800: "\(seconds / 3600) h \(seconds / 60 % 60) min"
    default: "\(seconds / 86_400) d"
    }
}
