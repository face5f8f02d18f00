import Foundation
import StubServer
import Testing

@testable import HTTP

/// Connections are kept while they are useful, and requests never wait for each other.
@Suite struct ConnectionTests {
    @Test func twoHundredRequestsShareOneConnection() async throws {
        let server = try StubServer { _ in .text("x") }
        let client = try makeClient()
        for _ in 0..<200 { _ = try await client.send(HTTPRequest("GET", server.url), deadline: patience) }
        #expect(server.requests.count == 200)
        #expect(server.connections == 1)
    }

    @Test func clientsOfOneLoopShareItsConnections() async throws {
        let server = try StubServer { _ in .text("x") }
        let loop = try CurlLoop()
        for _ in 0..<3 {
            let client = CurlClient(loop: loop, proxy: .none)
            _ = try await client.send(HTTPRequest("GET", server.url), deadline: patience)
        }
        #expect(server.connections == 1)
    }

    /// No answer comes before the last request has arrived: requests in a queue would wait for ever.
    @Test func parallelRequestsDoNotWaitForEachOther() async throws {
        let count = 20
        let gate = Gate(count)
        let server = try StubServer { _ in
            gate.arrive()
            return .text("x")
        }
        let client = try makeClient()
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<count {
                group.addTask { try await client.send(HTTPRequest("GET", server.url), deadline: patience).status }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses == .init(repeating: 200, count: count))
        #expect(server.connections == count)
    }

    @Test func aHungServerHoldsUpNobodyElse() async throws {
        let hung = try StubServer { _ in .hang }
        let server = try StubServer { _ in .text("x") }
        let client = try makeClient()
        let waiting = Task { try await client.send(HTTPRequest("GET", hung.url), deadline: .seconds(600)) }
        #expect(try await hung.requests(atLeast: 1).count == 1)
        for _ in 0..<50 { _ = try await client.send(HTTPRequest("GET", server.url), deadline: patience) }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
    }

    @Test func aLoopNamesWhoHasNotAnswered() async throws {
        let hung = try StubServer { _ in .hang }
        let server = try StubServer { _ in .text("x") }
        let loop = try CurlLoop()
        let client = CurlClient(loop: loop, proxy: .none)
        _ = try await client.send(HTTPRequest("GET", server.url), deadline: patience)
        #expect(loop.unanswered == [])
        let requests = [0, 1].map { number in
            Task { try await client.send(HTTPRequest("GET", "\(hung.url)/\(number)"), deadline: patience) }
        }
        #expect(try await hung.requests(atLeast: 2).count == 2)
        #expect(loop.unanswered == ["127.0.0.1"], "once, though it is asked twice")
        for request in requests {
            request.cancel()
            await #expect(throws: CancellationError.self) { try await request.value }
        }
        #expect(loop.unanswered == [])
    }

    /// The server closes after its answer without having said so: libcurl sends the next request on a new connection.
    @Test func aConnectionThatTheServerClosedIsReplaced() async throws {
        let server = try StubServer { _ in .raw(Array("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx".utf8)) }
        let client = try makeClient()
        for _ in 0..<20 {
            let response = try await client.send(HTTPRequest("PUT", server.url, body: .bytes([1])), deadline: patience)
            #expect(response.text == "x")
        }
        #expect(server.connections == 20)
    }

    @Test func idleConnectionsAreClosedWithoutAnotherRequest() async throws {
        let server = try StubServer { _ in .text("x") }
        let client = CurlClient(loop: try CurlLoop(idleLimit: .seconds(1)), proxy: .none)
        _ = try await client.send(HTTPRequest("GET", server.url), deadline: patience)
        #expect(server.connections == 1)
        #expect(await eventually { server.openConnections == 0 })
        // And the loop still works.
        #expect(try await client.send(HTTPRequest("GET", server.url), deadline: patience).status == 200)
        #expect(server.connections == 2)
    }

    /// A child that inherits a connection would hold it open long after we closed it.
    @Test func connectionsAreNotInherited() async {
        await #expect(processExitsWith: .success) {
            let server = try StubServer { _ in .text("x") }
            let client = try makeClient()
            _ = try await client.send(HTTPRequest("GET", server.url), deadline: patience)
            let sockets = (0..<1024).filter { peerPort(Int32($0)) == server.port }
            #expect(sockets.count == 1)
            #expect(sockets.allSatisfy { fcntl(Int32($0), F_GETFD) & FD_CLOEXEC != 0 })
        }
    }

    @Test func noMoreThanThirtyTwoConnectionsStayIdle() async throws {
        let gate = Gate(50)
        let server = try StubServer { _ in
            gate.arrive()
            return .text("x")
        }
        let client = try makeClient()
        try await withThrowingTaskGroup { group in
            for _ in 0..<50 {
                group.addTask { _ = try await client.send(HTTPRequest("GET", server.url), deadline: patience) }
            }
            try await group.waitForAll()
        }
        #expect(server.connections == 50)
        #expect(await eventually { server.openConnections <= 32 })
        #expect(server.openConnections > 0)
    }
}

/// The port at the other end of a connection over IPv4; nil for any other descriptor.
private func peerPort(_ descriptor: Int32) -> UInt16? {
    var name = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isConnected = withUnsafeMutablePointer(to: &name) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &size) == 0 }
    }
    return isConnected && name.sin_family == sa_family_t(AF_INET) ? UInt16(bigEndian: name.sin_port) : nil
}

/// The life of the loop's thread.
@Suite struct LoopTests {
    @Test func cancellationReturnsAtOnce() async throws {
        let server = try StubServer { _ in .hang }
        let client = try makeClient()
        var latencies: [Duration] = []
        for number in 1...9 {
            let task = Task { try await client.send(HTTPRequest("GET", server.url), deadline: .seconds(60)) }
            #expect(try await server.requests(atLeast: number).count == number)
            let start = ContinuousClock.now
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            latencies.append(ContinuousClock.now - start)
        }
        // A busy machine delays some of them, but not the median.
        #expect(latencies.sorted()[4] < .milliseconds(50), "\(latencies)")
        #expect(await eventually { server.openConnections == 0 })
    }

    @Test func aCancelledTaskSendsNothing() async throws {
        let server = try StubServer { _ in .text("x") }
        let client = try makeClient()
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await client.send(HTTPRequest("GET", server.url), deadline: patience)
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(server.connections == 0)
    }

    /// Between `send`'s own look at the task and the loop's, the cancellation overtakes the request.
    @Test func aCancellationThatComesBeforeItsRequestIsNotForgotten() async throws {
        let server = try StubServer { _ in .hang }
        let loop = try CurlLoop()
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            let settings = CurlSettings(tls: .system, proxy: .none)
            let order = CurlOrder(HTTPRequest("GET", server.url), settings: settings, deadline: patience)
            return try await loop.perform(order)
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    /// Whenever the cancellation comes, the request ends once, with an answer or with `CancellationError`.
    @Test func cancellationMayComeAtAnyMoment() async throws {
        let server = try StubServer { _ in .text("x") }
        let client = try makeClient()
        var answers = 0
        for spin in 0..<300 {
            let task = Task { try await client.send(HTTPRequest("GET", server.url), deadline: patience) }
            for _ in 0..<spin { await Task.yield() }
            task.cancel()
            do {
                answers += try await task.value.status == 200 ? 1 : 0
            } catch is CancellationError {}
        }
        #expect(answers < 300)
        #expect(try await client.send(HTTPRequest("GET", server.url), deadline: patience).status == 200)
    }

    @Test func shutdownEndsWhatIsUnderWayAndWhatComesLater() async throws {
        let server = try StubServer { _ in .hang }
        let loop = try CurlLoop()
        let client = CurlClient(loop: loop, proxy: .none)
        let task = Task { try await client.send(HTTPRequest("GET", server.url), deadline: .seconds(60)) }
        #expect(try await server.requests(atLeast: 1).count == 1)
        loop.shutdown()
        await #expect(throws: CancellationError.self) { try await task.value }
        await #expect(throws: CancellationError.self) {
            try await client.send(HTTPRequest("GET", server.url), deadline: patience)
        }
        #expect(await eventually { server.openConnections == 0 })
    }

    /// In a process of its own, where nobody else starts threads or opens files.
    @Test func theThreadAndItsDescriptorsEndWithTheLastReference() async {
        await #expect(processExitsWith: .success) {
            func count(_ name: String) throws -> Int {
                try FileManager.default.contentsOfDirectory(atPath: "/proc/self/\(name)").count
            }
            let server = try StubServer { _ in .text("x", headers: [("Connection", "close")]) }
            _ = try await makeClient().send(HTTPRequest("GET", server.url), deadline: patience)
            #expect(await eventually { server.openConnections == 0 })
            var loops = [try CurlLoop()]
            let one = (threads: try count("task"), descriptors: try count("fd"))
            for _ in 1..<10 { loops.append(try CurlLoop()) }
            let ten = (threads: try count("task"), descriptors: try count("fd"))
            #expect(ten.threads >= one.threads + 8 && ten.descriptors >= one.descriptors + 9)
            loops.removeAll()
            #expect(try await eventually { try count("task") < one.threads + 4 })
            #expect(try await eventually { try count("fd") < one.descriptors })
        }
    }

    @Test(.disabled(if: isSanitized, "a sanitizer's own memory grows"))
    func tenThousandRequestsLeaveNothingBehind() async {
        await #expect(processExitsWith: .success) {
            let server = try StubServer(bodyLimit: 0, remembers: 0) { request in
                request.path == "/reset" ? .reset : .streamed(200, headers: [("X-A", "b")], length: 5000)
            }
            let client = try makeClient()
            func send(_ count: Int) async throws {
                for number in 0..<count {
                    let path = number % 50 == 0 ? "/reset" : "/"
                    let request = HTTPRequest("POST", server.url + path, headers: ["x": "y"], body: .bytes([1, 2, 3]))
                    do {
                        _ = try await client.send(request, deadline: patience)
                    } catch let error as HTTPError {
                        #expect(error.kind == .brokenOff)
                    }
                }
            }
            try await send(1000)
            let before = try memory("RssAnon")
            try await send(9000)
            let after = try memory("RssAnon")
            // 100 bytes lost with each request would be 900 kB.
            #expect(after - before < 700, "from \(before) to \(after) kB")
        }
    }
}

/// Opens when as many have arrived as it waits for; gives up with the test's patience.
private final class Gate: Sendable {
    private let group = DispatchGroup()
    init(_ count: Int) { for _ in 0..<count { group.enter() } }
    func arrive() {
        group.leave()
        _ = group.wait(timeout: .now() + .seconds(30))
    }
}
