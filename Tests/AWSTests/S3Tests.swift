import FoundationEssentials
import HTTP
import Testing

@testable import AWS

/// Each operation on objects: what it sends, and what it reads in an answer.
struct S3Tests {
    static let endpoint = Endpoint(url: "https://main-1.s3.eu-central-1.amazonaws.com", signingRegion: "eu-central-1")
    static let etag = S3.ETag(#""70ee1738b6b21e2c8a43f3a5ab0eee71""#)

    func request<Output>(_ operation: Operation<Output>) -> HTTPRequest {
        var request = operation.request(at: Self.endpoint, userAgent: "etcd-cluster/1.2.3")
        request.headers["User-Agent"] = nil
        return request
    }

    func answer(_ body: String = "", _ headers: HTTPHeaders = ["ETag": S3Tests.etag.text]) -> HTTPResponse {
        HTTPResponse(status: 200, headers: headers, body: Array(body.utf8))
    }

    @Test func readsAnObject() throws {
        let operation = Operation.getObject("etcd/main record", in: "main-1", limit: 1000)
        #expect(operation.bucket == "main-1" && operation.isIdempotent)
        #expect(
            request(operation)
                == HTTPRequest("GET", Self.endpoint.url + "/etcd/main%20record", sink: .memory(limit: 1000)))
        #expect(
            try operation.read(answer("owner=a\r\n"))
                == S3.Object(bytes: Array("owner=a\r\n".utf8), etag: Self.etag))
        #expect(try operation.read(answer("")).bytes == [])
    }

    @Test(arguments: [
        (S3.Condition.absent, "If-None-Match", "*"), (.unchanged(S3Tests.etag), "If-Match", S3Tests.etag.text),
    ])
    func writesAnObjectOnACondition(condition: S3.Condition, header: String, value: String) throws {
        let body = Array("owner=a".utf8)
        let operation = Operation.putObject(
            body, as: "etcd/main", in: "main-1", if: condition, contentType: "text/plain")
        #expect(operation.bucket == "main-1" && !operation.isIdempotent)
        var expected = HTTPRequest(
            "PUT", Self.endpoint.url + "/etcd/main",
            headers: [
                "Content-Type": "text/plain", header: value, "x-amz-checksum-sha256": S3.base64(SHA256.hash(body)),
            ],
            body: .bytes(body))
        expected.isRepeatable = false
        #expect(request(operation) == expected)
        #expect(try operation.read(answer()) == Self.etag)
    }

    /// As a bucket may demand of every write.
    @Test func asksForEncryptionWhereItIsWanted() {
        let sent = { (encryption: S3.Encryption) in
            request(.putObject([1], as: "a", in: "b", if: .absent, encryption: encryption)).headers
        }
        let usual: HTTPHeaders = [
            "Content-Type": "application/octet-stream", "If-None-Match": "*",
            "x-amz-checksum-sha256": S3.base64(SHA256.hash([1])),
        ]
        #expect(sent(.bucketDefault) == usual)
        var expected = usual
        expected["x-amz-server-side-encryption"] = "AES256"
        #expect(sent(.aes256) == expected)
        expected["x-amz-server-side-encryption"] = "aws:kms"
        expected["x-amz-server-side-encryption-aws-kms-key-id"] = "alias/etcd"
        #expect(sent(.kms(keyID: "alias/etcd")) == expected)
    }

    @Test func deletesAnObject() throws {
        let plain = Operation.deleteObject("a", in: "main-1")
        #expect(plain.isIdempotent)
        #expect(request(plain) == HTTPRequest("DELETE", Self.endpoint.url + "/a"))
        try plain.read(HTTPResponse(status: 204))
        let conditional = Operation.deleteObject("a", in: "main-1", ifUnchanged: Self.etag)
        #expect(!conditional.isIdempotent && !request(conditional).isRepeatable)
        #expect(request(conditional).headers == ["If-Match": Self.etag.text])
    }

    /// Without a mark the next compare-and-swap would have nothing to compare.
    @Test func takesNoAnswerWithoutAMark() {
        for headers in [[:], ["ETag": ""]] as [HTTPHeaders] {
            let error = #expect(throws: XMLError.self) {
                _ = try Operation.getObject("a", in: "b").read(answer("a", headers))
            }
            #expect(error == .missingHeader("ETag"))
            #expect(throws: XMLError.missingHeader("ETag")) {
                _ = try Operation.putObject([1], as: "a", in: "b", if: .absent).read(answer("", headers))
            }
        }
        #expect("\(XMLError.missingHeader("ETag"))" == "it has no header ETag")
    }

    @Test(arguments: [
        ("a", "/a"), ("/a", "//a"), ("a//b/./../c/", "/a//b/./../c/"), ("a b+c", "/a%20b%2Bc"),
        ("ü/日", "/%C3%BC/%E6%97%A5"), ("?#&=%41;", "/%3F%23%26%3D%2541%3B"), ("~-._", "/~-._"),
        ("12:00\u{1}'()*!", "/12%3A00%01%27%28%29%2A%21"),
    ])
    func encodesAKeyOnce(key: String, path: String) throws {
        #expect(request(.getObject(key, in: "main-1")).url == Self.endpoint.url + path)
        #expect(try URIEncoding.decode(path) == "/" + key)
    }

    // MARK: Lists

    @Test func listsObjects() throws {
        let operation = Operation.listObjects(under: "etcd/main/", in: "main-1")
        let first =
            Self.endpoint.url + "/?list-type=2&prefix=etcd%2Fmain%2F&encoding-type=url&max-keys=1000"
        #expect(request(operation) == HTTPRequest("GET", first))
        let page = try OperationTests().read(operation, "ListObjectsV2.xml")
        func object(_ key: String, _ size: Int, after seconds: Double) -> S3.ListedObject {
            S3.ListedObject(key: key, size: size, lastModified: noon.addingTimeInterval(seconds))
        }
        #expect(
            page.items == [
                object("etcd/main/000001-8e9e05c52164694d-1000-2026-03-01T12:00:07Z.db", 8_589_934_592, after: 7),
                object("etcd/main/a b+c\u{1}ü", 0, after: 8), object("etcd/main/c", 17, after: 9.5),
            ])
        var next = operation
        next.payload = try #require(page.next)
        #expect(
            request(next).url
                == first + "&continuation-token=1ueGcxLPRx1Tr%2FXYExHnhbYLgveDs2J%2Fwm36Hy4vbOwM%3D")
        #expect(next.bucket == "main-1")
    }

    static let empty = "<ListBucketResult><Name>b</Name><KeyCount>0</KeyCount>%</ListBucketResult>"

    @Test func readsAnEmptyList() throws {
        let text = Self.empty.replacing("%", with: "<IsTruncated>false</IsTruncated>")
        let page = try Operation.listObjects(under: "a", in: "b").read(answer(text))
        #expect(page.items.isEmpty && page.next == nil)
    }

    /// Where the keys are not encoded, a percent sign is one.
    @Test func readsKeysAsTheAnswerSaysTheyAre() throws {
        let text = Self.empty.replacing(
            "%",
            with: """
                <IsTruncated>false</IsTruncated><Contents><Key>a+%41&amp;</Key><Size>1</Size>\
                <LastModified>2026-03-01T12:00:00.000Z</LastModified></Contents>
                """)
        #expect(try Operation.listObjects(under: "a", in: "b").read(answer(text)).items.map(\.key) == ["a+%41&"])
        let encoded = text.replacing("<Name>", with: "<EncodingType>url</EncodingType><Name>")
        #expect(try Operation.listObjects(under: "a", in: "b").read(answer(encoded)).items.map(\.key) == ["a A&"])
        let broken = encoded.replacing("%41", with: "%4")
        #expect(throws: XMLError.self) { try Operation.listObjects(under: "a", in: "b").read(answer(broken)) }
    }

    /// "No backups" is a thing to be told, never to be concluded (F5).
    @Test(arguments: [
        "<html><body>Welcome</body></html>", "", empty.replacing("%", with: ""),
        empty.replacing("%", with: "<IsTruncated>true</IsTruncated>"),
        empty.replacing("%", with: "<IsTruncated>no</IsTruncated>"),
        "<Else><IsTruncated>false</IsTruncated></Else>",
        empty.replacing("%", with: "<IsTruncated>false</IsTruncated><Contents><Key>a</Key></Contents>"),
    ])
    func takesNothingElseForAList(text: String) {
        #expect(throws: XMLError.self) { try Operation.listObjects(under: "a", in: "b").read(answer(text)) }
    }
}
