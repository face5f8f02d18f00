/// Which backups may go: never the newest proven one, and never one of another generation.

/// How long backups are kept.
package struct Retention: Equatable, Sendable {
    /// For how long every one is.
    package var all: Duration
    /// For how long one an hour is.
    package var hourly: Duration
    /// For how long one a day is.
    package var daily: Duration

    /// All of the last day, one an hour for a week, one a day for a month.
    package static let usual = Retention(all: .days(1), hourly: .days(7), daily: .days(30))

    package init(all: Duration, hourly: Duration, daily: Duration) {
        self.all = all
        self.hourly = hourly
        self.daily = daily
    }

    /// Those of one life that may be deleted, the oldest first.
    ///
    /// Of another generation none is: what a cluster that began empty, or with a person's choice, may think of what was
    /// there before it is worth nothing (F32). The newest one and the newest proven one stay however old they are.
    ///
    /// - Parameters:
    ///   - seen: every backup that is there.
    ///   - generation: the cluster's own.
    ///   - cluster: its ID.
    package func surplus(
        of seen: BackupsSeen, generation: Int, _ cluster: ClusterID, at now: UTCTime
    ) -> [Backup] {
        let own = seen.of(generation, cluster)
        let untouched = [own.first, own.first { !$0.isRefuted }, own.first(where: \.isProven)].compactMap { $0 }
        var taken: Set<Period> = []
        // The best first, so that of each hour and day the last one stays; a proven one rather than one that is not, and what was
        // refuted only where there is nothing else.
        let surplus = own.sorted(by: Self.isKeptRather).filter { backup in
            let isFirst = period(of: backup, at: now).map { $0 == .moment || taken.insert($0).inserted } ?? false
            return !isFirst && !untouched.contains(backup)
        }
        return surplus.sorted { Backup.isBetter($1, $0) }
    }

    /// One backup is kept of each.
    private enum Period: Hashable {
        case moment
        case hour(Int)
        case day(Int)
    }

    /// - Returns: nil of one that is too old for any.
    private func period(of backup: Backup, at now: UTCTime) -> Period? {
        let age = Duration.seconds(now.seconds - backup.time.seconds)
        if age <= all { return .moment }
        if age <= hourly { return .hour(backup.time.seconds / 3600) }
        return age <= daily ? .day(backup.time.seconds / 86_400) : nil
    }

    private static func isKeptRather(_ left: Backup, _ right: Backup) -> Bool {
        left.verdict == right.verdict ? Backup.isBetter(left, right) : left.isWorthMore(than: right)
    }

    /// Those that may still go, now that the bucket was read anew: what they were too many beside may have gone meanwhile, or been
    /// refuted, and one of them may have become the only proven one.
    ///
    /// - Parameter surplus: of one life.
    package func stillSurplus(_ surplus: [Backup], of seen: BackupsSeen, at now: UTCTime) -> [Backup] {
        guard let any = surplus.first else { return [] }
        let stems = Set(self.surplus(of: seen, generation: any.generation, any.cluster, at: now).map(\.stem))
        return surplus.filter { stems.contains($0.stem) }
    }
}

extension Duration {
    package static func days(_ count: Int) -> Duration { .seconds(count * 86_400) }
}
