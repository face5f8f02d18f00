import HTTP
import Testing

@testable import AWS

struct RetryPolicyTests {
    struct Row: CustomTestStringConvertible {
        var testDescription: String
        var cause: AWSError.Cause
        var change: @Sendable (inout RetryPolicy.Situation) -> Void = { _ in }
        var verdict: RetryPolicy.Verdict
    }

    @Test(arguments: rows)
    func decides(row: Row) {
        var situation = RetryPolicy.Situation()
        row.change(&situation)
        let error = AWSError(call: "EC2 X", endpoint: "https://x", attempts: 1, cause: row.cause)
        #expect(RetryPolicy().verdict(on: error, in: situation) == row.verdict)
    }

    static func refused(
        _ status: Int, _ code: String?, retryAfter: Duration? = nil, difference: Duration? = nil,
        region: Region? = nil
    ) -> AWSError.Cause {
        .refused(
            Refusal(
                status: status, code: code, retryAfter: retryAfter, clockDifference: difference, bucketRegion: region))
    }

    /// Test arguments cannot throw: without the region the rows that need it fail.
    static let paris = try? Region("eu-west-3")
    static var toParis: RetryPolicy.Verdict { paris.map { .changeRegion(to: $0) } ?? .refreshCredentials }

    static func noAnswer(_ kind: HTTPError.Kind) -> AWSError.Cause {
        .noAnswer(HTTPError(kind, request: "GET https://x/", detail: "it"))
    }

    /// With 0.5 as the random number: half of 100 ms after the first attempt, of 200 ms after the second, ...
    static let rows: [Row] = [
        Row(
            testDescription: "EC2 throttles", cause: refused(503, "RequestLimitExceeded"),
            verdict: .retry(after: .milliseconds(250))),
        Row(
            testDescription: "Route 53 throttles with HTTP 400 (F40)", cause: refused(400, "Throttling"),
            verdict: .retry(after: .milliseconds(250))),
        Row(
            testDescription: "Route 53 is busy with the zone (F40)", cause: refused(400, "PriorRequestNotComplete"),
            verdict: .retry(after: .milliseconds(250))),
        Row(testDescription: "HTTP 429", cause: refused(429, nil), verdict: .retry(after: .milliseconds(250))),
        Row(
            testDescription: "throttled calls may be repeated whatever they do", cause: refused(400, "Throttling"),
            change: { $0.isIdempotent = false }, verdict: .retry(after: .milliseconds(250))),
        Row(
            testDescription: "HTTP 500", cause: refused(500, "InternalError"), verdict: .retry(after: .milliseconds(50))
        ),
        Row(
            testDescription: "HTTP 503 of a proxy", cause: refused(503, nil), verdict: .retry(after: .milliseconds(50))),
        Row(
            testDescription: "HTTP 500 to a call that is not idempotent", cause: refused(500, nil),
            change: { $0.isIdempotent = false }, verdict: .stop),
        Row(
            testDescription: "second attempt: twice as long", cause: refused(500, nil), change: { $0.attempt = 2 },
            verdict: .retry(after: .milliseconds(100))),
        Row(
            testDescription: "third attempt: four times", cause: refused(500, nil), change: { $0.attempt = 3 },
            verdict: .retry(after: .milliseconds(200))),
        Row(
            testDescription: "fourth attempt: the last", cause: refused(500, nil), change: { $0.attempt = 4 },
            verdict: .stop),
        Row(
            testDescription: "full jitter begins at nothing", cause: refused(500, nil), change: { $0.random = 0 },
            verdict: .retry(after: .zero)),
        Row(
            testDescription: "Retry-After is honoured", cause: refused(503, nil, retryAfter: .seconds(3)),
            verdict: .retry(after: .seconds(3))),
        Row(
            testDescription: "a short Retry-After does not shorten the pause",
            cause: refused(503, nil, retryAfter: .zero), verdict: .retry(after: .milliseconds(50))),
        Row(
            testDescription: "Retry-After beyond the call's time: no sleep for nothing",
            cause: refused(503, nil, retryAfter: .seconds(10)), verdict: .stop),
        Row(
            testDescription: "the time is over", cause: refused(503, nil), change: { $0.elapsed = .seconds(10) },
            verdict: .stop),
        Row(
            testDescription: "the pause would outlast the time", cause: refused(503, nil),
            change: { $0.elapsed = .milliseconds(9_960) }, verdict: .stop),
        Row(
            testDescription: "nothing listens", cause: noAnswer(.connectionRefused),
            change: { $0.isIdempotent = false }, verdict: .retry(after: .milliseconds(50))),
        Row(
            testDescription: "no address", cause: noAnswer(.nameNotResolved), change: { $0.isIdempotent = false },
            verdict: .retry(after: .milliseconds(50))),
        Row(
            testDescription: "no connection", cause: noAnswer(.notConnected), verdict: .retry(after: .milliseconds(50))),
        Row(testDescription: "timed out", cause: noAnswer(.timedOut), verdict: .retry(after: .milliseconds(50))),
        Row(
            testDescription: "timed out, perhaps carried out", cause: noAnswer(.timedOut),
            change: { $0.isIdempotent = false }, verdict: .stop),
        Row(testDescription: "reset", cause: noAnswer(.brokenOff), verdict: .retry(after: .milliseconds(50))),
        Row(
            testDescription: "reset, perhaps carried out", cause: noAnswer(.brokenOff),
            change: { $0.isIdempotent = false }, verdict: .stop),
        Row(testDescription: "the certificate will be as bad again", cause: noAnswer(.tls), verdict: .stop),
        Row(testDescription: "the answer will be as large again", cause: noAnswer(.tooLarge), verdict: .stop),
        Row(testDescription: "the proxy", cause: noAnswer(.proxy), verdict: .stop),
        Row(testDescription: "access denied", cause: refused(403, "UnauthorizedOperation"), verdict: .stop),
        Row(testDescription: "bad request", cause: refused(400, "InvalidParameterValue"), verdict: .stop),
        Row(
            testDescription: "the answer can't be read", cause: .unreadable(.missing(path: "a/b"), requestID: nil),
            verdict: .stop),
        Row(
            testDescription: "no credentials", cause: .credentials(CredentialError("environment", .expired)),
            verdict: .stop),
        Row(
            testDescription: "the token expired (F38)", cause: refused(403, "ExpiredToken"),
            verdict: .refreshCredentials),
        Row(
            testDescription: "the token expired, in EC2's words, as the clocks agree",
            cause: refused(400, "RequestExpired", difference: .seconds(2)), verdict: .refreshCredentials),
        Row(
            testDescription: "the new token expired as well", cause: refused(403, "ExpiredToken"),
            change: { $0.hasRefreshedCredentials = true }, verdict: .stop),
        Row(
            testDescription: "our clock is slow (F36)",
            cause: refused(403, "SignatureDoesNotMatch", difference: .seconds(420)),
            verdict: .adjustClock(by: .seconds(420))),
        Row(
            testDescription: "our clock is fast (F36)",
            cause: refused(400, "RequestExpired", difference: .seconds(-420)), verdict: .adjustClock(by: .seconds(-420))
        ),
        Row(
            testDescription: "clock adjusted in vain",
            cause: refused(403, "RequestTimeTooSkewed", difference: .seconds(420)),
            change: { $0.hasAdjustedClock = true }, verdict: .stop),
        Row(
            testDescription: "a wrong secret, as the clocks agree",
            cause: refused(403, "SignatureDoesNotMatch", difference: .seconds(2)), verdict: .stop),
        Row(
            testDescription: "S3 throttles a conditional write", cause: refused(503, "SlowDown"),
            change: { $0.isIdempotent = false }, verdict: .retry(after: .milliseconds(250))),
        Row(
            testDescription: "S3: another write at the same time", cause: refused(409, "ConditionalRequestConflict"),
            verdict: .stop),
        Row(
            testDescription: "S3: the condition does not hold", cause: refused(412, "PreconditionFailed"),
            verdict: .stop),
        Row(
            testDescription: "the bucket is elsewhere, whatever the operation does",
            cause: refused(301, "PermanentRedirect", region: paris), change: { $0.isIdempotent = false },
            verdict: toParis),
        Row(
            testDescription: "the bucket is elsewhere, in the signature's words",
            cause: refused(400, "AuthorizationHeaderMalformed", region: paris), verdict: toParis),
        Row(
            testDescription: "the bucket is elsewhere again", cause: refused(301, "PermanentRedirect", region: paris),
            change: { $0.hasChangedRegion = true }, verdict: .stop),
        Row(
            testDescription: "the bucket is elsewhere, and nobody says where", cause: refused(301, "PermanentRedirect"),
            verdict: .stop),
        Row(
            testDescription: "S3 names the region beside every refusal",
            cause: refused(403, "AccessDenied", region: paris),
            verdict: .stop),
        Row(
            testDescription: "a skew is no excuse for a missing permission",
            cause: refused(403, "AccessDenied", difference: .seconds(420)), verdict: .stop),
    ]

    @Test func neverPausesLongerThanAllowed() {
        var situation = RetryPolicy.Situation()
        (situation.random, situation.deadline) = (0.999_999, .seconds(1000))
        let error = AWSError(call: "", endpoint: "", cause: Self.refused(500, nil))
        for attempt in 1..<99 {
            situation.attempt = attempt
            guard case .retry(let pause) = RetryPolicy(attempts: 100).verdict(on: error, in: situation) else {
                Issue.record("attempt \(attempt) was the last")
                continue
            }
            #expect(pause <= .seconds(5))
        }
    }
}
