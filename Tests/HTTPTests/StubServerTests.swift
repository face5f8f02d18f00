import StubServer
import Testing

/// What every other test leans on, shown with a client that is not ours (the curl command).
@Suite struct StubServerTests {
    @Test func keepsTheConnectionAndRemembersWhatItHeard() async throws {
        let server = try StubServer { request in .text("heard \(request.text)", headers: [("X-A", "b")]) }
        let (output, _) = try await curl("-s", "-i", "-d", "one", "\(server.url)/a?b=c", server.url + "/second")
        #expect(output.contains("HTTP/1.1 200 Stub\r\nX-A: b\r\nContent-Length: 9\r\n\r\nheard one"))
        #expect(server.requests.map(\.target) == ["/a?b=c", "/second"])
        #expect(server.requests.map(\.method) == ["POST", "POST"])
        #expect(server.requests.first?.path == "/a")
        #expect(server.requests.first?.query == "b=c")
        #expect(server.requests.map(\.text) == ["one", "one"])
        #expect(server.requests.first?.header("content-type") == "application/x-www-form-urlencoded")
        #expect(server.connections == 1)
        server.stop()
    }

    @Test func readsChunkedBodiesAndAnswersInChunks() async throws {
        let server = try StubServer { request in
            .chunked(200, headers: [], chunks: [Array("a".utf8), request.body], pause: .milliseconds(5))
        }
        let (output, _) = try await curl("-s", "-H", "Transfer-Encoding: chunked", "-d", "xyz", server.url)
        #expect(output == "axyz")
        #expect(server.requests.first?.bodyLength == 3)
    }

    @Test func listensOnAnyLoopbackAddress() async throws {
        let server = try StubServer(address: "127.77.0.9") { _ in .status(204) }
        #expect(server.url.hasPrefix("http://127.77.0.9:"))
        #expect(try await curl("-s", "-o", "/dev/null", "-w", "%{http_code}", server.url).output == "204")
    }

    /// curl's exit codes: https://curl.se/docs/manpage.html#EXIT
    @Test(arguments: [
        (StubReply.close, Int32(52)), (.reset, 56), (.truncated(200, claimed: 9, body: [1]), 18), (.hang, 28),
        (.delayed(.seconds(60), .status(200)), 28), (.raw(Array("nonsense\r\n\r\n".utf8)), 1),
    ])
    func misbehaves(reply: StubReply, exit: Int32) async throws {
        let server = try StubServer { _ in reply }
        let limit = exit == 28 ? "1" : "20"
        #expect(try await curl("-s", "-m", limit, server.url).exit == exit)
        server.stop()
    }

    @Test func streamsWhatItNeverHolds() async throws {
        let server = try StubServer { _ in .streamed(200, headers: [], length: 50_000_001) }
        #expect(try await curl("-s", "-o", "/dev/null", "-w", "%{size_download}", server.url).output == "50000001")
    }

    @Test func stopEndsHangingConnectionsAtOnce() async throws {
        let server = try StubServer { _ in .hang }
        async let client = curl("-s", "-m", "30", server.url)
        #expect(try await server.requests(atLeast: 1).count == 1)
        #expect(server.openConnections == 1)
        server.stop()
        #expect(server.openConnections == 0)
        #expect(try await client.exit == 52)
    }
}

private func curl(_ arguments: String...) async throws -> (output: String, exit: Int32) {
    try await run("curl", arguments)
}
