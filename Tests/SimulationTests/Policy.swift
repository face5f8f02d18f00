/// What a supervisor of the simulation decides by: the product's planner, or a mutant of it.

import ClusterPlanning

struct Policy: Sendable {
    var name: String
    /// Of a mutant: the schedule in which the rule is missed; nil: in the random lives.
    var missedIn: String?
    var atOnce: @Sendable (Identity, Disk, LastExit) -> StartPlan?
    var start: @Sendable (StartView, inout StartMemory) -> StartPlan
    var reconcile: @Sendable (ClusterView, inout ReconcileMemory) -> ReconcilePlan

    static let product = Policy(
        name: "the product",
        atOnce: { planAtOnce($0, disk: $1, lastExit: $2) },
        start: { planStart($0, memory: &$1) },
        reconcile: { planReconcile($0, memory: &$1) })

    /// The product with some of it changed.
    static func mutant(
        _ name: String, missedIn schedule: String? = nil, _ change: (inout Policy) -> Void
    ) -> Policy {
        var policy = product
        policy.name = name
        policy.missedIn = schedule
        change(&policy)
        return policy
    }
}
