import Dispatch
import Etcd
import Foundation
import Glibc
import HTTP
import Testing

/// The client under test, over real sockets, past any proxy that the environment may name.
let http = CurlClient(loop: loop, proxy: .none)
let loop = try! CurlLoop()

/// The etcd of this machine. It is required: where there is none the tests fail, unless told that this is known.
enum RealEtcd {
    static let path: String? = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { "\($0)/etcd" }.first { FileManager.default.isExecutableFile(atPath: $0) }

    static let version: EtcdVersion? = path.flatMap { try? runBlocking([$0, "--version"]) }
        .flatMap(EtcdVersion.init(versionOutput:))

    /// False only where etcd is missing and `ETCD_CLUSTER_TESTS_WITHOUT_ETCD=1` says that it may be.
    static var isExpected: Bool {
        path != nil || ProcessInfo.processInfo.environment["ETCD_CLUSTER_TESTS_WITHOUT_ETCD"] != "1"
    }

    static func required() throws -> (path: String, version: EtcdVersion) {
        (try #require(path, "no etcd on PATH"), try #require(version, "etcd --version says no version"))
    }
}

extension Trait where Self == ConditionTrait {
    static var needsEtcd: Self {
        .enabled(if: RealEtcd.isExpected, "no etcd on PATH, and ETCD_CLUSTER_TESTS_WITHOUT_ETCD=1 is set")
    }
}

/// One real etcd process on an address of its own. Its life is bounded by `timeout`, whatever becomes of the tests.
final class EtcdProcess {
    let name: String
    let directory: URL
    let urls: URLs
    let tls: TestCertificates?
    private let http: CurlClient
    private(set) var process = Process()

    struct URLs: Equatable {
        var address: String
        var client: String
        var peer: String
        var metrics: String

        /// Free a moment ago, on a random address of the loopback interface.
        static func free(scheme: String = "http") throws -> URLs {
            let address = "127.55.\(Int.random(in: 1...250)).\(Int.random(in: 1...250))"
            let ports = try freePorts(3, on: address)
            return URLs(
                address: address, client: "\(scheme)://\(address):\(ports[0])",
                peer: "\(scheme)://\(address):\(ports[1])",
                metrics: "http://\(address):\(ports[2])")
        }
    }

    init(name: String, urls: URLs, in parent: URL, tls: TestCertificates? = nil) {
        self.name = name
        self.urls = urls
        self.tls = tls
        http = tls?.client ?? EtcdTests.http
        directory = parent.appending(path: name)
    }

    var client: EtcdClient { EtcdClient(http: http, endpoint: urls.client) }
    var peer: EtcdPeer { EtcdPeer(http: http, peerURL: urls.peer) }
    var log: String { (try? String(contentsOf: logFile, encoding: .utf8)) ?? "" }
    private var logFile: URL { directory.appendingPathExtension("log") }

    /// Starts etcd with the flags that its version is given, to join `members`; after the first time it only resumes.
    func start(_ members: [EtcdProcess], state: String = "new") throws {
        let list = members.map { "\($0.name)=\($0.urls.peer)" }
        try start(initialCluster: list, state: state)
    }

    func start(initialCluster: [String], state: String) throws {
        let etcd = try RealEtcd.required()
        let settings = EtcdFlags.Settings(
            dataDirectory: directory.path, listenClientURLs: [urls.client], advertiseClientURLs: [urls.client],
            listenPeerURLs: [urls.peer], metricsURL: urls.metrics)
        let membership = [
            "--name=\(name)", "--initial-advertise-peer-urls=\(urls.peer)",
            "--initial-cluster=\(initialCluster.joined(separator: ","))", "--initial-cluster-state=\(state)",
        ]
        process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments =
            ["timeout", "--signal=KILL", "300", etcd.path] + EtcdFlags.arguments(for: etcd.version, settings)
            + membership + (tls?.flags ?? [])
        process.environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? ""]
        try Data().write(to: logFile)
        let log = try FileHandle(forWritingTo: logFile)
        process.standardOutput = log
        process.standardError = log
        try process.run()
    }

    /// Waits until etcd serves its client port; false where it ended instead, as when another took its port.
    func serves() async throws -> Bool {
        try await eventually("\(name) serves") { [self] in
            guard process.isRunning else { return true }
            return (try? await client.version().cluster) != nil
        }
        return process.isRunning
    }

    /// Sends a signal to etcd itself: `SIGSTOP` makes it fall behind, `SIGCONT` lets it go on.
    func signal(_ signal: Int32) {
        // `timeout` leads a process group of its own, in which etcd is.
        _ = Glibc.kill(-process.processIdentifier, signal)
    }

    /// Kills etcd and all that `timeout` stands for, as a crash would, and returns when it is gone.
    func kill() async {
        guard process.isRunning else { return }
        signal(SIGKILL)
        while process.isRunning { try? await Task.sleep(for: .milliseconds(5)) }
    }
}

/// The condition did not become true in time.
struct NeverHappened: Error, CustomStringConvertible {
    var description: String
}

/// Asks again and again until `condition` holds; a generous limit, since the machine may be busy.
func eventually(
    _ what: String, within limit: Duration = .seconds(60), _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < end else { throw NeverHappened(description: "never: \(what)") }
        try await Task.sleep(for: .milliseconds(30))
    }
}

/// Ports that nobody listens on, all held at the same time so that they differ.
func freePorts(_ count: Int, on address: String) throws -> [UInt16] {
    var sockets: [Int32] = []
    defer { for descriptor in sockets { close(descriptor) } }
    return try (0..<count).map { _ in
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        sockets.append(descriptor)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        inet_pton(AF_INET, address, &name.sin_addr)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        try #require(isBound, "no free port on \(address)")
        return UInt16(bigEndian: name.sin_port)
    }
}

/// What a command prints, both outputs together. It is waited for on a thread outside the task pool, which other tests
/// need meanwhile.
@discardableResult
func run(_ command: String...) async throws -> String {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Result { try runBlocking(command) }) }
    }
}

func runBlocking(_ command: [String]) throws -> String {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
        throw NeverHappened(description: "\(command.joined(separator: " ")): \(text)")
    }
    return text
}
