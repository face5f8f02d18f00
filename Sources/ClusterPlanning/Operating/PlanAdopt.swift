/// `adopt`: the record of a cluster that answers and has none, as its leader would write it.

/// Decides what `adopt` does.
package func planAdopt(_ view: OperatorView) -> OperatorPlan {
    view.planning { () throws(Refusal) in
        let group = try view.group()
        let store: StoreName
        switch view.start.record {
        case .notConfigured: throw .noRecordKept
        case .unknown(let cause): throw .blind(WaitReason.recordNotRead(cause).description)
        case .conflicting(let readings): throw .recordsConflict(readings)
        case .found(let stored, _):
            throw .recordExists(generation: stored.record.generation, owner: stored.record.owner)
        case .absent(let first): store = first
        }
        let clusters = view.start.clusters
        if clusters.count > 1 { throw .severalClusters(clusters.map(\.id)) }
        guard let cluster = clusters.first else { throw .nobodyAnswers }
        if let differing = instancesOnOtherStores(view.start, group) { throw .waits(differing) }
        if case .unavailable(let cause) = view.start.backups {
            throw .blind(WaitReason.backupsNotRead(cause).description)
        }
        var plan = ReconcilePlan()
        guard let swap = adoption(ClusterView(view.start, cluster), group, in: store, &plan) else {
            throw .blind(list(plan.deferred.map(\.description)))
        }
        return .act([.swapRecord(swap)], then: ["the leader keeps the record true from its next turn on"])
    }
}
