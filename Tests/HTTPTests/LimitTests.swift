import StubServer
import Testing

@testable import HTTP

/// No answer takes more memory than the request allows.
@Suite struct LimitTests {
    @Test(arguments: [(0, 0), (10, 10), (1 << 20, 1 << 20)])
    func anAnswerOfExactlyTheLimitPasses(length: Int, limit: Int) async throws {
        let server = try StubServer { _ in .streamed(200, headers: [], length: length) }
        let request = HTTPRequest("GET", server.url, sink: .memory(limit: limit))
        let response = try await makeClient().send(request, deadline: patience)
        #expect(response.body == (0..<length).map { UInt8($0 & 0xff) })
    }

    @Test(arguments: [
        StubReply.streamed(200, headers: [], length: 11), .text("hello world"), .text("hello world", status: 500),
    ])
    func oneByteMoreIsTooLarge(reply: StubReply) async throws {
        let server = try StubServer { _ in reply }
        let request = HTTPRequest("GET", server.url, sink: .memory(limit: 10))
        let error = try await failure(makeClient(), request)
        #expect(error.kind == .tooLarge)
        #expect(error.detail == "more than 10 bytes")
    }

    /// In a process of its own, as other tests use memory too.
    @Test func aHundredMegabytesStopAtTheLimit() async {
        await #expect(processExitsWith: .success) {
            let server = try StubServer { _ in .streamed(200, headers: [], length: 100 << 20) }
            let client = try makeClient()
            _ = try await failure(client, HTTPRequest("GET", server.url, sink: .memory(limit: 1 << 20)))
            let before = try memory("VmHWM")
            for _ in 0..<20 {
                let request = HTTPRequest("GET", server.url, sink: .memory(limit: 1 << 20))
                #expect(try await failure(client, request).kind == .tooLarge)
            }
            #expect(try memory("VmHWM") - before < 8 << 10)
        }
    }

    @Test(arguments: [
        String(repeating: "a: b\r\n", count: 300),
        "a: \(String(repeating: "b", count: 70_000))\r\n",
        "a: \(String(repeating: "b", count: 300_000))\r\n",
        String(repeating: "a: \(String(repeating: "b", count: 1000))\r\n", count: 100),
    ])
    func aHeadBeyondReasonIsTooLarge(fields: String) async throws {
        let server = try StubServer { _ in .raw(Array("HTTP/1.1 200 OK\r\n\(fields)\r\n".utf8)) }
        #expect(try await failure(makeClient(), HTTPRequest("GET", server.url)).kind == .tooLarge)
    }

    @Test func endlessInterimAnswersAreTooLarge() async throws {
        let hints = String(repeating: "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n", count: 5000)
        let server = try StubServer { _ in .raw(Array(hints.utf8)) }
        #expect(try await failure(makeClient(), HTTPRequest("GET", server.url)).kind == .tooLarge)
    }

    @Test func endlessTrailersAreTooLarge() async throws {
        let trailers = String(repeating: "X-Trailer: more\r\n", count: 10_000)
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
        let server = try StubServer { _ in .raw(Array("\(head)\(trailers)\r\n".utf8)) }
        #expect(try await failure(makeClient(), HTTPRequest("GET", server.url)).kind == .tooLarge)
    }

    @Test func aReasonableHeadPasses() async throws {
        let fields = (0..<100).map { ("X-\($0)", String(repeating: "v", count: 300)) }
        let server = try StubServer { _ in .answer(200, headers: fields, body: []) }
        let response = try await makeClient().send(HTTPRequest("GET", server.url), deadline: patience)
        #expect(response.headers.fields.count == 101)
    }
}
