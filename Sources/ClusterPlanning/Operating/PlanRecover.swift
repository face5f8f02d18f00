/// `recover`: the way out of the waits of a generation that nobody can lead, at a person's word and no further.

/// Decides what `recover` does, one stage at a time: instances that are to be terminated, then the disks that are declared
/// gone, then the next generation. Each stage is planned on a look of its own, and none is begun if a later one would be
/// refused by what is known now.
///
/// Without any choice of the person it says what is waited for.
package func planRecover(_ view: OperatorView, _ request: RecoverRequest) -> OperatorPlan {
    view.planning { () throws(Refusal) in
        let group = try view.group()
        switch view.start.record {
        case .notConfigured: throw .noRecordKept
        case .unknown(let cause): throw .blind(WaitReason.recordNotRead(cause).description)
        case .conflicting(let readings): throw .recordsConflict(readings)
        case .absent(let store): return try planFoundingByHand(view.start, group, in: store, request)
        case .found(let stored, _):
            guard stored.record.owner == group.owner else { throw .recordOfOther(stored.record.owner) }
            return try planRecover(view.start, group, stored.record, request)
        }
    }
}

private func planRecover(
    _ view: StartView, _ group: Group, _ record: ClusterRecord, _ request: RecoverRequest
) throws(Refusal) -> OperatorPlan {
    let declaration = try declaration(view, record, request)
    let after = view.assuming(declaration)
    // Judged before anything is done: what is refused in the end should not have cost an instance.
    var next: Beginnings?
    if let from = request.from { next = try beginning(after, group, from, acceptsLoss: request.acceptsLoss) }
    if !declaration.toTerminate.isEmpty {
        let steps = declaration.toTerminate.map { OperatorStep.terminate($0.id, $0.state) }
        return .act(steps, then: next.map { ["then \($0.swap)"] } ?? [outlook(after)])
    }
    if let swap = declaration.swap(of: view.record, by: request.teller) {
        return .act([.swapRecord(swap)], then: next.map { ["then \($0.swap)"] } ?? [outlook(after)])
    }
    if let next { return .act(next.steps, then: notes(view, group, record)) }
    if !request.declaredGone.isEmpty {
        return .nothing("nothing is left to declare: \(list(request.declaredGone.map(\.rawValue))); \(outlook(view))")
    }
    return .nothing(outlook(view))
}

/// What the supervisors make of it by themselves.
func outlook(_ view: StartView) -> String {
    guard let record = view.ownRecord else { return "nothing is known of a record" }
    if let cluster = view.answering(record).first {
        return "cluster \(cluster.id) answers as generation \(record.generation): its leader keeps it, "
            + "and reads the record within ten minutes"
    }
    var memory = StartMemory()
    switch planRecovery(view, record, &memory) {
    case .claim(let swap): return "the supervisors go on by themselves: \(swap)"
    case .wait(let reason): return "the supervisors wait: \(reason)"
    case .start, .setAside, .act: return "the supervisors go on by themselves"
    }
}

// MARK: The next generation

/// The swap by which the next generation begins as the person chose, and what has to come before it.
struct Beginnings {
    var swap: RecordSwap
    var before: [OperatorStep] = []

    var steps: [OperatorStep] { before + [.swapRecord(swap)] }
}

/// What the next generation begins with as the person chose.
///
/// - Throws: while anybody leads this generation or could, while its newest data may be somewhere, and where the choice
///   would lose what is not accepted to be lost. Only a backup may be gone back to beside a cluster that lives.
private func beginning(
    _ view: StartView, _ group: Group, _ from: Beginning, acceptsLoss: Bool
) throws(Refusal) -> Beginnings {
    guard let record = view.ownRecord else { throw .noRecord }
    let evidence = view.evidence(record, StartMemory())
    if let cluster = view.answering(record).first {
        guard case .snapshot(let choice) = from else { throw .clusterAnswers(cluster.id) }
        if view.clusters.count > 1 { throw .severalClusters(view.clusters.map(\.id)) }
        if let differing = instancesOnOtherStores(view, group) { throw .waits(differing) }
        let losses = ["what cluster \(cluster.id), which answers, has taken since then"]
        let start = try starterOfLiving(cluster, record, evidence)
        return try goBack(view, group, record, evidence, to: choice, start, losses, acceptsLoss)
    }
    let held = try heldData(record, evidence)
    if let differing = instancesOnOtherStores(view, group) { throw .waits(differing) }
    switch from {
    case .snapshot(let choice):
        let start = try starterOfRestore(view, group, held)
        return try goBack(view, group, record, evidence, to: choice, start, held.losses, acceptsLoss)
    case .member(let chosen):
        let disk = try choose(chosen, among: held.sources, acceptsLoss: acceptsLoss)
        try accept(held.unseen.map(loss), acceptsLoss)
        return try begin(view, group, record, evidence, .member(disk.member), [disk.entry])
    case .empty:
        try accept(held.losses + (try lossOfBackups(view)), acceptsLoss)
        return try begin(view, group, record, evidence, .empty, chooseStarters(view, group, atLeast: 1))
    }
}

/// What disks hold of a generation that is over.
private struct Remains {
    /// What can be carried on, the best first.
    var sources: [HeldDisk] = []
    /// What only a person could save.
    var unusable: [InstanceID] = []
    /// Data that was to give way to a backup, and that nobody has looked at.
    var unseen: [Report] = []
    /// Those who were to restore a backup on a disk with data.
    var starters: [ClusterRecord.Entry] = []

    var losses: [String] { sources.map(loss) + unusable.map(loss) + unseen.map(loss) }
}

/// - Throws: while anybody leads this generation or could, and while its newest data may be somewhere.
private func heldData(_ record: ClusterRecord, _ evidence: Evidence) throws(Refusal) -> Remains {
    switch evidence.state(of: record) {
    case .led(let instance): throw .waits(.generationLed(by: instance))
    case .unknown(let doubts): throw .waits(.generationUnknown(doubts))
    case .quorate(let instance): throw .waits(.generationQuorate(by: instance))
    case .dead(let sources, let unusable): return Remains(sources: sources, unusable: unusable)
    case .pending(let instances):
        // A backup that its one starter can't restore must not keep a person from choosing another.
        guard case .snapshot = record.source else { throw .waits(.generationPending(instances)) }
        return try heldData(beside: instances, record, evidence)
    }
}

/// As if those who have yet to restore a backup had given up. What disks of earlier generations hold counts all the same, and so
/// does what is still on theirs.
private func heldData(
    beside starters: [InstanceID], _ record: ClusterRecord, _ evidence: Evidence
) throws(Refusal) -> Remains {
    var unseen: [Report] = []
    var entries: [ClusterRecord.Entry] = []
    let judged = record.changed { next in
        for entry in record.voters where starters.contains(entry.instance) {
            next.voters.removeAll { $0 == entry }
            guard let report = evidence.fate(of: entry).heldReport else { continue }
            entries.append(entry)
            guard let generation = report.heldData?.generation else { continue }
            if report.etcd.members != nil, report.etcd.commitIndex != nil {
                next.former.append(ClusterRecord.FormerEntry(entry, generation: generation))
            } else {
                unseen.append(report)
            }
        }
    }
    var held = try heldData(judged, evidence)
    held.unseen += unseen
    held.starters += entries
    return held
}

/// The one who restores: with an empty disk where there is one, else who was to restore another backup.
private func starterOfRestore(
    _ view: StartView, _ group: Group, _ held: Remains
) throws(Refusal) -> [ClusterRecord.Entry] {
    switch chooseFounders(view, group, atLeast: 1) {
    case .success(let founders): return Array(founders.prefix(1))
    case .failure(let shortage):
        guard let starter = held.starters.first else { throw .waits(shortage.reason) }
        return [starter]
    }
}

/// Beside a cluster that answers: the disk of its leader, which gives its data up last.
///
/// - Throws: where so many voters say nothing that they could go on by themselves, and never learn of the next generation.
private func starterOfLiving(
    _ cluster: RunningCluster, _ record: ClusterRecord, _ evidence: Evidence
) throws(Refusal) -> [ClusterRecord.Entry] {
    let doubts = cluster.voters.compactMap { voter -> String? in
        guard let entry = evidence.entry(of: voter, in: record) else { return "\(voter.label) is not in the record" }
        if case .unknown(let doubt) = evidence.fate(of: entry) { return doubt }
        return nil
    }
    if doubts.count >= quorum(of: cluster.voters.count) { throw .waits(.generationUnknown(doubts)) }
    let leader = cluster.members.first { $0.id == cluster.leader }
    guard let entry = leader.flatMap(record.entry), entry.disk != nil, case .held = evidence.fate(of: entry) else {
        throw .waits(.generationUnknown(["the supervisor of the leader \(cluster.leader) does not report its disk"]))
    }
    return [entry]
}

private func goBack(
    _ view: StartView, _ group: Group, _ record: ClusterRecord, _ evidence: Evidence, to choice: BackupChoice,
    _ start: [ClusterRecord.Entry], _ losses: [String], _ acceptsLoss: Bool
) throws(Refusal) -> Beginnings {
    let chosen = try view.find(choice)
    try accept(losses + chosen.losses, acceptsLoss)
    var beginnings = try begin(view, group, record, evidence, .snapshot(chosen.name), start)
    beginnings.before = [chosen.step]
    return beginnings
}

private func begin(
    _ view: StartView, _ group: Group, _ record: ClusterRecord, _ evidence: Evidence,
    _ source: ClusterRecord.Source, _ start: [ClusterRecord.Entry]
) throws(Refusal) -> Beginnings {
    guard let swap = nextGenerationSwap(view, group, record, evidence, source: source, start) else {
        throw .noRecord
    }
    return Beginnings(swap: swap)
}

func accept(_ losses: [String], _ isAccepted: Bool) throws(Refusal) {
    if !isAccepted, !losses.isEmpty { throw .wouldLose(losses) }
}

extension ChosenBackup {
    /// What is passed over by choosing an older one, which stays in the bucket; and what is known to be wrong with the chosen one.
    var losses: [String] {
        let refutation = isRefuted ? ["whatever backup \(name) lacks or has changed, whose proof has failed"] : []
        guard let best = passedOver.first else { return refutation }
        return refutation + [
            "what \(counted(passedOver.count, "backup")) \(passedOver.count == 1 ? "has" : "have") beyond it, up to revision \(best.revision) of generation \(best.generation)"
        ]
    }
}

private func choose(
    _ chosen: InstanceID?, among sources: [HeldDisk], acceptsLoss: Bool
) throws(Refusal) -> HeldDisk {
    guard let best = sources.first else { throw .nothingHeld }
    guard let chosen, chosen != best.report.instance else { return best }
    guard let disk = sources.first(where: { $0.report.instance == chosen }) else {
        throw .notASource(chosen, "held are \(list(sources.map(explained)))")
    }
    let isAsGood = disk.generation == best.generation && disk.commitIndex == best.commitIndex
    if isAsGood || acceptsLoss { return disk }
    throw .notTheBest(
        chosen, commit: disk.commitIndex, best: best.report.instance, bestCommit: best.commitIndex)
}

func chooseStarters(_ view: StartView, _ group: Group, atLeast least: Int) throws(Refusal) -> [ClusterRecord.Entry] {
    switch chooseFounders(view, group, atLeast: least) {
    case .success(let founders): return founders
    case .failure(let shortage): throw .waits(shortage.reason)
    }
}

private func explained(_ disk: HeldDisk) -> String {
    "\(disk.report.instance) (generation \(disk.generation), committed up to \(disk.commitIndex))"
}

private func loss(_ disk: HeldDisk) -> String { "\(explained(disk)) holds data that can be carried on" }
private func loss(_ unseen: Report) -> String {
    "\(unseen.instance) holds data of generation \(unseen.heldData?.generation ?? 0), which nobody has looked at"
}
private func loss(_ unusable: InstanceID) -> String {
    "etcd can't run on what \(unusable) holds, and a person may save it"
}

/// What nothing empty may begin beside unasked.
///
/// - Throws: where the list can't be read, whatever is accepted: what is there would outrank all that comes.
func lossOfBackups(_ view: StartView) throws(Refusal) -> [String] {
    switch obstacleInBackups(view) {
    case nil: return []
    case .backupsExist(let count): return ["what \(counted(count, "backup")) \(count == 1 ? "holds" : "hold")"]
    case let obstacle?: throw .waits(obstacle)
    }
}

/// What a person has to know before agreeing: who says nothing, and is passed over.
private func notes(_ view: StartView, _ group: Group, _ record: ClusterRecord) -> [String] {
    let silent = group.instances.filter { instance in
        instance.state == .running && !record.instances.contains(instance.id) && view.facts.report(instance.id) == nil
    }
    return silent.map { "\($0.id) is passed over, which the record does not name: \(view.facts.silence($0.id))" }
        + ["the supervisors follow the record from their next look on"]
}
