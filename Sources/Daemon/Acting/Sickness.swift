/// Has the group replace this instance when its member has been ill for too long, where that was asked for.

import ClusterPlanning

/// Calls `SetInstanceHealth` where the plan says so, and remembers when.
actor Sickness {
    private let group: GroupObserver
    private let logger: Logger
    private var askedAt: ContinuousClock.Instant?

    init(group: GroupObserver, logger: Logger) {
        self.group = group
        self.logger = logger
    }

    private var sinceAsked: Duration? { askedAt?.duration(to: .now) }

    /// Whether a look is worth taking for this alone.
    ///
    /// - Parameter sickFor: how long our member has been without a leader, or not run at all.
    func needsLook(_ settings: PlanSettings, sickFor: Duration) -> Bool {
        mayReplacementBeDue(settings, sickFor: sickFor, sinceAsked: sinceAsked)
    }

    /// - Parameter sickFor: as of `needsLook`.
    func heed(_ view: StartView, sickFor: Duration) async throws(CancellationError) {
        guard isReplacementDue(view, sickFor: sickFor, sinceAsked: sinceAsked) else { return }
        askedAt = .now
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
