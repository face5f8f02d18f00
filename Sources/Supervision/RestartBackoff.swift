/// How long to wait before a child that ended is started again.
///
/// The first restart comes at once: most ends are single events, and every second without the child is one without
/// its service. An end after less than a minute of running counts as another of the same trouble:
///
///     ends in a row      1      2       3       4     5     6     7     8      9 and more
///     longest wait       0      250 ms  500 ms  1 s   2 s   4 s   8 s   16 s   30 s
///
/// The wait is drawn from the upper half of that, so that members that fail together do not return together.
package struct RestartBackoff: Sendable, Hashable {
    /// A child that ran so long was well: what ends it is new trouble.
    package static let healthyAfter: Duration = .seconds(60)
    private static let first: Duration = .milliseconds(250)
    private static let longest: Duration = .seconds(30)

    /// Ends without a minute of health between them.
    package private(set) var endsInARow = 0

    package init() {}

    /// Counts one end, or one start that failed.
    ///
    /// - Parameters:
    ///   - running: how long it had run; zero if it did not start.
    ///   - random: from 0 to below 1.
    /// - Returns: how long to wait, from now, before the next start.
    package mutating func childEnded(afterRunning running: Duration, random: Double) -> Duration {
        precondition((0..<1).contains(random))
        endsInARow = running >= Self.healthyAfter ? 1 : endsInARow + 1
        return Self.longestWait(beforeRestart: endsInARow) * (0.5 + random / 2)
    }

    private static func longestWait(beforeRestart number: Int) -> Duration {
        guard number > 1 else { return .zero }
        // From the ninth on all are the same; the limit keeps the power of two from overflowing.
        return min(longest, first * (1 << min(number - 2, 7)))
    }
}
