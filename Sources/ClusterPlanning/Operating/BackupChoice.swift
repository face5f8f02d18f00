/// Which backup a person means.

package enum BackupChoice: Equatable, Sendable {
    /// The best by generation, then revision; one that was refuted only where there is no other.
    case newest
    /// By its key below the cluster's prefix, or as `s3://bucket/key`.
    case named(String)
    /// The best that holds no change after this revision.
    case upToRevision(UInt64)
    /// The best that was taken no later.
    case upToTime(UTCTime)
    /// A file on this machine, which is brought into the bucket first.
    case file(String)
}

/// A backup that was found for a choice.
struct ChosenBackup: Equatable {
    /// What the record is to call it.
    var name: String
    /// Those that are better, and are passed over.
    var passedOver: [Backup]
    /// Whether what came back from it was not what had been saved.
    var isRefuted = false
    /// What has to be brought into the bucket under that name first.
    var file: String?

    /// What comes before anything is given up for it.
    var step: OperatorStep { file.map { .importSnapshot(file: $0, as: name) } ?? .checkBackup(name) }
}

extension StartView {
    /// Finds what a person means.
    ///
    /// - Throws: where no bucket is configured, it can't be listed, or there is no such backup.
    func find(_ choice: BackupChoice) throws(Refusal) -> ChosenBackup {
        let seen: BackupsSeen
        switch backups {
        case .notAsked: throw .noBackup("no bucket for backups is configured here: set --backup-bucket")
        case .unavailable(let cause): throw .blind(WaitReason.backupsNotRead(cause).description)
        case .seen(let list): seen = list
        }
        switch choice {
        case .newest: return try first(of: seen, "none is of this cluster") { _ in true }
        case .upToRevision(let revision):
            return try first(of: seen, "none is of revision \(revision) or before") { $0.revision <= revision }
        case .upToTime(let time): return try first(of: seen, "none was taken at \(time) or before") { $0.time <= time }
        case .named(let name) where name.hasPrefix("s3://"):
            return ChosenBackup(name: name, passedOver: seen.backups)
        case .named(let name):
            return try first(of: seen, "none is named \(name)") { $0.name == name || $0.stem == name }
        case .file(let path):
            let moment = UTCTime(time)?.basic ?? salt
            return ChosenBackup(
                name: "\(importsPrefix)\(moment)-\(salt).db", passedOver: seen.backups, file: path)
        }
    }

    private func first(
        of seen: BackupsSeen, _ otherwise: String, where isMeant: (Backup) -> Bool
    ) throws(Refusal) -> ChosenBackup {
        guard let chosen = seen.backups.filter(isMeant).min(by: Backup.goesFirst) else {
            if seen.backups.isEmpty { throw .noBackup("the bucket holds none of this cluster") }
            throw .noBackup(
                "of \(counted(seen.backups.count, "backup")) \(otherwise); `etcd-cluster backups` lists them")
        }
        return ChosenBackup(
            name: chosen.name, passedOver: seen.backups.filter { Backup.isBetter($0, chosen) },
            isRefuted: chosen.isRefuted)
    }
}
