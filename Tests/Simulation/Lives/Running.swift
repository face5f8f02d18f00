/// One life from one number, and what came of it: what the program and the tests ask for.

package struct LifeReport: Sendable {
    package var seed: UInt64
    /// What was wrong; nil: nothing.
    package var fault: String?
    package var waitsForPerson: String?
    package var recoveries: Int
    package var events: Int
    package var turns: Int
}

package enum Life {
    /// Lives the life of `seed`.
    package static func report(_ seed: UInt64, policy: Policy = .product) -> LifeReport {
        let world = World(seed: seed, policy: policy, options: .of(seed: seed))
        let outcome = world.live()
        var report = LifeReport(
            seed: seed, recoveries: world.ledger.recoveries, events: world.events, turns: world.ledger.turns)
        switch outcome {
        case .converged: break
        case .waitsForPerson(let reason): report.waitsForPerson = reason
        case .stuck: report.fault = "\(outcome)"
        case .violated: report.fault = world.violations.first?.description
        }
        return report
    }

    /// The same, line by line.
    package static func story(of seed: UInt64, policy: Policy = .product) -> [String] {
        var options = World.Options.of(seed: seed)
        options.keepsJournal = true
        let world = World(seed: seed, policy: policy, options: options)
        let outcome = world.live()
        return world.journal + ["\(outcome)"] + world.finalState
    }
}

extension Policy {
    /// What finds a mutant out: the schedule that it names, else the first schedule, else the first of these lives.
    package func killer(lives: ClosedRange<UInt64>) -> String? {
        let named = Schedule.all.filter { $0.name == missedIn }
        for schedule in named where !schedule.faults(of: self).isEmpty { return "schedule \(schedule.name)" }
        if let seed = missedBy, Life.report(seed, policy: self).fault != nil { return "seed \(seed)" }
        for schedule in Schedule.all where !schedule.faults(of: self).isEmpty {
            return "schedule \(schedule.name)"
        }
        return lives.first { Life.report($0, policy: self).fault != nil }.map { "seed \($0)" }
    }
}

extension World {
    /// Who is what at the end, for a person who wonders.
    var finalState: [String] {
        var lines = ["record: \(record?.brief ?? "none")"]
        for (index, machine) in machines.enumerated() where machine.isUp || machine.state == .pending {
            let own = replica(index)
            let stamp = disk(index).stamp
            let members = own.map { shownMembers($0).map { "\($0.name)\($0.isLearner ? "(learner)" : "")" } }
            lines.append(
                "\(machine.id) \(machine.state) \(machine.lifecycle?.rawValue ?? "-") disk \(stamp?.disk.rawValue ?? "-")"
                    + " generation \(stamp?.generation.map(String.init) ?? "-") member \(own?.member.description ?? "-")"
                    + " commit \(own.map { "\(tree[$0.commit].index)/\(tree[$0.head].index)" } ?? "-")"
                    + " knows \(members?.joined(separator: " ") ?? "-")"
                    + " etcd \(machine.process == nil ? "down" : knowsLeader(index) ? "led" : "up")"
                    + " waits \(machine.supervisor?.waitingFor.map { "\($0)" } ?? "-")")
        }
        return lines
    }
}
