/// What must never happen, whatever happens.

import ClusterPlanning

struct Violation: Sendable, CustomStringConvertible {
    enum Kind: String, Sendable, Hashable {
        /// Two clusters had a quorum, and data of the first was still there.
        case twoClusters
        /// A cluster was founded while data of another that had had a quorum was still there.
        case foundedBeside
        /// A member's ID that has voted was started without its log.
        case votesForgotten
        /// A member's ID met a leader that knew more of its log than it did (F16).
        case panic
        /// A write was acknowledged, is on a disk that is still there, and the cluster goes on without it.
        case writesLost
        /// There was a quorum before our act, and none after it.
        case quorumSpent
        /// A member was removed whose instance lives, with its data.
        case livingRemoved
        /// Data was set aside of a member that was not removed.
        case livingSetAside
        /// More than one change of membership in one turn.
        case severalChanges
        /// A change while members' data differ.
        case changedWhileCorrupt
        /// etcd was asked for a member ID that is gone for ever.
        case idReused
        /// A voter was entered beside one that has not started.
        case joinedTogether
        /// The group has more voters than it wants.
        case tooMany
    }

    var kind: Kind
    var text: String
    var time: Duration

    var description: String { "\(kind.rawValue) at \(time): \(text)" }
}

extension World {
    mutating func violate(_ kind: Violation.Kind, _ text: String) {
        note { world in "VIOLATION \(kind.rawValue): \(text)" }
        violations.append(Violation(kind: kind, text: text, time: now))
    }

    /// Data that is in its place, on a machine that EC2 has not terminated.
    func livingReplicas() -> [Replica] { computers.filter { !$0.isTerminated }.compactMap(\.disk.replica) }

    mutating func judgeFounding(_ index: Int, _ cluster: ClusterID, _ id: MemberID) {
        if let other = livingReplicas().first(where: { $0.cluster != cluster && everLed.contains($0.cluster) }) {
            violate(.foundedBeside, "\(computers[index].id) founds \(cluster) beside \(other.cluster)")
        }
        if haveVoted.contains(id) { violate(.votesForgotten, "\(computers[index].id) starts anew as \(id)") }
    }

    mutating func noteQuorum(of cluster: ClusterID, led leader: Int) {
        if !everLed.contains(cluster) {
            if let other = livingReplicas().first(where: { $0.cluster != cluster && everLed.contains($0.cluster) }) {
                violate(.twoClusters, "\(cluster) beside \(other.cluster)")
            }
            everLed.append(cluster)
        }
        let promised = acknowledged[cluster] ?? 0
        let held = replica(leader).writesHeld
        guard held < promised else { return }
        let holders = computers.filter { computer in
            !computer.isTerminated
                && (computer.disk.aside + [computer.disk.replica].compactMap { $0 })
                    .contains { $0.cluster == cluster && $0.writesHeld >= promised }
        }
        if !holders.isEmpty {
            violate(.writesLost, "\(promised - held) of \(promised), held by \(holders.map(\.id))")
        }
        acknowledged[cluster] = held
    }

    mutating func judgeRemoval(of id: MemberID, from leader: Int, by actor: Int?) {
        guard !removedByHand.contains(id) else { return }
        let cluster = replica(leader).cluster
        for (index, computer) in computers.enumerated() where !computer.isTerminated {
            let holdsIt = computer.disk.replica.map { $0.cluster == cluster && $0.member == id } ?? false
            // Whoever noted the entry as its own is about to start under it.
            let isComing = index != actor && computer.disk.replica == nil && computer.disk.stamp?.member == id
            if holdsIt || (isComing && computer.disk.stamp?.started == false) {
                violate(.livingRemoved, "\(id) of \(computer.id), which is \(computer.state)")
            }
        }
    }

    mutating func judgeSettingAside(_ index: Int) {
        guard let replica = computers[index].disk.replica else { return }
        let isRemoved = livingReplicas().contains {
            $0.cluster == replica.cluster && $0.removed.contains(replica.member)
        }
        if !isRemoved { violate(.livingSetAside, "\(replica.member) of \(computers[index].id)") }
    }

    mutating func judgeTurn(_ plan: ReconcilePlan, _ view: ClusterView) {
        let changes = plan.steps.count { if case .removeMember = $0 { true } else { false } }
        if changes > 1 { violate(.severalChanges, "\(plan.steps)") }
        if changes > 0, !view.alarms.isEmpty { violate(.changedWhileCorrupt, "\(plan.steps)") }
    }

    /// An act that comes late was judged right by what was seen before: only etcd can tell then.
    mutating func judgeAddition(to leader: Int, by actor: Int?) {
        guard actor != nil else { return }
        let own = replica(leader)
        if own.members.contains(where: { !$0.isStarted }) {
            violate(.joinedTogether, "\(own.members.map(\.name))")
        }
        if own.members.count > cloud.history.suffix(40).map(\.desired).max() ?? 0 {
            violate(.tooMany, "\(own.members.count) members, \(cloud.desired) wanted")
        }
    }
}

// MARK: Rest

/// How a run ended.
enum Outcome: Sendable, CustomStringConvertible {
    /// Everything is as it should be, that long after the last event.
    case converged(Duration)
    /// It waits for what only the record of a founding, shared by all, can settle; then nothing was lost either.
    case gap(String)
    case stuck(String)

    var description: String {
        switch self {
        case .converged(let after): "converged after \(after)"
        case .gap(let text): "gap: \(text)"
        case .stuck(let text): "stuck: \(text)"
        }
    }
}

extension World {
    /// What is not yet as it should be; nil where all is well: members are the group's instances, all healthy, and DNS says so.
    func unrest() -> String? {
        let leaders = everLed.filter { leader(of: $0) != nil }
        guard leaders.count == 1, let leader = leader(of: leaders[0]) else {
            return "\(leaders.count) clusters with a leader"
        }
        let members = replica(leader).members
        for member in members {
            guard member.isVoter, member.isStarted else { return "\(member.id) has not started" }
            guard let index = computers.firstIndex(where: { $0.id.rawValue == member.name }),
                !computers[index].isTerminated,
                isHeard(index), replica(index).member == member.id, replica(index).members == members
            else { return "\(member.name) is not well" }
        }
        let duty = computers.filter { $0.state == .running && $0.lifecycle == "InService" }
        guard duty.count >= cloud.desired else { return "\(duty.count) instances of \(cloud.desired)" }
        let outside = members.filter { member in !duty.contains { $0.id.rawValue == member.name } }
        let isOutsideAlive = outside.allSatisfy { member in
            computers.contains { $0.id.rawValue == member.name && $0.lifecycle == nil }
        }
        guard isOutsideAlive else { return "a member that serves no more" }
        // One that serves outside of the group has a place, and the group may have too few of them or the cluster one too many.
        guard members.count >= cloud.desired, members.count - outside.count <= cloud.desired else {
            return "\(members.count) members of \(cloud.desired)"
        }
        guard let zone else { return nil }
        let hosts = Set(zone.hostsOfMembers(ofCluster: "main"))
        guard hosts == Set(members.map { "\($0.name).main.example.org." }) else { return "DNS names \(hosts.sorted())" }
        let addresses = zone.records.first { $0.name == "main.example.org." }?.values ?? []
        return Set(addresses) == Set(members.flatMap(\.peerURLs).map(\.host)) ? nil : "DNS gives \(addresses)"
    }

    /// What only the next generation's record can settle, where that is what a run waits for.
    func gap() -> String? {
        let strays = livingReplicas().filter { !everLed.contains($0.cluster) }
        guard let stray = strays.first else { return nil }
        return everLed.isEmpty
            ? "founders differ for good" : "\(stray.cluster) was begun and never led, beside \(everLed)"
    }
}
