/// What the supervisor of one child is to do next: events go in, actions come out, and nothing else happens here.
///
///     event \ phase     idle        starting     running      waiting      stopping      stopped
///     start             → starting  –            –            –            –             –
///     childStarted      –           → running    –            –            terminate     –
///     startFailed       –           → waiting    –            –            → stopped     –
///     childEnded        –           –            → waiting    –            → stopped     –
///     waitIsOver        –           –            –            → starting   –             –
///     stop              → stopped   → stopping   → stopping   → stopped    –             –
///
/// `–` is not a failure: events cross (a wait is over just after the stop), and one that comes too late does nothing.
package struct SupervisorState: Sendable, Hashable {
    package enum Phase: Sendable, Hashable { case idle, starting, running, waiting, stopping, stopped }

    package enum Event: Sendable, Hashable {
        case start
        case childStarted
        /// - random: from 0 to below 1, for the wait's length.
        case startFailed(random: Double)
        /// - random: from 0 to below 1, for the wait's length.
        case childEnded(afterRunning: Duration, random: Double)
        case waitIsOver
        case stop
    }

    package enum Action: Sendable, Hashable {
        case none
        /// Spawn the child; answer with `childStarted` or `startFailed`.
        case start
        /// Answer with `waitIsOver` when so much time has passed; zero: at once.
        case wait(Duration)
        /// End the child; its `childEnded` follows.
        case terminate
        /// Nothing runs and nothing will.
        case finish
    }

    package private(set) var phase: Phase = .idle
    package private(set) var backoff = RestartBackoff()

    package init() {}

    package mutating func handle(_ event: Event) -> Action {
        switch (phase, event) {
        case (.idle, .start), (.waiting, .waitIsOver):
            return enter(.starting, .start)
        case (.starting, .childStarted):
            return enter(.running, .none)
        case (.starting, .startFailed(let random)):
            return enter(.waiting, .wait(backoff.childEnded(afterRunning: .zero, random: random)))
        case (.running, .childEnded(let running, let random)):
            return enter(.waiting, .wait(backoff.childEnded(afterRunning: running, random: random)))
        case (.running, .stop), (.stopping, .childStarted):
            return enter(.stopping, .terminate)
        case (.starting, .stop):
            // Whether there is a child to end is known when the start is answered.
            return enter(.stopping, .none)
        case (.idle, .stop), (.waiting, .stop), (.stopping, .childEnded), (.stopping, .startFailed):
            return enter(.stopped, .finish)
        default:
            return .none
        }
    }

    private mutating func enter(_ next: Phase, _ action: Action) -> Action {
        phase = next
        return action
    }
}
