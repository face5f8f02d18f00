import FoundationEssentials

/// What this target takes from the world besides the network: time and chance. Tests bring their own, so that no test
/// sleeps and every delay can be compared.
package struct Timing: Sendable {
    /// Measures calls and sleeps between attempts. How long a request may be on the wire is HTTP's business.
    package var clock: any Clock<Duration>
    /// The wall clock, for signatures and for the end of credentials.
    package var now: @Sendable () -> Date
    /// A number in `0..<1`.
    package var random: @Sendable () -> Double

    package init(
        clock: any Clock<Duration>, now: @escaping @Sendable () -> Date, random: @escaping @Sendable () -> Double
    ) {
        self.clock = clock
        self.now = now
        self.random = random
    }

    package static let system = Timing(
        clock: ContinuousClock(), now: { Date() }, random: { Double.random(in: 0..<1) })

    /// A function that says how long ago it was made.
    func stopwatch() -> @Sendable () -> Duration { Self.stopwatch(clock) }

    private static func stopwatch<C: Clock<Duration>>(_ clock: C) -> @Sendable () -> Duration {
        let start = clock.now
        return { start.duration(to: clock.now) }
    }
}
