import Testing

@testable import Supervision

@Suite struct RestartBackoffTests {
    /// Ends in a row, and the longest and the shortest wait before the restart.
    static let table: [(end: Int, longest: Duration, shortest: Duration)] = [
        (1, .zero, .zero),
        (2, .milliseconds(250), .milliseconds(125)),
        (3, .milliseconds(500), .milliseconds(250)),
        (4, .seconds(1), .milliseconds(500)),
        (5, .seconds(2), .seconds(1)),
        (6, .seconds(4), .seconds(2)),
        (7, .seconds(8), .seconds(4)),
        (8, .seconds(16), .seconds(8)),
        (9, .seconds(30), .seconds(15)),
        (10, .seconds(30), .seconds(15)),
        (1000, .seconds(30), .seconds(15)),
    ]

    @Test(arguments: table)
    func waitGrowsAsTabled(end: Int, longest: Duration, shortest: Duration) {
        let (low, almostOne) = (waits(random: 0, count: end), waits(random: 1.0.nextDown, count: end))
        #expect(low.last == shortest)
        #expect(almostOne.last.map { $0 <= longest && longest - $0 < .microseconds(1) } == true)
    }

    @Test func minuteOfHealthMakesTheNextRestartImmediateAgain() {
        var backoff = RestartBackoff()
        for _ in 1...6 { _ = backoff.childEnded(afterRunning: .seconds(1), random: 0) }
        #expect(backoff.childEnded(afterRunning: .milliseconds(59_999), random: 0) == .seconds(4))
        #expect(backoff.childEnded(afterRunning: .seconds(60), random: 0) == .zero)
        #expect(backoff.endsInARow == 1)
        #expect(backoff.childEnded(afterRunning: .seconds(1), random: 0) == .milliseconds(125))
    }

    private func waits(random: Double, count: Int) -> [Duration] {
        var backoff = RestartBackoff()
        return (0..<count).map { _ in backoff.childEnded(afterRunning: .seconds(1), random: random) }
    }
}
