import ClusterPlanning
import Testing

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
        print("\(Seeds.all.count) seeds, \(gaps) gaps")
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
