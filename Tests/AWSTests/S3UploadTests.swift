import Foundation
import HTTP
import StubServer
import Synchronization
import Testing

@testable import AWS

/// Files on their way to a bucket, over real HTTP.
struct S3UploadTests {
    static let key = "etcd/a b.db"
    static let path = "/main-1/etcd/a%20b.db"

    func upload(
        _ stand: TransferStand, _ size: Int, _ options: S3.UploadOptions = .small(), progress: S3.Progress? = nil
    ) async throws -> S3.Uploaded {
        try await stand.client.upload(stand.file(size), to: Self.key, in: "main-1", options, progress: progress)
    }

    /// The error of an upload that must fail.
    func failure(_ stand: TransferStand, _ size: Int, _ options: S3.UploadOptions = .small()) async throws -> AWSError {
        try #require(await #expect(throws: AWSError.self) { _ = try await upload(stand, size, options) })
    }

    func expectSigned(_ stand: TransferStand, region: String = "eu-central-1") throws {
        for request in stand.requests {
            #expect(
                try isSigned(request, at: stand.stand.server, by: Stand.credentials, region: region, service: "s3"))
        }
    }

    // MARK: Whole

    @Test(arguments: [0, 1, 1000])
    func sendsASmallFileAtOnce(size: Int) async throws {
        let (stand, notes) = (try TransferStand(), ProgressNotes())
        let uploaded = try await upload(stand, size, progress: notes.callback)
        let object = try #require(stand.bucket[Self.path])
        #expect(object.bytes == TransferStand.bytes(size))
        #expect(
            uploaded
                == S3.Uploaded(
                    etag: S3.ETag(object.etag), size: Int64(size), checksum: S3.base64(SHA256.hash(object.bytes))))
        #expect(object.checksum == uploaded.checksum)
        #expect(stand.sequence == ["PUT"] && notes.all == [[Int64(size), Int64(size)]])
        #expect(stand.requests.first?.header("Content-Type") == "application/octet-stream")
        try expectSigned(stand)
        let signed = stand.requests.first?.header("Authorization")
        #expect(signed?.contains("SignedHeaders=content-type;host;x-amz-checksum-sha256;x-amz-content-sha256;") == true)
    }

    @Test func takesWhatItReadsForNoFileAsNone() async throws {
        let stand = try TransferStand()
        mkfifo("\(stand.directory)/pipe", 0o600)
        for (name, reason) in [
            ("absent", "No such file or directory"), ("", "not a regular file"), ("pipe", "not a regular file"),
        ] {
            let path = "\(stand.directory)/\(name)"
            await #expect(throws: S3.TransferError.unreadable(path: path, reason: reason)) {
                try await stand.client.upload(path, to: "a", in: "main-1")
            }
        }
        #expect(stand.requests.isEmpty)
    }

    @Test func lengthensPartsWhereThereWouldBeTooMany() {
        #expect(partRanges(of: 2500, wanted: 1000) == [0..<1000, 1000..<2000, 2000..<2500])
        #expect(partRanges(of: 2000, wanted: 1000) == [0..<1000, 1000..<2000])
        #expect(partRanges(of: 1, wanted: 1000) == [0..<1])
        for size in [10_000_000, 10_000_001, 5 << 40] as [Int64] {
            let ranges = partRanges(of: size, wanted: 1000)
            #expect(ranges.count <= 10_000 && ranges.first?.lowerBound == 0 && ranges.last?.upperBound == size)
            #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
        }
        #expect(partRanges(of: 10_000_000, wanted: 1000).count == 10_000)
    }

    /// The time for small calls would cut off every part.
    @Test func givesAPartTimeForItsLength() {
        let target = S3.Target(key: "a", bucket: "b", options: .init())
        let piece = S3.Piece(path: "/f", range: 0..<64 << 20, sha256: [])
        #expect(Operation.uploadPart(1, piece, of: S3.Upload(id: "i", target: target)).attemptTimeout == .seconds(286))
        #expect(Operation.putObject(piece, as: target).attemptTimeout == .seconds(286))
    }

    /// Every answer takes longer than a small call may.
    @Test func waitsForPartsLongerThanForSmallCalls() async throws {
        let stand = try TransferStand(policy: RetryPolicy(attempts: 1, attemptTimeout: .milliseconds(500))) {
            request, number, bucket in
            request.method == "PUT" || number > 1 ? .delayed(.milliseconds(800), bucket.answer(request)) : nil
        }
        _ = try await upload(stand, 1500)
        #expect(stand.sequence == ["POST", "PUT 1", "PUT 2", "POST"])
    }

    // MARK: In parts

    @Test func sendsALargeFileInParts() async throws {
        let (stand, notes) = (try TransferStand(), ProgressNotes())
        let uploaded = try await upload(stand, 2500, .small(if: .absent), progress: notes.callback)
        let object = try #require(stand.bucket[Self.path])
        #expect(object.bytes == TransferStand.bytes(2500))
        #expect(
            uploaded
                == S3.Uploaded(etag: S3.ETag(object.etag), size: 2500, checksum: try #require(object.checksum)))
        #expect(uploaded.checksum.hasSuffix("=-3"))
        #expect(stand.sequence == ["POST", "PUT 1", "PUT 2", "PUT 3", "POST"])
        #expect(notes.all == [[1000, 2500], [2000, 2500], [2500, 2500]])
        let requests = stand.requests
        #expect(
            requests.map(\.query) == [
                "uploads=", "partNumber=1&uploadId=up-1", "partNumber=2&uploadId=up-1", "partNumber=3&uploadId=up-1",
                "uploadId=up-1",
            ])
        #expect(requests.map { $0.header("x-amz-checksum-algorithm") } == ["SHA256", nil, nil, nil, nil])
        #expect(requests.map { $0.header("If-None-Match") } == [nil, nil, nil, nil, "*"])
        #expect(requests.map { $0.header("Content-Type") }.first == "application/octet-stream")
        try expectSigned(stand)
    }

    /// Parts are hashed by fours, of which the last ones need not be as many nor as long.
    @Test(arguments: [(4000, 4), (4500, 5), (8000, 8), (11_001, 12)])
    func hashesEachPartForItself(size: Int, count: Int) async throws {
        let stand = try TransferStand()
        _ = try await upload(stand, size)
        let bytes = TransferStand.bytes(size)
        #expect(stand.bucket[Self.path]?.bytes == bytes)
        let parts = stand.requests.filter { $0.method == "PUT" }
        #expect(
            parts.map { $0.header("x-amz-checksum-sha256") }
                == (0..<count).map { S3.base64(SHA256.hash(bytes[$0 * 1000..<min(size, ($0 + 1) * 1000)])) })
    }

    /// Word for word what botocore writes, but for the quotes, which need not be escaped.
    @Test func listsTheParts() throws {
        let target = S3.Target(key: "k", bucket: "b", options: .init(condition: .absent))
        let operation = Operation.completeUpload(
            S3.Upload(id: "u+/", target: target), of: [S3.Part(etag: S3.ETag("\"e\""), sha256: [1, 2])])
        #expect(
            try OperationTests().sent(operation) == """
                POST /k?uploadId=u%2B%2F <?xml version="1.0" encoding="UTF-8"?>
                <CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Part>\
                <PartNumber>1</PartNumber><ETag>&quot;e&quot;</ETag><ChecksumSHA256>AQI=</ChecksumSHA256></Part>\
                </CompleteMultipartUpload>
                """)
    }

    @Test(arguments: [
        StubBucket.refusal(503, "SlowDown"), StubBucket.refusal(500, "InternalError"), .status(502), .reset,
        StubBucket.refusal(400, "RequestTimeout"),
    ])
    func repeatsAPartAlone(reply: StubReply) async throws {
        let stand = try TransferStand { request, number, _ in request.method == "PUT" && number == 2 ? reply : nil }
        _ = try await upload(stand, 2500)
        #expect(stand.sequence == ["POST", "PUT 1", "PUT 2", "PUT 2", "PUT 3", "POST"])
        #expect(stand.bucket[Self.path]?.bytes == TransferStand.bytes(2500))
        #expect(stand.stand.clock.pauses.count == 1)
    }

    @Test func repeatsASmallFileToo() async throws {
        let stand = try TransferStand { request, number, _ in
            request.method == "PUT" && number < 3 ? StubBucket.refusal(503, "SlowDown") : nil
        }
        _ = try await upload(stand, 10, .small(if: .absent))
        #expect(stand.sequence == ["PUT", "PUT", "PUT"])
        #expect(stand.stand.clock.pauses == [.milliseconds(250), .milliseconds(500)])
    }

    // MARK: Giving up

    @Test func abortsWhatFails() async throws {
        let stand = try TransferStand { request, number, _ in
            request.method == "PUT" && number == 2 ? StubBucket.refusal(403, "AccessDenied") : nil
        }
        let error = try await failure(stand, 2500)
        #expect(error.isAccessDenied && error.call == "S3 UploadPart")
        #expect(stand.sequence == ["POST", "PUT 1", "PUT 2", "DELETE"])
        #expect(stand.requests.last?.query == "uploadId=up-1")
        #expect(stand.bucket.openUploads == 0 && stand.bucket[Self.path] == nil)
        try expectSigned(stand)
    }

    @Test func saysWhyItFailedAlsoWhereItCannotAbort() async throws {
        let stand = try TransferStand { request, _, _ in
            switch request.method {
            case "PUT": StubBucket.refusal(403, "AccessDenied")
            case "DELETE": StubBucket.refusal(500, "InternalError")
            default: nil
            }
        }
        #expect(try await failure(stand, 2500).code == "AccessDenied")
        #expect(stand.bucket.openUploads == 1)
    }

    @Test func abortsWhatIsCancelled() async throws {
        let stand = try TransferStand { request, number, _ in request.method == "PUT" && number == 2 ? .hang : nil }
        let task = Task { try await upload(stand, 2500) }
        _ = try await stand.stand.server.requests(atLeast: 3)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(stand.sequence == ["POST", "PUT 1", "PUT 2", "DELETE"] && stand.bucket.openUploads == 0)
    }

    /// The bytes would be those of two different files.
    @Test func completesNoFileThatChanges() async throws {
        let stand = try TransferStand()
        let path = try stand.file(2500)
        await #expect(throws: S3.TransferError.fileChanged(path: path)) {
            try await stand.client.upload(path, to: Self.key, in: "main-1", .small()) { done, _ in
                if done == 2500 { truncate(path, 3000) }
            }
        }
        #expect(stand.sequence == ["POST", "PUT 1", "PUT 2", "PUT 3", "DELETE"])
    }

    @Test func sendsNoFileThatShrinks() async throws {
        let stand = try TransferStand()
        let path = try stand.file(2500)
        await #expect(throws: S3.TransferError.fileChanged(path: path)) {
            try await stand.client.upload(path, to: Self.key, in: "main-1", .small()) { _, _ in truncate(path, 1500) }
        }
        #expect(stand.sequence == ["POST", "PUT 1", "DELETE"] && stand.bucket[Self.path] == nil)
    }

    /// Between the hash and the sending: here while the first attempt is answered.
    @Test func sendsNoPartThatIsGone() async throws {
        let place = Mutex("")
        let stand = try TransferStand { request, _, _ in
            guard request.method == "PUT" else { return nil }
            truncate(place.withLock { $0 }, 10)
            return .status(500)
        }
        place.withLock { $0 = "\(stand.directory)/source" }
        let path = try stand.file(2500)
        await #expect(throws: S3.TransferError.fileChanged(path: path)) {
            try await stand.client.upload(path, to: Self.key, in: "main-1", .small())
        }
        #expect(stand.sequence == ["POST", "PUT 1", "DELETE"])
    }

    // MARK: Approval

    private struct Disapproval: Error {}

    @Test(arguments: [500, 2500]) func whatIsNotApprovedIsNoObject(size: Int) async throws {
        let stand = try TransferStand()
        let path = try stand.file(size)
        await #expect(throws: Disapproval.self) {
            try await stand.client.upload(
                path, to: Self.key, in: "main-1", .small(), once: { throw Disapproval() })
        }
        #expect(stand.bucket[Self.path] == nil && stand.bucket.openUploads == 0)
        #expect(stand.sequence == (size > 1000 ? ["POST", "PUT 1", "PUT 2", "PUT 3", "DELETE"] : []))
    }

    /// A file that has to be read to its end first is on its way meanwhile.
    @Test func approvalIsAwaitedWhenEverythingIsThere() async throws {
        let stand = try TransferStand()
        let path = try stand.file(2500)
        _ = try await stand.client.upload(
            path, to: Self.key, in: "main-1", .small(),
            once: {
                #expect(stand.sequence == ["POST", "PUT 1", "PUT 2", "PUT 3"] && stand.bucket[Self.path] == nil)
            })
        #expect(stand.bucket[Self.path]?.bytes.count == 2500)
    }

    // MARK: The end of an upload

    /// After 200 has been said, only the body can tell.
    @Test(arguments: ["", "\n  \n   "])
    func repeatsACompletionThatFailedLate(margin: String) async throws {
        let late = "<Error><Code>InternalError</Code><Message>Again.</Message></Error>"
        let stand = try TransferStand { request, number, _ in
            request.method == "POST" && number == 2 ? .text(margin + late) : nil
        }
        _ = try await upload(stand, 1500)
        #expect(stand.sequence == ["POST", "PUT 1", "PUT 2", "POST", "POST"])
        #expect(stand.bucket[Self.path]?.bytes.count == 1500)
    }

    /// 200, and still no word of an object.
    @Test(arguments: ["<html><body>Welcome</body></html>", "", "<CompleteMultipartUploadResult/>"])
    func takesNothingElseForACompletion(text: String) async throws {
        let stand = try TransferStand { request, number, _ in
            request.method == "POST" && number == 2 ? .text(text) : nil
        }
        let error = try await failure(stand, 1500)
        guard case .unreadable = error.cause else { throw error }
        #expect(stand.sequence.suffix(3) == ["POST", "HEAD", "DELETE"] && stand.bucket.openUploads == 0)
    }

    @Test func readsACompletionAfterWhiteSpace() async throws {
        let stand = try TransferStand { request, number, bucket in
            guard request.method == "POST", number == 2 else { return nil }
            guard case .answer(_, _, let body) = bucket.answer(request) else { return nil }
            return .chunked(200, headers: [], chunks: [[0x20], [0x0a], body], pause: .milliseconds(1))
        }
        #expect(try await upload(stand, 1500).size == 1500)
    }

    @Test(arguments: [("InternalError", 4), ("PreconditionFailed", 1), ("InvalidPart", 1)])
    func doesNotTakeALateErrorForSuccess(code: String, attempts: Int) async throws {
        let stand = try TransferStand { request, number, _ in
            request.method == "POST" && number > 1 ? StubBucket.refusal(200, code) : nil
        }
        let error = try await failure(stand, 1500)
        #expect(error.code == code && error.attempts == attempts && error.call == "S3 CompleteMultipartUpload")
        #expect(error.isPreconditionFailed == (code == "PreconditionFailed"))
        #expect(error.leavesFateOpen == (code == "InternalError"))
        #expect(stand.sequence.last == "DELETE" && stand.bucket.openUploads == 0)
    }

    @Test(arguments: [10, 1500])
    func writesOnlyOnItsCondition(size: Int) async throws {
        let stand = try TransferStand()
        let other = StubBucket.Object(bytes: [1])
        stand.bucket[Self.path] = other
        let error = try await failure(stand, size, .small(if: .absent))
        #expect(error.isPreconditionFailed && error.attempts == 1)
        #expect(stand.bucket[Self.path] == other && stand.bucket.openUploads == 0)
        #expect(stand.requests.filter { $0.method == "HEAD" }.isEmpty)
        _ = try await upload(stand, size)
        #expect(stand.bucket[Self.path]?.bytes == TransferStand.bytes(size))
    }

    /// The write was carried out, and its answer lost: the repetition is refused, and would be taken for a lost race.
    @Test(arguments: [(10, "PUT", 1), (1500, "POST", 2)])
    func knowsItsOwnObject(size: Int, method: String, number: Int) async throws {
        let stand = try TransferStand { request, count, bucket in
            guard request.method == method, count == number else { return nil }
            _ = bucket.answer(request)
            return .reset
        }
        let uploaded = try await upload(stand, size, .small(if: .absent))
        #expect(uploaded.checksum == stand.bucket[Self.path]?.checksum)
        #expect(uploaded.etag.text == stand.bucket[Self.path]?.etag)
        #expect(stand.sequence.suffix(3) == [method, method, "HEAD"])
    }

    /// libcurl by itself sends again what it sent on a connection used before: a first refusal would be a second one.
    @Test func isToldOfEverySending() {
        let target = S3.Target(key: "a", bucket: "b", options: .init())
        let piece = S3.Piece(path: "/f", range: 0..<1, sha256: [])
        for operation in [
            Operation.putObject(piece, as: target), .completeUpload(S3.Upload(id: "i", target: target), of: []),
        ] {
            let request = operation.request(at: S3Tests.endpoint, userAgent: "")
            #expect(!request.isRepeatable && operation.isIdempotent)
        }
    }

    /// Somebody else's stands there after a lost answer: the condition is lost indeed.
    @Test(arguments: [(10, "PUT", 1), (1500, "POST", 2)])
    func takesNoOtherObjectForItsOwn(size: Int, method: String, number: Int) async throws {
        let stand = try TransferStand { request, count, bucket in
            guard request.method == method, count == number else { return nil }
            bucket[Self.path] = StubBucket.Object(bytes: TransferStand.bytes(size), checksum: "b3RoZXI=")
            return .reset
        }
        let error = try await failure(stand, size, .small(if: .absent))
        #expect(error.isPreconditionFailed && error.attempts == 2)
        #expect(stand.requests.contains { $0.method == "HEAD" })
    }

    // MARK: What is asked for

    @Test(
        arguments: [
            (S3.Encryption.bucketDefault, nil, nil), (.aes256, "AES256", nil), (.kms(keyID: nil), "aws:kms", nil),
            (.kms(keyID: "alias/etcd"), "aws:kms", "alias/etcd"),
        ] as [(S3.Encryption, String?, String?)])
    func asksForEncryption(encryption: S3.Encryption, kind: String?, key: String?) async throws {
        for size in [10, 1500] {
            let stand = try TransferStand()
            _ = try await upload(stand, size, .small(encryption: encryption))
            let rest = [String?](repeating: nil, count: stand.requests.count - 1)
            #expect(stand.requests.map { $0.header("x-amz-server-side-encryption") } == [kind] + rest)
            #expect(stand.requests.map { $0.header("x-amz-server-side-encryption-aws-kms-key-id") } == [key] + rest)
            try expectSigned(stand)
        }
    }

    // MARK: Where the bucket is

    @Test(arguments: [(301, "PermanentRedirect"), (400, "IllegalLocationConstraintException")], [10, 1500])
    func learnsTheRegion(refusal: (Int, String), size: Int) async throws {
        let stand = try TransferStand { request, _, _ in
            request.header("Authorization")?.contains("/eu-west-3/s3/") == true
                ? nil : StubBucket.refusal(refusal.0, refusal.1, headers: [("x-amz-bucket-region", "eu-west-3")])
        }
        _ = try await upload(stand, size)
        #expect(stand.bucket[Self.path]?.bytes.count == size)
        let regions = stand.requests.map { $0.header("Authorization")?.contains("/eu-west-3/s3/") == true }
        #expect(regions == [false] + [Bool](repeating: true, count: size == 10 ? 1 : 4))
        #expect(stand.stand.clock.pauses.isEmpty)
    }

    /// At AWS itself, and with a name that no host can have.
    @Test(arguments: [
        ("main-1", "https://main-1.s3.eu-central-1.amazonaws.com"),
        ("my.bucket", "https://s3.eu-central-1.amazonaws.com"),
    ])
    func callsABucketAtItsAddress(bucket: String, base: String) async throws {
        let stand = try TransferStand()
        let detour = Detour(from: base, to: stand.stand.server.url)
        let client = AWSClient(
            http: detour, endpoints: try Endpoints(region: Region("eu-central-1")),
            credentials: CredentialChain([StaticCredentials(Stand.credentials)], timing: .virtual(VirtualClock())),
            timing: .virtual(VirtualClock()))
        let source = try stand.file(1500)
        _ = try await client.upload(source, to: "a/b", in: bucket, .small())
        let info = try await client.download("a/b", from: bucket, to: stand.target, limit: 9999, partSize: 1000)
        #expect(info.size == 1500)
        #expect(try stand.content(stand.target) == TransferStand.bytes(1500))
        let path = bucket == "main-1" ? "/a/b" : "/my.bucket/a/b"
        #expect(Set(stand.requests.map(\.path)) == [path] && stand.requests.count == 7)
    }

    /// A daemon's other calls must not wait for the disk.
    @Test func sendsFilesOverAClientOfTheirOwn() async throws {
        let stand = try TransferStand()
        let url = stand.stand.server.url
        let (plain, bulk) = (Detour(from: "", to: ""), Detour(from: "", to: ""))
        let client = AWSClient(
            http: plain, bulk: bulk,
            endpoints: try Endpoints(region: Region("eu-central-1"), environment: ["AWS_ENDPOINT_URL": url]),
            credentials: CredentialChain([StaticCredentials(Stand.credentials)], timing: .virtual(VirtualClock())),
            timing: .virtual(VirtualClock()))
        _ = try await client.upload(stand.file(1500), to: "a", in: "main-1", .small())
        _ = try await client.download("a", from: "main-1", to: stand.target, limit: 9999)
        #expect(plain.methods == ["POST", "POST", "HEAD"] && bulk.methods == ["PUT", "PUT", "GET"])
    }
}

/// A client that sends to a stub server what is meant for AWS.
final class Detour: HTTPClient {
    private let base: String
    private let server: String
    private let seen = Mutex([String]())

    init(from base: String, to server: String) { (self.base, self.server) = (base, server) }

    var methods: [String] { seen.withLock { $0 } }

    func send(_ request: HTTPRequest, deadline: Duration) async throws -> HTTPResponse {
        seen.withLock { $0.append(request.method) }
        var request = request
        // Anything else goes nowhere: a test must not reach AWS.
        guard request.url.hasPrefix(base) || base.isEmpty else {
            throw HTTPError(.notConnected, request: request.label, detail: "not \(base)")
        }
        request.url = server + request.url.dropFirst(base.count)
        return try await Stand.http.send(request, deadline: deadline)
    }
}
