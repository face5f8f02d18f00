import HTTP
import StubServer
import Testing

/// What a request looks like on the wire, and what an answer looks like to the caller.
@Suite struct WireTests {
    let server: StubServer
    let client: CurlClient

    init() throws {
        server = try StubServer { _ in .text("hello", headers: [("X-One", "1"), ("x-two", " 2 ")]) }
        client = try makeClient()
    }

    @Test func anAnswerHasStatusHeadersAndBody() async throws {
        let response = try await client.send(HTTPRequest("GET", server.url), deadline: patience)
        #expect(response.status == 200)
        #expect(response.text == "hello")
        #expect(response.headers["x-one"] == "1")
        #expect(response.headers["X-Two"] == "2")
        #expect(response.headers.fields.map(\.name) == ["X-One", "x-two", "Content-Length"])
    }

    @Test func nothingIsAddedButTheHost() async throws {
        _ = try await client.send(HTTPRequest("GET", server.url, headers: ["x-a": "b"]), deadline: patience)
        #expect(server.requests.first?.headers.map(\.name) == ["Host", "x-a"])
        #expect(server.requests.first?.header("host") == "127.0.0.1:\(server.port)")
    }

    @Test func theCallersHeadersComeThroughAsTheyAre() async throws {
        let headers: HTTPHeaders = [
            "Accept": "text/xml", "User-Agent": "etcd-cluster", "x-empty": "", "x-twice": "1", "X-Twice": "2",
            "x-tab": "a\tb", "Host": "elsewhere.example", "x-utf8": "zürich",
        ]
        _ = try await client.send(HTTPRequest("GET", server.url, headers: headers), deadline: patience)
        let request = try #require(server.requests.first)
        #expect(request.header("host") == "elsewhere.example")
        #expect(request.header("accept") == "text/xml")
        #expect(request.header("user-agent") == "etcd-cluster")
        #expect(request.header("x-empty") == "")
        #expect(request.header("x-tab") == "a\tb")
        #expect(request.header("x-utf8") == "zürich")
        #expect(request.headers.filter { $0.name.lowercased() == "x-twice" }.map(\.value) == ["1", "2"])
    }

    @Test(arguments: ["GET", "DELETE", "OPTIONS", "POST", "PUT", "PATCH"])
    func everyMethodCarriesABody(method: String) async throws {
        let body = Array("a=b\0\r\n&c".utf8)
        _ = try await client.send(HTTPRequest(method, server.url, body: .bytes(body)), deadline: patience)
        let request = try #require(server.requests.first)
        #expect(request.method == method)
        #expect(request.body == body)
        #expect(request.headers.map(\.name) == ["Host", "Content-Length"])
    }

    @Test(arguments: [("GET", nil), ("DELETE", nil), ("POST", "0"), ("PUT", "0"), ("PATCH", "0")])
    func withoutABodyOnlyMethodsMeantToHaveOneSayZero(method: String, length: String?) async throws {
        _ = try await client.send(HTTPRequest(method, server.url), deadline: patience)
        _ = try await client.send(HTTPRequest(method, server.url, body: .bytes([])), deadline: patience)
        #expect(server.requests.map(\.method) == [method, method])
        #expect(server.requests.map { $0.header("content-length") } == [length, "0"])
    }

    @Test func aLargeBodyIsSentWithoutExpectingAnything() async throws {
        let body = [UInt8](repeating: 7, count: 3 << 20)
        _ = try await client.send(HTTPRequest("PUT", server.url, body: .bytes(body)), deadline: patience)
        #expect(server.requests.first?.body == body)
        #expect(server.requests.first?.header("expect") == nil)
    }

    @Test func headHasHeadersOnly() async throws {
        let response = try await client.send(HTTPRequest("HEAD", server.url), deadline: patience)
        #expect(response.headers["Content-Length"] == "5")
        #expect(response.body == [])
        // The connection is still in step.
        #expect(try await client.send(HTTPRequest("GET", server.url), deadline: patience).text == "hello")
        #expect(server.connections == 1)
    }

    @Test func thePathGoesOutAsItIs() async throws {
        for path in ["/a/../b/./c//d", "/%2e%2E/x%20y?q=1&r=%2F..", "?only=query", "/caf%C3%A9/~*'()"] {
            _ = try await client.send(HTTPRequest("GET", server.url + path), deadline: patience)
        }
        #expect(
            server.requests.map(\.target)
                == ["/a/../b/./c//d", "/%2e%2E/x%20y?q=1&r=%2F..", "/?only=query", "/caf%C3%A9/~*'()"])
    }

    @Test(arguments: [301, 302, 303, 307, 308, 304, 400, 403, 404, 412, 500, 503])
    func everyStatusIsAnAnswerAndNoRedirectIsFollowed(status: Int) async throws {
        let server = try StubServer { [server] _ in
            .answer(status, headers: [("Location", server.url)], body: [])
        }
        let response = try await client.send(HTTPRequest("POST", server.url), deadline: patience)
        #expect(response.status == status)
        #expect(response.headers["Location"] == self.server.url)
        #expect(self.server.requests.isEmpty)
        #expect(server.requests.count == 1)
    }

    @Test func chunksAreJoinedAndTrailersAreNoHeaders() async throws {
        let server = try StubServer { _ in
            .raw(
                Array(
                    """
                    HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n\
                    3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nX-A: forged\r\nX-Late: 1\r\n\r\n
                    """.utf8))
        }
        let response = try await client.send(HTTPRequest("GET", server.url), deadline: patience)
        #expect(response.text == "abcde")
        #expect(response.headers.fields.map(\.name) == ["Transfer-Encoding", "X-A"])
        #expect(response.headers["X-A"] == "b")
    }

    @Test func interimAnswersAreSkipped() async throws {
        let server = try StubServer { _ in
            .raw(
                Array(
                    """
                    HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n\
                    HTTP/1.1 201 Created\r\nX-Final: 1\r\nContent-Length: 2\r\n\r\nok
                    """.utf8))
        }
        let response = try await client.send(HTTPRequest("GET", server.url), deadline: patience)
        #expect(response.status == 201)
        #expect(response.headers.fields.map(\.name) == ["X-Final", "Content-Length"])
    }

    @Test func aBodyThatEndsWithTheConnectionIsWhole() async throws {
        let server = try StubServer { _ in .raw(Array("HTTP/1.1 200 OK\r\n\r\nuntil the end".utf8)) }
        #expect(try await client.send(HTTPRequest("GET", server.url), deadline: patience).text == "until the end")
    }

    @Test func compressionIsNeitherAskedForNorUndone() async throws {
        let server = try StubServer { _ in
            .answer(200, headers: [("Content-Encoding", "gzip")], body: [0x1f, 0x8b, 0, 0])
        }
        let response = try await client.send(HTTPRequest("GET", server.url), deadline: patience)
        #expect(response.body == [0x1f, 0x8b, 0, 0])
    }
}
