/// The command line and the environment that etcd is started with.

import ClusterPlanning
import Etcd
import Glibc
import Supervision

/// The etcd program on this machine.
actor EtcdProgram {
    private let configuration: Configuration
    private let spawner: Spawner
    private var known: (file: FileIdentity, version: EtcdVersion)?

    init(configuration: Configuration, spawner: Spawner) {
        self.configuration = configuration
        self.spawner = spawner
    }

    /// The command for one launch: membership by the plan, the rest by the version that the program itself reports.
    ///
    /// - Throws: `SpawnError`, `CaptureError` where the program does not run; `ObservationError` where it tells no version.
    func command(for launch: ClusterPlanning.Launch) async throws -> Supervision.Command {
        let settings = configuration.etcdSettings
        let flags = EtcdFlags.arguments(for: try await version(), flagSettings(launch.identity))
        return Supervision.Command(
            configuration.etcd, launch.arguments + flags + settings.passedArguments, environment: environment)
    }

    /// The command for a look at the data, or for forcing them: an etcd that only we can reach, and that reaches nobody.
    ///
    /// None of the operator's settings are passed on but those without which it might refuse the data.
    ///
    /// - Parameter launch: of the kind `inspect`, `force` or `save`.
    /// - Throws: as `command(for:)`.
    func command(for launch: ClusterPlanning.Launch, on ports: LoopbackPorts) async throws -> Supervision.Command {
        precondition(!launch.isForTheWorld)
        return try await loopbackCommand(
            launch.purpose, launch.arguments, dataDirectory: configuration.dataDirectory,
            advertising: launch.identity.clientURL.description, on: ports)
    }

    /// The command for an etcd on data that are not this member's: restored from a snapshot, as a cluster of one.
    ///
    /// - Parameters:
    ///   - restoration: what the data were made by.
    ///   - dataDirectory: where they are now.
    /// - Throws: as `command(for:)`.
    func command(
        proving restoration: SnapshotTool.Restoration, in dataDirectory: String, on ports: LoopbackPorts
    ) async throws -> Supervision.Command {
        let membership = [
            "--name", restoration.name, "--initial-advertise-peer-urls", restoration.peerURL,
            "--initial-cluster", "\(restoration.name)=\(restoration.peerURL)", "--initial-cluster-state", "new",
            "--initial-cluster-token", restoration.token,
        ]
        return try await loopbackCommand(
            .proving, membership, dataDirectory: dataDirectory, advertising: ports.clientURL, on: ports)
    }

    private func loopbackCommand(
        _ purpose: EtcdFlags.Purpose, _ membership: [String], dataDirectory: String, advertising clientURL: String,
        on ports: LoopbackPorts
    ) async throws -> Supervision.Command {
        let flags = EtcdFlags.loopbackArguments(
            for: try await version(), purpose, dataDirectory: dataDirectory, advertiseClientURLs: [clientURL],
            clientURL: ports.clientURL, peerURL: ports.peerURL, metricsURL: ports.metricsURL)
        var environment = environment
        for name in environment.keys where name.hasPrefix("ETCD_") {
            let flag = EtcdFlagName(variable: name)?.text
            if flag.map(Self.passedToLoopback.contains) != true { environment[name] = nil }
        }
        // etcd dials every member that the data name, and a leader that it reached would send it more. It takes its proxy
        // from the environment, and at this one nobody listens. The loopback interface is never dialled through a proxy.
        for name in ["HTTP_PROXY", "HTTPS_PROXY"] { environment[name] = ports.deadEndURL }
        return Supervision.Command(
            configuration.etcd, membership + flags + operatorsLoopbackArguments, environment: environment)
    }

    /// Flags on which depends whether etcd takes the data at all: with what etcd 2 may have left there.
    private static let passedToLoopback: Set<String> = ["enable-v2", "v2-deprecation"]

    private var operatorsLoopbackArguments: [String] {
        var taken: [String] = []
        var isValueNext = false
        for argument in configuration.etcdSettings.passedArguments {
            if let name = EtcdFlagName(argument: argument)?.text {
                isValueNext = false
                guard Self.passedToLoopback.contains(name) else { continue }
                taken.append(argument)
                isValueNext = !argument.contains("=")
            } else if isValueNext {
                taken.append(argument)
                isValueNext = false
            }
        }
        return taken
    }

    /// Why etcd would not run here, where that decides anything: before this instance is entered into a cluster that answers.
    func fault(in view: StartView) async throws(CancellationError) -> String? {
        guard case .empty = view.disk, !view.clusters.isEmpty else { return nil }
        return try await fault(for: view.identity)
    }

    /// Has the program read the flags that it would be started with, and nothing more: with `--version` etcd says its
    /// version, once the rest of its command line makes sense to it.
    ///
    /// - Returns: nil where it would start; else what it says of its flags, or why it does not run at all.
    func fault(for identity: Identity) async throws(CancellationError) -> String? {
        do {
            let flags = EtcdFlags.arguments(for: try await version(), flagSettings(identity))
            let arguments = flags + configuration.etcdSettings.passedArguments + ["--version"]
            let command = Supervision.Command(configuration.etcd, arguments, environment: environment)
            let output = try await spawner.capture(command, deadline: .seconds(10))
            guard !output.status.isSuccess else { return nil }
            let said = String(decoding: output.standardError + output.standardOutput, as: UTF8.self)
            return "\(configuration.etcd) refuses its flags: \(said.prefix { $0 != "\n" }.prefix(200))"
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            return "\(error)"
        }
    }

    /// Asks the program for its version; not again until the file is another one, as after an upgrade in place.
    func version() async throws -> EtcdVersion {
        let path = try findExecutable(configuration.etcd, searchPath: environment["PATH"] ?? "")
        let file = FileIdentity(path)
        if let known, known.file == file { return known.version }
        let command = Supervision.Command(path, ["--version"], environment: ["PATH": environment["PATH"] ?? ""])
        let output = try await spawner.capture(command, deadline: .seconds(10))
        guard output.status.isSuccess, let version = EtcdVersion(versionOutput: output.text) else {
            let said = output.text.split(whereSeparator: \.isNewline).first.map { " but '\($0.prefix(200))'" } ?? ""
            throw ObservationError("\(path) --version \(output.status), and tells no version\(said)")
        }
        if let file { known = (file, version) }
        return version
    }

    /// What etcd sees of the environment: its own settings, and what a program needs to run. Nothing of ours, and no
    /// credentials.
    private var environment: [String: String] {
        let passed = ["PATH", "TZ", "LANG", "HOME", "GOGC", "GOMAXPROCS", "GOMEMLIMIT", "GODEBUG", "GOTRACEBACK"]
        var environment = configuration.etcdSettings.passedEnvironment.values
        for name in passed { environment[name] = configuration.environment[name] }
        environment["PATH"] = environment["PATH"] ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return environment
    }

    private func flagSettings(_ identity: Identity) -> EtcdFlags.Settings {
        let settings = configuration.etcdSettings
        func listen(_ urls: [String], _ scheme: ClusterPlanning.Endpoint.Scheme, _ port: Int) -> [String] {
            urls.isEmpty ? ["\(scheme.rawValue)://0.0.0.0:\(port)"] : urls
        }
        return EtcdFlags.Settings(
            dataDirectory: configuration.dataDirectory,
            listenClientURLs: listen(settings.listenClientURLs, settings.clientScheme, settings.clientPort),
            advertiseClientURLs: [identity.clientURL.description],
            listenPeerURLs: listen(settings.listenPeerURLs, settings.peerScheme, settings.peerPort),
            metricsURL: settings.listenMetricsURLs.isEmpty
                ? settings.metricsURL : settings.listenMetricsURLs.joined(separator: ","),
            setByOperator: settings.namesOfPassedFlags)
    }
}

/// What tells one state of a file from another without reading it.
private struct FileIdentity: Equatable {
    var device: UInt
    var inode: UInt
    var size: Int
    var modified: Int
    var modifiedNanoseconds: Int

    /// Nil where the file can't be looked at.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt(status.st_dev)
        inode = UInt(status.st_ino)
        size = Int(status.st_size)
        modified = status.st_mtim.tv_sec
        modifiedNanoseconds = status.st_mtim.tv_nsec
    }
}

extension ClusterPlanning.Launch {
    /// What etcd is started for, where the world is not to reach it.
    fileprivate var purpose: EtcdFlags.Purpose {
        switch kind {
        case .inspect: .looking
        case .force: .forcing
        case .save: .proving
        case .resume, .found, .join, .restore: preconditionFailure("no etcd is started so")
        }
    }
}
