/// The bucket of backups: whole objects under names, a list that is never old, and what time does to them.

import ClusterPlanning

struct Bucket {
    struct Object {
        var backup: Backup
        /// The log of which it holds every write.
        var entry: EntryID
        /// Nobody can restore it, whatever was proven before.
        var isSpoilt = false
    }

    private(set) var objects: [Object] = []
    /// What its list says.
    private(set) var seen = BackupsSeen()
    /// Objects there that nobody of us has named.
    var strangers: [String] = [] { didSet { tell() } }
    /// What notes tell whose backups are gone.
    var oldGeneration = 0 { didSet { tell() } }
    var isDownUntil = Duration.zero

    func object(_ name: String) -> Object? { objects.first { $0.backup.name == name } }

    /// All that is there, in the order in which it is worth restoring: what was refuted comes last in its generation.
    var inOrder: [Object] {
        let generations = Set(seen.backups.map(\.generation)).sorted(by: >).map(seen.of)
        let ordered = generations.flatMap { own in own.filter { !$0.isRefuted } + own.filter(\.isRefuted) }
        return ordered.compactMap { object($0.name) }
    }

    /// The best that can be restored.
    var best: Object? { inOrder.first { !$0.isSpoilt } }

    /// Written once: what bears the name already stays.
    mutating func add(_ object: Object) {
        guard !objects.contains(where: { $0.backup.stem == object.backup.stem }) else { return }
        objects.append(object)
        tell()
    }

    mutating func remove(_ backups: [Backup]) {
        let stems = backups.map(\.stem)
        objects.removeAll { stems.contains($0.backup.stem) }
        tell()
    }

    mutating func alter(_ name: String, _ change: (inout Object) -> Void) {
        guard let index = objects.firstIndex(where: { $0.backup.name == name }) else { return }
        change(&objects[index])
        tell()
    }

    private mutating func tell() {
        seen = BackupsSeen(objects.map(\.backup), strangers: strangers, highestGeneration: oldGeneration)
    }
}

extension World {
    var hasBucket: Bool { options.settings.backups != nil }

    /// Midnight of 2026, and what has passed since.
    var moment: UTCTime { UTCTime(seconds: 1_767_225_600 + Int(now.components.seconds)) }

    /// As views have it. Only backups are ordered by it.
    var time: String { hasBucket ? moment.description : "2026-01-01T00:00:00Z" }

    /// The list, as this caller gets it.
    func listBackups() -> Observed<BackupsSeen> {
        guard hasBucket else { return .notAsked }
        return bucket.isDownUntil > now ? .unavailable("timeout") : .seen(bucket.seen)
    }

    /// A bit of it is not what it was.
    func spoil(_ name: String) {
        note("\(name) is spoilt")
        bucket.alter(name) { $0.isSpoilt = true }
    }

    /// What it was decided on may be old: another supervisor may have been at it.
    func deleteBackups(_ surplus: [Backup], by index: Int) {
        guard bucket.isDownUntil <= now, let retention = options.settings.backups?.retention else { return }
        judgePurge(surplus, by: index, seeing: machines[index].supervisor?.backupList?.seen ?? bucket.seen)
        let backups = retention.stillSurplus(surplus, of: bucket.seen, at: moment)
        if backups.count < surplus.count { machines[index].supervisor?.backupList = nil }
        judgePurge(backups, by: index, seeing: bucket.seen)
        note("\(machines[index].id) deletes \(backups.map(\.name))")
        bucket.remove(backups)
        if let list = machines[index].supervisor?.backupList {
            machines[index].supervisor?.backupList = (list.seen.removing(backups), list.readAt)
        }
    }
}
