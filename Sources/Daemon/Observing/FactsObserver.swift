/// The look at the machines that starts and turns share: the group, EC2's word on single instances, every supervisor's report.

import AWS
import ClusterPlanning

/// Builds `Facts`. Whatever can't be seen is in them as unseen, with the reason.
struct FactsObserver: Sendable {
    let identity: Identity
    let group: GroupObserver
    let reports: ReportObserver
    let ownReport: OwnReport
    /// `--cluster-name`
    let clusterName: String?

    /// Asks for the reports of these instances, adds our own, and what AutoScaling says of another owner.
    ///
    /// - Parameters:
    ///   - instances: who is to be asked, with addresses; ourselves need not be among them.
    ///   - record: as it was just read; its owner may be another group.
    ///   - probesAWS: whether those who are asked should see whether AWS answers them.
    func complete(
        _ facts: Facts, asking instances: [Instance], record: ClusterRecord?, probesAWS: Bool = false
    ) async throws(CancellationError) -> Facts {
        var facts = facts
        facts.owner = await group.owner
        facts.cluster = facts.group.value?.clusterName(configured: clusterName)
        let others = instances.filter { $0.id != identity.instance && $0.state != .terminated }
        facts.reports = try await reports.ask(
            others.compactMap { instance in
                instance.address.map { ReportObserver.Asked(instance: instance.id, address: $0) }
            }, probingAWS: probesAWS)
        facts.reports[identity.instance] = .report(try await ownReport.now())
        if let owner = record?.owner, let own = facts.owner, owner != own {
            facts.otherOwner = try await observed { try await group.otherOwner(owner) }
        }
        return facts
    }
}
