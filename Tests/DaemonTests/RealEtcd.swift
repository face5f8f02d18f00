/// Real etcd processes, each on an address of the loopback interface of its own. etcd is required: without it these tests
/// fail.

import ClusterPlanning
import Etcd
import Foundation
import Glibc
import HTTP
import StubServer
import Supervision
import Synchronization
import Testing

@testable import Daemon

let searchPath = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"

/// An address of the loopback interface that nobody else is likely to have chosen.
func loopbackAddress() -> String {
    "127.\(Int.random(in: 60...99)).\(Int.random(in: 1...250)).\(Int.random(in: 1...250))"
}

/// One etcd, started by hand. It dies with the test runner, and at the latest when it is ended.
final class RealEtcd {
    let name: String
    let address = loopbackAddress()
    private let place: TemporaryDirectory
    private var child: Child?

    init(_ name: String, in place: TemporaryDirectory) {
        self.name = name
        self.place = place
    }

    var peerURL: Endpoint { Endpoint(.http, address, 2380) }
    var clientURL: Endpoint { Endpoint(.http, address, 2379) }
    var client: EtcdClient { EtcdClient(http: http, endpoint: clientURL.description) }
    var log: String { place.text(of: "\(name).log") ?? "" }
    var identity: Identity { Identity(instance: InstanceID(name), peerURL: peerURL, clientURL: clientURL) }

    /// Starts it as a founder beside the others, who may never start.
    ///
    /// - Parameter advertised: where clients are told to find it; nil: where it is.
    func start(
        with others: [RealEtcd] = [], advertising advertised: String? = nil, snapshotCount: Int = 100_000
    ) async throws {
        let members = ([self] + others).map { "\($0.name)=\($0.peerURL)" }.joined(separator: ",")
        let log = open(place["\(name).log"], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        defer { close(log) }
        // A runner that has opened nothing yet would give it one of the first numbers, which a child gets newly made.
        let descriptor = fcntl(log, F_DUPFD_CLOEXEC, 10)
        defer { close(descriptor) }
        let command = Supervision.Command(
            "etcd",
            [
                "--name", name, "--data-dir", place[name], "--initial-cluster", members,
                "--initial-cluster-token", place.path, "--initial-advertise-peer-urls", peerURL.description,
                "--listen-peer-urls", peerURL.description, "--advertise-client-urls",
                advertised ?? clientURL.description,
                "--listen-client-urls", clientURL.description, "--logger", "zap",
                "--snapshot-count", "\(snapshotCount)",
            ], environment: ["PATH": searchPath])
        child = try await Built.spawner.spawn(command, streams: .descriptors(output: descriptor, error: descriptor))
    }

    /// Waits until it knows a leader.
    func leads() async throws {
        try await eventually("\(name) has a leader: \(log.suffix(500))") {
            guard let status = try? await client.status() else { return false }
            return status.leader != nil
        }
    }

    func end() async { await child?.terminate([]) }

    /// As an operator stops it, so that it writes down what it knows.
    func stop() async { await child?.terminate() }
}

/// Stands between an etcd and its clients, and passes everything on; what it says of each answer is its own.
struct EtcdProxy {
    let server: StubServer

    /// - Parameter answer: what becomes of the answer to a request.
    init(to etcd: RealEtcd, _ answer: @escaping @Sendable (StubRequest, StubReply) -> StubReply) throws {
        let target = etcd.clientURL.description
        server = try StubServer { request in
            let done = DispatchSemaphore(value: 0)
            let reply = Mutex(StubReply.status(502))
            Task {
                let forwarded = HTTPRequest(
                    request.method, target + request.target, headers: ["Content-Type": "application/json"],
                    body: request.body.isEmpty ? .none : .bytes(request.body))
                if let response = try? await http.send(forwarded, deadline: .seconds(10)) {
                    reply.withLock { $0 = .answer(response.status, headers: [], body: response.body) }
                }
                done.signal()
            }
            done.wait()
            return answer(request, reply.withLock { $0 })
        }
    }
}

/// Starts one cluster of one member for the length of a test, and ends it whatever happens.
func withEtcd(_ name: String = "i-0a", _ body: (RealEtcd) async throws -> Void) async throws {
    let etcd = RealEtcd(name, in: try TemporaryDirectory())
    do {
        try await etcd.start()
        try await etcd.leads()
        try await body(etcd)
    } catch {
        await etcd.end()
        throw error
    }
    await etcd.end()
}

extension EtcdObserver {
    static var plain: EtcdObserver { EtcdObserver(clientHTTP: http, peerHTTP: http, metricsHTTP: http) }
}
