import Foundation
import HTTP
import Synchronization
import Testing

/// What well-behaved visitors get, and how a server begins and ends.
@Suite struct HTTPServerTests {
    @Test func aClientGetsItsAnswer() async throws {
        let seen = Mutex<[HTTPServerRequest]>([])
        let respond: @Sendable (HTTPServerRequest) async -> HTTPServerResponse = { request in
            seen.withLock { $0.append(request) }
            return HTTPServerResponse(status: 404, contentType: "application/json", body: Array("{}".utf8))
        }
        try await withServer(respond: respond) { server in
            let url = "http://127.0.0.1:\(server.port)/a%20b?nonce=x%2B%C3%A4+y&nonce=second&flag"
            let response = try await makeClient().send(HTTPRequest("GET", url), deadline: patience)
            #expect(response.status == 404)
            #expect(response.headers["content-type"] == "application/json")
            #expect(response.text == "{}")
        }
        let query = ["nonce": "x+ä+y", "flag": ""]
        #expect(seen.withLock(\.self) == [HTTPServerRequest(path: "/a%20b", query: query, peer: "127.0.0.1")])
    }

    @Test func headHasTheLengthAndNoBody() async throws {
        try await withServer { server in
            let visitor = try await Visitor(server, saying: "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await visitor.hear("\r\n\r\n").contains("Content-Length: 5\r\n"))
            // The next answer follows at once, so no byte of a body came between.
            try await visitor.say(lastRequest)
            let text = try await visitor.hearAll()
            #expect(
                text.components(separatedBy: "\r\n\r\n").dropFirst().first?.hasPrefix("HTTP/1.1 200 OK\r\n") == true)
            #expect(text.hasSuffix("\r\n\r\nhello"))
        }
    }

    @Test func pipelinedRequestsAreAnsweredInTheirOrder() async throws {
        let respond: @Sendable (HTTPServerRequest) async -> HTTPServerResponse = { .init(status: 200, text: $0.path) }
        let requests = (0..<50).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined()
        try await withServer(respond: respond) { server in
            let visitor = try await Visitor(server, saying: "\(requests)\(lastRequest)")
            let lines = try await visitor.hearAll().split(separator: "\r\n").flatMap { $0.split(separator: "\n") }
            #expect(lines.filter { $0.hasPrefix("/") } == (0..<50).map { "/\($0)" } + ["/"])
        }
    }

    @Test(arguments: [
        lastRequest, "GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nConnection: x , Close\r\n\r\n",
    ])
    func theConnectionEndsWhereTheVisitorWishes(request: String) async throws {
        try await withServer { server in
            let text = try await Visitor(server, saying: request).hearAll()
            #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(text.contains("Connection: close\r\n"))
        }
    }

    @Test func aVisitorWhoFallsSilentIsStillAnswered() async throws {
        try await withServer { server in
            let visitor = try await Visitor(server, saying: plainRequest)
            visitor.fallSilent()
            #expect(try await visitor.hearAll().hasSuffix("hello"))
        }
    }

    @Test func speaksIPv6() async throws {
        let respond: @Sendable (HTTPServerRequest) async -> HTTPServerResponse = { .init(status: 200, text: $0.peer) }
        try await withServer(address: "::1", respond: respond) { server in
            let request = HTTPRequest("GET", "http://[::1]:\(server.port)/")
            let response = try await makeClient().send(request, deadline: patience)
            #expect(response.text == "::1\n")
        }
    }

    @Test func listensOnItsAddressOnly() async throws {
        try await withServer(address: "127.0.0.3") { server in
            let request = HTTPRequest("GET", "http://127.0.0.1:\(server.port)/")
            let error = try await failure(makeClient(), request)
            #expect(error.kind == .connectionRefused)
        }
    }

    @Test func saysWhyItCannotListen() async throws {
        func error(_ address: String, _ port: Int) throws -> HTTPServerError {
            try #require(#expect(throws: HTTPServerError.self) { try HTTPServer(address: address, port: port) })
        }
        let server = try HTTPServer(address: "127.0.0.1", port: 0)
        let taken = try error("127.0.0.1", server.port)
        #expect(taken.code == EADDRINUSE)
        #expect(taken.description == "can't listen on 127.0.0.1:\(server.port): Address already in use")
        #expect(try error("203.0.113.1", 0).code == EADDRNOTAVAIL)
        #expect(
            try error("localhost", 1).description == "can't listen on localhost:1: not a numeric address and a port")
        #expect(try error("::1", 70_000).description == "can't listen on [::1]:70000: not a numeric address and a port")
    }

    @Test func cancellationClosesEverythingAndFreesThePort() async throws {
        let server = try HTTPServer(address: "127.0.0.7", port: 0)
        let isAsked = Counter()
        let running = Task {
            try await server.run { request in
                if request.path == "/" { return .hello }
                isAsked.add()
                // Cut short by the cancellation that is tested here.
                try? await Task.sleep(for: patience)
                return .hello
            }
        }
        let idle = try await Visitor(server, to: "127.0.0.7", saying: plainRequest)
        #expect(await idle.hear("hello").hasSuffix("hello"))
        let halfway = try await Visitor(server, to: "127.0.0.7", saying: "GET / HT")
        let waiting = try await Visitor(server, to: "127.0.0.7", saying: "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(await eventually { isAsked.count > 0 })
        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
        for visitor in [idle, halfway, waiting] { #expect(visitor.listen()) }
        #expect(await eventually { canListen("127.0.0.7", server.port) })
    }

    @Test func cancelledBeforeItRanItCloses() async throws {
        let server = try HTTPServer(address: "127.0.0.7", port: 0)
        let running = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await server.run { _ in .hello }
        }
        await #expect(throws: CancellationError.self) { try await running.value }
        #expect(await eventually { canListen("127.0.0.7", server.port) })
    }

    /// In a process of its own, as other tests use memory and descriptors too.
    @Test(.enabled(if: !isSanitized)) func tenThousandRequestsLeaveNothingBehind() async {
        await #expect(processExitsWith: .success) {
            // What the runtime opens once for timers and the like is open afterwards.
            try await withServer { server in
                let answer = try await Visitor(server, saying: lastRequest).hearAll()
                #expect(answer.hasSuffix("hello"))
            }
            let before = try openDescriptors()
            try await withServer { server in
                let client = try makeClient()
                let request = HTTPRequest("GET", "http://127.0.0.1:\(server.port)/")
                func ask(_ count: Int) async throws {
                    for number in 0..<count {
                        #expect(try await client.send(request, deadline: patience).status == 200)
                        // Now and then one who leaves without a word, or in the middle of one.
                        if number % 10 == 0 { _ = try await Visitor(server, saying: number % 20 == 0 ? "" : "GET") }
                    }
                }
                try await ask(2000)
                let (memoryThen, descriptorsThen) = (try memory("RssAnon"), try openDescriptors())
                try await ask(8000)
                #expect(try memory("RssAnon") - memoryThen < 2 << 10)
                // A few of the last who left may not have been noticed yet.
                #expect(try await eventually { try openDescriptors() <= descriptorsThen + 1 })
            }
            // The client's thread closes its own at leisure.
            #expect(try await eventually { try openDescriptors() <= before })
        }
    }

    /// In a process of its own: the server's thread is the one in poll(2).
    @Test(.enabled(if: !isSanitized)) func withoutVisitorsTheThreadSleeps() async {
        await #expect(processExitsWith: .success) {
            try await withServer { server in
                #expect(try await Visitor(server, saying: lastRequest).hearAll().hasSuffix("hello"))
                #expect(try await eventually { try pollingThreads().count == 1 })
                try await Task.sleep(for: .milliseconds(1200))
                let before = try pollingThreads()
                try await Task.sleep(for: .seconds(2))
                #expect(try pollingThreads() == before)
            }
            #expect(try await eventually { try pollingThreads().isEmpty })
        }
    }
}

/// On an address of the test's own: on 127.0.0.1 others may be given the port. Worth a second look, as a program that a
/// parallel test starts holds the socket until its exec.
private func canListen(_ address: String, _ port: Int) -> Bool {
    do { return try HTTPServer(address: address, port: port).port == port } catch { return false }
}

/// Of each thread that is in poll(2) or ppoll(2): how often it has slept.
private func pollingThreads() throws -> [String: String] {
    var threads: [String: String] = [:]
    for thread in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task") {
        let path = "/proc/self/task/\(thread)"
        // A thread that has just ended has no files any more.
        guard let call = try? String(contentsOfFile: "\(path)/syscall", encoding: .utf8),
            let status = try? String(contentsOfFile: "\(path)/status", encoding: .utf8),
            call.hasPrefix("7 ") || call.hasPrefix("73 ")
        else { continue }
        threads[thread] = status.split(separator: "\n").first { $0.hasPrefix("voluntary_ctxt_switches") }.map(
            String.init)
    }
    return threads
}
