import Testing

@testable import HTTP

/// The values of a request and an answer, and the small judgements made on the way.
@Suite struct ValueTests {
    @Test func headerNamesHaveNoCase() {
        var headers: HTTPHeaders = ["Content-Type": "a", "x-b": "1", "X-B": "2"]
        #expect(headers["content-type"] == "a")
        #expect(headers["X-b"] == "1")
        #expect(headers["x-c"] == nil)
        #expect(headers == ["content-type": "a", "X-B": "1", "x-b": "2"])
        #expect(headers != ["content-type": "A", "X-B": "1", "x-b": "2"])
        #expect(headers != ["x-b": "1", "X-B": "2", "Content-Type": "a"])
        headers["X-B"] = "3"
        #expect(headers.fields.map(\.value) == ["a", "3"])
        headers["CONTENT-TYPE"] = nil
        #expect(headers.fields.map(\.name) == ["X-B"])
        headers.append("x-b", "4")
        #expect(headers.fields.map(\.value) == ["3", "4"])
    }

    @Test func namesThatDifferOnlyInBitFiveAreNotTheSame() {
        #expect(HTTPHeaders([(name: "a@", value: "")])["a`"] == nil)
    }

    @Test func printingARequestShowsNoCredentials() {
        let request = HTTPRequest(
            "PUT", "https://user:hunter2@h/p?X-Amz-Signature=hunter2",
            headers: [
                "Authorization": "hunter2", "x-amz-security-token": "hunter2", "X-aws-ec2-metadata-token": "hunter2",
                "Accept": "text/xml",
            ], body: .bytes(Array("hunter2".utf8)))
        for text in ["\(request)", String(reflecting: request), String(describing: Optional(request))] {
            #expect(!text.contains("hunter2") && !text.contains("104, 117"))
            #expect(text.contains("PUT https://h/p"))
            #expect(text.contains("Accept: text/xml"))
        }
    }

    @Test(arguments: [
        (["HTTP/1.1 200 OK", "A: b", "c:d ", "E:", ""], 200, ["A=b", "c=d", "E="]),
        (["HTTP/1.0 404", "A: b: c", ""], 404, ["A=b: c"]),
        (["HTTP/1.1 200 OK", "A: b", " folded\t", "\tagain", "C: d", ""], 200, ["A=b folded again", "C=d"]),
        (["HTTP/1.1 100 Continue", "A: b", "", "HTTP/1.1 201 Created", "C: d", ""], 201, ["C=d"]),
        (["HTTP/1.1 200 OK", "A: b", "", "Trailer: late", "HTTP/1.1 500 Forged", ""], 200, ["A=b"]),
        (["HTTP/1.1 200 OK", "no colon", ""], 200, []),
    ])
    func headsAreRead(lines: [String], status: Int, fields: [String]) throws {
        var head = ResponseHead()
        for line in lines {
            #expect(!head.isFinal || line == lines.last || line.contains("ailer") || line.contains("Forged"))
            try Array("\(line)\r\n".utf8).withUnsafeBytes { try head.take($0) }
        }
        #expect(head.isFinal)
        #expect(head.status == status)
        #expect(head.fields.map { "\($0.name)=\($0.value)" } == fields)
    }

    @Test(arguments: [
        (0x07_5700 as UInt32, CURL.both, nil), (0x08_0b01, CURL.both, nil),
        (0x07_5600, CURL.both, "libcurl 7.86.0 is too old: 7.87.0 or later is needed"),
        (0x07_5801, CURL.asynchronousDNS, "libcurl 7.88.1 was built without TLS"),
        (0x07_5801, CURL.tls, "libcurl 7.88.1 was built without asynchronous DNS"),
    ])
    func anUnfitLibraryIsNamed(version: UInt32, features: Int32, shortcoming: String?) {
        #expect(LibCurl.shortcoming(version: version, features: features) == shortcoming)
    }

    /// https://curl.se/libcurl/c/curl_version_info.html
    enum CURL {
        static let tls: Int32 = 1 << 2
        static let asynchronousDNS: Int32 = 1 << 7
        static let both = tls | asynchronousDNS
    }

    @Test(arguments: [
        (Duration.milliseconds(1), 1), (.microseconds(1), 1), (.microseconds(1001), 2), (.seconds(2), 2000),
        (.zero, 1), (.seconds(-5), 1), (.seconds(1 << 40), Int(Int32.max)), (.seconds(Int64.max), Int(Int32.max)),
    ])
    func durationsAreRoundedUpToMilliseconds(duration: Duration, milliseconds: Int) {
        #expect(duration.wholeMilliseconds == milliseconds)
    }
}
