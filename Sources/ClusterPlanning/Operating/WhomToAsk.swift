/// Where `status` looks on when what it has seen so far names more than was asked.

extension OperatorView {
    /// A place where a member, or a disk of the record, is, and that was not asked for a report yet.
    package struct Unasked: Equatable, Sendable {
        package var instance: InstanceID
        package var peerURL: Endpoint
    }

    /// Everybody whom members' lists or the record name, and nobody has asked. What runs nowhere can't be asked.
    package var unasked: [Unasked] {
        var places: [InstanceID: Endpoint] = [:]
        for entry in start.record.record?.voters ?? [] { places[entry.instance] = entry.peerURL }
        for member in membersShown {
            guard let url = member.peerURLs.first, let instance = start.instance(at: url) ?? member.instanceID else {
                continue
            }
            places[instance] = url
        }
        let ended = start.facts.instances.filter(\.state.isEnd).map(\.id)
        return places.keys.sorted().filter { start.facts.reports[$0] == nil && !ended.contains($0) }.compactMap { id in
            places[id].map { Unasked(instance: id, peerURL: $0) }
        }
    }

    /// The instances that EC2 can be asked about where the group can't: all that are named.
    package var named: [InstanceID] {
        let recorded = (start.record.record?.voters ?? []).map(\.instance)
        let all = recorded + membersShown.compactMap(\.instanceID) + start.facts.reports.keys
        return Set(all).filter { InstanceID.isInstanceID($0.rawValue) }.sorted()
    }

    private var membersShown: [Member] {
        let byPeers = start.peers.flatMap { peer -> [Member] in
            if case .members(_, let members) = peer.answer { members } else { [] }
        }
        return byPeers + start.clusters.flatMap(\.members)
    }

    /// Goes by what supervisors say of the group and the cluster's name where AWS does not tell: our own first.
    package mutating func learnFromReports() {
        let own = start.identity.instance
        let answers = [own] + start.facts.reports.keys.sorted().filter { $0 != own }
        let reports = answers.compactMap { id -> Report? in
            if case .report(let report)? = start.facts.reports[id] { report } else { nil }
        }
        start.facts.owner = start.facts.owner ?? reports.lazy.compactMap(\.owner).first
        let ours = reports.filter { $0.owner == start.facts.owner }
        start.facts.cluster = start.facts.cluster ?? ours.lazy.compactMap(\.cluster).first
    }
}

extension StartView {
    fileprivate func instance(at url: Endpoint) -> InstanceID? {
        facts.instances.first { $0.address == url.host && !$0.state.isEnd }?.id
    }
}
