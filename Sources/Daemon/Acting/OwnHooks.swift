/// Tells AutoScaling about the hook that holds this very instance, where no leader does.

import ClusterPlanning

/// Carries out `planOwnHooks`. A word that does not arrive is said again at the next look.
actor OwnHooks {
    private let group: GroupObserver
    private let logger: Logger
    private var lastHeartbeat: ContinuousClock.Instant?

    init(group: GroupObserver, logger: Logger) {
        self.group = group
        self.logger = logger
    }

    /// - Parameter plan: what the start has come to; nil while etcd runs without a leader.
    func heed(_ view: StartView, _ plan: StartPlan?) async throws(CancellationError) {
        guard isHookOurBusiness(view, plan) else { return }
        do {
            for step in planOwnHooks(view, plan, hooks: try await group.hooks()) {
                try await perform(step, for: view.identity.instance)
            }
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            logger.warning("the hook that holds this instance could not be answered", ["error": "\(error)"])
        }
    }

    private func perform(_ step: OwnHookStep, for instance: InstanceID) async throws {
        switch step {
        case .complete(let hook):
            logger.info("the group may go on; what is waited for is not this instance", ["hook": hook])
            try await group.complete(hook, for: instance)
        case .heartbeat(let hook, let pause):
            if let lastHeartbeat, lastHeartbeat.duration(to: .now) < pause { return }
            lastHeartbeat = .now
            logger.info("asking for more time; what is here may be all that is left", ["hook": hook])
            try await group.heartbeat(hook, for: instance)
        }
    }
}
