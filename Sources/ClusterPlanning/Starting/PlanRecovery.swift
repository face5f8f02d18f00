/// What becomes of a generation that nobody leads: wait for what may still hold its data, or begin the next one.

/// Judges the record's generation, and claims the next one where this one is dead. Whoever sees it first may: the swap
/// settles who was, and everybody follows what the record says then.
func planRecovery(
    _ view: StartView, _ record: ClusterRecord, _ last: StartMemory, _ memory: inout StartMemory
) -> StartPlan {
    if let obstacle = obstacleInGroup(view) { return .wait(obstacle) }
    guard let group = view.facts.group.value else { return .wait(.groupNotRead("not asked yet")) }
    let evidence = view.evidence(record, memory)
    switch evidence.state(of: record) {
    case .led(let instance): return .wait(.generationLed(by: instance))
    case .pending(let instances): return .wait(.generationPending(instances))
    case .unknown(let doubts): return .wait(.generationUnknown(doubts))
    case .quorate(let instance): return .wait(.generationQuorate(by: instance))
    case .dead(let sources, let unusable):
        memory.recoveringSince = last.recoveringSince ?? view.now
        if view.settings.onLoss == .hold { return .wait(.generationHeld(record.generation)) }
        if let obstacle = strangers(view, group, record, memory) { return .wait(obstacle) }
        if let source = sources.first {
            return claim(view, group, record, evidence, source: .member(source.member), [source.entry])
        }
        return planEmptyGeneration(view, group, record, evidence, unusable, last, memory)
    }
}

/// A running instance of the group that the record does not name and that says nothing may yet turn out to hold something:
/// it is given the grace, and no more. One that reads other stores would not see what we write.
private func strangers(
    _ view: StartView, _ group: Group, _ record: ClusterRecord, _ memory: StartMemory
) -> WaitReason? {
    let running = group.instances.filter { $0.state == .running && $0.id != view.identity.instance }
    let differing = running.filter { instance in
        view.facts.report(instance.id).map { $0.stores != view.stores } ?? false
    }
    if !differing.isEmpty { return .storesDiffer(differing.map(\.id)) }
    let waited = memory.recoveringSince.map { view.now - $0 } ?? .zero
    guard waited < view.settings.grace else { return nil }
    let silent = running.filter { !record.instances.contains($0.id) && view.facts.report($0.id) == nil }
    return silent.isEmpty ? nil : .reportsMissing(silent.map { "\($0.id): \(view.facts.silence($0.id))" })
}

/// No disk holds anything any more. What a person could still save is not passed over, and neither is a backup.
private func planEmptyGeneration(
    _ view: StartView, _ group: Group, _ record: ClusterRecord, _ evidence: Evidence, _ unusable: [InstanceID],
    _ last: StartMemory, _ memory: StartMemory
) -> StartPlan {
    if !unusable.isEmpty { return .wait(.dataUnusable(unusable)) }
    if let obstacle = obstacleInBackups(view) { return .wait(obstacle) }
    let waited = memory.recoveringSince.map { view.now - $0 } ?? .zero
    switch chooseFounders(view, group, isImpatient: waited >= view.settings.foundAfter) {
    case .failure(let shortage): return .wait(shortage.reason)
    case .success(let founders): return claim(view, group, record, evidence, source: .empty, founders)
    }
}

private func claim(
    _ view: StartView, _ group: Group, _ record: ClusterRecord, _ evidence: Evidence,
    source: ClusterRecord.Source, _ start: [ClusterRecord.Entry]
) -> StartPlan {
    let next = nextGeneration(view, after: record)
    let swap = view.record.swap(.recovery) { changed in
        changed.owner = group.owner
        changed.token = token(view, group, after: record)
        changed.generation = next
        changed.source = source
        changed.former = evidence.disksWorthKeeping(of: record, except: start.compactMap(\.disk))
        changed.start = start
        changed.voters = start
    }
    guard let swap else { return .wait(.recordNotRead("it was not found")) }
    return .claim(swap)
}

extension Evidence {
    /// Every disk of this generation and of earlier ones that is not gone and may hold something.
    fileprivate func disksWorthKeeping(
        of record: ClusterRecord, except started: [DiskID]
    ) -> [ClusterRecord.FormerEntry] {
        let all = record.former + record.voters.map { ClusterRecord.FormerEntry($0, generation: record.generation) }
        return all.filter { former in
            guard let disk = former.entry.disk, !started.contains(disk) else { return false }
            switch fate(of: former.entry) {
            case .held, .unusable, .unknown: return true
            case .gone, .blank: return false
            }
        }
    }
}

extension HeldDisk {
    fileprivate var entry: ClusterRecord.Entry { ClusterRecord.Entry(report.instance, report.peerURL, disk: disk) }
}
