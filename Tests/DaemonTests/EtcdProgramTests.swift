/// What etcd is started with, word for word, by version; and that its environment is ours to choose.

import ClusterPlanning
import Foundation
import Supervision
import Testing

@testable import Daemon

/// A program that is etcd as far as `--version` goes, and counts how often it was asked.
struct FakeEtcd {
    let place: TemporaryDirectory
    var path: String { place["etcd"] }
    var timesAsked: Int { (place.text(of: "asked") ?? "").count }

    init(_ version: String, in place: TemporaryDirectory) throws {
        self.place = place
        try replace("echo 'etcd Version: \(version)'; echo 'Git SHA: abc'; echo 'Go Version: go1.19'")
    }

    /// Puts another program into its place, as a package's upgrade does: by a rename.
    func replace(_ script: String) throws {
        try place.write("#!/bin/sh\nprintf x >> \(place["asked"])\n\(script)\n", to: "etcd.new", executable: true)
        try #require(rename(place["etcd.new"], path) == 0)
    }
}

private let identity = Identity(
    instance: InstanceID("i-0a"), peerURL: Endpoint(.http, "10.0.0.1", 2380),
    clientURL: Endpoint(.http, "10.0.0.1", 2379))
private let launch = ClusterPlanning.Launch(
    .found(token: "t"), identity,
    initialCluster: [
        InitialMember("i-0b", Endpoint(.http, "10.0.0.2", 2380)),
        InitialMember("i-0a", Endpoint(.http, "10.0.0.1", 2380)),
    ])

private func program(_ etcd: FakeEtcd, _ arguments: [String] = [], _ environment: [String: String] = [:]) throws
    -> EtcdProgram
{
    let parsed = try parse(["--etcd", etcd.path, "--data-dir", "/data"] + arguments, environment)
    guard case .run(let configuration) = parsed else { throw NeverHappened(description: "run") }
    return EtcdProgram(configuration: configuration, spawner: Built.spawner)
}

@Suite struct EtcdProgramTests {
    private let place: TemporaryDirectory

    init() throws { place = try TemporaryDirectory() }

    @Test(arguments: [
        ("3.2.32", []),
        ("3.3.27", ["--listen-metrics-urls=http://127.0.0.1:2381", "--experimental-initial-corrupt-check=true"]),
        (
            "3.4.23",
            [
                "--listen-metrics-urls=http://127.0.0.1:2381", "--experimental-initial-corrupt-check=true",
                "--logger=zap", "--pre-vote=true",
            ]
        ),
        ("3.5.16", ["--listen-metrics-urls=http://127.0.0.1:2381", "--experimental-initial-corrupt-check=true"]),
        ("3.6.0-rc.1", ["--listen-metrics-urls=http://127.0.0.1:2381", "--feature-gates=InitialCorruptCheck=true"]),
        ("3.6.4", ["--listen-metrics-urls=http://127.0.0.1:2381", "--feature-gates=InitialCorruptCheck=true"]),
    ])
    func theFlagsAreThoseOfTheVersion(_ version: String, _ ofVersion: [String]) async throws {
        let command = try await program(FakeEtcd(version, in: place)).command(for: launch)
        #expect(command.executable == place["etcd"])
        #expect(
            command.arguments == [
                "--name", "i-0a", "--initial-advertise-peer-urls", "http://10.0.0.1:2380",
                "--initial-cluster", "i-0a=http://10.0.0.1:2380,i-0b=http://10.0.0.2:2380",
                "--initial-cluster-state", "new", "--initial-cluster-token", "t",
                "--data-dir=/data", "--listen-client-urls=http://0.0.0.0:2379",
                "--advertise-client-urls=http://10.0.0.1:2379", "--listen-peer-urls=http://0.0.0.0:2380",
            ] + ofVersion)
    }

    @Test func resumeAndJoinSayExisting() async throws {
        let program = try program(FakeEtcd("3.5.16", in: place))
        let members = launch.initialCluster
        for kind in [Launch.Kind.resume, .join(ClusterID(1), MemberID(2))] {
            let arguments = try await program.command(
                for: Launch(kind, identity, initialCluster: members)
            ).arguments
            #expect(arguments.contains("existing"))
            #expect(!arguments.contains("new"))
            #expect(!arguments.contains("--initial-cluster-token"))
        }
    }

    /// Nobody but us reaches it, and it reaches nobody; of the operator's flags only those that the data may need.
    @Test(arguments: [
        (
            "3.3.27", ["--listen-metrics-urls=METRICS"], ["--election-timeout=50000"]
        ),
        (
            "3.4.23",
            ["--listen-metrics-urls=METRICS", "--log-outputs=stderr", "--log-level=info", "--logger=zap"],
            ["--election-timeout=50000", "--initial-election-tick-advance=false"]
        ),
        (
            "3.6.4", ["--listen-metrics-urls=METRICS", "--log-outputs=stderr", "--log-level=info"],
            ["--election-timeout=50000", "--initial-election-tick-advance=false"]
        ),
    ])
    func onLoopbackAlone(_ version: String, _ ofVersion: [String], _ ofLooking: [String]) async throws {
        let program = try program(
            FakeEtcd(version, in: place),
            ["--", "--v2-deprecation", "write-only", "--heartbeat-interval=500", "--debug"],
            [
                "ETCD_CERT_FILE": "/c", "ETCD_KEY_FILE": "/k", "ETCD_PEER_CERT_FILE": "/pc",
                "ETCD_PEER_KEY_FILE": "/pk",
                "ETCD_ELECTION_TIMEOUT": "9000", "ETCD_ENABLE_V2": "true", "http_proxy": "http://proxy:3128",
            ])
        let ports = try LoopbackPorts()
        for (kind, ofKind) in [(Launch.Kind.inspect, ofLooking), (.force(MemberID(1)), ["--force-new-cluster=true"])] {
            let command = try await program.command(for: Launch(kind, identity, initialCluster: []), on: ports)
            let common = [
                "--name", "i-0a", "--initial-advertise-peer-urls", "http://10.0.0.1:2380", "--initial-cluster", "",
                "--initial-cluster-state", "existing", "--data-dir=/data", "--listen-client-urls=\(ports.clientURL)",
                "--advertise-client-urls=http://10.0.0.1:2379", "--listen-peer-urls=\(ports.peerURL)",
            ]
            let versions = ofVersion.map { $0.replacing("METRICS", with: ports.metricsURL) }
            #expect(command.arguments == common + versions + ofKind + ["--v2-deprecation", "write-only"])
            #expect(
                command.environment.filter { $0.key != "PATH" } == [
                    "ETCD_ENABLE_V2": "true", "HTTP_PROXY": ports.deadEndURL, "HTTPS_PROXY": ports.deadEndURL,
                ])
        }
    }

    @Test func listenersAreTheOperators() async throws {
        let program = try program(
            FakeEtcd("3.5.16", in: place), [],
            [
                "ETCD_LISTEN_CLIENT_URLS": "http://10.0.0.1:2379,http://127.0.0.1:2379",
                "ETCD_LISTEN_PEER_URLS": "http://10.0.0.1:2380",
                "ETCD_LISTEN_METRICS_URLS": "http://127.0.0.1:9379,http://10.0.0.1:9379",
            ])
        let command = try await program.command(for: launch)
        for flag in [
            "--listen-client-urls=http://10.0.0.1:2379,http://127.0.0.1:2379",
            "--listen-peer-urls=http://10.0.0.1:2380",
            "--listen-metrics-urls=http://127.0.0.1:9379,http://10.0.0.1:9379",
        ] { #expect(command.arguments.filter { $0 == flag }.count == 1) }
        #expect(command.environment.keys.sorted() == ["PATH"])
    }

    @Test func withCertificatesItListensOnHTTPS() async throws {
        let tls = [
            "ETCD_CERT_FILE": "/c", "ETCD_KEY_FILE": "/k", "ETCD_PEER_CERT_FILE": "/pc", "ETCD_PEER_KEY_FILE": "/pk",
        ]
        let command = try await program(FakeEtcd("3.5.16", in: place), ["--peer-port=7001"], tls).command(for: launch)
        #expect(command.arguments.contains("--listen-client-urls=https://0.0.0.0:2379"))
        #expect(command.arguments.contains("--listen-peer-urls=https://0.0.0.0:7001"))
        #expect(command.environment.filter { $0.key.hasPrefix("ETCD_") } == tls)
    }

    /// Credentials, our own settings and what systemd told us are not etcd's.
    @Test func theEnvironmentIsBuiltNotInherited() async throws {
        let command = try await program(
            FakeEtcd("3.4.23", in: place), [],
            [
                "PATH": "/opt/bin:/usr/bin:/bin", "HOME": "/home/etcd", "TZ": "UTC", "GOMAXPROCS": "2",
                "ETCD_QUOTA_BACKEND_BYTES": "8589934592", "ETCD_AUTO_COMPACTION_RETENTION": "1", "ETCD_DEBUG": "",
                "ETCD_DATA_DIR": "/data", "ETCD_CLUSTER_SIZE": "3", "ELASTIC_ETCD_CLIENT_PORT": "2379",
                "ETCD_LISTEN_CLIENT_URLS": "http://0.0.0.0:2379", "HOSTED_ZONE": "example.org",
                "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "eu-central-1",
                "NOTIFY_SOCKET": "/run/notify", "JOURNAL_STREAM": "1:2", "http_proxy": "http://proxy:3128",
                "ETCDCTL_API": "3", "ETCD_PORT": "tcp://10.0.0.9:2379", "LD_PRELOAD": "/x.so",
            ]
        ).command(for: launch)
        #expect(
            command.environment == [
                "PATH": "/opt/bin:/usr/bin:/bin", "HOME": "/home/etcd", "TZ": "UTC", "GOMAXPROCS": "2",
                "ETCD_QUOTA_BACKEND_BYTES": "8589934592", "ETCD_AUTO_COMPACTION_RETENTION": "1",
            ])
    }

    @Test func withoutAPathThereIsADefaultOne() async throws {
        let command = try await program(FakeEtcd("3.4.23", in: place)).command(for: launch)
        #expect(command.environment == ["PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"])
    }

    /// etcd dies of a flag beside its variable, so a default of ours gives way to either.
    @Test(arguments: [
        (["--", "--logger=capnslog", "--pre-vote=false"], [:], "3.4.23"),
        ([], ["ETCD_LOGGER": "capnslog", "ETCD_PRE_VOTE": "false"], "3.4.23"),
        (["--", "--experimental-initial-corrupt-check=false"], [:], "3.5.16"),
        ([], ["ETCD_EXPERIMENTAL_INITIAL_CORRUPT_CHECK": "false"], "3.6.4"),
        (["--", "--feature-gates=InitialCorruptCheck=false"], [:], "3.6.4"),
        ([], ["ETCD_LISTEN_METRICS_URLS": "http://127.0.0.1:9", "ETCD_NAME": "", "ETCD_LOGGER": ""], "3.4.23"),
    ])
    func nothingIsGivenTwice(_ flags: [String], _ environment: [String: String], _ version: String) async throws {
        let command = try await program(FakeEtcd(version, in: place), flags, environment).command(for: launch)
        let byFlag = command.arguments.compactMap(EtcdFlagName.init(argument:)).map(\.text)
        let byVariable = command.environment.keys.compactMap(EtcdFlagName.init(variable:)).map(\.text)
        #expect(Set(byFlag).count == byFlag.count)
        #expect(Set(byFlag).isDisjoint(with: byVariable))
        // Where both are known to the version, the newer flag and the older one may not meet either.
        #expect(!(Set(byFlag + byVariable).isSuperset(of: ["feature-gates", "experimental-initial-corrupt-check"])))
        #expect(command.arguments.suffix(max(flags.count - 1, 0)) == flags.dropFirst())
    }

    @Test func theVersionIsAskedOnceForEachFile() async throws {
        let etcd = try FakeEtcd("3.4.23", in: place)
        let program = try program(etcd)
        for _ in 1...3 { #expect(try await program.version().description == "3.4.23") }
        #expect(etcd.timesAsked == 1)
        try etcd.replace("echo etcd Version: 3.5.16")
        for _ in 1...3 { #expect(try await program.version().description == "3.5.16") }
        #expect(etcd.timesAsked == 2)
        let command = try await program.command(for: launch)
        #expect(!command.arguments.contains("--logger=zap"))
        #expect(etcd.timesAsked == 2)
    }

    @Test(arguments: [
        ("echo hello", "--version exited with code 0, and tells no version but 'hello'"),
        (
            "echo etcd Version: 3.5.16; exit 1",
            "--version exited with code 1, and tells no version but 'etcd Version: 3.5.16'"
        ),
        ("kill -9 $$", "--version ended by SIGKILL, and tells no version"),
    ])
    func aProgramThatTellsNoVersionIsNamed(_ script: String, _ ending: String) async throws {
        let etcd = try FakeEtcd("0.0.0", in: place)
        try etcd.replace(script)
        let error = try await #require(throws: ObservationError.self) { try await program(etcd).version() }
        #expect(error.description == "\(etcd.path) \(ending)")
        // A failure is not remembered.
        try etcd.replace("echo etcd Version: 3.5.16")
        #expect(try await program(etcd).version().description == "3.5.16")
    }

    @Test func aMissingProgramIsNamed() async throws {
        let etcd = try FakeEtcd("3.4.23", in: place)
        try FileManager.default.removeItem(atPath: etcd.path)
        let error = try await #require(throws: SpawnError.self) { try await program(etcd).command(for: launch) }
        #expect("\(error)".contains(etcd.path))
    }
}
