/// `forget`: the end of a record, and of the names in DNS that go with it.

/// Decides what `forget` does: the record goes from every store that holds one, or from the one that is named; and where no
/// record is left, so do the names under which the cluster stands in DNS, those that are ours and no others.
package func planForget(_ view: OperatorView, _ request: ForgetRequest) -> OperatorPlan {
    view.planning { () throws(Refusal) in
        let group = try view.group()
        if view.readings.isEmpty { throw .noRecordKept }
        let going = try recordsToRemove(view, request)
        let left = view.readings.filter { reading in !going.contains { $0.store == reading.store } && !reading.isAbsent
        }
        if !request.evenIfAlive { try refuseIfAlive(view.start, left, dropsAny: !going.isEmpty) }
        let names = left.isEmpty ? try recordsInDNS(view.start, group) : (ours: [], foreign: [])
        let records = going.map { OperatorStep.removeRecord(from: $0.store, version: $0.version) }
        let steps = records + (names.ours.isEmpty ? [] : [.changeDNS(names.ours.map(RecordChange.delete))])
        if steps.isEmpty { return .nothing("there is neither a record nor a name in DNS to forget") }
        return .act(steps, then: names.foreign + followUp(view.start, left))
    }
}

extension StoreReading {
    fileprivate var isAbsent: Bool { answer == .absent }

    fileprivate var version: String? { if case .stored(let stored) = answer { stored.version } else { nil } }
}

/// What stores hold and have to lose. One that gives no good answer is passed over by nobody, unless it is named: then what it
/// holds may be no record at all, and goes whatever it is.
private func recordsToRemove(_ view: OperatorView, _ request: ForgetRequest) throws(Refusal) -> [StoreReading] {
    if let store = request.store {
        guard let reading = view.readings.first(where: { $0.store == store }) else {
            throw .storeUnknown(store, known: view.readings.map(\.store))
        }
        return reading.isAbsent ? [] : [reading]
    }
    for reading in view.readings {
        if case .unavailable(let cause) = reading.answer {
            throw .blind("\(reading.store): \(cause); what is no record goes if you name its store by --store")
        }
    }
    if case .conflicting(let readings) = view.start.record { throw .recordsConflict(readings) }
    return view.readings.filter { !$0.isAbsent }
}

/// A cluster that answers needs its record, unless one stays that is its own.
private func refuseIfAlive(_ view: StartView, _ left: [StoreReading], dropsAny: Bool) throws(Refusal) {
    let kept = left.compactMap { reading in
        if case .stored(let stored) = reading.answer { stored.record } else { nil }
    }
    if let cluster = view.clusters.first(where: { cluster in
        !kept.contains { $0.owner == view.facts.owner && $0.generation == cluster.generation }
    }) {
        throw .stillAlive("cluster \(cluster.id) answers")
    }
    if view.clusters.isEmpty, let led = view.facts.counted.first(where: { $0.etcd.leader != nil }) {
        throw .stillAlive("\(led.instance) knows a leader that can't be reached from here")
    }
    guard dropsAny, view.record.record?.owner != view.facts.owner else { return }
    switch view.facts.otherOwner {
    case .seen(.exists): throw .stillAlive("the group that the record belongs to is alive")
    case .unavailable(let cause): throw .blind("whether the record's owner is alive could not be read: \(cause)")
    case .notAsked, .seen(.isGone), .seen(.outOfSight): break
    }
}

/// Every record set of the cluster that we write, as the zone holds it; and sentences on those that somebody made by hand.
private func recordsInDNS(_ view: StartView, _ group: Group) throws(Refusal) -> (ours: [RecordSet], foreign: [String]) {
    let zone: Zone
    switch view.zone {
    case .notAsked: return ([], [])
    case .unavailable(let cause): throw .blind(WaitReason.zoneNotRead(cause).description)
    case .seen(let seen): zone = seen
    }
    guard let name = group.clusterName(configured: view.settings.clusterName) else {
        throw .blind(WaitReason.noClusterName(group: group.name).description)
    }
    let names = ClusterDNSNames(cluster: name, domain: zone.domain)
    let ours = zone.records.filter { names.isOurs($0, in: zone) }
        .sorted { ($0.name, $0.kind.rawValue) < ($1.name, $1.kind.rawValue) }
    let foreign = ours.filter { !$0.isSimple }.map { "\($0.name) stays: an alias or routed set that we did not make" }
    return (ours.filter(\.isSimple), foreign)
}

private func followUp(_ view: StartView, _ left: [StoreReading]) -> [String] {
    if !left.isEmpty { return ["what is left is the record: \(list(left.map(\.explained)))"] }
    if let cluster = view.clusters.first {
        return ["the leader of cluster \(cluster.id) writes a new record, and its names, within ten minutes"]
    }
    let holding = view.facts.counted.filter { $0.heldData != nil }.map(\.instance.rawValue)
    if !holding.isEmpty {
        return [
            "data is held by \(list(holding)), and stays: with it the old cluster goes on, and nothing new is founded"
        ]
    }
    return ["the supervisors found a new cluster once the group is whole"]
}
