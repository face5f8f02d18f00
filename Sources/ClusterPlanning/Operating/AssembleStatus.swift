/// From what was seen to what `status` shows: one row for each instance of the group, of the record, and of the members.

extension ClusterStatus {
    /// Puts together what belongs together.
    package init(_ view: StatusView) {
        let start = view.seen.start
        let names = StatusNames(start)
        self.init(
            time: UTCTime(start.time) ?? UTCTime(seconds: 0), here: start.identity.instance, name: start.clusterName,
            group: start.facts.group, silenceOfEC2: start.facts.asked.failure,
            target: start.settings.clusterSize ?? start.facts.group.value?.desiredCapacity,
            record: start.record, readings: view.seen.readings, clusters: start.clusters, dns: names.status,
            rows: StatusRows(view, names).all(), backups: start.backups.map(BackupSummary.init),
            leader: start.leaderStatus, isBlind: view.seen.isBlind)
    }
}

extension StartView {
    /// As it is configured, or the group, or a supervisor says.
    package var clusterName: String? {
        if let group = facts.group.value { return group.clusterName(configured: settings.clusterName) }
        return settings.clusterName?.lowercased() ?? facts.cluster
    }

    fileprivate var leaderStatus: LeaderStatus {
        guard let cluster = clusters.first else {
            let telling = facts.counted.first { $0.asLeader != nil && $0.etcd.leader != nil }
            guard let telling, let report = telling.asLeader else { return .nobody }
            return .told(telling.instance, report)
        }
        let member = cluster.members.first { $0.id == cluster.leader }
        guard let instance = member.flatMap(place) else { return .silent(cluster.leader, "nobody knows its instance") }
        guard let report = facts.report(instance) else { return .silent(cluster.leader, facts.silence(instance)) }
        guard let told = report.asLeader else {
            return .silent(cluster.leader, "its supervisor has taken no turn yet, or is an older etcd-cluster")
        }
        return .told(instance, told)
    }

    /// The instance that a member runs on: by its address, else by its name.
    fileprivate func place(_ member: Member) -> InstanceID? {
        let hosts = member.peerURLs.map(\.host)
        let instance = facts.instances.first { instance in
            instance.address.map(hosts.contains) == true && !instance.state.isEnd
        }
        let report = facts.counted.first { member.peerURLs.contains($0.peerURL) }
        return instance?.id ?? report?.instance ?? member.instanceID
    }
}

extension OperatorView {
    /// Whether nothing but failures came back.
    fileprivate var isBlind: Bool {
        let hasReport = start.facts.reports.values.contains { if case .report = $0 { true } else { false } }
        let hasReading = readings.contains { if case .unavailable = $0.answer { false } else { true } }
        return start.facts.group.value == nil && start.facts.asked.value == nil && !hasReport && !hasReading
            && !start.peers.contains(where: \.hasMembers) && start.clusters.isEmpty && start.zone.value == nil
            && start.backups.value == nil
    }
}

extension Observed {
    fileprivate var failure: String? { if case .unavailable(let cause) = self { cause } else { nil } }

    fileprivate func map<Other>(_ change: (Value) -> Other) -> Observed<Other> {
        switch self {
        case .notAsked: .notAsked
        case .unavailable(let cause): .unavailable(cause)
        case .seen(let value): .seen(change(value))
        }
    }
}

/// The rows of one look.
private struct StatusRows {
    let view: StatusView
    let names: StatusNames
    var start: StartView { view.seen.start }
    var facts: Facts { start.facts }

    init(_ view: StatusView, _ names: StatusNames) {
        self.view = view
        self.names = names
    }

    func all() -> [StatusRow] {
        let members = shownMembers ?? []
        let placed = members.map { (member: $0, instance: start.place($0)) }
        let record = start.record.record
        let recorded = ((record?.voters ?? []) + (record?.former.map(\.entry) ?? [])).map(\.instance)
        let listed = (facts.group.value?.instances ?? []).map(\.id)
        let own = [start.identity.instance]
        let telling = facts.counted.map(\.instance)
        let instances = Set(listed + recorded + own + telling + placed.compactMap(\.instance)).sorted()
        let ofInstances = instances.flatMap { id -> [StatusRow] in
            let here = placed.filter { $0.instance == id }.map(\.member)
            return here.isEmpty ? [row(id, nil)] : here.map { row(id, $0) }
        }
        return ofInstances + placed.filter { $0.instance == nil }.map { row(nil, $0.member) }
    }

    /// The members of every cluster that answers; where none does, as the best disk shows them; nil: nobody shows any.
    private var shownMembers: [Member]? {
        if !start.clusters.isEmpty { return start.clusters.flatMap(\.members) }
        let shown = facts.counted.filter { $0.etcd.members?.isEmpty == false }
        let newest = shown.compactMap { $0.heldData?.generation }.max()
        if let best = shown.first(where: { $0.heldData?.generation == newest }) { return best.etcd.members }
        return start.peers.lazy.compactMap { peer in
            if case .members(_, let members) = peer.answer { members } else { nil }
        }.first
    }

    private func row(_ id: InstanceID?, _ member: Member?) -> StatusRow {
        let instance = id.flatMap(facts.instance)
        let entry = id.flatMap(recorded)
        return StatusRow(
            instance: id, state: instance?.state == .unclear ? nil : instance?.state, lifecycle: instance?.lifecycle,
            availabilityZone: id.flatMap { view.availabilityZones[$0] }, address: address(id, member, entry),
            member: member?.id, role: role(member), health: health(id, member),
            etcdVersion: member.flatMap { view.etcdVersions[$0.id] }, isInRecord: entry != nil, report: report(id),
            names: names.names(of: member?.name.isEmpty == false ? member?.name : id?.rawValue))
    }

    private func recorded(_ id: InstanceID) -> ClusterRecord.Entry? {
        let record = start.record.record
        return record?.voters.first { $0.instance == id } ?? record?.former.first { $0.entry.instance == id }?.entry
    }

    private func address(_ id: InstanceID?, _ member: Member?, _ entry: ClusterRecord.Entry?) -> String? {
        id.flatMap(facts.instance)?.address ?? id.flatMap(facts.report)?.peerURL.host ?? member?.peerURLs.first?.host
            ?? entry?.peerURL.host
    }

    private func role(_ member: Member?) -> StatusRow.Role? {
        guard let member else { return shownMembers == nil ? nil : StatusRow.Role.none }
        if start.clusters.contains(where: { $0.leader == member.id && $0.members.contains(member) }) { return .leader }
        return member.isLearner ? .learner : .voter
    }

    private func health(_ id: InstanceID?, _ member: Member?) -> StatusRow.Health {
        if let member, let cluster = start.clusters.first(where: { $0.members.contains(member) }) {
            switch cluster.health[member.id] {
            case .healthy: return .healthy
            case .unhealthy(let cause): return .ill(cause)
            case nil: return .unknown("it was not asked")
            }
        }
        if member == nil, shownMembers != nil { return .noMember }
        guard let id else { return .unknown("nobody knows its instance") }
        guard let report = facts.report(id) else { return .unknown(facts.silence(id)) }
        guard report.etcd.isRunning else { return .ill("no etcd runs there") }
        return .ill(
            report.etcd.leader == nil
                ? "its etcd knows no leader" : "its etcd knows a leader, and no linearizable read has succeeded")
    }

    private func report(_ id: InstanceID?) -> ReportAnswer {
        guard let id else { return .silent("nobody knows its instance") }
        return facts.report(id).map(ReportAnswer.report) ?? .silent(facts.silence(id))
    }
}

/// What the zone says of each member, and what the leader's own plan would have it say.
private struct StatusNames {
    let status: DNSStatus
    /// Nil where the zone could not be seen.
    private let names: ClusterDNSNames?
    private let before: [RecordSet]
    private let after: [RecordSet]

    init(_ start: StartView) {
        switch start.zone {
        case .notAsked: self.init(.notConfigured)
        case .unavailable(let cause): self.init(.unavailable(cause))
        case .seen(let zone):
            guard let name = start.clusterName else {
                self.init(.unavailable("the cluster has no name to look for: set --cluster-name"))
                return
            }
            let names = ClusterDNSNames(cluster: name, domain: zone.domain)
            switch start.plannedDNS(name, zone) {
            case .unchanged: self.init(.seen([]), names, zone.records, zone.records)
            case .change(let changes):
                self.init(.seen(changes), names, zone.records, zone.records.changed(by: changes))
            case .deferred(let deferral): self.init(.held(deferral), names, zone.records, zone.records)
            }
        }
    }

    private init(
        _ status: DNSStatus, _ names: ClusterDNSNames? = nil, _ before: [RecordSet] = [], _ after: [RecordSet] = []
    ) {
        self.status = status
        self.names = names
        self.before = before
        self.after = after
    }

    /// - Parameter label: the member's name, or the instance's.
    func names(of label: String?) -> StatusRow.Names? {
        guard let names else { return nil }
        guard let label else { return StatusRow.Names.none }
        let host = names.host(label)
        let (held, wanted) = (before.saying(host), after.saying(host))
        if held == wanted { return held.isEmpty ? StatusRow.Names.none : .named }
        return held.isEmpty ? .missing : wanted.isEmpty ? .stale : .wrong
    }
}

extension StartView {
    /// What the leader's turn would make of the zone.
    fileprivate func plannedDNS(_ name: String, _ zone: Zone) -> DNSPlan {
        guard let cluster = clusters.first else { return .deferred(.nobodyForDNS) }
        var turn = Turn(ClusterView(self, cluster), ReconcileMemory())
        turn.remember()
        return planDNS(cluster: name, voters: turn.votersForDNS(zone, name), zone: zone)
    }
}

extension [RecordSet] {
    fileprivate func changed(by changes: [RecordChange]) -> [RecordSet] {
        let touched = changes.map(\.record)
        let kept = filter { held in !touched.contains { $0.name == held.name && $0.kind == held.kind } }
        return kept + changes.compactMap { if case .upsert(let record) = $0 { record } else { nil } }
    }

    /// What they say of one host: its address, and the services that point to it.
    fileprivate func saying(_ host: String) -> Set<RecordSet> {
        let own = filter { $0.kind == .a && $0.name == host }
        let services = filter { $0.kind == .srv }.compactMap { record -> RecordSet? in
            let values = record.values.filter { $0.hasSuffix(" \(host)") }
            return values.isEmpty ? nil : RecordSet(record.name, .srv, timeToLive: record.timeToLive, values: values)
        }
        return Set(own + services)
    }
}
