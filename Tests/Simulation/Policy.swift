/// What a supervisor of the simulation decides by: the product's planners, or a mutant of them.

import ClusterPlanning

package struct Policy: Sendable {
    package var name: String
    /// Of a mutant: the schedule in which the rule is missed; nil: in the random lives.
    var missedIn: String?
    /// Of a mutant without such a schedule: a life in which it is.
    var missedBy: UInt64?
    var atOnce: @Sendable (Identity, Disk, LastExit) -> StartPlan?
    var start: @Sendable (StartView, inout StartMemory) -> StartPlan
    var running: @Sendable (StartView, inout StartMemory) -> RunningPlan
    var reconcile: @Sendable (ClusterView, inout ReconcileMemory) -> ReconcilePlan

    package static let product = Policy(
        name: "the product",
        atOnce: { planAtOnce($0, disk: $1, lastExit: $2) },
        start: { planStart($0, memory: &$1) },
        running: { planRunning($0, memory: &$1) },
        reconcile: { planReconcile($0, memory: &$1) })

    /// As the daemon paces its looks.
    func pause(_ reason: WaitReason, _ waited: Duration) -> Duration {
        ClusterPlanning.pause(waitingFor: reason, waited: waited, interval: .seconds(10))
    }

    /// The product with some of it changed.
    static func mutant(
        _ name: String, missedIn schedule: String? = nil, by seed: UInt64? = nil, _ change: (inout Policy) -> Void
    ) -> Policy {
        var policy = product
        policy.name = name
        policy.missedIn = schedule
        policy.missedBy = seed
        change(&policy)
        return policy
    }
}
