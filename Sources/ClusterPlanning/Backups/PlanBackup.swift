/// When the leader has a backup made, of which member, and what it has deleted.

/// How often CloudWatch is told: it keeps one figure a minute.
private let metricPeriod = Duration.seconds(60)

/// A backup that is older than this does not do for the removal of a voter.
private let freshEnough = Duration.seconds(60)

/// After so long what failed is tried again, had it failed ever so often.
private let longestPause = Duration.seconds(320)

/// How many backups are deleted at a time: the list is not read meanwhile, and each takes several requests.
private let mostDeletedAtOnce = 50

/// How long after a proof that was not brought to an end, as for want of room, another is tried: it takes a download.
private let proofPeriod = Duration.seconds(3600)

extension Turn {
    /// Orders at most one backup, and the deletion of what is too many. Nothing waits for either.
    mutating func backUp() {
        guard let settings = view.settings.backups, let now = UTCTime(view.time) else { return }
        guard let generation = view.ownGeneration else {
            if case .notConfigured = view.record { deferring(.backupsNeedRecord) }
            return
        }
        switch view.backups {
        case .notAsked: return
        case .unavailable(let cause): deferring(.backupsNotRead(cause))
        case .seen(let seen):
            if seen.highestOfBackups > generation {
                deferring(.backupsOutrank(generation: seen.highestOfBackups, own: generation))
            }
            if seen.isShared(generation) { deferring(.backupsShareGeneration(generation)) }
            let own = seen.of(generation, cluster.id)
            if settings.isPublished { publish(own, now) }
            if view.backupWork.isRunning { return }
            // Also where one is due in every turn, for the interval is short.
            let surplus = settings.retention.surplus(of: seen, generation: generation, cluster.id, at: now)
            if !surplus.isEmpty { purge = .deleteBackups(Array(surplus.prefix(mostDeletedAtOnce))) }
            if let reason = reasonToBackUp(own, settings, now) { order(generation, reason) }
        }
    }

    private mutating func publish(_ own: [Backup], _ now: UTCTime) {
        if let last = memory.publishedAt, view.now - last < metricPeriod { return }
        memory.publishedAt = view.now
        let proven = own.first(where: \.isProven)
        figures = .publish(
            BackupFigures(newest: own.first, provenAge: proven.map { max(0, now.seconds - $0.time.seconds) }))
    }

    private mutating func reasonToBackUp(
        _ backups: [Backup], _ settings: BackupSettings, _ now: UTCTime
    ) -> BackupOrder.Reason? {
        // What was refuted is no backup, should it be the newest. But where it holds all that there is, the next one would, too.
        if let newest = backups.first, newest.isRefuted, newest.revision == view.revision, isPausing(proofPeriod) {
            return nil
        }
        guard let last = backups.first(where: { !$0.isRefuted }) else { return isPausing(settings) ? nil : .first }
        let age = Duration.seconds(now.seconds - last.time.seconds)
        // What has not changed is there already.
        guard let revision = view.revision, revision != last.revision else {
            return view.revision != nil && mayProve(last, age, settings) ? .unproven : nil
        }
        // A clock that was set back makes it neither young nor old.
        let isOlder = { (limit: Duration) in age < .zero || age >= limit }
        if isRemovingVoter, isOlder(freshEnough) { return isPausing(settings) ? nil : .beforeRemoval }
        return isOlder(settings.interval) && !isPausing(settings) ? .due : nil
    }

    private mutating func mayProve(_ last: Backup, _ age: Duration, _ settings: BackupSettings) -> Bool {
        guard settings.areProven, !last.isProven, age >= proofPeriod, !isPausing(settings) else { return false }
        if let asked = memory.proofAskedAt, view.now - asked < proofPeriod { return false }
        memory.proofAskedAt = view.now
        return true
    }

    private var isRemovingVoter: Bool {
        if case .removeMember(let member, _)? = membership { member.isVoter } else { false }
    }

    /// What failed is not tried again at once: a bucket that refuses, refuses again, and a full disk stays full.
    private func isPausing(_ settings: BackupSettings) -> Bool {
        isPausing(min(longestPause, max(settings.interval, .seconds(1))))
    }

    private func isPausing(_ longest: Duration) -> Bool {
        guard let failedAt = view.backupWork.failedAt, view.backupWork.failures > 0 else { return false }
        let pause = Duration.seconds(10) * (1 << min(view.backupWork.failures - 1, 10))
        return view.now - failedAt < min(pause, longest)
    }

    private mutating func order(_ generation: Int, _ reason: BackupOrder.Reason) {
        guard let member = memberToSave() else { return deferring(.nobodyToSave) }
        backup = .backUp(
            BackupOrder(
                of: member, generation: generation, cluster: cluster.id, voters: cluster.voters.map(\.name),
                because: reason))
    }

    private func memberToSave() -> Member? {
        let removed: MemberID? = if case .removeMember(let member, _)? = membership { member.id } else { nil }
        return cluster.memberToSave(except: removed, after: view.backupWork.failedOf, sparing: isLeaving)
    }
}

extension RunningCluster {
    /// Who is asked for a backup: a healthy follower where there is one, for reading everything costs its etcd work.
    ///
    /// - Parameters:
    ///   - removed: who is about to be none.
    ///   - failed: of whom the last attempt has failed: the next one is asked, in the end the leader, and then the first again.
    ///   - isSpared: members that are asked only where no other follower is left.
    package func memberToSave(
        except removed: MemberID? = nil, after failed: MemberID? = nil,
        sparing isSpared: (Member) -> Bool = { _ in false }
    ) -> Member? {
        let healthy = voters.filter { $0.isStarted && isHealthy($0) && $0.id != removed }
        let followers = healthy.filter { $0.id != leader }
        let inOrder =
            followers.filter { !isSpared($0) } + followers.filter(isSpared) + healthy.filter { $0.id == leader }
        guard let last = inOrder.firstIndex(where: { $0.id == failed }) else { return inOrder.first }
        return inOrder[(last + 1) % inOrder.count]
    }
}
