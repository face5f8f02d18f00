import Foundation
import HTTP
import StubServer
import Testing

/// Name servers that say no, and name servers that say nothing.
///
/// The resolver's configuration belongs to the machine, so this runs the test process once more, in a mount namespace
/// with another /etc/resolv.conf, which names a server of ours.
@Suite struct ResolverTests {
    @Test(.enabled(if: canReplaceResolver, "needs unshare, and port 53 of a loopback address"))
    func aNameThatDoesNotExistIsNotResolved() async throws {
        let server = try NameServer(address: "127.53.0.1", answers: true)
        let output = try await runAgain("failsToResolve", resolver: server.address)
        #expect(output.contains("nameNotResolved in time"), "\(output)")
    }

    @Test(.enabled(if: canReplaceResolver, "needs unshare, and port 53 of a loopback address"))
    func aSilentNameServerCostsNoMoreThanTheDeadlineAndHoldsUpNobody() async throws {
        let server = try NameServer(address: "127.53.0.2", answers: false)
        let output = try await runAgain("failsToResolve", resolver: server.address)
        #expect(output.contains("timedOut in time"), "\(output)")
    }

    @Test(.enabled(if: canReplaceResolver, "needs unshare, and port 53 of a loopback address"))
    func cancellingWhileANameIsResolvedReturnsAtOnce() async throws {
        let server = try NameServer(address: "127.53.0.3", answers: false)
        let output = try await runAgain("cancelsWhileResolving", resolver: server.address)
        #expect(output.contains("cancelled in time"), "\(output)")
    }

    // MARK: In the second process

    @Test(.enabled(if: isSecondProcess, "runs inside the tests above"))
    func failsToResolve() async throws {
        let server = try StubServer { _ in .text("x") }
        let client = try makeClient()
        let start = ContinuousClock.now
        async let error = failure(client, HTTPRequest("GET", "http://absent.example/"), deadline: .seconds(1))
        // Meanwhile, and after it, the loop carries others.
        let other = HTTPRequest("GET", server.url)
        while ContinuousClock.now - start < .seconds(2) {
            #expect(try await client.send(other, deadline: .seconds(1)).status == 200)
        }
        let kind = try await error.kind
        print("\(kind) in time")
    }

    @Test(.enabled(if: isSecondProcess, "runs inside the tests above"))
    func cancelsWhileResolving() async throws {
        let client = try makeClient()
        let task = Task {
            try await client.send(HTTPRequest("GET", "http://absent.example/"), deadline: .seconds(30))
        }
        try await Task.sleep(for: .milliseconds(500))
        let start = ContinuousClock.now
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(ContinuousClock.now - start < .seconds(1))
        print("cancelled in time")
    }
}

private let isSecondProcess = getenv("HTTP_TESTS_SECOND_PROCESS") != nil

private let canReplaceResolver: Bool = {
    guard !isSecondProcess, (try? NameServer(address: "127.53.0.9", answers: false)) != nil else { return false }
    return (try? runBlocking("unshare", ["-rm", "true"]))?.exit == 0
}()

/// Runs one test of this file in a process whose only name server is that address; the output, where it passed.
private func runAgain(_ test: String, resolver: String) async throws -> String {
    let directory = try TemporaryDirectory()
    let configuration = directory.file("resolv.conf")
    try "nameserver \(resolver)\n".write(toFile: configuration, atomically: true, encoding: .utf8)
    let script = """
        mount --bind "$1" /etc/resolv.conf && shift && HTTP_TESTS_SECOND_PROCESS=1 exec "$@"
        """
    let executable = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let arguments = ["-rm", "sh", "-c", script, "sh", configuration, executable]
    let result = try await run(
        "unshare", arguments + ["--filter", "ResolverTests/\(test)", "--testing-library", "swift-testing"])
    #expect(result.exit == 0)
    return result.output
}

/// A name server that knows no name, or never answers.
private final class NameServer: Sendable {
    let address: String
    private let descriptor: Int32

    init(address: String, answers: Bool) throws {
        self.address = address
        descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = UInt16(53).bigEndian
        inet_pton(AF_INET, address, &name.sin_addr)
        let isBound = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isBound else {
            close(descriptor)
            throw POSIXError(.EACCES)
        }
        guard answers else { return }
        Thread { [descriptor] in answerAll(descriptor) }.start()
    }

    deinit {
        // Ends the thread's recvfrom.
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }
}

/// Sends every question back as an answer that there is no such name: https://www.rfc-editor.org/rfc/rfc1035#section-4.1.1
private func answerAll(_ socket: Int32) {
    var message = [UInt8](repeating: 0, count: 512)
    while true {
        var peer = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        withUnsafeMutablePointer(to: &peer) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { peer in
                let count = recvfrom(socket, &message, message.count, 0, peer, &size)
                guard count > 12 else {
                    size = 0
                    return
                }
                (message[2], message[3]) = (0x81, 0x83)
                sendto(socket, message, count, 0, peer, size)
            }
        }
        if size == 0 { return }
    }
}
