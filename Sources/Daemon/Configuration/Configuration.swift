/// Everything that can be configured, checked: nothing below here reads flags or variables.

import AWS
import ClusterPlanning
import FoundationEssentials

package struct Configuration: Sendable, Equatable {
    package enum ZoneType: String, Sendable, CaseIterable { case `private`, `public` }

    /// How the Route 53 zone is named.
    package enum HostedZone: Sendable, Equatable {
        /// `Z0123456789ABC`
        case id(String)
        /// In lower case, without the dot at the end.
        case name(String)
    }

    /// Where etcd's data lives; the stamp and the locks too.
    package var dataDirectory = "/var/lib/etcd"
    /// The Route 53 zone; nil: no DNS.
    package var hostedZone: HostedZone?
    /// Whether to run without a hosted zone: without any witness of the cluster but the instances themselves.
    package var isWithoutRecord = false
    /// Settles a name that a private and a public zone share (F42).
    package var zoneType: ZoneType?
    package var clusterName: String?
    package var clusterSize: Int?
    /// The bucket of the record, where there is no zone, and of backups; nil: none.
    package var backupBucket: String?
    /// The prefix under which the bucket is used.
    package var backupKey = ""
    /// Nil: no backups are made. Those that are there are restored all the same.
    package var backupInterval: Duration? = .seconds(300)
    package var backupRetention = Retention.usual
    package var backupEncryption = S3.Encryption.aes256
    package var compressesBackups = false
    package var provesBackups = true
    /// Where CloudWatch is told how backups fare; nil: nowhere.
    package var metricsNamespace: String?
    package var peersBy = PeerSource.group
    package var grace = Duration.seconds(300)
    package var foundAfter = Duration.seconds(300)
    package var onLoss = PlanSettings.OnLoss.recover
    package var joinStrategy = PlanSettings.JoinStrategy.replace
    package var lifecycleHooks: [String] = []
    /// Whether the data directory has to be a mount point (F18).
    package var requiresMount = false
    package var replacesSick = false
    package var unhealthyAfter = Duration.seconds(600)
    /// The port of our reports, at this instance's address.
    package var statusPort = 2382
    /// The address of our reports; nil: this instance's own.
    package var statusAddress: String?
    /// The autoscaling group's name; nil: the one that lists this instance.
    package var group: String?
    package var region: String?
    package var instanceID: String?
    /// The address that peers and clients reach this instance at; nil: the private one.
    package var address: String?
    /// The etcd program: a name to look up in PATH, or a path.
    package var etcd = "etcd"
    package var interval = Duration.seconds(10)
    /// How long etcd may take to stop before it is killed.
    package var stopTimeout = Duration.seconds(30)
    package var logFormat = Logger.Format.logfmt
    package var logLevel = Logger.Level.info
    package var etcdSettings = EtcdSettings()
    /// The process's environment, for what AWS's own conventions say of it.
    package var environment: Variables = [:]

    package init() {}

    /// What of it decisions rest on.
    var planSettings: PlanSettings {
        PlanSettings(
            clusterName: clusterName, clusterSize: clusterSize, grace: grace, foundAfter: foundAfter, onLoss: onLoss,
            joinStrategy: joinStrategy, isWithoutRecord: isWithoutRecord, lifecycleHooks: lifecycleHooks,
            replaceSickAfter: replacesSick ? unhealthyAfter : nil, backups: backupSettings,
            hasBucket: backupBucket != nil)
    }

    private var backupSettings: BackupSettings? {
        guard backupBucket != nil, let backupInterval else { return nil }
        return BackupSettings(
            interval: backupInterval, retention: backupRetention, isPublished: metricsNamespace != nil,
            areProven: provesBackups)
    }
}

/// What is etcd's own business and concerns us too: where it listens and how it is talked to.
package struct EtcdSettings: Sendable, Equatable {
    package var listenClientURLs: [String] = []
    package var listenPeerURLs: [String] = []
    package var listenMetricsURLs: [String] = []
    /// `--client-port` and `--peer-port`; nil: where etcd listens.
    package var chosenClientPort: Int?
    package var chosenPeerPort: Int?
    /// Of the client port: the certificate that etcd shows, and which we show too where it asks for one.
    package var certificateFile: String?
    package var keyFile: String?
    package var trustedCAFile: String?
    package var peerCertificateFile: String?
    package var peerKeyFile: String?
    package var peerTrustedCAFile: String?
    /// What goes to etcd as it is: flags from behind `--`, in their order.
    package var passedArguments: [String] = []
    /// Variables `ETCD_*` that etcd reads itself. None is empty: etcd dies of an empty one beside its flag.
    package var passedEnvironment: Variables = [:]

    package init() {}

    /// The ports that the others are told.
    package var clientPort: Int { chosenClientPort ?? port(of: listenClientURLs) ?? 2379 }
    package var peerPort: Int { chosenPeerPort ?? port(of: listenPeerURLs) ?? 2380 }

    private func port(of urls: [String]) -> Int? {
        urls.lazy.compactMap(ClusterPlanning.Endpoint.init(parsing:)).first?.port
    }

    /// Where etcd tells its metrics without TLS: where the operator wants them, else on the loopback interface.
    package var metricsURL: String { listenMetricsURLs.first ?? "http://127.0.0.1:2381" }

    package var clientScheme: ClusterPlanning.Endpoint.Scheme { certificateFile == nil ? .http : .https }
    package var peerScheme: ClusterPlanning.Endpoint.Scheme { peerCertificateFile == nil ? .http : .https }

    /// The names of the flags that the operator sets for etcd, by variable or by flag, without dashes.
    package var namesOfPassedFlags: Set<String> {
        let flags = passedArguments.compactMap(EtcdFlagName.init(argument:)).map(\.text)
        let variables = passedEnvironment.values.keys.compactMap(EtcdFlagName.init(variable:)).map(\.text)
        return Set(flags + variables)
    }
}

/// The name of one of etcd's flags in its canonical spelling: `listen-peer-urls`. etcd reads each from a variable too,
/// `ETCD_LISTEN_PEER_URLS`, and dies where both are given.
struct EtcdFlagName: Hashable {
    let text: String

    /// From `--name`, `-name` or `--name=value`; nil for a value.
    init?(argument: String) {
        guard argument.hasPrefix("-") else { return nil }
        let name = argument.dropFirst(argument.hasPrefix("--") ? 2 : 1).prefix { $0 != "=" }
        guard !name.isEmpty else { return nil }
        text = String(name)
    }

    /// From `ETCD_NAME`; nil for other variables.
    init?(variable: String) {
        guard variable.hasPrefix("ETCD_"), variable.utf8.count > 5 else { return nil }
        text = String(variable.dropFirst(5).lowercased().map { $0 == "_" ? "-" : $0 })
    }

    var variable: String { "ETCD_" + text.uppercased().map { $0 == "-" ? "_" : String($0) }.joined() }
}
