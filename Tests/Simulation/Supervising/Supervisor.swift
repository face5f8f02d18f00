/// What one supervisor process knows, and what it is about to do. It is lost with the process.

import ClusterPlanning

final class Supervisor {
    /// The loop that starts etcd.
    enum Start {
        case looking
        /// The record and the group are read; the rest of the look comes later.
        case halfLooked(RecordReading, Observed<Group>)
        /// A decision on its way.
        case acting(StartPlan)
        /// Procedures with several steps, each of which may be the last.
        case forcing(Launch, ForceStep)
        case restoring(Launch, RestoreStep, EntryID)
        case saving(Launch, SaveStep)
        case inspecting
        /// etcd runs for the world.
        case watching
        case halfWatched(RecordReading, Observed<Group>)
        case stopping(RunningPlan)
    }

    /// The loop of the leader's turns.
    enum Turn {
        case resting
        case halfLooked(RecordReading, Observed<Group>)
        case acting([ReconcilePlan.Step], term: Int)
    }

    let startedAt: Duration

    // How to start.
    var start = Start.looking
    var startAt: Duration
    var startMemory = StartMemory()
    var lastExit = LastExit.none
    var waitingFor: WaitReason?
    var waitingSince = Duration.zero
    var endsInARow = 0
    /// Whether we have stopped etcd ourselves: then nothing is resumed before a look.
    var hasToLook = false
    var failedSteps = 0
    /// What etcd of this disk showed when it was looked at last.
    var shown: EtcdState?
    /// The state of the world at the last look that came to nothing.
    var changesAtLastLook = -1
    var lookedAt = Duration.zero
    /// The group's owner, once it was read.
    var owner: String?
    var reachesAWS: Bool?
    var asksToJoin = false
    var leaderlessSince: Duration?
    /// Up to where its data was backed up after etcd served for the last time.
    var savedRevision: UInt64?
    var spoiltBackups: Set<String> = []

    // What the stamp's keeper holds.
    var hasAnswered = false

    // What the leader's loop holds.
    var turn = Turn.resting
    var turnAt: Duration
    var memory = ReconcileMemory()
    var lastPulse: Pulse?
    var lastTurn: Duration?
    var changesAtLastTurn = -1
    var isUnderWay = false
    var isOvertaken = false
    /// The term in which it leads; nil while it does not.
    var ledTerm: Int?
    var failuresInARow = 0
    var zone: (zone: Zone, readAt: Duration)?
    /// The bucket's list, and when it was read.
    var backupList: (seen: BackupsSeen, readAt: Duration)?
    var backupJob: BackupJob?
    var backupFailures = 0
    var backupFailedAt: Duration?
    var backupFailedOf: MemberID?
    /// What the last turn declined to do.
    var deferred: [Deferral] = []

    init(startedAt: Duration) {
        self.startedAt = startedAt
        startAt = startedAt
        turnAt = startedAt
    }

    var nextEvent: Duration { min(startAt, turnAt, backupJob?.at ?? .never) }

    /// As a view has it, whose times count from this supervisor's start.
    var backupWork: BackupWork {
        BackupWork(
            isRunning: backupJob != nil, failures: backupFailures, failedAt: backupFailedAt.map { $0 - startedAt },
            failedOf: backupFailedOf)
    }

    var isAtBackups: Bool {
        switch start {
        case .restoring, .saving: true
        default: backupJob != nil
        }
    }

    /// A turn that failed is tried again soon, but not for ever: `ReconcileState`.
    func turnFailed() {
        failuresInARow += 1
        isUnderWay = failuresInARow < 3
    }

    func etcdEnded(lookAgainAt time: Duration) {
        start = .looking
        startAt = time
        turn = .resting
        leaderlessSince = nil
    }
}

/// The steps of carrying a disk's data into a new generation, in their order. A crash may come between any two.
enum ForceStep: Int, CaseIterable {
    case stop, copy, force, removeOthers, updatePeerURL, stopAgain, raiseStamp
}

extension World {
    func startSupervisor(_ index: Int) {
        machines[index].supervisorStartsAt = .never
        guard machines[index].supervisor == nil else { return }
        machines[index].supervisor = Supervisor(startedAt: now)
        note("\(machines[index].id): supervisor starts")
    }

    /// The supervisor is killed, and its etcd with it.
    func crashSupervisor(_ index: Int, backAfter delay: Duration) {
        note("\(machines[index].id): supervisor is killed")
        // One that was saved and let go knows nothing of it any more, and resumes for the moments that it has.
        if machines[index].isTerminating { ledger.emptied = nil }
        machines[index].supervisor = nil
        stopEtcd(index, gracefully: false)
        machines[index].supervisorStartsAt = now + delay
    }

    /// SIGTERM, and a new start later.
    func restartSupervisor(_ index: Int, backAfter delay: Duration) {
        note("\(machines[index].id): supervisor is asked to stop")
        stopEtcd(index, gracefully: true)
        machines[index].supervisor = nil
        machines[index].supervisorStartsAt = now + delay
    }

    /// How long something takes on its way.
    func delay() -> Duration {
        options.longestDelay == .zero ? .zero : random.duration(0...options.longestDelay.inSeconds)
    }

    func stepSupervisor(_ index: Int) {
        guard machines[index].isUp, let supervisor = machines[index].supervisor else { return }
        if supervisor.startAt <= now { stepStart(index, supervisor) }
        if machines[index].supervisor === supervisor, let job = supervisor.backupJob, job.at <= now {
            stepBackup(index, supervisor, job)
        }
        guard machines[index].supervisor === supervisor, supervisor.turnAt <= now else { return }
        stepTurn(index, supervisor)
    }
}
