/// When the next look is worth taking: soon while something is under way, seldom while all is well.

/// What the world looked like in a turn: as long as two turns see the same, nothing is moving.
package struct Situation: Equatable, Sendable {
    var members: [Member]
    var healthy: [MemberID]
    var instances: [Instance]

    /// An answer that is missing says nothing new: where AWS fails now and then, what was seen last still stands.
    init(_ view: ClusterView, last: Situation?) {
        members = view.cluster.members
        healthy = view.cluster.members.filter(view.cluster.isHealthy).map(\.id)
        if let group = view.facts.group.value, let asked = view.facts.asked.value {
            instances = group.instances + asked.sorted { $0.id < $1.id }
        } else {
            instances = last?.instances ?? []
        }
    }
}

/// How long a state of affairs is watched closely after the last thing that moved in it. A member that stays ill for
/// days must not cost AWS a call a second.
private let closeWatch = Duration.seconds(60)

/// From when on a start that waits is one that may wait for days.
private let longWait = Duration.seconds(600)

/// Whether the leader's next turn should not wait for its interval: a step was taken, or one waits which time or news may
/// allow, and not for long yet.
func isUnderWay(_ view: ClusterView, _ plan: ReconcilePlan, _ memory: inout ReconcileMemory) -> Bool {
    let situation = Situation(view, last: memory.situation)
    if memory.situation != situation || memory.situationSince == nil {
        memory.situation = situation
        memory.situationSince = view.now
    }
    if !plan.steps.allSatisfy(\.concernsBackups) { return true }
    guard let since = memory.situationSince, view.now - since < closeWatch else { return false }
    return plan.deferred.contains(where: \.mayPassSoon)
}

extension Deferral {
    fileprivate var mayPassSoon: Bool {
        switch self {
        case .oneChangePerTurn, .orphanInGrace, .fateUnknown, .unhealthyButRunning, .quorumAtRisk, .memberMissing,
            .zoneNotRead, .drainHeld, .learnerBehind, .promotionRisksQuorum, .joinHeld, .addRisksQuorum, .tooWeak,
            .recordNotRead:
            true
        case .outsideGroup, .notLeader, .corrupt, .noSpace, .groupNotRead, .notInGroup, .instancesNotRead,
            .recordsConflict, .recordOfOther, .recordBehind, .recordLacksUs, .overtaken, .ownDiskGone,
            .reachedThoughGone,
            .removalNotAllowed, .spare, .hookNotOurs, .hooksNotRead, .nobodyToLead, .notAnInstance, .nobodyForDNS,
            .unnameable, .recordNotOurs, .noClusterName, .backupsNotRead, .backupsNeedRecord, .backupsShareGeneration,
            .nobodyToSave,
            .backupsOutrank:
            false
        }
    }
}

/// How long to pause before the next look at how to start.
///
/// A founding waits for two equal readings of the group, and everything else for somebody else's step: close at hand at
/// first, after a minute of the same reason at the leisurely pace of `interval`, and after ten minutes, as a spare waits
/// for its day, at a third of it: each look costs AWS calls.
///
/// - Parameters:
///   - reason: what this look decided to wait for.
///   - waited: for how long looks have come to the same kind of reason.
///   - interval: `--interval`.
package func pause(waitingFor reason: WaitReason, waited: Duration, interval: Duration) -> Duration {
    switch reason {
    case .groupMayChange: return min(.milliseconds(200), interval)
    case .peersLagging: return min(.milliseconds(100), interval)
    default:
        // While a group boots, its instances come up within seconds of each other.
        if waited < .seconds(10), reason.isAboutBooting { return min(.milliseconds(400), interval) }
        if waited < closeWatch { return min(.milliseconds(1000), interval) }
        return waited < longWait ? interval : interval * 3
    }
}

extension WaitReason {
    fileprivate var isAboutBooting: Bool {
        switch self {
        case .reportsMissing, .groupIncomplete, .foundersDiffer: true
        default: false
        }
    }
}

/// How long to pause after a step of a start that failed, before the next look tells what became of it.
///
/// - Parameters:
///   - failures: in a row, this one included. What is refused ten times over is refused for long, and looks cost calls.
///   - lostRace: whether this one failed because somebody else has just written the record: what there is to see is there.
///   - interval: `--interval`.
package func pause(afterFailedSteps failures: Int, lostRace: Bool, interval: Duration) -> Duration {
    if lostRace, failures == 1 { return .zero }
    return failures < 10 ? min(.seconds(1), interval) : interval
}

/// Whether an instance whose etcd runs has to look at the world: somebody should lead and nobody does, the record knows a
/// later generation, or the data has none yet. While all is well it makes no call to AWS.
///
/// - Parameters:
///   - leaderless: for how long nobody was seen to lead.
///   - sinceLastLook: nil where there was none yet in this etcd's life.
///   - waited: for how long looks have come to the same kind of reason.
///   - interval: `--interval`.
package func isLookDue(
    leaderless: Duration, isOvertaken: Bool, lacksGeneration: Bool, sinceLastLook: Duration?, waited: Duration,
    interval: Duration
) -> Bool {
    let isTroubled = isOvertaken || leaderless >= longestElection
    guard isTroubled || lacksGeneration else { return false }
    guard let sinceLastLook else { return true }
    return sinceLastLook >= (isTroubled && waited < closeWatch ? min(.seconds(1), interval) : interval)
}

/// How long a cluster may be without a leader before that is more than an election.
private let longestElection = Duration.seconds(3)

/// What the leader sees of its own cluster between turns, without asking AWS.
package struct Pulse: Equatable, Sendable {
    package var isLeader: Bool
    /// Whether our member knows a leader, be it itself.
    package var hasLeader: Bool
    package var members: [Member]
    package var healthy: [MemberID]

    package init(isLeader: Bool, hasLeader: Bool, members: [Member], healthy: [MemberID]) {
        self.isLeader = isLeader
        self.hasLeader = hasLeader
        self.members = members.sorted { $0.id < $1.id }
        self.healthy = healthy.sorted()
    }
}

/// Whether a turn is due: only the leader takes turns; at once when its pulse changed, shortly while something is under
/// way, else once an interval.
///
/// - Parameters:
///   - sinceLastTurn: nil where there was none yet in this leadership.
///   - isUnderWay: what the last turn's plan said.
///   - isAsked: whether an instance that is no member has asked for our report since the last turn.
package func isTurnDue(
    pulse: Pulse, lastPulse: Pulse?, sinceLastTurn: Duration?, isUnderWay: Bool, isAsked: Bool, interval: Duration
) -> Bool {
    guard pulse.isLeader else { return false }
    guard let sinceLastTurn, lastPulse == pulse else { return true }
    return sinceLastTurn >= (isUnderWay || isAsked ? min(.seconds(1), interval) : interval)
}

/// How old a leader's list of backups may be: who else changes it is a person, or a rule of the bucket.
package let oldestListOfBackups = Duration.seconds(600)

/// How long a bucket is left alone that did not answer, or refused: who may not do a thing, may not a turn later either.
package let pauseAfterBucketFailure = Duration.seconds(30)

/// Which instances EC2 has to be asked about before this turn can be planned: those that the group lists and nobody knows
/// yet, those that members run on or the record names and the group does not list, and those of members that look ill.
///
/// - Parameter known: instances whose address EC2 has told us already.
/// - Returns: sorted by ID, each once.
package func instancesToAsk(
    about cluster: RunningCluster, record: ClusterRecord?, group: Group, known: Set<InstanceID>
) -> [InstanceID] {
    let unknown = group.instances.map(\.id).filter { !known.contains($0) }
    let named = cluster.members.compactMap(\.instanceID) + (record?.instances ?? [])
    let missing = named.filter { group.instance($0) == nil && InstanceID.isInstanceID($0.rawValue) }
    let ill = cluster.members.filter { !cluster.isHealthy($0) }
    let illByRecord = ill.compactMap { record?.entry(for: $0)?.instance }
    let all = unknown + missing + ill.compactMap(\.instanceID) + illByRecord
    return Set(all).filter { InstanceID.isInstanceID($0.rawValue) }.sorted()
}

/// Which instances EC2 has to be asked about one by one before a start can be planned: those that the record names, or that
/// members of a cluster that answers run on, and the group does not list.
package func instancesToAsk(
    record: ClusterRecord?, clusters: [RunningCluster] = [], group: Group
) -> [InstanceID] {
    let named = (record?.instances ?? []) + clusters.flatMap(\.members).compactMap(\.instanceID)
    return Set(named).filter { group.instance($0) == nil && InstanceID.isInstanceID($0.rawValue) }.sorted()
}
