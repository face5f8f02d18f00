/// What becomes of a generation that nobody leads: wait for what may still hold its data, or begin the next one.

/// Judges the record's generation, and claims the next one where this one is dead. Whoever sees it first may: the swap
/// settles who was, and everybody follows what the record says then.
func planRecovery(
    _ view: StartView, _ record: ClusterRecord, _ memory: inout StartMemory
) -> StartPlan {
    if let obstacle = obstacleInGroup(view) { return .wait(obstacle) }
    guard let group = view.facts.group.value else { return .wait(.groupNotRead("not asked yet")) }
    let evidence = view.evidence(record, memory)
    let state = evidence.state(of: record)
    if state.isAlive { memory.recovering = nil }
    switch state {
    case .led(let instance): return .wait(.generationLed(by: instance))
    case .pending(let instances): return .wait(.generationPending(instances))
    case .unknown(let doubts): return .wait(.generationUnknown(doubts))
    case .quorate(let instance): return .wait(.generationQuorate(by: instance))
    case .dead(let sources, let unusable):
        memory.recovering =
            memory.recovering ?? StartMemory.Recovering(generation: record.generation, since: view.now)
        if view.settings.onLoss == .hold { return .wait(.generationHeld(record.generation)) }
        if let obstacle = strangers(view, group, record, memory) { return .wait(obstacle) }
        if let source = sources.first {
            // What etcd can't run on may hold what the others lack, and may be run again by a better etcd: which of them
            // counts is for a person (F20).
            if !unusable.isEmpty { return .wait(.dataUnusable(unusable)) }
            return claim(view, group, record, evidence, source: .member(source.member), [source.entry])
        }
        return planEmptyGeneration(view, group, record, evidence, unusable, memory)
    }
}

/// A running instance of the group that the record does not name and that says nothing may yet turn out to hold something:
/// it is given the grace, and no more. One that reads other stores would not see what we write.
private func strangers(
    _ view: StartView, _ group: Group, _ record: ClusterRecord, _ memory: StartMemory
) -> WaitReason? {
    let waited = memory.recovering.map { view.now - $0.since } ?? .zero
    let isPatient = waited < view.settings.grace
    // One that the record does not name, holds nothing and can't read the record is passed over like a silent one.
    let passedOver =
        isPatient
        ? []
        : group.instances.map(\.id).filter { id in
            guard !record.instances.contains(id), let report = view.facts.report(id) else { return false }
            if case .none = report.holding { return report.hasNotReadRecord(view) }
            return false
        }
    if let differing = instancesOnOtherStores(view, group, except: passedOver) { return differing }
    guard isPatient else { return nil }
    let running = group.instances.filter { $0.state == .running && $0.id != view.identity.instance }
    let silent = running.filter { !record.instances.contains($0.id) && view.facts.report($0.id) == nil }
    return silent.isEmpty ? nil : .reportsMissing(silent.map { "\($0.id): \(view.facts.silence($0.id))" })
}

/// Running instances that would not see what we write.
func instancesOnOtherStores(
    _ view: StartView, _ group: Group, except passedOver: [InstanceID] = []
) -> WaitReason? {
    let running = group.instances.filter { instance in
        instance.state == .running && instance.id != view.identity.instance && !passedOver.contains(instance.id)
    }
    let differing = running.filter { instance in
        view.facts.report(instance.id).map { $0.stores != view.stores } ?? false
    }
    let unread = differing.filter { view.facts.report($0.id)?.hasNotReadRecord(view) == true }
    if !unread.isEmpty { return .reportsMissing(unread.map { "\($0.id) has not read the record yet" }) }
    return differing.isEmpty ? nil : .storesDiffer(differing.map(\.id))
}

/// No disk holds anything any more: the newest backup is what is left, or nothing. What a person could still save is not
/// passed over.
private func planEmptyGeneration(
    _ view: StartView, _ group: Group, _ record: ClusterRecord, _ evidence: Evidence, _ unusable: [InstanceID],
    _ memory: StartMemory
) -> StartPlan {
    if !unusable.isEmpty { return .wait(.dataUnusable(unusable)) }
    let source: ClusterRecord.Source
    do { source = try sourceWithoutDisks(view, after: record).get() } catch { return .wait(error.reason) }
    let waited = memory.recovering.map { view.now - $0.since } ?? .zero
    // Whatever is there has been judged, and the swap lets one set of starters through: after the patience one will do. A
    // majority may never come where a learner's disk, which can't be carried on, is in the group.
    // A backup needs but one to be restored on, and nobody is served before.
    let least = source != .empty || waited >= view.settings.foundAfter ? 1 : nil
    switch chooseFounders(view, group, atLeast: least) {
    case .failure(let shortage): return .wait(shortage.reason)
    case .success(let founders):
        let start = source == .empty ? founders : Array(founders.prefix(1))
        return claim(view, group, record, evidence, source: source, start)
    }
}

private func claim(
    _ view: StartView, _ group: Group, _ record: ClusterRecord, _ evidence: Evidence,
    source: ClusterRecord.Source, _ start: [ClusterRecord.Entry]
) -> StartPlan {
    guard let swap = nextGenerationSwap(view, group, record, evidence, source: source, start) else {
        return .wait(.recordNotRead("it was not found"))
    }
    return .claim(swap)
}

/// The swap by which the next generation begins; nil where no record was found.
func nextGenerationSwap(
    _ view: StartView, _ group: Group, _ record: ClusterRecord, _ evidence: Evidence,
    source: ClusterRecord.Source, _ start: [ClusterRecord.Entry]
) -> RecordSwap? {
    let next = nextGeneration(view, after: record)
    return view.record.swap(.recovery) { changed in
        changed.owner = group.owner
        changed.token = token(view, group, after: record)
        changed.generation = next
        changed.source = source
        changed.former = evidence.disksWorthKeeping(of: record, except: start.compactMap(\.disk))
        changed.start = start
        changed.voters = start
    }
}

extension Evidence {
    /// Every disk of this generation and of earlier ones that is not gone and may hold something.
    fileprivate func disksWorthKeeping(
        of record: ClusterRecord, except started: [DiskID]
    ) -> [ClusterRecord.FormerEntry] {
        let all = record.former + record.voters.map { ClusterRecord.FormerEntry($0, generation: record.generation) }
        return all.compactMap { former in
            var kept = former
            switch fate(of: former.entry) {
            // A disk that nobody had named yet has its name by now.
            case .held(let report), .unusable(let report, _): kept.entry.disk = former.entry.disk ?? report.disk
            case .unknown: break
            case .gone, .blank: return nil
            }
            return kept.entry.disk.map(started.contains) == true ? nil : kept
        }
    }
}

extension HeldDisk {
    var entry: ClusterRecord.Entry { ClusterRecord.Entry(report.instance, report.peerURL, disk: disk) }
}
