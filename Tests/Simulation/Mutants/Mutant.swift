/// How rules of the planners are taken out: the same planner behind other eyes, or with other hands.

import ClusterPlanning

extension Policy {
    package static let mutants =
        mutantsOfFounding + mutantsOfDisks + mutantsOfRecovery + mutantsOfTurns + mutantsOfDrains
        + mutantsOfRestores + mutantsOfLeaves + mutantsOfBackups

    /// The same planner of starts and of running etcds, that sees something else.
    mutating func seeing(_ alter: @escaping @Sendable (inout StartView) -> Void) {
        let (start, running) = (start, running)
        self.start = { view, memory in
            var view = view
            alter(&view)
            return start(view, &memory)
        }
        self.running = { view, memory in
            var view = view
            alter(&view)
            return running(view, &memory)
        }
    }

    /// The same planner of turns, that sees something else.
    mutating func seeingTurns(_ alter: @escaping @Sendable (inout ClusterView) -> Void) {
        let reconcile = reconcile
        self.reconcile = { view, memory in
            var view = view
            alter(&view)
            return reconcile(view, &memory)
        }
    }

    /// The same planner, that does something else.
    mutating func instead(_ act: @escaping @Sendable (StartPlan, StartView) -> StartPlan) {
        let start = start
        self.start = { view, memory in act(start(view, &memory), view) }
    }

    mutating func insteadWhileRunning(_ act: @escaping @Sendable (RunningPlan) -> RunningPlan) {
        let running = running
        self.running = { view, memory in act(running(view, &memory)) }
    }

    /// The same turns, that are altered.
    mutating func altering(_ alter: @escaping @Sendable (inout ReconcilePlan, ClusterView) -> Void) {
        let reconcile = reconcile
        self.reconcile = { view, memory in
            var plan = reconcile(view, &memory)
            alter(&plan, view)
            return plan
        }
    }

    /// The same turns without some steps.
    mutating func dropping(_ isDropped: @escaping @Sendable (ReconcilePlan.Step) -> Bool) {
        altering { plan, _ in plan.steps.removeAll(where: isDropped) }
    }

    /// The same turns, that remove where they would have deferred.
    static func removing(
        _ name: String, missedIn schedule: String? = nil, by seed: UInt64? = nil,
        _ removed: @escaping @Sendable (Deferral) -> Member?
    ) -> Policy {
        .mutant(name, missedIn: schedule, by: seed) { policy in
            policy.altering { plan, view in
                let more = plan.deferred.compactMap(removed).filter { $0.id != view.ownMember }
                plan.steps += more.map { .removeMember($0, because: .neverStarted(address: "")) }
            }
        }
    }
}

extension Facts {
    /// Every report changed.
    mutating func alterReports(_ alter: (inout Report) -> Void) {
        for (id, answer) in reports {
            guard case .report(var report) = answer else { continue }
            alter(&report)
            reports[id] = .report(report)
        }
    }
}

extension RecordReading {
    /// The record changed, where it is found.
    mutating func alter(_ change: (inout ClusterRecord) -> Void) {
        guard case .found(var stored, let store) = self else { return }
        change(&stored.record)
        self = .found(stored, in: store)
    }
}

extension StartView {
    mutating func alterStamp(_ alter: (inout Stamp) -> Void) {
        switch disk {
        case .empty(var stamp?):
            alter(&stamp)
            disk = .empty(stamp)
        case .data(var stamp?):
            alter(&stamp)
            disk = .data(stamp)
        case .empty, .data, .unusable: break
        }
    }

    var resumed: StartPlan {
        .start(
            Launch(
                .resume, identity, initialCluster: [InitialMember(identity.instance.rawValue, identity.peerURL)]))
    }
}
