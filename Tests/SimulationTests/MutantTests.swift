import Simulation
import Testing

extension Policy: CustomTestStringConvertible {
    package var testDescription: String { name }
}

@Suite struct MutantTests {
    /// Some schedule or life has to miss each rule; the table tells which.
    @Test(arguments: Policy.mutants)
    func everyRuleIsMissed(mutant: Policy) {
        let killer = mutant.killer(lives: 1...20)
        print("\(mutant.name): \(killer ?? "nothing")")
        #expect(killer != nil)
    }

    @Test func eachHasItsName() {
        #expect(Set(Policy.mutants.map(\.name)).count == Policy.mutants.count)
    }
}
