/// What the leader's housekeeping remembers from one beat to the next.

import ClusterPlanning

struct ReconcileState {
    var memory = ReconcileMemory()
    var lastPulse: Pulse?
    var lastTurn: ContinuousClock.Instant?
    /// What was deferred last time, not to be said again.
    var said: Set<[Substring]> = []
    var summary = ""
    var silence = Silence()
    var stampFailure = ""
    /// Instances that are no members and have asked for our report since the last turn.
    var askers: Set<InstanceID> = []
    /// Whether the record is said to have been changed since the last turn.
    var hasNews = false
    private(set) var isUnderWay = false
    /// The term in which we lead; nil while we don't.
    private var term: UInt64?
    private var failuresInARow = 0
    private var complaints = Repetition()

    /// How many turns may fail one right after the other. A change that AWS refuses is refused again: from then on it is
    /// tried once an interval, not once a second.
    private static let closeAttempts = 3

    /// Takes note of who leads.
    ///
    /// - Returns: whether we lead and did not before. Others may have led in between, also where no beat has shown it: what
    ///   they wrote to the zone is not known then, nor who was ill all the time, and everything is waited for anew.
    mutating func takesLead(_ pulse: Pulse, inTerm term: UInt64) -> Bool {
        let isNew = pulse.isLeader && self.term != term
        self.term = pulse.isLeader ? term : nil
        if isNew {
            memory = memory.anew()
            lastTurn = nil
            said = []
            failuresInARow = 0
        }
        return isNew
    }

    /// Whether turns have failed so often that the next one is not worth as many words.
    var isTroubled: Bool { failuresInARow >= Self.closeAttempts }

    mutating func turnDone(isUnderWay: Bool) {
        self.isUnderWay = isUnderWay
        failuresInARow = 0
        complaints = Repetition()
    }

    /// Takes note of a turn that failed.
    ///
    /// - Returns: whether that is worth a line in the log.
    mutating func turnFailed(_ text: String, _ now: Duration) -> Bool {
        failuresInARow += 1
        isUnderWay = failuresInARow < Self.closeAttempts
        return complaints.isWorthSaying(text, now) || !isTroubled
    }
}

/// For how long our own etcd has not answered, and when that is worth a line in the log.
struct Silence {
    private var since: Duration?
    private var saidAt: Duration?

    private static let patience = Duration.seconds(10)
    private static let repetition = Duration.seconds(300)

    /// Takes note of one more look without an answer.
    mutating func isWorthSaying(_ now: Duration) -> Bool {
        let since = since ?? now
        self.since = since
        guard now - since >= Self.patience, saidAt.map({ now - $0 >= Self.repetition }) ?? true else { return false }
        saidAt = now
        return true
    }
}
