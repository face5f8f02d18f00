/// Disks that a person declares gone: checked against everybody who may know better.

/// What is left to be done so that the disks of some instances count as gone.
struct Declaration {
    /// Entries whose disks nobody has, in the record's order, with EC2's word for their instance.
    var entries: [(entry: ClusterRecord.Entry, state: Instance.State)] = []
    /// Instances that have to end first.
    var toTerminate: [(id: InstanceID, state: Instance.State)] = []
    /// What is written down of each disk.
    var gone: [ClusterRecord.GoneDisk] = []

    /// The swap that writes it down; nil where nothing has to be.
    func swap(of reading: RecordReading, by teller: String) -> RecordSwap? {
        guard !gone.isEmpty else { return nil }
        let what = "\(teller) declares gone \(list(entries.map(\.entry.description)))"
        return reading.swap(.byOperator(what)) { $0.gone += gone }
    }
}

/// Judges each instance that is declared gone.
///
/// - Throws: where the record names no disk of it, where somebody reports that disk, and where EC2 knows the instance and the
///   person has not said what is to become of it.
func declaration(
    _ view: StartView, _ record: ClusterRecord, _ request: RecoverRequest
) throws(Refusal) -> Declaration {
    var declaration = Declaration()
    for id in Set(request.declaredGone).sorted() {
        let open = try undecided(view, record, id)
        if open.isEmpty { continue }
        if case .unavailable(let cause) = view.facts.asked { throw .blind("EC2 could not be asked: \(cause)") }
        guard let state = view.facts.instance(id)?.state else { throw .blind("EC2 was not asked about \(id)") }
        if try mustEndFirst(id, state, request) { declaration.toTerminate.append((id, state)) }
        for entry in open {
            declaration.entries.append((entry, state))
            declaration.gone.append(
                ClusterRecord.GoneDisk(
                    entry.markedDisk, evidence: "declared gone while EC2 called \(id) \(state)", time: view.time,
                    teller: request.teller))
        }
    }
    return declaration
}

/// The entries of an instance whose disks are not known to be gone.
private func undecided(
    _ view: StartView, _ record: ClusterRecord, _ id: InstanceID
) throws(Refusal) -> [ClusterRecord.Entry] {
    let entries = (record.voters + record.former.map(\.entry)).filter { $0.instance == id }
    if entries.isEmpty { throw .notInRecord(id, known: record.instances) }
    let evidence = view.evidence(record, StartMemory())
    var open: [ClusterRecord.Entry] = []
    for entry in entries {
        let reporters = view.facts.counted.filter { $0.disk == entry.disk && entry.disk != nil }.map(\.instance)
        if !reporters.isEmpty { throw .diskReported(of: id, by: reporters) }
        switch evidence.fate(of: entry) {
        case .gone: break
        case .held(let report), .blank(let report), .unusable(let report, _):
            throw .diskReported(of: id, by: [report.instance])
        case .unknown: open.append(entry)
        }
    }
    return open
}

/// Whether EC2 has to end the instance before its disks can be called gone. What is about to end is waited for: until then it
/// may run etcd.
private func mustEndFirst(
    _ id: InstanceID, _ state: Instance.State, _ request: RecoverRequest
) throws(Refusal) -> Bool {
    switch state {
    case .terminated, .unknownToEC2: return false
    case .running, .pending:
        // Nothing may begin anew beside what may lead at this moment; that is judged so everywhere.
        if request.terminates { return true }
        throw request.evenIfItReturns ? .instanceRuns(id, state) : .instanceExists(id, state)
    case .stopping, .stopped, .shuttingDown, .unclear:
        if request.terminates { return true }
        if request.evenIfItReturns { return false }
        throw .instanceExists(id, state)
    }
}

extension StartView {
    /// The same once it has been carried out: for judging what would follow.
    func assuming(_ declaration: Declaration) -> StartView {
        var view = self
        let ended = declaration.toTerminate.map { Instance($0.id, .terminated) }
        if !ended.isEmpty {
            let others = (facts.asked.value ?? []).filter { asked in !ended.contains { $0.id == asked.id } }
            view.facts.asked = .seen(others + ended)
            for instance in ended { view.facts.reports[instance.id] = .silent("it has ended") }
        }
        if case .found(var stored, let store) = record {
            stored.record.gone += declaration.gone
            view.record = .found(stored, in: store)
        }
        return view
    }
}

extension ClusterRecord.Entry {
    /// By what `gone` names the disk: its ID, or, where nobody has named it yet, one that stands for it and that no disk has.
    var markedDisk: DiskID { disk ?? DiskID("unnamed-on-\(instance)") }
}
