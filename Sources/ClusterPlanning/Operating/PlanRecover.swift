/// `recover`: the way out of the waits of a generation that nobody can lead, at a person's word and no further.

/// Decides what `recover` does, one stage at a time: instances that are to be terminated, then the disks that are declared
/// gone, then the next generation. Each stage is planned on a look of its own, and none is begun if a later one would be
/// refused by what is known now.
///
/// Without any choice of the person it says what is waited for.
package func planRecover(_ view: OperatorView, _ request: RecoverRequest) -> OperatorPlan {
    view.planning { () throws(Refusal) in
        let group = try view.group()
        if request.from == .snapshot { throw .backupsNotMade }
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
    var next: RecordSwap?
    if let from = request.from { next = try beginning(after, group, from, acceptsLoss: request.acceptsLoss) }
    if !declaration.toTerminate.isEmpty {
        let steps = declaration.toTerminate.map { OperatorStep.terminate($0.id, $0.state) }
        return .act(steps, then: next.map { ["then \($0)"] } ?? [outlook(after)])
    }
    if let swap = declaration.swap(of: view.record, by: request.teller) {
        return .act([.swapRecord(swap)], then: next.map { ["then \($0)"] } ?? [outlook(after)])
    }
    if let next { return .act([.swapRecord(next)], then: notes(view, group, record)) }
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

/// The swap by which the next generation begins as the person chose.
///
/// - Throws: while anybody leads this generation or could, while its newest data may be somewhere, and where the choice
///   would lose what is not accepted to be lost.
private func beginning(
    _ view: StartView, _ group: Group, _ from: Beginning, acceptsLoss: Bool
) throws(Refusal) -> RecordSwap {
    guard let record = view.ownRecord else { throw .noRecord }
    if let cluster = view.answering(record).first { throw .clusterAnswers(cluster.id) }
    let evidence = view.evidence(record, StartMemory())
    switch evidence.state(of: record) {
    case .led(let instance): throw .waits(.generationLed(by: instance))
    case .pending(let instances): throw .waits(.generationPending(instances))
    case .unknown(let doubts): throw .waits(.generationUnknown(doubts))
    case .quorate(let instance): throw .waits(.generationQuorate(by: instance))
    case .dead(let sources, let unusable):
        if let differing = instancesOnOtherStores(view, group) { throw .waits(differing) }
        let source: ClusterRecord.Source
        let start: [ClusterRecord.Entry]
        switch from {
        case .snapshot: throw .backupsNotMade
        case .member(let chosen):
            let disk = try choose(chosen, among: sources, acceptsLoss: acceptsLoss)
            source = .member(disk.member)
            start = [disk.entry]
        case .empty:
            let losses = sources.map(loss) + unusable.map(loss) + lossOfBackups(view)
            if !acceptsLoss, !losses.isEmpty { throw .wouldLose(losses) }
            source = .empty
            start = try chooseStarters(view, group, atLeast: 1)
        }
        guard let swap = nextGenerationSwap(view, group, record, evidence, source: source, start) else {
            throw .noRecord
        }
        return swap
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
private func loss(_ unusable: InstanceID) -> String {
    "etcd can't run on what \(unusable) holds, and a person may save it"
}

func lossOfBackups(_ view: StartView) -> [String] { obstacleInBackups(view).map { [$0.description] } ?? [] }

/// What a person has to know before agreeing: who says nothing, and is passed over.
private func notes(_ view: StartView, _ group: Group, _ record: ClusterRecord) -> [String] {
    let silent = group.instances.filter { instance in
        instance.state == .running && !record.instances.contains(instance.id) && view.facts.report(instance.id) == nil
    }
    return silent.map { "\($0.id) is passed over, which the record does not name: \(view.facts.silence($0.id))" }
        + ["the supervisors follow the record from their next look on"]
}
