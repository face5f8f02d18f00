/// Backups as a bucket shows them: everything that decisions rest on is in their names.

/// One snapshot of a cluster's keys. It is written once, and never changed.
package struct Backup: Hashable, Sendable {
    package var generation: Int
    /// etcd's ID of the cluster, for people: only generation and revision order backups.
    package var cluster: ClusterID
    /// The revision of the newest change that is in it.
    package var revision: UInt64
    /// When it was taken.
    package var time: UTCTime
    package var isCompressed: Bool
    /// In bytes, as it is stored; 0 where nobody has told.
    package var size: Int
    package var verdict: Verdict

    /// What its proof has come to. Each stands behind those that are worth more, when one of them has to go.
    package enum Verdict: Int, Hashable, Sendable {
        /// It was restored once, and what came of it was something else than had been saved.
        case refuted
        /// It was not tried yet, or not to the end.
        case unproven
        /// It was restored once, and what came of it was what had been saved.
        case proven
    }

    package init(
        generation: Int, cluster: ClusterID, revision: UInt64, time: UTCTime, isCompressed: Bool = false, size: Int = 0,
        verdict: Verdict = .unproven
    ) {
        self.generation = generation
        self.cluster = cluster
        self.revision = revision
        self.time = time
        self.isCompressed = isCompressed
        self.size = size
        self.verdict = verdict
    }

    package var isProven: Bool { verdict == .proven }

    package var isRefuted: Bool { verdict == .refuted }

    /// `<generation>-<cluster ID>-<revision>-<time>`: what the names of the backup, of its description and of its proof begin
    /// with.
    package var stem: String { "\(generation)-\(cluster)-\(revision)-\(time.basic)" }

    /// Its key below the cluster's prefix.
    package var name: String { stem + (isCompressed ? ".db.gz" : ".db") }

    /// The key of what is known of it, in JSON.
    package var descriptionName: String { stem + ".json" }

    /// The key of the note that it was proven.
    package var proofName: String { stem + ".proof.json" }

    /// The key of the note that it was refuted.
    package var refutationName: String { stem + ".refuted.json" }

    /// Reads a name as `name` writes it.
    ///
    /// - Returns: nil of any other name: whose it is, and what is in it, is not known then.
    package init?(name: some StringProtocol) {
        guard let ending = [".db", ".db.gz"].first(where: name.hasSuffix) else { return nil }
        self.init(stem: name.dropLast(ending.count), isCompressed: ending == ".db.gz")
        guard self.name == String(name) else { return nil }
    }

    private init?(stem: some StringProtocol, isCompressed: Bool) {
        let parts = stem.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 4, let generation = Int(parts[0]), ClusterRecord.counts.contains(generation),
            let cluster = UInt64(parts[1], radix: 16), let revision = UInt64(parts[2]), let time = UTCTime(parts[3])
        else { return nil }
        self.init(
            generation: generation, cluster: ClusterID(cluster), revision: revision, time: time,
            isCompressed: isCompressed)
    }

    /// By generation, then by revision: what was written to a timeline that was given up is never the newer. Of two that are
    /// alike the later one, which was taken knowing the earlier.
    package static func isBetter(_ left: Backup, _ right: Backup) -> Bool {
        if left.generation != right.generation { return left.generation > right.generation }
        if left.revision != right.revision { return left.revision > right.revision }
        if left.time != right.time { return left.time > right.time }
        if left.verdict != right.verdict { return left.isWorthMore(than: right) }
        return left.name > right.name
    }

    func isWorthMore(than other: Backup) -> Bool { verdict.rawValue > other.verdict.rawValue }

    /// The order in which they are restored: within a generation, what was refuted comes last.
    static func goesFirst(_ left: Backup, _ right: Backup) -> Bool {
        if left.generation == right.generation, left.isRefuted != right.isRefuted { return right.isRefuted }
        return isBetter(left, right)
    }
}

/// What the bucket holds under our name, in a list that was read to its end.
package struct BackupsSeen: Equatable, Sendable {
    /// The best first.
    package private(set) var backups: [Backup]
    /// Objects there that we did not name: another tool's backups, or a person's. Sorted.
    package private(set) var strangers: [String]
    /// Above every one that was ever backed up here, as far as anything is left of it.
    package private(set) var highestGeneration: Int

    package init(_ backups: [Backup] = [], strangers: [String] = [], highestGeneration: Int = 0) {
        self.backups = backups.sorted(by: Backup.isBetter)
        self.strangers = strangers.sorted()
        self.highestGeneration = backups.map(\.generation).reduce(highestGeneration, max)
    }

    package var isEmpty: Bool { backups.isEmpty && strangers.isEmpty }

    /// The highest generation of which there still is a backup; 0 where there is none.
    package var highestOfBackups: Int { backups.first?.generation ?? 0 }

    /// Those of one generation, the best first.
    package func of(_ generation: Int) -> [Backup] { backups.filter { $0.generation == generation } }

    /// Those of one life, the best first: a generation has one cluster, under one ID.
    package func of(_ generation: Int, _ cluster: ClusterID) -> [Backup] {
        backups.filter { $0.generation == generation && $0.cluster == cluster }
    }

    /// Whether another cluster has used this generation's number, under this name: which of the two is dead, names don't tell.
    package func isShared(_ generation: Int) -> Bool { Set(of(generation).map(\.cluster)).count > 1 }

    /// The backup whose key below the prefix this is.
    package func named(_ name: String) -> Backup? { backups.first { $0.name == name } }

    /// The same with one more, or with the same one told anew.
    package func adding(_ backup: Backup) -> BackupsSeen {
        BackupsSeen(
            backups.filter { $0.stem != backup.stem } + [backup], strangers: strangers,
            highestGeneration: highestGeneration)
    }

    /// The same without some.
    package func removing(_ gone: [Backup]) -> BackupsSeen {
        let stems = Set(gone.map(\.stem))
        return BackupsSeen(
            backups.filter { !stems.contains($0.stem) }, strangers: strangers, highestGeneration: highestGeneration)
    }
}

extension BackupsSeen {
    /// Reads a list.
    ///
    /// - Parameter objects: all below the cluster's prefix, by key without the prefix, with their sizes in bytes. A
    ///   description or a proof whose backup is gone still tells its generation.
    package init(objects: [(name: String, size: Int)]) {
        let names = Set(objects.map(\.name))
        var backups: [Backup] = []
        var strangers: [String] = []
        var highest = 0
        for object in objects {
            if var backup = Backup(name: object.name) {
                backup.size = object.size
                backup.verdict = verdict(on: backup, among: names)
                backups.append(backup)
            } else if let companion = Backup(companion: object.name) {
                highest = max(highest, companion.generation)
            } else if !object.name.isEmpty, !object.name.hasPrefix(importsPrefix) {
                // The console makes an empty object of the prefix's own name when a person makes a folder.
                strangers.append(object.name)
            }
        }
        self.init(backups, strangers: strangers, highestGeneration: highest)
    }
}

/// Two that have tried it may differ: then it is not to be relied on.
private func verdict(on backup: Backup, among names: Set<String>) -> Backup.Verdict {
    if names.contains(backup.refutationName) { return .refuted }
    return names.contains(backup.proofName) ? .proven : .unproven
}

extension Backup {
    /// From the name of a description, of a proof or of a refutation.
    fileprivate init?(companion name: String) {
        guard let ending = [".proof.json", ".refuted.json", ".json"].first(where: name.hasSuffix) else { return nil }
        self.init(stem: name.dropLast(ending.count), isCompressed: false)
    }
}

/// Below the cluster's prefix: snapshots that a person brought, which are in no order with the backups.
package let importsPrefix = "imported/"
