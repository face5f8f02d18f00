/// What one turn of the leader does, and what it declined to do.

/// One turn's decisions, in order. A value that leaves nothing to decide: print it, compare it, or carry it out.
package struct ReconcilePlan: Equatable, Sendable {
    package enum Step: Equatable, Sendable {
        /// Write the record, if it is still what was read.
        case swapRecord(RecordSwap)
        /// At most one change of membership a turn: the next one is planned on a list that shows this one.
        case removeMember(Member, because: RemovalReason)
        /// Enter an instance.
        case addMember(InstanceID, peerURL: Endpoint, asLearner: Bool)
        /// Give a learner its vote. etcd refuses as long as it lags, which is no failure (F12).
        case promote(Member)
        /// Tell the cluster where a member has moved with its volume.
        case updatePeerURL(Member, to: Endpoint)
        case moveLeader(to: Member, because: MoveReason)
        /// One change batch.
        case changeDNS([RecordChange])
        case heartbeat(hook: String, InstanceID)
        /// Complete a lifecycle action with `CONTINUE`.
        case completeHook(hook: String, InstanceID)
        /// Have a backup made, beside the turns that follow.
        case backUp(BackupOrder)
        /// Delete backups that are too many, with what is known of them.
        case deleteBackups([Backup])
        /// Tell CloudWatch how backups fare.
        case publish(BackupFigures)
    }

    package var steps: [Step] = []
    /// What an operator would ask next: why is it not doing anything?
    package var deferred: [Deferral] = []
    /// Whether more is expected to happen soon, so that the next turn should not wait for its interval.
    package var isUnderWay = false
    /// Whether the record knows a later generation than ours: our etcd has to be looked at as if it had no leader.
    package var isOvertaken = false
    /// Whether ours is the last member of a group that is to be empty: our etcd has to be looked at then, too, so that
    /// nothing is written after the last backup.
    package var isLastToLeave = false

    package init(
        steps: [Step] = [], deferred: [Deferral] = [], isUnderWay: Bool = false, isOvertaken: Bool = false,
        isLastToLeave: Bool = false
    ) {
        self.steps = steps
        self.deferred = deferred
        self.isUnderWay = isUnderWay
        self.isOvertaken = isOvertaken
        self.isLastToLeave = isLastToLeave
    }

    /// Whether it may be carried out only if the record was read in the same turn.
    package var needsFreshRecord: Bool {
        steps.contains { step in
            switch step {
            case .swapRecord, .removeMember, .addMember, .updatePeerURL: true
            case .promote, .moveLeader, .changeDNS, .heartbeat, .completeHook, .backUp, .deleteBackups, .publish: false
            }
        }
    }
}

extension ReconcilePlan.Step {
    /// Whether it changes who is a member, or as what: one of these a turn.
    package var changesMembership: Bool {
        switch self {
        case .removeMember, .addMember, .promote, .updatePeerURL: true
        case .swapRecord, .moveLeader, .changeDNS, .heartbeat, .completeHook, .backUp, .deleteBackups, .publish: false
        }
    }

    /// Whether only the leader of the very term in which it was planned may do it (F27).
    package var needsLeadership: Bool {
        if case .moveLeader = self { true } else { changesMembership }
    }

    /// Whether the steps behind it are carried out even if it fails: nothing waits for DNS, nor for a backup.
    package var holdsNothingUp: Bool { if case .changeDNS = self { true } else { concernsBackups } }

    /// Whether it leaves the cluster as it is.
    var concernsBackups: Bool {
        switch self {
        case .backUp, .deleteBackups, .publish: true
        default: false
        }
    }
}

package enum MoveReason: Equatable, Sendable {
    case draining(InstanceID)
    case blindToAWS
}

package enum RemovalReason: Equatable, Sendable {
    case diskGone(Loss)
    /// Its instance reports that etcd can't run on what is there (F20).
    case diskUnusable(InstanceID, String)
    /// A learner's volume has moved: an update of its address would make it a voter (https://github.com/etcd-io/etcd/issues/21694).
    case learnerMoved(to: InstanceID)
    /// Entered, never started, and for the whole grace no instance of the group had its address (F11).
    case neverStarted(address: String)
    /// Its instance leaves the group, and the others are enough.
    case drained(InstanceID)
}

/// Something that the plan would have done, and the exact condition that keeps it from it.
package enum Deferral: Equatable, Sendable {
    case notLeader(leader: MemberID)
    case corrupt([MemberID])
    case noSpace([MemberID])
    case groupNotRead(String)
    case notInGroup(group: String, listed: Int)
    case instancesNotRead(String)
    case recordNotRead(String)
    case recordsConflict([StoreReading])
    case recordOfOther(owner: String)
    case recordBehind(generation: Int, own: Int)
    case overtaken(generation: Int, own: Int)
    /// The record is of a generation that does not know this cluster, whose data has none.
    case recordLacksUs(generation: Int)
    case quorumAtRisk(Member, QuorumRisk)
    case oneChangePerTurn(Member)
    case ownDiskGone(Member, Loss)
    case reachedThoughGone(Member, Loss)
    case tooWeak(Member, Loss, String)
    case removalNotAllowed(Member, Loss)
    case fateUnknown(Member, String)
    case outsideGroup(Member, Instance.State)
    case unhealthyButRunning(Member, Instance.State, String)
    case notAnInstance(Member)
    case orphanInGrace(Member, remaining: Duration)
    case drainHeld(InstanceID, String)
    case learnerBehind(Member)
    case promotionRisksQuorum(Member, QuorumRisk)
    case memberMissing(members: Int, size: Int)
    case spare(InstanceID, members: Int, size: Int)
    case joinHeld(InstanceID, String)
    case addRisksQuorum(InstanceID, QuorumRisk)
    case hookNotOurs(InstanceID, [String])
    case hooksNotRead(String)
    case nobodyToLead(String)
    case zoneNotRead(String)
    case nobodyForDNS
    case unnameable(Member)
    case recordNotOurs(String)
    case noClusterName(group: String)
    case backupsNotRead(String)
    case backupsNeedRecord
    /// Backups of another cluster have our generation's number.
    case backupsShareGeneration(Int)
    /// No healthy voter could be asked for a backup.
    case nobodyToSave
    /// There are backups of a later generation than ours.
    case backupsOutrank(generation: Int, own: Int)
}
