import AWS
import FoundationEssentials
import Synchronization

/// A clock on which nobody waits: a sleep moves it forward at once, and is remembered.
final class VirtualClock: Clock, Sendable {
    struct Instant: InstantProtocol {
        var offset: Duration
        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private let state = Mutex((now: Duration.zero, pauses: [Duration]()))

    var now: Instant { Instant(offset: state.withLock { $0.now }) }
    var minimumResolution: Duration { .nanoseconds(1) }
    /// Every sleep so far.
    var pauses: [Duration] { state.withLock { $0.pauses } }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        state.withLock { state in
            state.pauses.append(deadline.offset - state.now)
            state.now = max(state.now, deadline.offset)
        }
    }

    func advance(by duration: Duration) { state.withLock { $0.now += duration } }
}

extension Timing {
    /// Time that passes only on `clock`, from noon of 1 March 2026 on; every random number is `random`.
    static func virtual(_ clock: VirtualClock, random: Double = 0.5) -> Timing {
        Timing(
            clock: clock, now: { noon.addingTimeInterval(clock.now.offset / .seconds(1)) }, random: { random })
    }
}

/// 2026-03-01T12:00:00Z
let noon = Date(timeIntervalSince1970: 1_772_366_400)
