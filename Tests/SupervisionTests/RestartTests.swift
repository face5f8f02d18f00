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

@Suite struct SupervisorStateTests {
    typealias Phase = SupervisorState.Phase
    typealias Event = SupervisorState.Event
    typealias Action = SupervisorState.Action

    static let ended = Event.childEnded(afterRunning: .seconds(1), random: 0)
    static let failed = Event.startFailed(random: 0)

    /// How each phase is reached.
    static let ways: [(Phase, [Event])] = [
        (.idle, []),
        (.starting, [.start]),
        (.running, [.start, .childStarted]),
        (.waiting, [.start, .childStarted, ended]),
        (.stopping, [.start, .childStarted, .stop]),
        (.stopped, [.stop]),
    ]

    /// Every cell of the type's table that does something; all others must do nothing.
    static let cells: [(Phase, Event, Phase, Action)] = [
        (.idle, .start, .starting, .start),
        (.idle, .stop, .stopped, .finish),
        (.starting, .childStarted, .running, .none),
        (.starting, failed, .waiting, .wait(.zero)),
        (.starting, .stop, .stopping, .none),
        (.running, ended, .waiting, .wait(.zero)),
        (.running, .stop, .stopping, .terminate),
        (.waiting, .waitIsOver, .starting, .start),
        (.waiting, .stop, .stopped, .finish),
        (.stopping, .childStarted, .stopping, .terminate),
        (.stopping, ended, .stopped, .finish),
        (.stopping, failed, .stopped, .finish),
    ]

    @Test(arguments: ways)
    func everyEventInEveryPhaseIsAsTabled(phase: Phase, way: [Event]) {
        for event in [Event.start, .childStarted, Self.failed, Self.ended, .waitIsOver, .stop] {
            var state = SupervisorState()
            for step in way { _ = state.handle(step) }
            #expect(state.phase == phase)
            let cell = Self.cells.first { $0.0 == phase && $0.1 == event }
            let action = state.handle(event)
            #expect(action == cell?.3 ?? .none, "\(event) while \(phase)")
            #expect(state.phase == cell?.2 ?? phase, "\(event) while \(phase)")
        }
    }

    @Test func failedStartsAndEarlyEndsCountAlike() {
        var state = SupervisorState()
        _ = state.handle(.start)
        #expect(state.handle(Self.failed) == .wait(.zero))
        _ = state.handle(.waitIsOver)
        _ = state.handle(.childStarted)
        #expect(state.handle(Self.ended) == .wait(.milliseconds(125)))
        _ = state.handle(.waitIsOver)
        #expect(state.handle(Self.failed) == .wait(.milliseconds(250)))
    }

    @Test func stopDuringAStartEndsTheChildThatComesOfIt() {
        var state = SupervisorState()
        let actions = [.start, .stop, .childStarted, Self.ended].map { state.handle($0) }
        #expect(actions == [.start, .none, .terminate, .finish])
        #expect(state.phase == .stopped)
    }
}
