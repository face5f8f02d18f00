/// Has the group replace this instance when its member has been ill for too long, where that was asked for.

import ClusterPlanning

/// Calls `SetInstanceHealth` where the plan says so, and not again for ten minutes.
actor Sickness {
    private let group: GroupObserver
    private let logger: Logger
    private var calledAt: ContinuousClock.Instant?

    init(group: GroupObserver, logger: Logger) {
        self.group = group
        self.logger = logger
    }

    /// - Parameter sickFor: how long our member has been without a leader, or not run at all.
    func heed(_ view: StartView, sickFor: Duration) async throws(CancellationError) {
        guard isReplacementDue(view, sickFor: sickFor) else { return }
        if let calledAt, calledAt.duration(to: .now) < .seconds(600) { return }
        calledAt = .now
        do {
            logger.warning("asking the group to replace this instance", ["ill_for": sickFor])
            try await group.setUnhealthy()
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            logger.warning("the group could not be asked", ["error": "\(error)"])
        }
    }
}
