import FoundationEssentials
import HTTP
import StubServer
import Testing

@testable import AWS

/// Whole calls to a bucket, over real HTTP.
struct S3ClientTests {
    static let get = Operation.getObject("etcd/a b", in: "main-1")
    static let put = Operation.putObject(Array("new".utf8), as: "etcd/a b", in: "main-1", if: .absent)
    static let etag = S3.ETag("\"1\"")

    /// An object, as S3 hands it out.
    static let object = StubReply.text("old", headers: [("ETag", "\"1\""), ("x-amz-bucket-region", "eu-central-1")])
    static let written = StubReply.answer(200, headers: [("ETag", "\"2\"")], body: [])

    static func refusal(
        _ status: Int, _ code: String, _ more: String = "", headers: [(String, String)] = []
    ) -> StubReply {
        .text(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <Error><Code>\(code)</Code><Message>No.</Message>\(more)<Key>etcd/a b</Key><RequestId>req-3</RequestId>\
            <HostId>host/id=</HostId></Error>
            """, status: status, headers: headers)
    }

    @Test func signsByTheRulesOfS3() async throws {
        let stand = try Stand(Self.object, Self.written)
        #expect(try await stand.client.send(Self.get) == S3.Object(bytes: Array("old".utf8), etag: Self.etag))
        let swap = Operation.putObject(
            Array("new".utf8), as: "etcd/ü//./b", in: "main-1", if: .unchanged(Self.etag))
        #expect(try await stand.client.send(swap) == S3.ETag("\"2\""))
        let requests = stand.server.requests
        #expect(requests.map(\.target) == ["/main-1/etcd/a%20b", "/main-1/etcd/%C3%BC//./b"])
        #expect(requests.last?.header("If-Match") == "\"1\"" && requests.last?.text == "new")
        #expect(requests.last?.header("X-Amz-Content-SHA256") == Hex.encode(SHA256.hash("new".utf8)))
        for request in requests {
            #expect(
                try isSigned(request, at: stand.server, by: Stand.credentials, region: "eu-central-1", service: "s3"))
        }
        let signed = requests.last?.header("Authorization")?.split(separator: "SignedHeaders=").last
        let expected = "content-type;host;if-match;x-amz-checksum-sha256;x-amz-content-sha256;x-amz-date;"
        #expect(signed?.hasPrefix(expected) == true)
    }

    @Test func tellsRefusalsApart() async throws {
        let kinds: [(String, KeyPath<AWSError, Bool> & Sendable)] = [
            ("object", \.isAbsentObject), ("bucket", \.isAbsentBucket), ("denied", \.isAccessDenied),
            ("changed", \.isPreconditionFailed), ("conflict", \.isConditionalConflict),
        ]
        let rows = [
            (404, "NoSuchKey", "object"), (404, "NoSuchBucket", "bucket"), (403, "AccessDenied", "denied"),
            (412, "PreconditionFailed", "changed"), (409, "ConditionalRequestConflict", "conflict"),
            (409, "OperationAborted", ""), (400, "NoSuchKey", ""), (404, "NotFound", ""), (403, "NoSuchKey", ""),
        ]
        for (status, code, kind) in rows {
            let stand = try Stand(Self.refusal(status, code))
            let error = try await stand.failure(of: Self.put)
            #expect(kinds.filter { error[keyPath: $0.1] }.map(\.0) == (kind.isEmpty ? [] : [kind]), "\(code)")
            #expect(error.code == code && error.requestID == "req-3" && error.attempts == 1)
            #expect(!error.leavesFateOpen)
        }
    }

    /// Whatever stands in front of S3, and says 404 or 412 as well.
    @Test(arguments: [404, 412, 409])
    func takesNoPageOfAProxyForAFact(status: Int) async throws {
        let stand = try Stand(.text("<html>not here</html>", status: status))
        let error = try await stand.failure(of: Self.get)
        #expect(!error.isAbsentObject && !error.isAbsentBucket)
        #expect(!error.isPreconditionFailed && !error.isConditionalConflict)
    }

    @Test func readsNoObjectThatIsTooLarge() async throws {
        let stand = try Stand(
            .answer(200, headers: [("ETag", "\"1\"")], body: Array(repeating: 97, count: (64 << 10) + 1)))
        let error = try await stand.failure(of: Self.get)
        guard case .noAnswer(let failure) = error.cause else { throw error }
        #expect(failure.kind == .tooLarge && error.attempts == 1)
        let whole = try Stand(.answer(200, headers: [("ETag", "\"1\"")], body: Array(repeating: 97, count: 64 << 10)))
        #expect(try await whole.client.send(Self.get).bytes.count == 64 << 10)
    }

    @Test func deletesWithoutABodyInTheAnswer() async throws {
        let stand = try Stand(.status(204))
        try await stand.client.send(.deleteObject("a", in: "main-1", ifUnchanged: Self.etag))
        let request = try #require(stand.server.requests.first)
        #expect(request.method == "DELETE" && request.header("If-Match") == "\"1\"")
    }

    // MARK: What may have been carried out

    /// The second would be refused, and a success taken for a lost race.
    @Test(arguments: [StubReply.reset, .hang, .status(500), refusal(500, "InternalError"), .status(200)])
    func writesOnlyOnceWhereItsFateIsOpen(reply: StubReply) async throws {
        for change in [Self.put.voided, .deleteObject("a", in: "main-1", ifUnchanged: Self.etag)] {
            let stand = try Stand(reply, policy: RetryPolicy(attemptTimeout: .milliseconds(300)))
            // A deletion's success has no body to be missed.
            if case .answer(200, _, _) = reply, change.name == "DeleteObject" { continue }
            let error = try await stand.failure(of: change)
            #expect(error.attempts == 1 && error.leavesFateOpen)
            #expect(stand.server.requests.count == 1)
        }
    }

    @Test func writesAgainAfterThrottling() async throws {
        let stand = try Stand(Self.refusal(503, "SlowDown"), Self.written)
        #expect(try await stand.client.send(Self.put) == S3.ETag("\"2\""))
        #expect(stand.server.requests.count == 2)
    }

    @Test func leavesNoFateOpenWhereNothingWasSent() async throws {
        let stand = try Stand(.status(500))
        stand.server.stop()
        #expect(try await !stand.failure(of: Self.put).leavesFateOpen)
        let without = try Stand(.status(500), providers: [])
        #expect(try await !without.failure(of: Self.put).leavesFateOpen)
    }

    // MARK: The bucket's region

    static let elsewhere = [
        refusal(301, "PermanentRedirect", headers: [("x-amz-bucket-region", "eu-west-3")]),
        refusal(400, "AuthorizationHeaderMalformed", "<Region>eu-west-3</Region>"),
        refusal(400, "IllegalLocationConstraintException", headers: [("x-amz-bucket-region", "eu-west-3")]),
    ]

    @Test(arguments: elsewhere)
    func followsABucketIntoItsRegionAndRemembersIt(redirect: StubReply) async throws {
        let stand = try Stand(redirect, Self.written, Self.object)
        #expect(try await stand.client.send(Self.put) == S3.ETag("\"2\""))
        _ = try await stand.client.send(Self.get)
        _ = try await stand.client.send(.getObject("a", in: "main-2"))
        let regions = ["eu-central-1", "eu-west-3", "eu-west-3", "eu-central-1"]
        #expect(stand.server.requests.count == regions.count)
        for (request, region) in zip(stand.server.requests, regions) {
            #expect(try isSigned(request, at: stand.server, by: Stand.credentials, region: region, service: "s3"))
        }
        #expect(stand.clock.pauses.isEmpty)
    }

    @Test func followsABucketOnlyOnceInACall() async throws {
        let script = Script(
            ["eu-west-3", "eu-west-2", "eu-west-1"].map {
                Self.refusal(301, "PermanentRedirect", headers: [("x-amz-bucket-region", $0)])
            })
        let stand = try Stand { _ in script.next() }
        let error = try await stand.failure(of: Self.get)
        #expect(error.code == "PermanentRedirect" && error.attempts == 2)
    }

    @Test(arguments: ["eu-central-1", "evil.example.org/", ""])
    func goesNowhereElseThanToAnotherRegion(region: String) async throws {
        let stand = try Stand(Self.refusal(301, "PermanentRedirect", headers: [("x-amz-bucket-region", region)]))
        let error = try await stand.failure(of: Self.get)
        #expect(error.status == 301 && error.attempts == 1)
    }

    // MARK: Lists

    @Test func readsEveryPageOfAList() async throws {
        let whole = String(decoding: try Fixture.bytes("answers/ListObjectsV2.xml"), as: UTF8.self)
        let last = whole.replacing(">true<", with: ">false<")
        let stand = try Stand { .text($0.target.contains("continuation-token=1ueGcxLPRx1Tr%2F") ? last : whole) }
        let objects = try await stand.client.all(.listObjects(under: "etcd/main/", in: "main-1"))
        #expect(objects.count == 6 && stand.server.requests.count == 2)
        for request in stand.server.requests {
            #expect(request.path == "/main-1/")
            #expect(
                try isSigned(request, at: stand.server, by: Stand.credentials, region: "eu-central-1", service: "s3"))
        }
    }

    @Test func listsNothingOfABucketThatIsAbsentOrClosed() async throws {
        for (status, code) in [(404, "NoSuchBucket"), (403, "AccessDenied")] {
            let stand = try Stand(Self.refusal(status, code))
            let error = await #expect(throws: AWSError.self) {
                try await stand.client.all(.listObjects(under: "etcd/main/", in: "main-1"))
            }
            #expect(error?.code == code)
        }
    }
}

extension Operation {
    /// The same call, whose answer is read and then dropped.
    fileprivate var voided: Operation<Void> {
        Operation<Void>(
            service, name, payload, bucket: bucket, isIdempotent: isIdempotent,
            reading: { [read] answer throws(XMLError) in _ = try read(answer) })
    }
}
