import Foundation
import Testing

@testable import HTTP

/// What nobody can do to a server.
@Suite struct HTTPServerLimitTests {
    @Test(arguments: [
        ("garbage", "garbage\r\n\r\n", 400),
        ("a byte of control", "\u{1}", 400),
        ("a TLS greeting", "\u{16}\u{3}\u{1}\u{2}", 400),
        ("HTTP/0.9", "GET /\r\n\r\n", 400),
        ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        ("an unknown protocol", "GET / ICY/1.1\r\nHost: a\r\n\r\n", 400),
        ("line feeds alone", "GET / HTTP/1.1\nHost: a\n\n", 400),
        ("two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("a field that is none", "GET / HTTP/1.1\r\nHost: a\r\nnothing\r\n\r\n", 400),
        ("a blank before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        ("a folded field", "GET / HTTP/1.1\r\nHost: a\r\n b: c\r\n\r\n", 400),
        ("no host", "GET / HTTP/1.1\r\n\r\n", 400),
        ("two hosts", "GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", 400),
        ("no path", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("a path of more than ASCII", "GET /ä HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("half a percent", "GET /?a=%2 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("a signed percent", "GET /?a=%+1 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("a query that is no UTF-8", "GET /?a=%ff HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("another method", "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        ("a body", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", 413),
        ("a body in chunks", "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 413),
        ("two lengths", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n", 413),
        ("a length that is none", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
    ])
    func whatIsNoRequestIsRefusedAndTheConnectionEnds(name: String, text: String, status: Int) async throws {
        let asked = Counter()
        let respond: @Sendable (HTTPServerRequest) async -> HTTPServerResponse = { _ in
            asked.add()
            return .hello
        }
        try await withServer(respond: respond) { server in
            let answer = try await Visitor(server, saying: text).hearAll()
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(name): \(answer)")
            #expect(answer.contains("Allow: GET, HEAD\r\n") == (status == 405))
            #expect(try await Visitor(server, saying: lastRequest).hearAll().hasSuffix("hello"))
        }
        #expect(asked.count == 1)
    }

    @Test func aBodyUnderWayDoesNotTakeTheRefusalBack() async throws {
        try await withServer { server in
            let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n"
            let visitor = try await Visitor(server, saying: head + String(repeating: "x", count: 60_000))
            visitor.fallSilent()
            #expect(try await visitor.hearAll().contains("a request has no body here"))
        }
    }

    @Test(arguments: [(0, "200"), (1, "431")])
    func aHeadHasSoManyBytes(excess: Int, status: String) async throws {
        let start = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: "
        let rest = String(repeating: "x", count: (8 << 10) - start.utf8.count - 4 + excess)
        try await withServer { server in
            let answer = try await Visitor(server, saying: "\(start)\(rest)\r\n\r\n").hearAll()
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
        }
    }

    @Test(arguments: [(0, "200"), (1, "431")])
    func aHeadHasSoManyFields(excess: Int, status: String) async throws {
        let fields = String(repeating: "X: y\r\n", count: 62 + excess)
        try await withServer { server in
            let text = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(fields)\r\n"
            let answer = try await Visitor(server, saying: text).hearAll()
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
        }
    }

    @Test func aConnectionHasSoManyRequests() async throws {
        try await withServer(limits: .with { $0.requestsPerConnection = 3 }) { server in
            let text = try await Visitor(server, saying: String(repeating: plainRequest, count: 5)).hearAll()
            #expect(text.components(separatedBy: "HTTP/1.1 200 OK").count == 1 + 3)
            #expect(text.components(separatedBy: "Connection: close").count == 1 + 1)
        }
    }

    // MARK: Time

    @Test func aHeadThatComesByteByByteIsGivenUp() async throws {
        try await withServer(limits: .with { $0.headTime = .milliseconds(200) }) { server in
            let visitor = try await Visitor(server)
            let begin = ContinuousClock.now
            for byte in "GET / HTTP/1.1\r\nHost: \(String(repeating: "a", count: 1000))".utf8 where !visitor.listen() {
                try await visitor.say([byte])
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(try await visitor.hearAll().hasPrefix("HTTP/1.1 408 "))
            #expect(ContinuousClock.now - begin < .seconds(10))
        }
    }

    @Test func whoSaysNothingIsLetGo() async throws {
        try await withServer(limits: .with { $0.headTime = .milliseconds(100) }) { server in
            let answer = try await Visitor(server).hearAll()
            #expect(answer == "")
        }
    }

    @Test func whoAsksForNothingMoreIsLetGo() async throws {
        try await withServer(limits: .with { $0.idleTime = .milliseconds(100) }) { server in
            let answer = try await Visitor(server, saying: plainRequest).hearAll()
            #expect(answer.hasSuffix("hello"))
        }
    }

    /// And the work is cancelled.
    @Test func anAnswerThatTakesTooLongIs503() async throws {
        let isCancelled = Counter()
        let respond: @Sendable (HTTPServerRequest) async -> HTTPServerResponse = { _ in
            do { try await Task.sleep(for: patience) } catch { isCancelled.add() }
            return .hello
        }
        try await withServer(limits: .with { $0.answerTime = .milliseconds(200) }, respond: respond) { server in
            let slow = try await Visitor(server, saying: plainRequest)
            let text = try await slow.hearAll()
            #expect(text.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
            #expect(!text.contains("hello"))
            #expect(await eventually { isCancelled.count > 0 })
        }
    }

    @Test func whoTakesNoAnswerIsLetGo() async throws {
        let isAnswered = Counter()
        let respond: @Sendable (HTTPServerRequest) async -> HTTPServerResponse = { _ in
            isAnswered.add()
            return HTTPServerResponse(contentType: "text/plain", body: [UInt8](repeating: 120, count: 32 << 20))
        }
        try await withServer(limits: .with { $0.writeTime = .milliseconds(200) }, respond: respond) { server in
            let visitor = try await Visitor(server, saying: lastRequest)
            #expect(await eventually { isAnswered.count > 0 })
            try await Task.sleep(for: .milliseconds(800))
            let text = try await visitor.hearAll()
            #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(text.utf8.count < 32 << 20)
        }
    }

    /// By the end of the time, and by the end of what is dropped.
    @Test(arguments: [(Duration.milliseconds(200), 10), (patience * 2, 1000)])
    func whoWillNotLeaveIsLetGo(time: Duration, length: Int) async throws {
        try await withServer(limits: .with { $0.farewellTime = time }) { server in
            let visitor = try await Visitor(server, saying: lastRequest)
            #expect(await visitor.hear("hello").hasSuffix("hello"))
            let more = [UInt8](repeating: 120, count: length)
            let isReset = await eventually { visitor.isRefused(more) }
            #expect(isReset)
        }
    }

    /// Its socket is gone when the answer comes. In a process of its own, which the signal for that would end.
    @Test func whoLeavesBeforeTheAnswerHurtsNobody() async {
        await #expect(processExitsWith: .success) {
            signal(SIGPIPE, SIG_DFL)
            let (asked, answered) = (Counter(), Counter())
            let respond: @Sendable (HTTPServerRequest) async -> HTTPServerResponse = { request in
                guard request.path == "/large" else { return .hello }
                asked.add()
                _ = await eventually { answered.count > 0 }
                return HTTPServerResponse(contentType: "text/plain", body: [UInt8](repeating: 120, count: 8 << 20))
            }
            try await withServer(respond: respond) { server in
                for _ in 0..<10 { _ = try await Visitor(server, saying: "GET /large HTTP/1.1\r\nHost: a\r\n\r\n") }
                #expect(await eventually { asked.count == 10 })
                answered.add()
                for _ in 0..<10 { #expect(try await Visitor(server, saying: lastRequest).hearAll().hasSuffix("hello")) }
            }
        }
    }

    // MARK: Connections

    @Test func theNextOfAnAddressTakesThePlaceOfItsOldest() async throws {
        try await withServer(limits: .with { $0.connectionsPerAddress = 2 }) { server in
            let other = try await Visitor(server, from: "127.0.0.2", saying: plainRequest)
            #expect(await other.hear("hello").hasSuffix("hello"))
            let first = try await Visitor(server, saying: plainRequest)
            #expect(await first.hear("hello").hasSuffix("hello"))
            let second = try await Visitor(server, saying: plainRequest)
            #expect(await second.hear("hello").hasSuffix("hello"))
            #expect(!first.listen())
            let third = try await Visitor(server, saying: plainRequest)
            #expect(await third.hear("hello").hasSuffix("hello"))
            #expect(await eventually { first.listen() })
            #expect(!second.listen() && !other.listen())
        }
    }

    @Test func theAddressWithTheMostPaysForTheNext() async throws {
        try await withServer(limits: .with { $0.connections = 4 }) { server in
            let other = try await Visitor(server, from: "127.0.0.2", saying: plainRequest)
            #expect(await other.hear("hello").hasSuffix("hello"))
            var crowd: [Visitor] = []
            for _ in 0..<3 {
                crowd.append(try await Visitor(server, from: "127.0.0.3", saying: plainRequest))
                #expect(await crowd.last?.hear("hello").hasSuffix("hello") == true)
            }
            let next = try await Visitor(server, from: "127.0.0.4", saying: plainRequest)
            #expect(await next.hear("hello").hasSuffix("hello"))
            #expect(await eventually { crowd[0].listen() })
            #expect(!other.listen() && !crowd[1].listen() && !crowd[2].listen())
        }
    }

    /// Whoever is being answered keeps its place, also where the visitor has left meanwhile: the answers that are looked
    /// for are bounded as well.
    @Test func whereAllAreBeingAnsweredTheNextIsRefused() async throws {
        let (asked, mayAnswer) = (Counter(), Counter())
        let respond: @Sendable (HTTPServerRequest) async -> HTTPServerResponse = { _ in
            asked.add()
            _ = await eventually { mayAnswer.count > 0 }
            return .hello
        }
        try await withServer(limits: .with { $0.connections = 3 }, respond: respond) { server in
            let stays = try await Visitor(server, saying: lastRequest)
            for count in 2...3 {
                _ = try await Visitor(server, saying: plainRequest)
                #expect(await eventually { asked.count == count })
            }
            for _ in 0..<5 { #expect(try await Visitor(server, saying: plainRequest).hearAll() == "") }
            #expect(asked.count == 3)
            mayAnswer.add()
            #expect(try await stays.hearAll().hasSuffix("hello"))
            #expect(await eventually { asked.count == 3 })
            #expect(try await Visitor(server, saying: lastRequest).hearAll().hasSuffix("hello"))
        }
    }

    /// Else visitors who leave could have any number of answers looked for.
    @Test func workThatWillNotEndKeepsItsPlace() async throws {
        let (asked, mayAnswer) = (Counter(), Counter())
        let respond: @Sendable (HTTPServerRequest) async -> HTTPServerResponse = { _ in
            asked.add()
            while mayAnswer.count == 0 { await Task.yield() }
            return .hello
        }
        let limits = HTTPServer.Limits.with { ($0.connections, $0.answerTime) = (1, .milliseconds(100)) }
        try await withServer(limits: limits, respond: respond) { server in
            let late = try await Visitor(server, saying: lastRequest).hearAll()
            #expect(late.hasPrefix("HTTP/1.1 503 "))
            for _ in 0..<5 { #expect(try await Visitor(server, saying: lastRequest).hearAll() == "") }
            #expect(asked.count == 1)
            mayAnswer.add()
            var answers: [String] = []
            while answers.count < 1000, answers.last?.hasSuffix("hello") != true {
                answers.append(try await Visitor(server, saying: lastRequest).hearAll())
            }
            #expect(answers.last?.hasSuffix("hello") == true)
        }
    }

    /// And is no reason to ask again at once. In a process of its own, which nothing else happens in meanwhile.
    @Test func whoComesWithoutADescriptorLeftWaits() async {
        await #expect(processExitsWith: .success) {
            let server = try ServerSocket(address: "127.0.0.1", port: 0)
            let visitor = try Visitor(server.port)
            let listener = try #require(server.take())
            let usual = try descriptorLimit(lowestFreeDescriptor())
            let first = acceptVisitor(listener)
            _ = try descriptorLimit(usual)
            guard case .noRoom = first else { throw POSIXError(.EMFILE) }
            guard case .visitor(_, peer: "127.0.0.1") = acceptVisitor(listener) else { throw POSIXError(.ENOTCONN) }
            #expect(!visitor.listen())
            guard case .nobody = acceptVisitor(listener) else { throw POSIXError(.EISCONN) }
        }
    }

    /// In a process of its own, as other tests hold up the threads that tasks run on.
    @Test func aGoodVisitorIsServedWhileTwoHundredBadOnesHangOn() async {
        await #expect(processExitsWith: .success) {
            let bad = [
                "", "GET / HTTP/1.1\r\nHost:", plainRequest, "\u{16}\u{3}\u{1}", "POST / HTTP/1.1\r\nHost: a\r\n",
            ]
            try await withServer(limits: .standard) { server in
                let client = try makeClient()
                let request = HTTPRequest("GET", "http://127.0.0.1:\(server.port)/")
                var crowd: [Visitor] = []
                for number in 0..<200 {
                    let source = "127.0.\(1 + number % 5).\(1 + number % 3)"
                    crowd.append(try await Visitor(server, from: source, saying: bad[number % bad.count]))
                    guard number % 20 == 19 else { continue }
                    let begin = ContinuousClock.now
                    #expect(try await client.send(request, deadline: patience).status == 200)
                    #expect(try await Visitor(server, saying: lastRequest).hearAll().hasSuffix("hello"))
                    #expect(ContinuousClock.now - begin < .seconds(1))
                }
                #expect(await eventually { crowd.count { !$0.listen() } <= HTTPServer.Limits.standard.connections })
            }
        }
    }
}

private func lowestFreeDescriptor() -> rlim_t {
    let descriptor = dup(0)
    close(descriptor)
    return rlim_t(descriptor)
}

/// Sets how many descriptors this process may have; what it was before.
private func descriptorLimit(_ limit: rlim_t) throws -> rlim_t {
    var limits = rlimit()
    try #require(getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0)
    let before = limits.rlim_cur
    limits.rlim_cur = limit
    try #require(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0)
    return before
}
