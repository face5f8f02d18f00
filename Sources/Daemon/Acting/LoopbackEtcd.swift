/// An etcd that listens on loopback alone, for as long as somebody needs it.

import ClusterPlanning
import Etcd
import HTTP
import Supervision

/// Starts such an etcd, lends it, and ends it by SIGTERM whatever happens, before anybody goes on.
struct LoopbackEtcd: Sendable {
    let directory: DataDirectory
    let program: EtcdProgram
    let spawner: Spawner
    /// For plain HTTP on loopback, past any proxy.
    let http: any HTTPClient
    /// Names the child while it runs, as that of any other start. Nil beside an etcd that serves, whose record it is; the kernel
    /// ends a child that no record names with us.
    var record: ChildRecord?
    /// Who is told of the child, for the case that it has to be killed at once.
    var runningChild: RunningChild?
    /// How long it may take to stop before it is killed.
    var stopTimeout = Duration.seconds(30)
    /// Whether what it writes goes to our error output too.
    var isForwarded = true

    /// A port that was free can be taken by the time that etcd listens; more often than this it is no accident.
    private static let attempts = 3

    /// Runs `body` beside an etcd that was started so. What `body` does may be done again, with another etcd.
    ///
    /// - Parameters:
    ///   - launch: of the kind `inspect` or `force`.
    ///   - limit: how long all that `body` waits for may take.
    /// - Throws: what `body` throws; `LoopbackEtcdError`; `SpawnError` and the like where etcd can't be started;
    ///   `CancellationError`. etcd has ended in every case.
    func run<Result: Sendable>(
        _ launch: ClusterPlanning.Launch, within limit: Duration,
        _ body: (RunningLoopbackEtcd) async throws -> Result
    ) async throws -> Result {
        try await run(within: limit, as: { try await command(for: launch, on: $0) }, body)
    }

    /// As above, with any command that makes an etcd listen on these ports alone.
    func run<Result: Sendable>(
        within limit: Duration, as command: (LoopbackPorts) async throws -> Supervision.Command,
        _ body: (RunningLoopbackEtcd) async throws -> Result
    ) async throws -> Result {
        for _ in 1..<Self.attempts {
            do {
                return try await runOnce(within: limit, command, body)
            } catch LoopbackEtcdError.ended(_, .addressInUse) {
                continue
            }
        }
        return try await runOnce(within: limit, command, body)
    }

    private func command(
        for launch: ClusterPlanning.Launch, on ports: LoopbackPorts
    ) async throws -> Supervision.Command {
        let command = try await program.command(for: launch, on: ports)
        let newest = directory.observe(making: false).stamp?.etcdVersion
        if let refusal = try await program.version().refusal(toFollow: newest) { throw ObservationError(refusal) }
        return command
    }

    private func runOnce<Result: Sendable>(
        within limit: Duration, _ command: (LoopbackPorts) async throws -> Supervision.Command,
        _ body: (RunningLoopbackEtcd) async throws -> Result
    ) async throws -> Result {
        let ports = try LoopbackPorts()
        let command = try await command(ports)
        let (child, output) = try await spawner.spawnKeepingOutput(command, isForwarded: isForwarded, record: record)
        await runningChild?.began(child)
        let running = RunningLoopbackEtcd(child: child, output: output, ports: ports, http: http, limit: limit)
        do {
            let result = try await body(running)
            try await end(running)
            await runningChild?.ended()
            return result
        } catch {
            let teardown = await child.terminate(.graceful(within: stopTimeout))
            await runningChild?.ended()
            let lines = try await output.finish()
            // An end of its own is the reason for whatever else went wrong then.
            guard teardown.signals.isEmpty, !(error is CancellationError) else { throw error }
            throw LoopbackEtcdError.ended(teardown.status, EtcdOutput.classify(lines))
        }
    }

    /// etcd writes down on SIGTERM what it knows to be committed; one that had to be killed may not have.
    private func end(_ running: RunningLoopbackEtcd) async throws {
        let teardown = await running.child.terminate(.graceful(within: stopTimeout))
        if teardown.wasKilled { throw LoopbackEtcdError.killed(teardown) }
        if teardown.signals.isEmpty { throw LoopbackEtcdError.ended(teardown.status, .other("")) }
        _ = try await running.output.finish()
    }
}

/// The etcd that is lent.
struct RunningLoopbackEtcd: Sendable {
    let child: Child
    let client: EtcdClient
    let peer: EtcdPeer
    let metrics: EtcdMetrics
    fileprivate let output: OutputTail
    /// Kept, so that the dead end stays one.
    private let ports: LoopbackPorts
    private let limit: Duration
    private let deadline: ContinuousClock.Instant

    fileprivate init(child: Child, output: OutputTail, ports: LoopbackPorts, http: any HTTPClient, limit: Duration) {
        self.child = child
        self.output = output
        self.ports = ports
        self.limit = limit
        deadline = .now + limit
        client = EtcdClient(http: http, endpoint: ports.clientURL)
        peer = EtcdPeer(http: http, peerURL: ports.peerURL)
        metrics = EtcdMetrics(http: http, url: ports.metricsURL)
    }

    /// What it has written by now.
    var lines: [String] { output.lines }

    /// Asks again and again until there is an answer.
    ///
    /// - Parameters:
    ///   - what: what is waited for, for people.
    ///   - ask: throws, or returns nil, for as long as there is none.
    /// - Throws: `LoopbackEtcdError` where the time is over, or etcd has ended; `CancellationError`.
    func poll<Answer>(_ what: String, _ ask: () async throws -> Answer?) async throws -> Answer {
        var last = "no answer"
        while ContinuousClock.now < deadline {
            do {
                if let answer = try await ask() { return answer }
                last = "not yet"
            } catch let error where !(error is CancellationError) {
                last = "\(error)"
            }
            // The pause between two questions ends at once with etcd.
            if let status = try await child.exit(within: .milliseconds(50)) {
                throw LoopbackEtcdError.ended(status, .other(last))
            }
        }
        throw LoopbackEtcdError.late(what, after: limit, last: last)
    }
}

/// Why a run on loopback came to nothing. Nothing else is running then, and it may be tried again.
enum LoopbackEtcdError: Error, Equatable, CustomStringConvertible {
    /// etcd ended by itself.
    case ended(ExitStatus, EtcdFailure)
    /// What was waited for did not come.
    case late(String, after: Duration, last: String)
    /// It did not stop in time, so that nobody knows what it has written down.
    case killed(Teardown)

    var description: String {
        switch self {
        case .ended(let status, let failure): "etcd \(status)\("\(failure)".isEmpty ? "" : ": \(failure)")"
        case .late(let what, let limit, let last): "\(what): not within \(limit); last: \(last)"
        case .killed(let teardown): "etcd had to be killed: \(teardown)"
        }
    }

    /// What etcd says of its data, where it can't run on them.
    var corruption: String? {
        if case .ended(_, .corruptData(let words)) = self { words } else { nil }
    }
}
