/// How a life ends: what is not yet as it should be.

import ClusterPlanning

package enum Outcome: CustomStringConvertible {
    /// Everything is as it should be, that long after the last event.
    case converged(Duration)
    /// It waits for a person, for a reason that is written down.
    case waitsForPerson(String)
    case stuck(String)
    case violated

    package var description: String {
        switch self {
        case .converged(let after): "converged after \(after)"
        case .waitsForPerson(let text): "waits for a person: \(text)"
        case .stuck(let text): "stuck: \(text)"
        case .violated: "violated"
        }
    }
}

extension World {
    /// The only machine that leads with a quorum; nil where there is none, or several.
    func soleLeader() -> Int? {
        let found = runningClusterIDs().flatMap { leaders(among: running($0)) }
        return found.count == 1 ? found[0] : nil
    }

    /// What is not yet as it should be; nil where all is well: members are the group's instances, all healthy, and the record
    /// and DNS say so.
    func unrest() -> String? {
        guard let leader = soleLeader(), let own = replica(leader) else { return "nobody leads" }
        let membership = tree.membership(at: own.commit)
        for member in membership.members {
            if let trouble = trouble(of: member, own) { return trouble }
        }
        return unrestOfGroup(membership) ?? unrestOfRecord(membership, leader) ?? unrestOfZone(membership)
    }

    private func trouble(of member: Member, _ leader: Replica) -> String? {
        guard member.isVoter, member.isStarted else { return "\(member.id) is no started voter" }
        guard let index = machines.indices.first(where: { machines[$0].id.rawValue == member.name }),
            !machines[index].isTerminated, isHeard(index), let own = replica(index), own.member == member.id,
            own.commit == leader.commit
        else { return "\(member.name) is not well" }
        return nil
    }

    private func unrestOfGroup(_ membership: LogTree.Membership) -> String? {
        let duty = machines.indices.filter { isListedAndAlive($0) && machines[$0].state == .running }
        let settled = duty.filter { machines[$0].lifecycle == .inService }
        guard settled.count == cloud.desired, settled.count == duty.count else {
            return "\(settled.count) instances in service of \(cloud.desired)"
        }
        let names = duty.map { machines[$0].id.rawValue }
        let outside = membership.members.filter { !names.contains($0.name) }
        // One that serves outside of the group has a place, and the group may have one more.
        let isOutsideAlive = outside.allSatisfy { member in
            machines.contains { $0.id.rawValue == member.name && $0.lifecycle == nil && $0.state == .running }
        }
        guard isOutsideAlive else { return "a member that serves no more" }
        guard membership.members.count >= cloud.desired, membership.members.count - outside.count <= cloud.desired
        else {
            return "\(membership.members.count) members of \(cloud.desired)"
        }
        return nil
    }

    private func unrestOfRecord(_ membership: LogTree.Membership, _ leader: Int) -> String? {
        guard !options.settings.isWithoutRecord else { return nil }
        guard let record else { return "no record" }
        guard record.generation == generation(of: leader) else { return "the record is of another generation" }
        if let joining = record.voters.first(where: \.isJoining) { return "the record says \(joining.instance)+" }
        guard record.voters.map(\.instance.rawValue) == membership.members.map(\.name).sorted() else {
            return
                "the record names \(record.voters.map(\.instance)), the members are \(membership.members.map(\.name))"
        }
        for entry in record.voters {
            guard let index = index(of: entry.instance), disk(index).stamp?.disk == entry.disk else {
                return "the record does not name the disk of \(entry.instance)"
            }
        }
        return record.former.isEmpty ? nil : "the record has former disks"
    }

    private func unrestOfZone(_ membership: LogTree.Membership) -> String? {
        guard let zone else { return nil }
        let hosts = zone.hostsOfMembers(ofCluster: "main").sorted()
        guard hosts == membership.members.map({ "\($0.name).main.example.org." }).sorted() else {
            return "DNS names \(hosts)"
        }
        let addresses = zone.records.first { $0.name == "main.example.org." }?.values ?? []
        let wanted = membership.members.flatMap(\.peerURLs).map(\.host).sorted()
        return addresses.sorted() == wanted ? nil : "DNS gives \(addresses)"
    }

    /// What a person has to settle, where a life waits for that: nothing is lost, and nothing can be told by itself.
    func reasonForPerson() -> String? {
        // See "the record forgets an entry that nobody claims".
        if record?.voters.contains(where: { $0.instance == InstanceID("unknown") }) == true {
            return "the record names nobody's entry"
        }
        guard soleLeader() == nil else { return nil }
        for machine in machines where machine.isUp {
            if case .dataUnusable(let ids)? = machine.supervisor?.waitingFor {
                return "etcd can't run on the data of \(ids)"
            }
            if case .backupsSpoilt? = machine.supervisor?.waitingFor { return "every backup is spoilt" }
        }
        let held = heldReplicas()
        if ledger.promotionForgotten { return "a promotion that was not written down: the disk is a learner's again" }
        if !held.isEmpty, !held.contains(where: { isVoter($0.replica) && $0.replica.commit != 0 }) {
            return "what is held has no vote"
        }
        // Who was entered may start when the record has gone on already, and hold what the record does not name.
        let named = ((record?.voters ?? []) + (record?.former.map(\.entry) ?? [])).compactMap(\.disk)
        if held.contains(where: { other in !(disk(other.index).stamp.map { named.contains($0.disk) } ?? true) }) {
            return "a disk that the record does not name holds data"
        }
        // The longest log needs more votes, by its list, than there are; who would need fewer has a shorter log.
        if canElect(held.filter { generation(of: $0.index) == record?.generation }) { return "lists and logs disagree" }
        return nil
    }
}
