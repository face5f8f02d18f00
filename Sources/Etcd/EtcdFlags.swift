/// The flags that an etcd of one version takes from us beyond the membership ones (`--name`, `--initial-*`).
///
/// Pure. An unknown flag is fatal to etcd, so the version must be the one that the binary itself reports.
package enum EtcdFlags {
    package struct Settings: Sendable, Equatable {
        package var dataDirectory: String
        package var listenClientURLs: [String]
        package var advertiseClientURLs: [String]
        package var listenPeerURLs: [String]
        /// Where metrics and health are served without TLS or authentication, hence on the loopback interface only.
        /// It answers also while the client port does not, as after a restart without a quorum.
        package var metricsURL: String
        /// Flags that the operator sets himself, as flags or variables, without dashes: `logger` for `ETCD_LOGGER`. A
        /// default of ours gives way to each, since etcd dies of a variable beside its flag.
        package var setByOperator: Set<String>

        package init(
            dataDirectory: String, listenClientURLs: [String], advertiseClientURLs: [String],
            listenPeerURLs: [String], metricsURL: String = "http://127.0.0.1:2381", setByOperator: Set<String> = []
        ) {
            self.dataDirectory = dataDirectory
            self.listenClientURLs = listenClientURLs
            self.advertiseClientURLs = advertiseClientURLs
            self.listenPeerURLs = listenPeerURLs
            self.metricsURL = metricsURL
            self.setByOperator = setByOperator
        }
    }

    /// The arguments, each `--name=value`, in an order that is always the same.
    ///
    /// What is not among them has a default that we rely on: `--strict-reconfig-check` is on, `--enable-v2` off and
    /// `--enable-grpc-gateway` on in every version; snapshots, compaction and quota are the operator's to set.
    package static func arguments(for version: EtcdVersion, _ settings: Settings) -> [String] {
        let ours = [
            ("data-dir", settings.dataDirectory),
            ("listen-client-urls", settings.listenClientURLs.joined(separator: ",")),
            ("advertise-client-urls", settings.advertiseClientURLs.joined(separator: ",")),
            ("listen-peer-urls", settings.listenPeerURLs.joined(separator: ",")),
        ]
        let defaults = defaults(for: version, metricsURL: settings.metricsURL)
            .filter { settings.setByOperator.isDisjoint(with: $0.names) }
            .map { ($0.names[0], $0.value) }
        return (ours + defaults).map { "--\($0.0)=\($0.1)" }
    }

    /// What an etcd is started for that nobody but us is to reach.
    package enum Purpose: Sendable, Equatable {
        /// To be looked at: it takes part in no election, not even as the only member, and so changes nothing.
        case looking
        /// To become a cluster of one member on the data that it has.
        case forcing
        /// To serve data that were restored for a cluster of one member already.
        case proving
    }

    /// The arguments of an etcd that listens on the loopback interface alone, in place of those above.
    ///
    /// Without TLS, whatever the member list says of it: a certificate for the world rarely names 127.0.0.1, and nobody
    /// dials a peer port there. Without the corruption check too, since there is no peer to compare with. The operator's
    /// flags are not for this; what etcd says of itself to clients is as ever, since a member that leads tells it to the log.
    package static func loopbackArguments(
        for version: EtcdVersion, _ purpose: Purpose, dataDirectory: String, advertiseClientURLs: [String],
        clientURL: String, peerURL: String, metricsURL: String
    ) -> [String] {
        var flags = [
            ("data-dir", dataDirectory), ("listen-client-urls", clientURL),
            ("advertise-client-urls", advertiseClientURLs.joined(separator: ",")), ("listen-peer-urls", peerURL),
        ]
        if version.isAtLeast(3, 3) { flags.append(("listen-metrics-urls", metricsURL)) }
        if version.isAtLeast(3, 4) { flags += [("log-outputs", "stderr"), ("log-level", "info")] }
        if version.isAtLeast(3, 4), !version.isAtLeast(3, 5) { flags.append(("logger", "zap")) }
        switch purpose {
        case .looking:
            // The longest there is: longer than anybody looks.
            flags.append(("election-timeout", "50000"))
            if version.isAtLeast(3, 4) { flags.append(("initial-election-tick-advance", "false")) }
        case .forcing:
            flags.append(("force-new-cluster", "true"))
        case .proving:
            break
        }
        return flags.map { "--\($0.0)=\($0.1)" }
    }

    /// What we would rather have than etcd's own defaults.
    private static func defaults(for version: EtcdVersion, metricsURL: String) -> [Default] {
        var defaults: [Default] = []
        // Below 3.3 there is no such listener: metrics are on the client port alone.
        if version.isAtLeast(3, 3) { defaults.append(Default("listen-metrics-urls", metricsURL)) }
        defaults += corruptionCheck(for: version)
        if version.isAtLeast(3, 4), !version.isAtLeast(3, 5) {
            // Both are the defaults of 3.5: structured logs, and no election forced by a member that comes back.
            defaults += [Default("logger", "zap"), Default("pre-vote", "true")]
        }
        return defaults
    }

    /// Has etcd compare its data with its peers' before it serves, and end where they differ (F20, F21).
    /// https://etcd.io/docs/v3.5/op-guide/data_corruption/
    private static func corruptionCheck(for version: EtcdVersion) -> [Default] {
        let experimental = "experimental-initial-corrupt-check"
        // From 3.6 a feature gate; the old flag beside it is fatal, and from 3.7 unknown.
        if version.isAtLeast(3, 6) {
            return [Default("feature-gates", "InitialCorruptCheck=true", givesWayTo: experimental)]
        }
        return version.isAtLeast(3, 3) ? [Default(experimental, "true")] : []
    }

    private struct Default {
        /// The flag itself first, then those that may not stand beside it.
        var names: [String]
        var value: String

        init(_ name: String, _ value: String, givesWayTo others: String...) {
            names = [name] + others
            self.value = value
        }
    }
}
