/// Keeps the resident memory to what the daemon's days are made of, not its start.

import Supervision

/// Gives back code that only rare work needed: shortly after the start, and now and then since, for a replacement of a
/// member or a change of DNS runs through code of its own.
struct MemoryLoop: Sendable {
    let configuration: Configuration
    let logger: Logger

    private static let clock = ContinuousClock()
    /// In turns: half a minute at the default interval, when a start that goes well is long over.
    private static let turnsOfStart = 3
    /// In turns: ten minutes. Fetching the few pages that are needed again costs less than a millisecond.
    private static let turnsBetween = 60

    /// Returns only by cancellation, or where the kernel can't be asked: that is said, and nothing else depends on it.
    ///
    /// - Throws: `CancellationError`.
    func run() async throws {
        try await Self.clock.sleep(for: configuration.interval * Self.turnsOfStart)
        do {
            while true {
                try StartUpPages.giveBack()
                try await Self.clock.sleep(for: configuration.interval * Self.turnsBetween)
            }
        } catch let error as SystemError {
            logger.debug("code that is no longer needed stays mapped", ["error": "\(error)"])
        }
    }
}
