import Foundation
import StubServer
import Testing

@testable import HTTP

/// Each way not to get an answer is told apart.
@Suite struct FailureTests {
    @Test(arguments: [
        (StubReply.close, HTTPError.Kind.brokenOff),
        (.reset, .brokenOff),
        (.truncated(200, claimed: 100, body: Array("short".utf8)), .brokenOff),
        (.raw(Array("HTTP/1.1 200 OK\r\nContent-Le".utf8)), .brokenOff),
        (.raw(Array("SSH-2.0-OpenSSH_9.2\r\n\r\n".utf8)), .brokenOff),
        (.raw(Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n".utf8)), .brokenOff),
        (.raw(Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab".utf8)), .brokenOff),
        (.raw(Array("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n".utf8)), .brokenOff),
        (.hang, .timedOut),
        (.delayed(.seconds(60), .status(200)), .timedOut),
        (.chunked(200, headers: [], chunks: .init(repeating: [1], count: 999), pause: .milliseconds(50)), .timedOut),
    ])
    func aServerThatMisbehaves(reply: StubReply, kind: HTTPError.Kind) async throws {
        let server = try StubServer { _ in reply }
        let error = try await failure(
            makeClient(), HTTPRequest("GET", server.url), deadline: kind == .timedOut ? .milliseconds(300) : patience)
        #expect(error.kind == kind, "\(error)")
        #expect(!error.detail.isEmpty)
    }

    @Test func nobodyListens() async throws {
        let server = try StubServer { _ in .close }
        server.stop()
        let error = try await failure(makeClient(), HTTPRequest("GET", server.url))
        #expect(error.kind == .connectionRefused)
        #expect(error.request == "GET \(server.url)")
    }

    /// The system refuses a stream to a broadcast address without asking anyone.
    @Test func thereIsNoRoute() async throws {
        let error = try await failure(makeClient(), HTTPRequest("GET", "http://255.255.255.255/"))
        #expect(error.kind == .notConnected)
    }

    /// A label of more than 63 characters can't be asked for: the answer needs no name server.
    @Test func theNameHasNoAddress() async throws {
        let url = "http://\(String(repeating: "a", count: 64)).invalid/"
        #expect(try await failure(makeClient(), HTTPRequest("GET", url)).kind == .nameNotResolved)
    }

    @Test func theDeadlineIsWhenItIsOver() async throws {
        let server = try StubServer { _ in .hang }
        let start = ContinuousClock.now
        let error = try await failure(makeClient(), HTTPRequest("GET", server.url), deadline: .milliseconds(300))
        let time = ContinuousClock.now - start
        #expect(error.kind == .timedOut)
        // The machine may be busy, so the upper bound only tells a deadline from its absence.
        #expect(time >= .milliseconds(290) && time < .seconds(10))
    }

    @Test(arguments: [Duration.zero, .seconds(-1)])
    func withoutTimeNothingIsSent(deadline: Duration) async throws {
        let server = try StubServer { _ in .status(200) }
        let error = try await failure(makeClient(), HTTPRequest("GET", server.url), deadline: deadline)
        #expect(error.kind == .timedOut)
        #expect(server.connections == 0)
    }

    @Test(arguments: [Duration.seconds(1e9), .nanoseconds(1), .seconds(Int64.max)])
    func anyDeadlineAboveZeroIsUsable(deadline: Duration) async throws {
        let server = try StubServer { _ in .status(200) }
        do {
            #expect(try await makeClient().send(HTTPRequest("GET", server.url), deadline: deadline).status == 200)
        } catch let error as HTTPError {
            #expect(error.kind == .timedOut && deadline < .seconds(1))
        }
    }

    /// What no server on loopback brings about; the codes are libcurl's numbers.
    @Test(arguments: [
        (CurlFailure(code: .init(rawValue: 5), text: "Could not resolve proxy: p"), HTTPError.Kind.proxy),
        (CurlFailure(code: .init(rawValue: 7), text: "", systemError: ECONNREFUSED, isProxied: true), .proxy),
        (CurlFailure(code: .init(rawValue: 7), text: "", systemError: EHOSTUNREACH), .notConnected),
        (CurlFailure(code: .init(rawValue: 28), text: "Resolving timed out"), .timedOut),
        (CurlFailure(code: .init(rawValue: 55), text: "Broken pipe", systemError: EPIPE), .brokenOff),
        (CurlFailure(code: .init(rawValue: 56), text: "CONNECT tunnel failed", connectStatus: 403), .proxy),
        (CurlFailure(code: .init(rawValue: 56), text: "reset", connectStatus: 200), .brokenOff),
        (CurlFailure(code: .init(rawValue: 77), text: "error setting certificate verify locations"), .tls),
        (CurlFailure(code: .init(rawValue: 100), text: "Too large response headers"), .tooLarge),
        (CurlFailure(code: .init(rawValue: 999), text: "unheard of"), .brokenOff),
        (
            CurlFailure(
                code: .init(rawValue: 56),
                text: "OpenSSL SSL_read: error:0A000126:SSL routines::unexpected eof while reading, errno 0"),
            .brokenOff
        ),
    ])
    func codesAreWhatAPersonWouldDo(failure: CurlFailure, kind: HTTPError.Kind) {
        #expect(failure.kind == kind)
    }
}
