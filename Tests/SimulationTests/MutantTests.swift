import ClusterPlanning
import Testing

extension Policy: CustomTestStringConvertible {
    var testDescription: String { name }
}

@Suite struct MutantTests {
    /// The schedule that a mutant names has to miss its rule, and where it names none, one of the lives.
    @Test(arguments: Policy.mutants)
    func everyRuleIsMissed(mutant: Policy) throws {
        if let name = mutant.missedIn {
            let schedule = try #require(Schedule.all.first { $0.name == name })
            let faults = schedule.faults(of: mutant)
            print("\(mutant.name): \(name): \(faults.first ?? "nothing")")
            #expect(!faults.isEmpty)
        } else {
            let seed = Seeds.forMutants.first { kills(mutant, $0) }
            print("\(mutant.name): \(seed.map { "seed \($0)" } ?? "no life in \(Seeds.forMutants)")")
            #expect(seed != nil)
        }
    }

    /// How strongly each rule is missed, where lives are asked for.
    @Test(.enabled(if: Seeds.areCounted), arguments: Policy.mutants)
    func howManyLivesMissIt(mutant: Policy) {
        let schedules = Schedule.all.count { !$0.faults(of: mutant).isEmpty }
        let lives = Seeds.forMutants.count { kills(mutant, $0) }
        print(
            "\(mutant.name): \(schedules) of \(Schedule.all.count) schedules, \(lives) of \(Seeds.forMutants.count) lives"
        )
    }

    private func kills(_ mutant: Policy, _ seed: UInt64) -> Bool {
        var world = World(seed: seed, policy: mutant, options: Seeds.options(for: seed))
        let outcome = world.live(rest: .seconds(250))
        if case .stuck = outcome { return true }
        return !world.violations.isEmpty
    }
}
