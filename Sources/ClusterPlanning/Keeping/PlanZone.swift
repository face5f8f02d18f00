/// The leader's decision on DNS: who is named, and when nothing is touched.

extension Turn {
    /// Names the healthy started voters that stay. Only the record's owner writes.
    mutating func writeZone(_ group: Group) {
        let zone: Zone
        switch view.zone {
        case .notAsked: return
        case .unavailable(let cause):
            deferring(.zoneNotRead(cause))
            return
        case .seen(let seen): zone = seen
        }
        if case .unknown = view.record { return }  // said already
        guard let name = group.clusterName(configured: view.settings.clusterName) else {
            deferring(.noClusterName(group: group.name))
            return
        }
        switch planDNS(cluster: name, voters: votersForDNS(zone, name), zone: zone) {
        case .unchanged: break
        case .change(let changes): dns = .changeDNS(changes)
        case .deferred(let deferral): deferring(deferral)
        }
    }

    /// Started voters that are healthy, or were a moment ago and are named already: a voter enters DNS healthy and leaves it
    /// after the grace, so that a restart changes nothing.
    func votersForDNS(_ zone: Zone, _ name: String) -> [Member] {
        let named = zone.hostsOfMembers(ofCluster: name)
        let names = ClusterDNSNames(cluster: name, domain: zone.domain)
        let voters = cluster.voters.filter { member in
            guard member.isStarted, member.id != removed?.id else { return false }
            guard let since = memory.unhealthySince[member.id] else { return true }
            return view.now - since < unhealthyGrace && named.contains(names.host(member.name))
        }
        // Who is about to go leaves DNS first, unless nobody else is there.
        let staying = voters.filter { !isLeaving($0) }
        return staying.isEmpty ? voters : staying
    }

    private var removed: Member? {
        if case .removeMember(let member, _)? = membership { member } else { nil }
    }
}

/// How long a voter may be unhealthy before DNS drops it. A restart is over long before that, and clients pass over a
/// member that does not answer; what they can't do is find one that is not named.
private let unhealthyGrace = Duration.seconds(30)
