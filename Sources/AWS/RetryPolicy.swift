/// What to do after a failed attempt. Pure: the same error in the same situation gives the same verdict.
///
/// | failure                                                   | verdict                                          |
/// |-----------------------------------------------------------|--------------------------------------------------|
/// | throttled, `PriorRequestNotComplete`                      | again, after a longer pause (F40)                |
/// | never sent: no connection, name not resolved              | again                                            |
/// | HTTP 5xx, late error, timed out, broken off               | again if the operation is idempotent             |
/// | the clocks differ                                         | again at once by AWS's clock, one time (F36)     |
/// | the bucket is in another region                           | again at once there, one time                    |
/// | the credentials have expired                              | again at once with new ones, one time (F38)      |
/// | any other 4xx, unreadable or too large answer, TLS, proxy | stop: the same request would meet the same answer |
///
/// The pause before attempt n+1 is a random part of `base * 2^(n-1)`, at most `longest` ("full jitter":
/// https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), or what `Retry-After` asks for if that is
/// longer. There is no attempt for which the call's time would not suffice.
package struct RetryPolicy: Sendable, Equatable {
    /// How often a request is sent, the first time included.
    package var attempts: Int
    /// The widest pause after the first attempt.
    package var base: Duration
    /// The same after a throttled one: the token buckets of EC2 and Route 53 refill over seconds.
    package var throttledBase: Duration
    package var longest: Duration
    /// How long one attempt may take, so that one lost packet does not use up the whole call.
    package var attemptTimeout: Duration

    package init(
        attempts: Int = 4, base: Duration = .milliseconds(100), throttledBase: Duration = .milliseconds(500),
        longest: Duration = .seconds(5), attemptTimeout: Duration = .seconds(5)
    ) {
        precondition(attempts >= 1 && base > .zero && throttledBase > .zero && attemptTimeout > .zero)
        self.attempts = attempts
        self.base = base
        self.throttledBase = throttledBase
        self.longest = longest
        self.attemptTimeout = attemptTimeout
    }

    /// How far a call has come.
    package struct Situation: Sendable, Equatable {
        /// How often the request was sent, at least 1.
        package var attempt = 1
        /// Since the call began.
        package var elapsed: Duration = .zero
        /// How long all of it may take.
        package var deadline: Duration = .seconds(10)
        package var isIdempotent = true
        package var hasRefreshedCredentials = false
        package var hasAdjustedClock = false
        package var hasChangedRegion = false
        /// In `0..<1`.
        package var random = 0.5

        package init() {}
    }

    package enum Verdict: Sendable, Equatable {
        case retry(after: Duration)
        /// Once more with credentials fetched anew.
        case refreshCredentials
        /// Once more, with the time of signing moved by this much.
        case adjustClock(by: Duration)
        /// Once more, in the region that the bucket is in.
        case changeRegion(to: Region)
        case stop
    }

    package func verdict(on error: AWSError, in situation: Situation) -> Verdict {
        guard situation.attempt < attempts, situation.elapsed < situation.deadline else { return .stop }
        if let refusal = error.refusal {
            return verdict(on: refusal, in: situation)
        }
        guard case .noAnswer(let failure) = error.cause else { return .stop }
        switch failure.kind {
        case .connectionRefused, .nameNotResolved, .notConnected: return retry(base, in: situation)
        case .timedOut, .brokenOff: return situation.isIdempotent ? retry(base, in: situation) : .stop
        case .tls, .tooLarge, .proxy, .invalidRequest: return .stop
        }
    }

    private func verdict(on refusal: Refusal, in situation: Situation) -> Verdict {
        if refusal.isTransientRefusal { return retry(throttledBase, asked: refusal.retryAfter, in: situation) }
        if refusal.isServerFailure {
            return situation.isIdempotent ? retry(base, asked: refusal.retryAfter, in: situation) : .stop
        }
        if refusal.isClockSkew, !situation.hasAdjustedClock, let difference = refusal.clockDifference {
            return .adjustClock(by: difference)
        }
        if refusal.isWrongRegion, !situation.hasChangedRegion, let region = refusal.bucketRegion {
            return .changeRegion(to: region)
        }
        if refusal.isExpiredCredential, !situation.hasRefreshedCredentials { return .refreshCredentials }
        return .stop
    }

    private func retry(_ base: Duration, asked: Duration? = nil, in situation: Situation) -> Verdict {
        let widest = min(longest, base * (1 << min(situation.attempt - 1, 20)))
        let pause = max(widest * situation.random, asked ?? .zero)
        return situation.elapsed + pause < situation.deadline ? .retry(after: pause) : .stop
    }
}
