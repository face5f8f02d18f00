import Foundation
import HTTP
import Testing

@testable import AWS

struct SigV4Tests {
    static let credentials = Credentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: Secret("key"))
    static let date = Date(timeIntervalSince1970: 1_440_938_160)

    static func signedHeaders(_ signer: SigV4, _ request: HTTPRequest) throws -> String {
        let headers = try signer.sign(request, with: credentials, at: date)
        let authorization = try #require(headers["Authorization"])
        return try #require(authorization.split(separator: "SignedHeaders=").last?.split(separator: ",").first)
            .description
    }

    @Test func signsOnlyHostContentTypeAndAmazonHeaders() throws {
        let request = HTTPRequest(
            "POST", "https://ec2.eu-west-1.amazonaws.com/",
            headers: [
                "Accept": "*/*", "Content-Type": "text/xml", "User-Agent": "x", "X-AMZ-Meta-a": "1", "X-Amzn": "2",
                "Expect": "",
            ])
        let signer = SigV4(region: "eu-west-1", service: "ec2")
        #expect(try Self.signedHeaders(signer, request) == "content-type;host;x-amz-date;x-amz-meta-a")
    }

    @Test func signsAgainInPlaceOfAnEarlierSignature() throws {
        let signer = SigV4(region: "eu-west-1", service: "s3", rules: .s3)
        var request = HTTPRequest("GET", "https://example.com/a")
        let fresh = try signer.sign(request, with: Self.credentials, at: Self.date)
        for (name, value) in try signer.sign(request, with: Self.credentials, at: .distantPast).fields {
            request.headers[name] = value
        }
        #expect(try signer.sign(request, with: Self.credentials, at: Self.date) == fresh)
    }

    @Test(arguments: [
        ("https://example.com", "example.com"),
        ("https://example.com:443/", "example.com"),
        ("http://example.com:80?a", "example.com"),
        ("https://example.com:80/", "example.com:80"),
        ("http://127.0.0.1:5000/", "127.0.0.1:5000"),
        ("http://[::1]:5000/", "[::1]:5000"),
        ("http://[fe80::443]/", "[fe80::443]"),
    ])
    func namesTheHostAsAClientDoes(url: String, host: String) throws {
        #expect(try SignedURL(url).host == host)
    }

    @Test(arguments: [
        ("example.com/", "begins with neither http:// nor https://"),
        ("ftp://example.com/", "begins with neither http:// nor https://"),
        ("https:///path", "has no host"),
        ("http://:80/", "has no host"),
        ("https://user:hunter2@example.com/", "holds a user name"),
        ("https://exämple.com/", "has a host that is not plain ASCII"),
        ("https://example.com\r\n/", "has a host that is not plain ASCII"),
    ])
    func refusesAURLThatCannotBeSigned(url: String, reason: String) {
        #expect(throws: SigningError.invalidURL(because: reason)) { try SignedURL(url) }
    }

    @Test(arguments: ["https://user:hunter2@example.com/", "ftp://hunter2/", "https://hunter2ü/"])
    func neverRepeatsAURLInAnError(url: String) {
        let error = #expect(throws: SigningError.self) { try SignedURL(url) }
        #expect(error.map { "\($0)".contains("hunter2") } == false)
    }

    @Test(arguments: ["a\r\nX-Amz-Evil: 1", "a\nb", "\u{0}", "a\u{7f}"])
    func refusesAHeaderThatWouldBreakTheRequest(value: String) {
        let request = HTTPRequest("GET", "https://example.com/", headers: ["X-Amz-Meta-a": value])
        #expect(throws: SigningError.invalidHeader(name: "x-amz-meta-a")) {
            try SigV4(region: "r", service: "s").sign(request, with: Self.credentials, at: Self.date)
        }
    }

    @Test func refusesAHeaderNameThatIsNone() {
        let request = HTTPRequest("GET", "https://example.com/", headers: ["X-Amz-a: b\r\nx": "1"])
        #expect(throws: SigningError.self) {
            try SigV4(region: "r", service: "s").sign(request, with: Self.credentials, at: Self.date)
        }
    }

    @Test func signsAFileOnlyByItsHash() throws {
        let signer = SigV4(region: "eu-west-1", service: "s3", rules: .s3)
        let file = HTTPRequest("PUT", "https://example.com/a", body: .file(path: "/nowhere"))
        let bytes = HTTPRequest("PUT", "https://example.com/a", body: .bytes(Array("abc".utf8)))
        #expect(throws: SigningError.bodyNotInMemory) {
            try signer.sign(file, with: Self.credentials, at: Self.date)
        }
        let hash = Hex.encode(SHA256.hash("abc".utf8))
        #expect(
            try signer.sign(file, payload: .hash(hash), with: Self.credentials, at: Self.date)
                == signer.sign(bytes, with: Self.credentials, at: Self.date))
    }

    @Test(arguments: [
        ("", "/", ""), ("/", "/", "/"), ("//a//b/./../c/", "/a/c/", "//a//b/./../c/"),
        ("/../../a", "/a", "/../../a"), ("/a/..", "/", "/a/.."), ("/a%2Fb%20c", "/a%252Fb%2520c", "/a%2Fb%20c"),
        ("/a/\u{301}b", "/a/%CC%81b", "/a/\u{301}b"),
    ])
    func writesThePathByTheRulesOfItsService(path: String, standard: String, s3: String) {
        #expect(CanonicalRequest.canonicalPath(path[...], .standard) == standard)
        #expect(CanonicalRequest.canonicalPath(path[...], .s3) == (path.isEmpty ? "/" : s3))
    }

    @Test(arguments: [
        ("", ""), ("a", "a="), ("b&a=", "a=&b="), ("a=2&a=1&a", "a=&a=1&a=2"), ("a==b", "a=%3Db"),
        ("B=1&a=1&%41=2", "A=2&B=1&a=1"), ("a=+%20 ~%7e", "a=%2B%20%20~~"), ("a=%zz%4", "a=%25zz%254"),
        ("&&a=1&", "a=1"), ("a%2Fb=%c3%BC", "a%2Fb=%C3%BC"), ("a-b=1&a=2", "a=2&a-b=1"),
    ])
    func writesTheQueryDecodedEncodedAndSorted(query: String, canonical: String) {
        #expect(CanonicalRequest.canonicalQuery(query[...]) == canonical)
    }

    @Test(arguments: [
        (0, "19700101T000000Z"), (-1, "19691231T235959Z"), (951_782_400, "20000229T000000Z"),
        (4_107_542_399, "21000228T235959Z"), (4_107_542_400, "21000301T000000Z"), (1_440_938_160, "20150830T123600Z"),
        (253_402_300_799, "99991231T235959Z"),
    ])
    func writesTimesInUTC(seconds: Int, timestamp: String) {
        let time = SigningTime(Date(timeIntervalSince1970: Double(seconds) + 0.999))
        #expect(time.timestamp == timestamp)
        #expect(time.day == String(timestamp.prefix(8)))
    }

    /// Every day of four centuries, against Foundation.
    @Test func knowsTheCalendar() {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        for day in stride(from: 0, to: 146_097, by: 1) {
            let date = Date(timeIntervalSince1970: Double(day) * 86_400)
            let parts = calendar.dateComponents([.year, .month, .day], from: date)
            let expected = (parts.year ?? 0) * 10_000 + (parts.month ?? 0) * 100 + (parts.day ?? 0)
            guard Int(SigningTime(date).day) == expected else {
                Issue.record("\(date) became \(SigningTime(date).day)")
                return
            }
        }
    }
}
