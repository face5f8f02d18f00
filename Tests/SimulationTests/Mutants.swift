/// The planner with one rule taken out, each: the schedule that it names has to notice, or some life.

import ClusterPlanning

extension Policy {
    static let mutants: [Policy] = mutantsOfStarts + mutantsOfJoins + mutantsOfTurns

    // MARK: Founding and resuming

    private static let mutantsOfStarts: [Policy] = [
        .mutant("who is silent has no data", missedIn: "older cluster behind a security group") { policy in
            policy.seeing { view in
                view.peers = view.peers.map { peer in
                    if case .silent = peer.answer { Peer(peer.instance, peer.endpoint, .refused) } else { peer }
                }
            }
        },
        .mutant("one reading is enough to found", missedIn: "one reading of two") { policy in
            policy.start = { view, memory in
                let plan = planStart(view, memory: &memory)
                guard case .wait(.groupMayChange) = plan else { return plan }
                return planStart(view, memory: &memory)
            }
        },
        .mutant("the zone is no witness", missedIn: "amnesiac founder") { $0.seeing { $0.zone = .notAsked } },
        .mutant("who has no leader is nobody", missedIn: "reboot with tmpfs") { policy in
            policy.seeing { view in
                guard view.clusters.isEmpty else { return }
                view.peers = view.peers.map { Peer($0.instance, $0.endpoint, .refused) }
            }
        },
        .mutant("instances on their way down hold no data", missedIn: "beside one that is on its way down") { policy in
            policy.seeing { view in
                let own = view.identity.instance
                view.alterGroup { $0.instances.filter { $0.state == .running || $0.id == own } }
            }
        },
        .mutant("a lost disk never was", missedIn: "the data lost before the name was published") {
            $0.seeing { $0.alterStamp { $0.started = false } }
        },
        .mutant("a cluster once seen never was", missedIn: "second of two") { policy in
            policy.seeing { view in if view.clusters.isEmpty { view.alterStamp { $0.cluster = nil } } }
        },
        .mutant("a group without us is right", missedIn: "detached while it boots") { policy in
            policy.seeing { view in
                let us = Instance(
                    view.identity.instance, .running, lifecycle: .inService, address: view.identity.peerURL.host)
                view.alterGroup { group in group.instances.filter { $0.id != us.id } + [us] }
            }
        },
        .mutant("a crash is a removal") { policy in
            policy.atOnce = { identity, disk, exit in
                exit == .failure ? nil : planAtOnce(identity, disk: disk, lastExit: exit)
            }
            policy.start = { view, memory in
                let plan = planStart(view, memory: &memory)
                guard case .data = view.disk, view.lastExit == .failure else { return plan }
                return .setAside(.removedFromCluster(view.clusters.first?.id ?? ClusterID(0)))
            }
        },
        .mutant("removed data is resumed for ever", missedIn: "removed by hand") { policy in
            policy.start = { view, memory in
                let plan = planStart(view, memory: &memory)
                guard case .setAside = plan else { return plan }
                return planAtOnce(view.identity, disk: view.disk, lastExit: .none) ?? plan
            }
        },
    ]

    // MARK: Joining

    private static let mutantsOfJoins: [Policy] = [
        .mutant("a joiner may spend the quorum") { policy in
            policy.insteadOfWaiting { reason, view in
                if case .quorumAtRisk = reason, let cluster = view.clusters.first { .addSelf(to: cluster) } else { nil }
            }
        },
        .mutant("several may join at once") { policy in
            policy.insteadOfWaiting { reason, view in
                if case .otherMemberJoining = reason, let cluster = view.clusters.first {
                    .addSelf(to: cluster)
                } else {
                    nil
                }
            }
        },
        .mutant("no cluster is ever full", missedIn: "launch before terminate") {
            $0.seeing { $0.configuredSize = 100 }
        },
        .mutant("nobody lags", missedIn: "a peer that lags shows an older entry") { policy in
            policy.seeing { view in
                guard let cluster = view.clusters.first else { return }
                view.peers = view.peers.map { peer in
                    guard case .members(cluster.id, _) = peer.answer else { return peer }
                    return Peer(peer.instance, peer.endpoint, .members(cluster.id, cluster.members))
                }
            }
        },
        .mutant("an entry at our address is ours", missedIn: "address reuse before the name was published") { policy in
            policy.seeing { view in
                guard let cluster = view.clusters.first else { return }
                let entry = cluster.members.first { !$0.isStarted && $0.peerURLs == [view.identity.peerURL] }
                guard let entry, case .empty = view.disk else { return }
                view.disk = .empty(Stamp(instance: view.identity.instance, cluster: cluster.id, member: entry.id))
            }
        },
        .mutant("an entry that answers is dead all the same", missedIn: "two machines with one address") { policy in
            policy.insteadOfWaiting { reason, view in
                if case .ownEntryAlive(let member) = reason, let cluster = view.clusters.first {
                    .removeOwnEntry(member, from: cluster)
                } else {
                    nil
                }
            }
        },
        .mutant("added again at once", missedIn: "added, lost sight of, and added again within a second") { policy in
            policy.start = { view, memory in
                memory.ownEntryRemoved = nil
                return planStart(view, memory: &memory)
            }
        },
        .mutant("who is entered waits for a leader", missedIn: "second of two, the supervisor killed in between") {
            policy in
            policy.start = { view, memory in
                let plan = planStart(view, memory: &memory)
                guard case .start(let launch) = plan, case .join = launch.kind, view.clusters.isEmpty else {
                    return plan
                }
                return .wait(.noLeader(among: view.peers))
            }
        },
        .mutant("an entry whose answer was lost is nobody's", missedIn: "second of two, the answer lost") { policy in
            policy.seeing { view in
                if case .empty(let stamp?) = view.disk, stamp.member == nil, !stamp.started { view.disk = .empty(nil) }
            }
        },
    ]

    // MARK: The leader's turns

    private static let mutantsOfTurns: [Policy] = [
        .removing("who is outside of the group is gone", missedIn: "hidden healthy member") {
            if case .outsideGroup(let member, _) = $0 { member } else { nil }
        },
        .removing("who is unknown to EC2 is gone", missedIn: "EC2 forgets one of three") {
            if case .instanceUnknownToEC2(let member) = $0 { member } else { nil }
        },
        .removing("who is on its way down is gone") {
            if case .instanceLeaving(let member, _) = $0 { member } else { nil }
        },
        .removing("who is ill is gone", missedIn: "a member that is ill for long") {
            if case .unhealthyButRunning(let member, _, _) = $0 { member } else { nil }
        },
        .removing("the dead go, whatever the quorum", missedIn: "terminated and serving") {
            if case .quorumAtRisk(let member, _) = $0 { member } else { nil }
        },
        .removing("all go at once") { if case .oneRemovalPerTurn(let member) = $0 { member } else { nil } },
        .mutant("no answer is an empty group", missedIn: "AWS answers nothing, nobody, or half") { policy in
            policy.reconcile = { view, memory in
                var plan = planReconcile(view, memory: &memory)
                guard case .unavailable = view.group else { return plan }
                let ill = view.cluster.members.first { !view.cluster.isHealthy($0) }
                if let ill { plan.steps.append(.removeMember(ill, because: .neverStarted(address: ""))) }
                return plan
            }
        },
        .mutant("an entry has no grace") { policy in
            policy.reconcile = { view, memory in
                for member in view.cluster.members { memory.orphanedSince[member.id] = view.now - .seconds(3600) }
                return planReconcile(view, memory: &memory)
            }
        },
        .mutant("an entry is kept for ever", missedIn: "a joiner that dies before it starts") { policy in
            policy.reconcile = { view, memory in
                var plan = planReconcile(view, memory: &memory)
                plan.steps.removeAll { if case .removeMember(_, .neverStarted) = $0 { true } else { false } }
                return plan
            }
        },
        .mutant("nobody is ever removed", missedIn: "an instance is replaced") { policy in
            policy.reconcile = { view, memory in
                var plan = planReconcile(view, memory: &memory)
                plan.steps.removeAll { if case .removeMember = $0 { true } else { false } }
                return plan
            }
        },
        .mutant("CORRUPT is nothing") { policy in
            policy.reconcile = { view, memory in
                var view = view
                view.alarms = []
                return planReconcile(view, memory: &memory)
            }
        },
        .mutant("DNS is written once", missedIn: "three, five, three") { policy in
            policy.reconcile = { view, memory in
                var plan = planReconcile(view, memory: &memory)
                if view.zone.value?.records.isEmpty == false {
                    plan.steps.removeAll { if case .changeDNS = $0 { true } else { false } }
                }
                return plan
            }
        },
        .mutant("DNS names the ill for ever", missedIn: "a member that is ill for long") { policy in
            policy.reconcile = { view, memory in
                memory.unhealthySince = [:]
                return planReconcile(view, memory: &memory)
            }
        },
        .mutant("DNS keeps who was removed", missedIn: "an instance is replaced") { policy in
            policy.reconcile = { view, memory in
                var plan = planReconcile(view, memory: &memory)
                plan.steps = plan.steps.map { step in
                    guard case .changeDNS(let changes) = step else { return step }
                    return .changeDNS(changes.filter { if case .delete = $0 { false } else { true } })
                }
                return plan
            }
        },
    ]
}

// MARK: How rules are taken out

extension Policy {
    /// The same planner behind other eyes.
    fileprivate mutating func seeing(_ alter: @escaping @Sendable (inout StartView) -> Void) {
        start = { view, memory in
            var view = view
            alter(&view)
            return planStart(view, memory: &memory)
        }
    }

    /// The same planner, that does something where it would have waited.
    fileprivate mutating func insteadOfWaiting(_ act: @escaping @Sendable (WaitReason, StartView) -> StartPlan?) {
        start = { view, memory in
            let plan = planStart(view, memory: &memory)
            guard case .wait(let reason) = plan else { return plan }
            return act(reason, view) ?? plan
        }
    }

    /// The same planner, that removes where it would have deferred.
    fileprivate static func removing(
        _ name: String, missedIn schedule: String? = nil, _ removed: @escaping @Sendable (Deferral) -> Member?
    ) -> Policy {
        .mutant(name, missedIn: schedule) { policy in
            policy.reconcile = { view, memory in
                var plan = planReconcile(view, memory: &memory)
                let more = plan.deferred.compactMap(removed).filter { $0.id != view.ownMember }
                plan.steps += more.map { .removeMember($0, because: .instanceTerminated(view.own)) }
                return plan
            }
        }
    }
}

extension StartView {
    fileprivate mutating func alterStamp(_ alter: (inout Stamp) -> Void) {
        guard case .empty(var stamp?) = disk else { return }
        alter(&stamp)
        disk = .empty(stamp)
    }

    fileprivate mutating func alterGroup(_ instances: (Group) -> [Instance]) {
        guard case .seen(let seen) = group else { return }
        group = .seen(
            Group(
                name: seen.name, desiredCapacity: seen.desiredCapacity, stackName: seen.stackName,
                instances: instances(seen)))
    }
}
