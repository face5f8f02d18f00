/// How backups are made: beside the leader's turns, and of the last member before it goes. A crash may come between any two
/// steps, and leaves what is in the bucket by then.

import ClusterPlanning

/// One backup on its way.
struct BackupJob {
    enum Step {
        case ask(BackupOrder)
        case upload(Bucket.Object)
        case prove(String)
    }

    var step: Step
    /// Whom it is to be of.
    var member: MemberID
    var at: Duration
}

/// The steps of a last backup, of an etcd that only its supervisor can reach.
enum SaveStep {
    case lead
    case upload(Bucket.Object)
}

extension World {
    /// The list as the leader knows it: what it has read within ten minutes, with what it has done itself.
    func knownBackups(_ supervisor: Supervisor) -> Observed<BackupsSeen> {
        if let list = supervisor.backupList, now - list.readAt < .seconds(600) { return .seen(list.seen) }
        let answer = listBackups()
        if case .seen(let seen) = answer { supervisor.backupList = (seen, now) }
        return answer
    }

    func order(_ order: BackupOrder, _ supervisor: Supervisor) {
        guard supervisor.backupJob == nil else { return }
        supervisor.backupJob = BackupJob(step: .ask(order), member: order.member.id, at: now + delay())
    }

    func stepBackup(_ index: Int, _ supervisor: Supervisor, _ job: BackupJob) {
        supervisor.backupJob = nil
        switch job.step {
        case .ask(let order):
            guard let object = snapshot(order, by: index) else { return backupFailed(supervisor, of: job.member) }
            go(on: supervisor, job, with: .upload(object), within: 100...4000)
        case .upload(let object):
            // What the bucket refuses is no member's failure.
            guard upload(object, by: index) else { return backupFailed(supervisor, of: nil) }
            go(on: supervisor, job, with: .prove(object.backup.name), within: 100...3000)
        case .prove(let name):
            if prove(name, supervisor) == .refuted { return backupFailed(supervisor, of: job.member) }
            supervisor.backupFailures = 0
            supervisor.backupFailedOf = nil
        }
    }

    private func go(
        on supervisor: Supervisor, _ job: BackupJob, with step: BackupJob.Step, within milliseconds: ClosedRange<Int>
    ) {
        supervisor.backupJob = BackupJob(
            step: step, member: job.member, at: now + .milliseconds(random.number(milliseconds)))
    }

    private func backupFailed(_ supervisor: Supervisor, of member: MemberID?) {
        changes += 1
        supervisor.backupFailures += 1
        supervisor.backupFailedAt = now
        supervisor.backupFailedOf = member
    }

    /// What the member has applied, which may lag. It has to know a leader that can be read through.
    private func snapshot(_ order: BackupOrder, by index: Int) -> Bucket.Object? {
        let running = running(order.cluster)
        let asked = running.first { other in
            replica(other)?.member == order.member.id && isHeard(other) && !areCut(index, other)
                && order.member.clientURLs.contains(machines[other].clientURL)
        }
        guard let asked, !unsavable.contains(asked), let own = replica(asked),
            machines[asked].process?.hasServed == true,
            leaders(among: running).contains(where: { areInTouch(asked, $0) && canRead($0) })
        else { return nil }
        return object(of: own, generation: order.generation)
    }

    private func object(of replica: Replica, generation: Int) -> Bucket.Object {
        Bucket.Object(
            backup: Backup(
                generation: generation, cluster: replica.cluster, revision: UInt64(tree[replica.commit].writes),
                time: moment),
            entry: replica.commit)
    }

    /// False: nothing of it is there.
    private func upload(_ object: Bucket.Object, by index: Int) -> Bool {
        guard bucket.isDownUntil <= now else { return false }
        note("\(machines[index].id) has backed up \(object.backup.name)")
        bucket.add(object)
        learn(object.backup, machines[index].supervisor)
        return true
    }

    private func learn(_ backup: Backup, _ supervisor: Supervisor?) {
        guard let list = supervisor?.backupList else { return }
        supervisor?.backupList = (list.seen.adding(backup), list.readAt)
    }

    /// A machine may find what is good to be bad, where it has made the copy that it looks at.
    private func prove(_ name: String, _ supervisor: Supervisor) -> Backup.Verdict {
        guard bucket.isDownUntil <= now, var backup = bucket.object(name)?.backup else { return .unproven }
        changes += 1
        backup.verdict = bucket.object(name)?.isSpoilt == true || proofsFailUntil > now ? .refuted : .proven
        bucket.alter(name) { $0.backup = backup }
        if backup.isRefuted { note("\(name) is refuted") }
        learn(backup, supervisor)
        return backup.verdict
    }

    // MARK: The last member

    func save(_ index: Int, _ supervisor: Supervisor, _ launch: Launch, _ step: SaveStep) {
        switch step {
        case .lead:
            guard let own = replica(index), machines[index].process != nil,
                tree.membership(at: own.commit).voters.map(\.id) == [own.member]
            else { return endSaving(index, supervisor, nil) }
            appendAlone(index, [.noop])
            guard let led = replica(index) else { return }
            judgeCommit(of: led.commit, by: index)
            let object = object(of: led, generation: launch.generation ?? 0)
            supervisor.start = .saving(launch, .upload(object))
            supervisor.startAt = now + .milliseconds(random.number(100...4000))
        case .upload(let object):
            endSaving(index, supervisor, upload(object, by: index) ? object.backup.revision : nil)
        }
    }

    private func endSaving(_ index: Int, _ supervisor: Supervisor, _ revision: UInt64?) {
        supervisor.savedRevision = revision
        stopEtcd(index, gracefully: true)
        supervisor.start = .looking
        supervisor.startAt = now + (revision == nil ? .seconds(1) : .zero)
    }
}
