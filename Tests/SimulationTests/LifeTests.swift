import Simulation
import Testing

/// A few hundred lives; `script/simulate` lives as many as are asked for.
@Suite struct LifeTests {
    @Test func everyLifeKeepsItsPromisesAndComesToRest() {
        for seed in 1...300 as ClosedRange<UInt64> {
            let report = Life.report(seed)
            guard let fault = report.fault else { continue }
            Issue.record("seed \(seed): \(fault)\n\(Life.story(of: seed).suffix(200).joined(separator: "\n"))")
        }
    }

    @Test func aSeedIsALife() {
        #expect(Life.story(of: 3) == Life.story(of: 3))
        #expect(Life.story(of: 3) != Life.story(of: 4))
    }
}
