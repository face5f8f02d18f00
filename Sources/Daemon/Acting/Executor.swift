/// Carries out what was planned, step by step, and decides nothing.

import ClusterPlanning
import Etcd
import FoundationEssentials

/// Performs the steps of plans against etcd, the record, the hosted zone and the group.
struct Executor: Sendable {
    let identity: Identity
    let etcd: EtcdObserver
    let records: RecordKeeper
    let backups: BackupKeeper
    let zone: ZoneObserver?
    let group: GroupObserver

    /// How a step ended that did not fail.
    enum Outcome: Equatable, Sendable {
        case done
        /// etcd refuses for now what it will allow later.
        case notYet(String)
    }

    /// Performs one step of the leader's plan. A change of membership is made only if we still lead, in the same term
    /// as when it was planned (F27).
    ///
    /// - Throws: where it is not known whether the step was made, or it was refused: look again.
    @discardableResult
    func perform(_ step: ReconcilePlan.Step, inTerm term: UInt64) async throws -> Outcome {
        let own = etcd.client(identity.clientURL)
        if step.needsLeadership {
            let status = try await own.status()
            guard status.isLeader, status.raftTerm == term else {
                let leader = status.leader.map { "member \($0) leads" } ?? "nobody leads"
                throw ObservationError(
                    "this was planned as the leader of term \(term), and now \(leader) in term \(status.raftTerm)")
            }
        }
        return try await perform(step) { body in try await body(own) }
    }

    /// Performs a step for this instance alone, through any member that takes it.
    @discardableResult
    func perform(_ step: ReconcilePlan.Step, through cluster: RunningCluster) async throws -> Outcome {
        let excluded = if case .removeMember(let member, _) = step { member.id } else { MemberID?.none }
        return try await perform(step) { body in
            try await throughAnyMember(of: cluster, except: excluded, body)
        }
    }

    /// Writes the record, or throws `LostRace` where somebody else was faster.
    func swap(_ swap: RecordSwap) async throws {
        guard try await records.swap(swap) == .won else {
            throw LostRace()
        }
    }

    private typealias Asking = (_ body: @escaping (EtcdClient) async throws -> Void) async throws -> Void

    private func perform(_ step: ReconcilePlan.Step, _ ask: Asking) async throws -> Outcome {
        switch step {
        case .swapRecord(let swap): try await self.swap(swap)
        case .removeMember(let member, _): try await remove(member, ask)
        case .addMember(_, let url, let asLearner):
            try await ask { client in
                if asLearner {
                    _ = try await client.addLearner(peerURLs: [url.description])
                } else {
                    _ = try await client.addMember(peerURLs: [url.description])
                }
            }
        case .promote(let member): return try await promote(member, ask)
        case .updatePeerURL(let member, let url):
            try await ask { _ = try await $0.updateMember(member.id.etcdID, peerURLs: [url.description]) }
        case .moveLeader(let member, _): try await ask { try await $0.moveLeader(to: member.id.etcdID) }
        case .changeDNS(let changes):
            guard let zone else { preconditionFailure("a DNS change was planned without a zone") }
            try await zone.change(changes)
        case .heartbeat(let hook, let instance): try await group.heartbeat(hook, for: instance)
        case .completeHook(let hook, let instance): try await group.complete(hook, for: instance)
        case .backUp(let order): await backups.order(order)
        case .deleteBackups(let surplus): await backups.send(.delete(surplus))
        case .publish(let figures): await backups.send(.publish(figures))
        }
        return .done
    }

    /// A removal that was made already is what was wanted.
    private func remove(_ member: Member, _ ask: Asking) async throws {
        do {
            try await ask { _ = try await $0.removeMember(member.id.etcdID) }
        } catch let error as EtcdError where error.isMemberNotFound {}
    }

    private func promote(_ member: Member, _ ask: Asking) async throws -> Outcome {
        do {
            try await ask { _ = try await $0.promoteMember(member.id.etcdID) }
            return .done
        } catch let error as EtcdError where error.isLearnerNotReady {
            return .notYet("learner \(member.label) has not caught up yet")
        }
    }

    /// Asks healthy members one after the other, the leader first, until one takes it. Goes on to the next one only where
    /// the last can't have done it: it was not reached at all.
    private func throughAnyMember(
        of cluster: RunningCluster, except excluded: MemberID?, _ body: (EtcdClient) async throws -> Void
    ) async throws {
        let healthy = cluster.members.filter { $0.id != excluded && cluster.isHealthy($0) }
        let ordered = healthy.filter { $0.id == cluster.leader } + healthy.filter { $0.id != cluster.leader }
        var failure: any Error = ObservationError("no healthy member of cluster \(cluster.id) to ask")
        for endpoint in ordered.flatMap(\.clientURLs) {
            do {
                return try await body(etcd.client(endpoint))
            } catch let error as EtcdError where error.wasNotReached {
                failure = error
            }
        }
        throw failure
    }
}

extension EtcdError {
    fileprivate var wasNotReached: Bool {
        guard case .notAnswered(let error) = reason else { return false }
        return [.connectionRefused, .notConnected, .nameNotResolved].contains(error.kind)
    }
}

/// Somebody else has written the record first, so that there is another world to look at.
struct LostRace: Error, Equatable, CustomStringConvertible {
    var description: String { "somebody else has changed the record first" }
}
