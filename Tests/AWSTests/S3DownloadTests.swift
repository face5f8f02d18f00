import Foundation
import HTTP
import StubServer
import Testing

@testable import AWS

/// Objects on their way from a bucket, over real HTTP.
struct S3DownloadTests {
    static let key = "etcd/a b.db"
    static let path = "/main-1/etcd/a%20b.db"
    static let whole = TransferStand.bytes(2500)

    /// A stand whose bucket has the object.
    func stand(
        _ bytes: [UInt8] = whole, checksum: String? = nil, policy: RetryPolicy = RetryPolicy(),
        meddle: @escaping @Sendable (StubRequest, Int, StubBucket) -> StubReply? = { _, _, _ in nil }
    ) throws -> TransferStand {
        let stand = try TransferStand(policy: policy, meddle: meddle)
        stand.bucket[Self.path] = StubBucket.Object(
            bytes: bytes, checksum: checksum ?? S3.base64(SHA256.hash(bytes)))
        return stand
    }

    func download(
        _ stand: TransferStand, limit: Int64 = 10_000, progress: S3.Progress? = nil
    ) async throws -> S3.ObjectInfo {
        try await stand.client.download(
            Self.key, from: "main-1", to: stand.target, limit: limit, partSize: 1000, progress: progress)
    }

    /// The download must fail with this error, and leave no file.
    func expectFailure(_ stand: TransferStand, _ error: S3.TransferError, limit: Int64 = 10_000) async {
        await #expect(throws: error) { _ = try await download(stand, limit: limit) }
        #expect(!stand.exists(stand.target))
    }

    func ranges(_ stand: TransferStand) -> [String?] {
        stand.requests.filter { $0.method == "GET" }.map { $0.header("Range") }
    }

    /// A partial answer that ends in the middle.
    static func truncated(_ request: StubRequest, after count: Int) -> StubReply {
        let range = StubBucket.range(of: request) ?? 0..<0
        let head = """
            HTTP/1.1 206 Partial Content\r\nContent-Length: \(range.count)\r\n\
            Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/2500\r\n\r\n
            """
        return .raw(Array(head.utf8) + whole[range].prefix(count))
    }

    @Test func writesAFileInParts() async throws {
        let (stand, notes) = (try stand(), ProgressNotes())
        let info = try await download(stand, limit: 2500, progress: notes.callback)
        #expect(try stand.content(stand.target) == Self.whole)
        let etag = try #require(stand.bucket[Self.path]?.etag)
        #expect(
            info
                == S3.ObjectInfo(
                    size: 2500, etag: S3.ETag(etag), lastModified: noon.addingTimeInterval(7),
                    checksum: S3.base64(SHA256.hash(Self.whole))))
        #expect(ranges(stand) == ["bytes=0-999", "bytes=1000-1999", "bytes=2000-2499"])
        #expect(stand.requests.map(\.method) == ["HEAD", "GET", "GET", "GET"])
        #expect(stand.requests.dropFirst().allSatisfy { $0.header("If-Match") == etag })
        #expect(notes.all == [[1000, 2500], [2000, 2500], [2500, 2500]])
        let mode = try FileManager.default.attributesOfItem(atPath: stand.target)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        for request in stand.requests {
            #expect(
                try isSigned(
                    request, at: stand.stand.server, by: Stand.credentials, region: "eu-central-1", service: "s3"))
        }
    }

    @Test func writesAnEmptyFile() async throws {
        let stand = try stand([])
        #expect(try await download(stand).size == 0)
        #expect(try stand.content(stand.target).isEmpty && stand.requests.map(\.method) == ["HEAD"])
    }

    // MARK: Broken off

    @Test func resumesWhereItBrokeOff() async throws {
        let stand = try stand { request, number, _ in
            request.method == "GET" && number == 2 ? Self.truncated(request, after: 300) : nil
        }
        let notes = ProgressNotes()
        _ = try await download(stand, progress: notes.callback)
        #expect(try stand.content(stand.target) == Self.whole)
        #expect(ranges(stand) == ["bytes=0-999", "bytes=1000-1999", "bytes=1300-2299", "bytes=2300-2499"])
        #expect(notes.all.map { $0[0] } == [1000, 1300, 2300, 2500])
        #expect(stand.stand.clock.pauses == [.milliseconds(50)])
    }

    /// However often it breaks off, as long as something comes.
    @Test func goesOnAsLongAsSomethingComes() async throws {
        let stand = try stand { request, _, _ in
            request.method == "GET" ? Self.truncated(request, after: 100) : nil
        }
        _ = try await download(stand)
        #expect(try stand.content(stand.target) == Self.whole)
        #expect(ranges(stand).count == 25)
    }

    @Test(arguments: [StubReply.reset, .status(500), .truncated(206, claimed: 1000, body: [])])
    func givesUpWhereNothingComes(reply: StubReply) async throws {
        let stand = try stand { request, number, _ in request.method == "GET" && number > 1 ? reply : nil }
        let error = await #expect(throws: AWSError.self) { _ = try await download(stand) }
        #expect(error?.call == "S3 GetObject")
        #expect(ranges(stand) == ["bytes=0-999"] + [String?](repeating: "bytes=1000-1999", count: 4))
        #expect(!stand.exists(stand.target))
        #expect(stand.stand.clock.pauses == [.milliseconds(50), .milliseconds(100), .milliseconds(200)])
    }

    /// Whole answers, each of which is empty.
    @Test func takesNoShortAnswerForTheEnd() async throws {
        let stand = try stand { request, number, _ in
            guard request.method == "GET", number > 1 else { return nil }
            let headers = [("Content-Range", "bytes 1000-1999/2500")]
            return .chunked(206, headers: headers, chunks: [], pause: .zero)
        }
        await expectFailure(stand, .truncated(key: Self.key, received: 1000, size: 2500))
        #expect(ranges(stand).count == 5)
    }

    @Test func waitsWhereItIsToSlowDown() async throws {
        let stand = try stand { request, number, _ in
            request.method == "GET" && number == 2 ? StubBucket.refusal(503, "SlowDown") : nil
        }
        _ = try await download(stand)
        #expect(try stand.content(stand.target) == Self.whole)
        #expect(stand.stand.clock.pauses == [.milliseconds(250)])
    }

    @Test func givesUpWhereItIsToSlowDownForEver() async throws {
        let stand = try stand { request, _, _ in
            request.method == "GET" ? StubBucket.refusal(503, "SlowDown") : nil
        }
        let error = await #expect(throws: AWSError.self) { _ = try await download(stand) }
        #expect(error?.isThrottling == true && error?.attempts == 4 && ranges(stand).count == 4)
        #expect(!stand.exists(stand.target))
    }

    @Test func leavesNoFileWhereItIsCancelled() async throws {
        let stand = try stand { request, number, _ in request.method == "GET" && number == 2 ? .hang : nil }
        let task = Task { try await download(stand) }
        _ = try await stand.stand.server.requests(atLeast: 3)
        #expect(stand.exists(stand.target))
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(!stand.exists(stand.target))
    }

    // MARK: Not what it should be

    @Test func mixesNoTwoObjects() async throws {
        let stand = try stand { request, number, bucket in
            if request.method == "GET", number == 2 { bucket[Self.path] = StubBucket.Object(bytes: [1]) }
            return nil
        }
        await expectFailure(stand, .objectChanged(key: Self.key))
        #expect(ranges(stand).count == 2)
    }

    @Test func findsDamage() async throws {
        let expected = S3.base64(SHA256.hash([1]))
        let stand = try stand(checksum: expected)
        let received = S3.base64(SHA256.hash(Self.whole))
        await expectFailure(stand, .otherContent(key: Self.key, expected: expected, received: received))
    }

    /// Of hashes of parts, whose length nobody knows, nothing can be said.
    @Test func passesOverTheChecksumOfParts() async throws {
        let stand = try stand(checksum: S3.base64(SHA256.hash([1])) + "-3")
        #expect(try await download(stand).checksum?.hasSuffix("-3") == true)
        #expect(try stand.content(stand.target) == Self.whole)
    }

    @Test(arguments: [("\"70ee\"", "c2hh", "c2hh"), ("\"70ee-3\"", "c2hh", nil), ("\"70ee\"", "c2hh-3", nil)])
    func knowsAChecksumOfTheWhole(etag: String, checksum: String, whole: String?) {
        let info = S3.ObjectInfo(size: 1, etag: S3.ETag(etag), lastModified: nil, checksum: checksum)
        #expect(info.wholeChecksum == whole)
    }

    @Test(
        arguments: [
            (200, nil, "HTTP 200, no Content-Range"), (206, nil, "HTTP 206, no Content-Range"),
            (206, "bytes 0-999/2501", "HTTP 206, bytes 0-999/2501"),
            (206, "bytes 1-1000/2500", "HTTP 206, bytes 1-1000/2500"),
        ] as [(Int, String?, String)])
    func takesNoOtherPart(status: Int, range: String?, said: String) async throws {
        let stand = try stand { request, _, _ in
            guard request.method == "GET" else { return nil }
            return .answer(
                status, headers: range.map { [("Content-Range", $0)] } ?? [], body: Array(Self.whole.prefix(1000)))
        }
        await expectFailure(stand, .otherPart(key: Self.key, said: said))
    }

    @Test func takesNoMoreThanItAskedFor() async throws {
        let stand = try stand { request, _, _ in
            request.method == "GET" ? .streamed(206, headers: [], length: 100_000) : nil
        }
        let error = try #require(await #expect(throws: AWSError.self) { _ = try await download(stand) })
        guard case .noAnswer(let reason) = error.cause else { throw error }
        #expect(reason.kind == .tooLarge && !stand.exists(stand.target) && ranges(stand).count == 1)
    }

    @Test func asksForNoObjectThatIsTooLarge() async throws {
        let stand = try stand()
        await expectFailure(stand, .tooLarge(key: Self.key, size: 2500, limit: 2499), limit: 2499)
        #expect(stand.requests.map(\.method) == ["HEAD"])
    }

    @Test func touchesNoFileThatIsThere() async throws {
        let stand = try stand()
        let path = try stand.file(3, name: "target")
        await #expect(throws: S3.TransferError.unwritable(path: path, reason: "File exists")) {
            _ = try await download(stand)
        }
        #expect(try stand.content(path) == TransferStand.bytes(3) && ranges(stand).isEmpty)
    }

    // MARK: Asking without receiving

    @Test func describesAnObject() async throws {
        let stand = try stand()
        let info = try await stand.client.send(.headObject(Self.key, in: "main-1"))
        #expect(info.size == 2500 && info.checksum == S3.base64(SHA256.hash(Self.whole)))
        #expect(stand.requests.first?.method == "HEAD" && stand.requests.first?.path == Self.path)
        stand.bucket[Self.path] = StubBucket.Object(bytes: [1])
        #expect(try await stand.client.send(.headObject(Self.key, in: "main-1")).checksum == nil)
    }

    @Test func describesNothingWithoutSizeOrMark() {
        let operation = Operation.headObject("a", in: "b")
        for (headers, missing) in [
            (["ETag": "\"1\""], "Content-Length"), (["Content-Length": "-1", "ETag": "\"1\""], "Content-Length"),
            (["Content-Length": "1"], "ETag"),
        ] as [(HTTPHeaders, String)] {
            #expect(throws: XMLError.missingHeader(missing)) {
                _ = try operation.read(HTTPResponse(status: 200, headers: headers))
            }
        }
    }

    /// A refusal says nothing of whether there is an object; nor does a proxy's page.
    @Test(arguments: [(404, true, true), (403, true, false), (400, true, false), (404, false, false)])
    func knowsAbsenceByItsStatusAlone(status: Int, isS3: Bool, isAbsent: Bool) async throws {
        let headers = isS3 ? [("x-amz-request-id", "req-3")] : []
        let stand = try stand { _, _, _ in .answer(status, headers: headers, body: []) }
        let error = await #expect(throws: AWSError.self) { _ = try await download(stand) }
        #expect(error?.isAbsentObject == isAbsent && error?.status == status && error?.attempts == 1)
        #expect(!stand.exists(stand.target))
        #expect(try await stand.stand.failure(of: .headObject("a", in: "main-1")).isAbsentObject == isAbsent)
    }

    /// Only of HEAD is an answer without a code a statement of S3's.
    @Test func knowsAbsenceByItsCodeOtherwise() async throws {
        let stand = try stand { _, _, _ in .answer(404, headers: [("x-amz-request-id", "req-3")], body: []) }
        #expect(try await !stand.stand.failure(of: .getObject("a", in: "main-1")).isAbsentObject)
    }

    /// To HEAD, a bucket in another region is answered without a word.
    @Test(arguments: [301, 400])
    func learnsTheRegionWithoutABody(status: Int) async throws {
        let stand = try stand { request, _, _ in
            request.header("Authorization")?.contains("/eu-west-3/s3/") == true
                ? nil : .answer(status, headers: [("x-amz-bucket-region", "eu-west-3")], body: [])
        }
        #expect(try await download(stand).size == 2500)
        #expect(stand.requests.map(\.method) == ["HEAD", "HEAD", "GET", "GET", "GET"])
    }
}
