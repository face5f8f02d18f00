/// When a group without any record founds its cluster, with whom, and what must not be there then.

/// No record anywhere and nobody runs etcd. The group founds once it is whole, every running instance says that it holds
/// nothing, and the zone knows of no earlier cluster; with what the newest backup holds, where there is one. Who founds is
/// settled by the swap; the rest only decides when to try.
func planFounding(
    _ view: StartView, _ group: Group, _ stamp: Stamp, in store: StoreName, _ last: StartMemory,
    _ memory: inout StartMemory
) -> StartPlan {
    let since = last.foundingSince ?? view.now
    memory.foundingSince = since
    memory.founders = nil
    let isImpatient = view.now - since >= view.settings.foundAfter
    let source: ClusterRecord.Source
    let founders: [ClusterRecord.Entry]
    do {
        // Where there are backups there was a record, and whoever is silent may hold what they lack (F4, F31).
        let isFirst = view.backups.value?.isEmpty ?? true
        let obstacle = whoMayHoldData(view, group, passingOver: isImpatient && isFirst) ?? obstacleInZone(view, group)
        if let obstacle { return .wait(obstacle) }
        source = try sourceWithoutDisks(view, after: nil).get()
        let least = isImpatient ? quorum(of: view.settings.target(group)) : nil
        let chosen = try chooseFounders(view, group, atLeast: least).get()
        // What is restored is one member's data: the others join it.
        founders = source == .empty ? chosen : Array(chosen.prefix(1))
    } catch {
        return .wait(error.reason)
    }
    let names = founders.map { InitialMember($0.instance.rawValue, $0.peerURL) }
    guard founders.contains(where: { $0.disk == stamp.disk }) else { return .wait(.foundingWithoutUs(founders: names)) }
    memory.founders = names
    guard last.founders == names else { return .wait(.groupMayChange(founders: names)) }
    let record = ClusterRecord(
        owner: group.owner, generation: nextGeneration(view, after: nil), token: token(view, group, after: nil),
        source: source, start: founders, voters: founders)
    return .claim(RecordSwap(.founding, store: store, expected: nil, record: record))
}

/// One above every generation that was ever seen: an old backup must never outrank a new one.
func nextGeneration(_ view: StartView, after record: ClusterRecord?) -> Int {
    let seen = [record?.generation, view.disk.stamp?.generation, view.backups.value?.highestGeneration]
    let reported = view.facts.counted.compactMap { $0.heldData?.generation }
    return (seen.compactMap { $0 } + reported).reduce(0, max) + 1
}

/// Unique, so that no other cluster has its ID: that is a hash of peer URLs and token, and addresses do come again.
func token(_ view: StartView, _ group: Group, after record: ClusterRecord?) -> String {
    let name = group.clusterName(configured: view.settings.clusterName) ?? "etcd-cluster"
    return "\(name)-\(nextGeneration(view, after: record))-\(view.salt)"
}

/// The lowest instance IDs of those that report an empty disk: everybody takes the same ones.
///
/// - Parameter least: how many are enough once the patience is over; nil: the whole target at once.
func chooseFounders(
    _ view: StartView, _ group: Group, atLeast least: Int?
) -> Result<[ClusterRecord.Entry], Obstacle> {
    let wanted = view.settings.target(group)
    let blank = group.instances.filter(\.isInDuty).compactMap { blankEntry(view, $0) }
    // Where the cluster is to be smaller than the group, the whole group has to be seen all the same (F1).
    let expected = least ?? max(wanted, group.desiredCapacity)
    guard wanted > 0, blank.count >= expected else {
        return .failure(Obstacle(reason: .groupIncomplete(running: blank.count, wanted: expected)))
    }
    return .success(Array(blank.prefix(wanted)))
}

/// An instance with a disk on which nothing ever was.
private func blankEntry(_ view: StartView, _ instance: Instance) -> ClusterRecord.Entry? {
    if instance.id == view.identity.instance {
        guard case .empty(let stamp?) = view.disk else { return nil }
        return ClusterRecord.Entry(instance.id, view.identity.peerURL, disk: stamp.disk)
    }
    guard let report = view.facts.report(instance.id), case .none = report.holding, let disk = report.disk else {
        return nil
    }
    return ClusterRecord.Entry(instance.id, report.peerURL, disk: disk)
}

/// Other instances of the group that hold data, or may and can't tell: one that does not answer, and one that is stopped, on
/// its way down or not up yet. Only `terminated` is the end of a disk. Warm instances count nowhere.
///
/// - Parameter impatient: whether a running instance that says nothing is passed over where the group launched it from our
///   own template: it runs what we run, and could not have founded without the record.
func whoMayHoldData(_ view: StartView, _ group: Group, passingOver impatient: Bool) -> WaitReason? {
    let own = view.identity.instance
    let others = group.instances.filter {
        $0.id != own && $0.lifecycle?.isWarm != true && $0.state != .terminated
    }
    let unsettled = others.filter { $0.state != .running || $0.address == nil }
    if !unsettled.isEmpty { return .instancesUnsettled(unsettled) }
    let source = group.instance(own)?.launchSource
    var doubts: [String] = []
    var strangers: [InstanceID] = []
    for instance in others {
        guard let report = view.facts.report(instance.id) else {
            let isOurKind = source != nil && instance.launchSource == source
            let runsNothing = view.peers.first { $0.instance == instance.id }?.hasMembers != true
            if impatient, isOurKind, runsNothing { continue }
            doubts.append("\(instance.id): \(view.facts.silence(instance.id))")
            continue
        }
        if report.hasNotReadRecord(view) {
            doubts.append("\(instance.id) has not read the record yet")
        } else if report.stores != view.stores {
            strangers.append(instance.id)
        }
        if let doubt = report.doubtOfEmptiness { doubts.append("\(instance.id) \(doubt)") }
    }
    if !strangers.isEmpty { return .storesDiffer(strangers) }
    return doubts.isEmpty ? nil : .reportsMissing(doubts)
}

extension Report {
    /// Whether it does not say which stores it reads, though there are some: it could not read them.
    func hasNotReadRecord(_ view: StartView) -> Bool { stores.isEmpty && !view.stores.isEmpty }

    fileprivate var doubtOfEmptiness: String? {
        switch holding {
        case .none: nil
        case .data: "holds data"
        case .unusable(let cause): "holds data that etcd can't run on: \(cause)"
        case .unknown(let cause): "can't tell what it holds: \(cause)"
        }
    }
}

/// The zone as a witness: where it names members of a cluster of this name, there was one, and founding another beside its
/// data would split the world (F4). A zone that can't be read says nothing (F33).
func obstacleInZone(_ view: StartView, _ group: Group) -> WaitReason? {
    switch view.zone {
    case .notAsked: return nil
    case .unavailable(let cause): return .zoneNotRead(cause)
    case .seen(let zone):
        guard let name = group.clusterName(configured: view.settings.clusterName) else {
            return .noClusterName(group: group.name)
        }
        let hosts = zone.hostsOfMembers(ofCluster: name)
        return hosts.isEmpty ? nil : .zoneNamesCluster(name: name, hosts: hosts)
    }
}

/// Backups are data too: nothing empty may be founded beside them unasked.
func obstacleInBackups(_ view: StartView) -> WaitReason? {
    switch view.backups {
    case .notAsked: !view.settings.hasBucket ? nil : .backupsNotRead("not asked yet")
    case .unavailable(let cause): .backupsNotRead(cause)
    case .seen(let seen): seen.isEmpty ? nil : .backupsExist(seen.backups.count + seen.strangers.count)
    }
}
