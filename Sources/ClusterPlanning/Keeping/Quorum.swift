/// The arithmetic of majorities, alone, and the one guard that every membership change has to pass.

/// How many of `voters` voters have to agree: a majority.
package func quorum(of voters: Int) -> Int { voters / 2 + 1 }

/// Why a change would spend the quorum. A value, so that a plan can carry it and a person can read it.
package struct QuorumRisk: Equatable, Sendable {
    /// Voters that are healthy after the change, if everything that is unhealthy now stays so.
    package var healthyVoters: Int
    /// Voters of any health after the change.
    package var voters: Int

    package init(healthyVoters: Int, voters: Int) {
        self.healthyVoters = healthyVoters
        self.voters = voters
    }

    package var quorum: Int { ClusterPlanning.quorum(of: voters) }
}

extension RunningCluster {
    /// What removing `member` would risk; nil where it is safe: after it, with everything now unhealthy staying so, the
    /// healthy voters still are a quorum (F25). A learner has no vote to lose.
    package func risk(ofRemoving member: Member) -> QuorumRisk? {
        guard member.isVoter else { return nil }
        return risk(voters: voters.filter { $0.id != member.id }, added: 0)
    }

    /// What adding a voter would risk, should it never start (F8); nil where it is safe.
    ///
    /// From one voter to two there is no safe way with voters: the second one needs both. etcd makes the same
    /// exception, and a cluster of one has nothing to protect but its data, which stays.
    package func riskOfAddingVoter() -> QuorumRisk? {
        if voters.count == 1, voters.allSatisfy(isHealthy) { return nil }
        return risk(voters: voters, added: 1)
    }

    private func risk(voters: [Member], added: Int) -> QuorumRisk? {
        let after = QuorumRisk(healthyVoters: voters.count(where: isHealthy), voters: voters.count + added)
        return after.healthyVoters >= after.quorum ? nil : after
    }
}
