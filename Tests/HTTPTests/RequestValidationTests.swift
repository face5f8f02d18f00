import StubServer
import Testing

@testable import HTTP

/// Nothing is sent that could say something else than the caller meant.
@Suite struct RequestValidationTests {
    @Test(arguments: [
        HTTPRequest("GET", "http://h/", headers: ["x": "a\r\nx-evil: 1"]),
        HTTPRequest("GET", "http://h/", headers: ["x": "a\nb"]),
        HTTPRequest("GET", "http://h/", headers: ["x": "a\rb"]),
        HTTPRequest("GET", "http://h/", headers: ["x": "a\0b"]),
        HTTPRequest("GET", "http://h/", headers: ["x\r\ny": "a"]),
        HTTPRequest("GET", "http://h/", headers: ["x: y": "a"]),
        HTTPRequest("GET", "http://h/", headers: ["": "a"]),
        HTTPRequest("GET", "http://h/", headers: ["Content-Length": "5"]),
        HTTPRequest("GET", "http://h/", headers: ["transfer-encoding": "chunked"]),
        HTTPRequest("GET", "http://h/", headers: ["expect": "100-continue"]),
        HTTPRequest("GET", "http://h/\r\nx-evil: 1"),
        HTTPRequest("GET", "http://h/a b"),
        HTTPRequest("GET", "http://h/\0"),
        HTTPRequest("GET", "http://h/ü"),
        HTTPRequest("GET", "h/"),
        HTTPRequest("GET", "/path"),
        HTTPRequest("GET", "file:///etc/passwd"),
        HTTPRequest("GET", "HTTP://h/"),
        HTTPRequest("GET / HTTP/1.1\r\nx: y\r\n\r\nGET", "http://h/"),
        HTTPRequest("", "http://h/"),
        HTTPRequest("HEAD", "http://h/", body: .bytes([1])),
    ])
    func isRefusedUnsent(request: HTTPRequest) async throws {
        let error = try await failure(makeClient(), request)
        #expect(error.kind == .invalidRequest)
        #expect(error.description.utf8.allSatisfy { $0 >= 0x20 })
        #expect(!error.description.contains("evil: 1") || !error.detail.contains("evil"))
    }

    /// The part after the scheme is libcurl's to judge, before it looks up or connects to anything.
    @Test(arguments: ["http://", "http:///path", "http://[::1/", "http://h:99999/", "http://h:x/", "http://a<b/"])
    func urlsThatLibcurlRefusesAreInvalidToo(url: String) async throws {
        #expect(try await failure(makeClient(), HTTPRequest("GET", url)).kind == .invalidRequest)
    }

    @Test(arguments: [
        ("http://host:8080/a/b?secret=1#part", "GET http://host:8080/a/b"),
        ("https://user:pass@host/a@b", "GET https://host/a@b"),
        ("https://user:p@ss@[fd00::1]:2379/", "GET https://[fd00::1]:2379/"),
        ("http://[fd00::1]?q", "GET http://[fd00::1]"),
        ("http://host", "GET http://host"),
        ("nonsense", "GET nonsense"),
        ("http://h/\n2026 forged", "GET http://h/?2026 forged"),
        ("", "GET "),
    ])
    func theLabelHoldsNoSecretAndNoLineBreak(url: String, label: String) {
        #expect(HTTPRequest("GET", url).label == label)
    }

    @Test func errorsCarryTheLabel() async throws {
        let server = try StubServer { _ in .close }
        let url = "http://user:hunter2@127.0.0.1:\(server.port)/path?X-Amz-Signature=abc"
        let error = try await failure(makeClient(), HTTPRequest("GET", url))
        #expect(error.request == "GET http://127.0.0.1:\(server.port)/path")
        #expect(!error.description.contains("hunter2") && !error.description.contains("abc"))
        #expect(server.requests.first?.query == "X-Amz-Signature=abc")
    }
}
