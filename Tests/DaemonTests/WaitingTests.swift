/// What a start waits for is said when it is new, and not over and over.

import ClusterPlanning
import Testing

@testable import Daemon

@Suite struct WaitingTests {
    @Test func aReasonIsSaidOnceAndAgainAfterFiveMinutes() {
        var waiting = Waiting(since: .zero)
        let said = (0...700).filter { waiting.begin(.ownDataLost, .seconds($0)) }
        #expect(said == [0, 300, 600])
        #expect(waiting.since == .zero)
    }

    @Test func whatDiffersInNumbersAloneIsSaidOnceAMinute() {
        var waiting = Waiting(since: .zero)
        let said = (0...130).filter { second in
            waiting.begin(.groupNotRead("timed out after \(1000 + second) ms (ID 4f-\(second))"), .seconds(second))
        }
        #expect(said == [0, 60, 120])
    }

    @Test func anotherCauseIsSaidSoonAndAnotherKindAtOnce() {
        var waiting = Waiting(since: .zero)
        let looks: [(WaitReason, Int)] = [
            (.groupNotRead("throttled"), 0), (.groupNotRead("refused"), 4), (.groupNotRead("refused"), 5),
            (.zoneNotRead("refused"), 6),
        ]
        let said = looks.map { waiting.begin($0.0, .seconds($0.1)) }
        #expect(said == [true, false, true, true])
        #expect(waiting.since == .seconds(6))
    }

    /// What the leader has deferred is news only where more than a figure in it has changed.
    @Test func aFigureIsNoNews() {
        let texts = ["timed out after 1002 ms", "timed out after 7 ms", "timed out after 7.5 ms"]
        #expect(Set(texts.map(Repetition.withoutFigures)).count == 1)
        #expect(Repetition.withoutFigures("i-0a stays") != Repetition.withoutFigures("i-0b stays"))
    }
}
