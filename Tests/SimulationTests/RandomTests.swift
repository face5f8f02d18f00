import ClusterPlanning
import Testing

/// Random lives. What only the record of a founding, or supervisors that tell each other, can settle is kept out of them by
/// `World.mayLose` and `World.mayStop`, each with its reason, and named in the schedules that are `closedBy` those. One
/// such thing is left in, for it can't be told beforehand: two founders who acted on different readings of the group.
@Suite struct RandomTests {
    @Test func everySeedKeepsItsPromisesAndComesToRest() {
        var gaps = 0
        for seed in Seeds.all {
            var world = World(seed: seed, options: Seeds.options(for: seed))
            let outcome = world.live()
            #expect(world.violations.isEmpty, "seed \(seed): \(world.violations)")
            switch outcome {
            case .converged: break
            case .gap(let text):
                print("seed \(seed): \(text)")
                gaps += 1
            case .stuck(let text): Issue.record("seed \(seed): \(text)\n\(Self.story(of: seed))")
            }
        }
        print("\(Seeds.all.count) lives, \(gaps) of them wait for a person")
        #expect(gaps * 50 <= Seeds.all.count, "at most two of a hundred")
    }

    /// The last of what happened, line by line.
    static func story(of seed: UInt64) -> String {
        var options = Seeds.options(for: seed)
        options.keepsJournal = true
        var world = World(seed: seed, options: options)
        _ = world.live()
        return world.journal.suffix(200).joined(separator: "\n")
    }

    @Test func aSeedIsALife() {
        func life() -> [String] {
            var options = Seeds.options(for: 1)
            options.keepsJournal = true
            var world = World(seed: 1, options: options)
            _ = world.live()
            return world.journal
        }
        #expect(life() == life())
    }
}
