import FoundationEssentials
import HTTP
import StubServer
import Testing

@testable import AWS

/// Whole calls, over real HTTP, to an AWS that misbehaves.
struct AWSClientTests {
    // MARK: What is sent

    @Test func signsEveryCall() async throws {
        let stand = try Stand { request in
            let isQuery = request.method == "POST" && request.path == "/"
            return (try? .fixture(isQuery ? "DescribeInstances.xml" : "ListResourceRecordSets.xml")) ?? .status(500)
        }
        _ = try await stand.client.send(.example)
        _ = try await stand.client.send(.listRecordSets(in: Route53.ZoneID("Z1"), under: "a b*.example.org"))
        let requests = stand.server.requests
        #expect(requests.count == 2)
        let scopes = [("eu-central-1", "ec2"), ("us-east-1", "route53")]
        for (request, (region, service)) in zip(requests, scopes) {
            func isGood(_ credentials: Credentials) throws -> Bool {
                try isSigned(request, at: stand.server, by: credentials, region: region, service: service)
            }
            #expect(try isGood(Stand.credentials))
            #expect(request.header("User-Agent") == "etcd-cluster/1.2.3")
            var wrong = Stand.credentials
            wrong.secretAccessKey = Secret("wrong")
            #expect(try !isGood(wrong))
        }
    }

    @Test func neverSendsASecret() async throws {
        let stand = try Stand(.fixture("DescribeInstances.xml"))
        _ = try await stand.client.send(.example)
        let request = try #require(stand.server.requests.first)
        let sent = "\(request.target) \(request.headers) \(request.text)"
        #expect(!sent.contains(Stand.credentials.secretAccessKey.plainText))
    }

    // MARK: What goes wrong

    @Test(arguments: [
        ("RequestLimitExceeded", 503, 4), ("Throttling", 400, 4), ("PriorRequestNotComplete", 400, 4),
        ("InternalError", 500, 4), ("UnauthorizedOperation", 403, 1), ("InvalidParameterValue", 400, 1),
        ("AuthFailure", 401, 1),
    ])
    func triesAsOftenAsItHelps(code: String, status: Int, attempts: Int) async throws {
        let stand = try Stand(.error(code, "Not now.", status: status))
        let error = try await stand.failure(of: .example)
        #expect(error.code == code && error.status == status && error.requestID == "req-1")
        #expect(error.attempts == attempts)
        #expect(stand.server.requests.count == attempts)
        #expect(stand.clock.pauses.count == attempts - 1)
    }

    @Test func succeedsOnceTheThrottlingEnds() async throws {
        let busy = StubReply.error("Throttling", status: 400)
        let stand = try Stand(busy, busy, .fixture("DescribeInstances.xml"))
        #expect(try await stand.client.send(.example).items.count == 3)
        #expect(stand.clock.pauses == [.milliseconds(250), .milliseconds(500)])
    }

    @Test func waitsAsLongAsRetryAfterSays() async throws {
        let stand = try Stand(
            .text("<html>busy</html>", status: 503, headers: [("Retry-After", "2")]), .fixture("DescribeInstances.xml"))
        _ = try await stand.client.send(.example)
        #expect(stand.clock.pauses == [.seconds(2)])
    }

    @Test func endsWithTheCallsTime() async throws {
        let stand = try Stand(.text("", status: 503, headers: [("Retry-After", "2")]))
        let error = try await stand.failure(of: .example, deadline: .seconds(3))
        #expect(error.attempts == 2 && stand.clock.pauses == [.seconds(2)])
        #expect(error.status == 503)
    }

    @Test func givesUpOnAHangAfterItsAttempts() async throws {
        let policy = RetryPolicy(attempts: 3, attemptTimeout: .milliseconds(100))
        let stand = try Stand(.hang, policy: policy)
        let error = try await stand.failure(of: .example)
        #expect(error.isTimeout && error.attempts == 3)
        #expect("\(error)".contains("EC2 DescribeInstances at \(stand.server.url) failed after 3 attempts: timed out"))
    }

    @Test(arguments: [StubReply.reset, .close, .truncated(200, claimed: 5000, body: [60])])
    func triesAgainAfterABrokenAnswer(reply: StubReply) async throws {
        let stand = try Stand(reply)
        let error = try await stand.failure(of: .example)
        guard case .noAnswer(let failure) = error.cause else { throw error }
        #expect(failure.kind == .brokenOff)
        #expect(error.attempts == 4)
    }

    @Test func sendsAChangeThatIsNoUpsertOnlyOnceWhenItsFateIsOpen() async throws {
        let set = Route53.RecordSet(name: "a.example.org", type: "A", ttl: 60, values: ["10.0.0.1"])
        for (action, requests) in [(Route53.Change.Action.create, 1), (.upsert, 4)] {
            let stand = try Stand(.reset)
            let change = Operation.changeRecordSets([Route53.Change(action, set)], in: .init("Z1"), comment: "")
            let error = try await stand.failure(of: change)
            #expect(error.attempts == requests)
        }
    }

    /// libcurl by itself sends again what it sent on a connection used before.
    @Test(arguments: [StubReply.reset, .close])
    func sendsAChangeOnlyOnceAlsoOnAConnectionUsedBefore(reply: StubReply) async throws {
        let script = Script([try .fixture("GetHostedZone.xml"), reply])
        let stand = try Stand { _ in script.next() }
        _ = try await stand.client.send(.getHostedZone(Route53.ZoneID("Z1")))
        let set = Route53.RecordSet(name: "a.example.org", type: "A", ttl: 60, values: ["10.0.0.1"])
        let error = try await stand.failure(
            of: .changeRecordSets([Route53.Change(.create, set)], in: Route53.ZoneID("Z1"), comment: ""))
        #expect(error.attempts == 1)
        #expect(stand.server.requests.count == 2)
    }

    @Test func saysThatNothingListens() async throws {
        let stand = try Stand(.status(500))
        stand.server.stop()
        let error = try await stand.failure(of: .example)
        guard case .noAnswer(let failure) = error.cause else { throw error }
        #expect(failure.kind == .connectionRefused && error.attempts == 4)
    }

    @Test func namesTheByteOfTruncatedXML() async throws {
        let whole = try Fixture.bytes("answers/DescribeInstances.xml")
        let headers = [("x-amzn-RequestId", "req-7")]
        let stand = try Stand(.answer(200, headers: headers, body: Array(whole.prefix(3000))))
        let error = try await stand.failure(of: .example)
        guard case .unreadable(.malformed, requestID: "req-7") = error.cause else { throw error }
        #expect(error.attempts == 1)
        #expect("\(error)".contains("the answer can't be read: XML: "))
    }

    @Test func namesThePathThatAnAnswerLacks() async throws {
        let stand = try Stand(.text("<html><body>Sign in to the hotel's network</body></html>"))
        let error = try await stand.failure(of: .example)
        guard case .unreadable(.missing("html/reservationSet"), _) = error.cause else { throw error }
    }

    @Test func stopsReadingAnEndlessAnswer() async throws {
        let stand = try Stand(.streamed(200, headers: [], length: 100 << 20))
        let error = try await stand.failure(of: .example)
        guard case .noAnswer(let failure) = error.cause else { throw error }
        #expect(failure.kind == .tooLarge && error.attempts == 1)
    }

    @Test func endsAtOnceWhenItsTaskIsCancelled() async throws {
        let stand = try Stand(.hang)
        let task = Task { try await stand.client.send(.example) }
        _ = try await stand.server.requests(atLeast: 1)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(stand.server.requests.count == 1)
    }

    // MARK: Time and credentials

    /// AWS's clock is seven minutes ahead of ours.
    @Test func learnsTheTimeFromAWS() async throws {
        let late = [("Date", "Sun, 01 Mar 2026 12:07:00 GMT")]
        let stand = try Stand(
            .error(
                "SignatureDoesNotMatch", "Signature expired: 20260301T120000Z is now earlier.", status: 403,
                headers: late),
            .fixture("DescribeInstances.xml"))
        _ = try await stand.client.send(.example)
        _ = try await stand.client.send(.example)
        #expect(
            stand.server.requests.map { $0.header("X-Amz-Date") }
                == ["20260301T120000Z", "20260301T120700Z", "20260301T120700Z"])
        #expect(stand.client.clockOffset == .seconds(420))
        #expect(stand.clock.pauses.isEmpty)
    }

    @Test func adjustsItsClockOnlyOnceInACall() async throws {
        let answers = ["12:07:00", "12:14:00", "12:21:00"].map {
            StubReply.error("RequestTimeTooSkewed", status: 403, headers: [("Date", "Sun, 01 Mar 2026 \($0) GMT")])
        }
        let script = Script(answers)
        let stand = try Stand { _ in script.next() }
        let error = try await stand.failure(of: .example)
        #expect(error.isClockSkew && error.attempts == 2)
        #expect("\(error)".contains("this machine's clock differs from AWS's by 420 s"))
    }

    @Test func fetchesNewCredentialsOnceWhenTheyExpired() async throws {
        let provider = CountingProvider { Credentials(accessKeyID: "AKID\($0)", secretAccessKey: Secret("s")) }
        let expired = StubReply.error("ExpiredToken", status: 403)
        let stand = try Stand(expired, .fixture("DescribeInstances.xml"), expired, providers: [provider])
        _ = try await stand.client.send(.example)
        let keys = stand.server.requests.map { $0.header("Authorization")?.contains("Credential=AKID2/") }
        #expect(keys == [false, true])
        let error = try await stand.failure(of: .example)
        #expect(error.isExpiredCredential && error.attempts == 2)
        #expect(provider.count == 3)
    }

    @Test func doesNotRepeatACallWithTheCredentialsThatWereRefused() async throws {
        let stand = try Stand(.error("ExpiredToken", status: 403))
        let error = try await stand.failure(of: .example)
        #expect(error.isExpiredCredential && error.attempts == 1)
    }

    @Test func saysWhichSourceHasNoCredentials() async throws {
        let stand = try Stand(.status(500), providers: [EnvironmentCredentials(["AWS_ACCESS_KEY_ID": "AKID"])])
        let error = try await stand.failure(of: .example)
        #expect(
            error.cause == .credentials(CredentialError("environment", .incomplete(missing: "AWS_SECRET_ACCESS_KEY"))))
        #expect(error.attempts == 0)
        #expect(
            "\(error)".hasSuffix("failed: no credentials from environment: AWS_SECRET_ACCESS_KEY is missing"))
    }

    @Test func waitsForCredentialsNoLongerThanForTheCall() async throws {
        let provider = CountingProvider { _ in
            try await Task.sleep(for: .seconds(600))
            return Stand.credentials
        }
        let stand = try Stand(.status(500), providers: [provider])
        let error = try await stand.failure(of: .example, deadline: .milliseconds(50))
        guard case .credentials(let cause) = error.cause, case .timedOut = cause.problem else { throw error }
    }
}
