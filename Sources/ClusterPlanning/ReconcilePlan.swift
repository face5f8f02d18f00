/// What one turn of the leader does, and what it declined to do.

/// One turn's decisions, in order. A value that leaves nothing to decide: print it, compare it, or carry it out.
package struct ReconcilePlan: Equatable, Sendable {
    package enum Step: Equatable, Sendable {
        /// At most one change of membership a turn: the next one is planned on a list that shows this one.
        case removeMember(Member, because: RemovalReason)
        /// One change batch.
        case changeDNS([RecordChange])
    }

    package var steps: [Step] = []
    /// What an operator would ask next: why is it not doing anything?
    package var deferred: [Deferral] = []
    /// Whether more is expected to happen soon, so that the next turn should not wait for its interval.
    package var isUnderWay = false

    package init(steps: [Step] = [], deferred: [Deferral] = [], isUnderWay: Bool = false) {
        self.steps = steps
        self.deferred = deferred
        self.isUnderWay = isUnderWay
    }
}

package enum RemovalReason: Equatable, Sendable {
    case instanceTerminated(InstanceID)
    /// Entered, never started, and for the whole grace no instance of the group had its address (F11).
    case neverStarted(address: String)
}

/// Something that the plan would have done, and the exact condition that keeps it from it.
package enum Deferral: Equatable, Sendable {
    case notLeader(leader: MemberID)
    case corrupt([MemberID])
    case noSpace([MemberID])
    case groupNotRead(String)
    case notInGroup(group: String, listed: Int)
    case instancesNotRead(String)
    case quorumAtRisk(Member, QuorumRisk)
    case oneRemovalPerTurn(Member)
    case ownInstanceTerminated(Member)
    case instanceUnknownToEC2(Member)
    case instanceLeaving(Member, Instance.State)
    case outsideGroup(Member, Instance.State)
    case unhealthyButRunning(Member, Instance.State, String)
    case notAnInstance(Member)
    case orphanInGrace(Member, remaining: Duration)
    case memberMissing(members: Int, size: Int)
    case zoneNotRead(String)
    case nobodyForDNS
    case unnameable(Member)
    case recordNotOurs(String)
    case noClusterName(group: String)
}
