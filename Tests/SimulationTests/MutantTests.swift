import ClusterPlanning
import Testing

extension Policy: CustomTestStringConvertible {
    var testDescription: String { name }
}

@Suite struct MutantTests {
    /// Lives until one shows what is wrong; all of them where their number is asked for.
    @Test(arguments: Policy.mutants)
    func everyRuleIsMissed(mutant: Policy) {
        var killers: [String] = []
        var lived = 0
        for seed in Seeds.forMutants {
            var world = World(seed: seed, policy: mutant, options: Seeds.options(for: seed))
            let outcome = world.live(rest: .seconds(250))
            lived += 1
            if let kind = world.violations.first?.kind {
                killers.append("seed \(seed): \(kind.rawValue)")
            } else if case .stuck(let text) = outcome {
                killers.append("seed \(seed): \(text)")
            }
            if !killers.isEmpty, !Seeds.areCounted { break }
        }
        print("\(mutant.name): killed by \(killers.count) of \(lived) lives; \(killers.first ?? "-")")
        #expect(!killers.isEmpty)
    }
}
