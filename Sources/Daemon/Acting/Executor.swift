/// Carries out what was planned, step by step, and decides nothing.

import ClusterPlanning
import Etcd
import FoundationEssentials

/// Performs the steps of plans against etcd and the hosted zone.
struct Executor: Sendable {
    let identity: Identity
    let etcd: EtcdObserver
    let zone: ZoneObserver?

    /// Adds us as a voter, through any member that takes it.
    ///
    /// - Returns: our new ID.
    /// - Throws: `EtcdError`, of the last member that was asked. Whether the change was made is then unknown: look again.
    func addSelf(to cluster: RunningCluster) async throws -> MemberID {
        try await throughAnyMember(of: cluster) { client in
            MemberID(try await client.addMember(peerURLs: [identity.peerURL.description]).added.id)
        }
    }

    /// Removes an entry that stands for data of ours that is lost.
    func removeOwnEntry(_ member: Member, from cluster: RunningCluster) async throws {
        try await throughAnyMember(of: cluster, except: member.id) { client in
            _ = try await client.removeMember(member.id.etcdID)
        }
    }

    /// Performs one step of the leader's plan. A change of membership is made only if we still lead, in the same term
    /// as when it was planned (F27).
    func perform(_ step: ReconcilePlan.Step, inTerm term: UInt64) async throws {
        switch step {
        case .removeMember(let member, _):
            let own = etcd.client(identity.clientURL)
            let status = try await own.status()
            guard status.isLeader, status.raftTerm == term else {
                let leader = status.leader.map { "member \($0) leads" } ?? "nobody leads"
                throw ObservationError(
                    "this was planned as the leader of term \(term), and now \(leader) in term \(status.raftTerm)")
            }
            _ = try await own.removeMember(member.id.etcdID)
        case .changeDNS(let changes):
            guard let zone else { preconditionFailure("a DNS change was planned without a zone") }
            try await zone.change(changes)
        }
    }

    /// Asks healthy members one after the other, the leader first, until one takes it. Goes on to the next one only where
    /// the last can't have done it: it was not reached at all.
    private func throughAnyMember<Result>(
        of cluster: RunningCluster, except excluded: MemberID? = nil, _ body: (EtcdClient) async throws -> Result
    ) async throws -> Result {
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
