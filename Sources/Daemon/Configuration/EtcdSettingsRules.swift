/// Which of etcd's own settings pass, which we need to know of, and which would break what we promise.

import ClusterPlanning

extension EtcdSettings {
    /// Sorts etcd's variables and the flags behind `--` into what we read, what passes and what is refused.
    ///
    /// - Parameter variables: those that begin with `ETCD_`, are none of ours, and hold something.
    /// - Returns: every mistake, each a sentence.
    mutating func take(variables: [String: String]) -> [String] {
        var mistakes: [String] = []
        var settings: [(name: EtcdFlagName, called: String, value: String?)] = []
        for (variable, value) in variables.sorted(by: { $0.key < $1.key }) {
            guard let name = EtcdFlagName(variable: variable) else { continue }
            settings.append((name, variable, value))
        }
        let flags = passedFlags(&mistakes)
        for flag in flags where settings.contains(where: { $0.name == flag.name }) {
            mistakes.append("\(flag.called) and \(flag.name.variable): etcd does not start with both")
        }
        settings += flags
        for setting in settings {
            if let refusal = Refusal.of(setting.name.text, value: setting.value) {
                mistakes.append("\(setting.called): \(refusal)")
            }
        }
        read(settings.map { ($0.name.text, $0.value ?? "") }, &mistakes)
        let taken = Self.takenOver
        passedEnvironment = Variables(
            variables.filter { variable, _ in
                EtcdFlagName(variable: variable).map { !taken.contains($0.text) } ?? true
            })
        return mistakes
    }

    /// What we read and hand to etcd as flags of our own, so that it must not see them twice.
    private static let takenOver: Set<String> = ["listen-client-urls", "listen-peer-urls", "listen-metrics-urls"]

    /// Flags that make no sense without a path.
    private static let files: Set<String> = [
        "cert-file", "key-file", "trusted-ca-file", "peer-cert-file", "peer-key-file", "peer-trusted-ca-file",
    ]

    private func passedFlags(
        _ mistakes: inout [String]
    ) -> [(name: EtcdFlagName, called: String, value: String?)] {
        var flags: [(name: EtcdFlagName, called: String, value: String?)] = []
        var previous: Int?
        for argument in passedArguments {
            if let name = EtcdFlagName(argument: argument) {
                let value = argument.firstIndex(of: "=").map { String(argument[argument.index(after: $0)...]) }
                if flags.contains(where: { $0.name == name }) { mistakes.append("--\(name.text): given twice") }
                flags.append((name, "--\(name.text)", value))
                previous = value == nil ? flags.count - 1 : nil
            } else if let index = previous {
                flags[index].value = argument
                previous = nil
            } else {
                mistakes.append("'\(argument)' behind --: a flag of etcd is expected here")
            }
        }
        for flag in flags {
            if Self.takenOver.contains(flag.name.text) {
                mistakes.append("\(flag.called): set \(flag.name.variable) instead")
            } else if Self.files.contains(flag.name.text), (flag.value ?? "").isEmpty {
                mistakes.append("\(flag.called): its value is missing")
            }
        }
        return flags
    }

    private mutating func read(_ settings: [(name: String, value: String)], _ mistakes: inout [String]) {
        for (name, value) in settings {
            switch name {
            case "cert-file": certificateFile = value
            case "key-file": keyFile = value
            case "trusted-ca-file": trustedCAFile = value
            case "peer-cert-file": peerCertificateFile = value
            case "peer-key-file": peerKeyFile = value
            case "peer-trusted-ca-file": peerTrustedCAFile = value
            case "listen-client-urls": listenClientURLs = urls(value, called: "ETCD_LISTEN_CLIENT_URLS", &mistakes)
            case "listen-peer-urls": listenPeerURLs = urls(value, called: "ETCD_LISTEN_PEER_URLS", &mistakes)
            case "listen-metrics-urls": listenMetricsURLs = urls(value, called: "ETCD_LISTEN_METRICS_URLS", &mistakes)
            default: break
            }
        }
        agree(on: certificateFile, keyFile, "cert-file", "key-file", &mistakes)
        agree(on: peerCertificateFile, peerKeyFile, "peer-cert-file", "peer-key-file", &mistakes)
        mistakes += disagreements(
            listenClientURLs, "ETCD_LISTEN_CLIENT_URLS", clientScheme, chosen: chosenClientPort, by: "--client-port")
        mistakes += disagreements(
            listenPeerURLs, "ETCD_LISTEN_PEER_URLS", peerScheme, chosen: chosenPeerPort, by: "--peer-port")
    }

    private func urls(_ text: String, called name: String, _ mistakes: inout [String]) -> [String] {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
        for part in parts where Endpoint(parsing: part) == nil {
            mistakes.append("\(name): '\(part)' is no URL of the form http://ADDRESS:PORT")
        }
        return parts
    }

    private func agree(
        on certificate: String?, _ key: String?, _ certificateName: String, _ keyName: String,
        _ mistakes: inout [String]
    ) {
        if (certificate == nil) != (key == nil) {
            mistakes.append("etcd's \(certificateName) and \(keyName) go together: one of them is missing")
        }
    }

    /// The port that others are told has to be one that etcd listens on; the scheme follows the certificate.
    private func disagreements(
        _ listen: [String], _ name: String, _ scheme: Endpoint.Scheme, chosen: Int?, by flag: String
    ) -> [String] {
        let endpoints = listen.compactMap(Endpoint.init(parsing:))
        var mistakes = endpoints.filter { $0.scheme != scheme }.map { endpoint in
            scheme == .https
                ? "\(name): \(endpoint) is not https, though a certificate is set"
                : "\(name): \(endpoint) is https, and no certificate is set"
        }
        let ports = Set(endpoints.map(\.port))
        if let chosen {
            if !ports.isEmpty, !ports.contains(chosen) {
                mistakes.append("\(flag): etcd does not listen on \(chosen), says \(name)")
            }
        } else if ports.count > 1 {
            mistakes.append("\(name): more than one port; set \(flag) to the one that the others are told")
        }
        return mistakes
    }
}

/// Settings of etcd that are refused, in either form, each with the reason.
private enum Refusal {
    static func of(_ flag: String, value: String?) -> String? {
        switch flag {
        case "config-file": "etcd would ignore every flag of ours and found a cluster of its own"
        case "force-new-cluster": "it cuts the other members off and may lose acknowledged writes"
        case "name": "a member's name is its instance ID"
        case "data-dir": "set --data-dir of etcd-cluster instead"
        case "wal-dir": "the write-ahead log has to lie in the data directory, which tells whether this member has data"
        case "advertise-client-urls": "it is computed; set --address and --client-port instead"
        case "strict-reconfig-check" where isFalse(value): "it keeps the quorum from being reconfigured away"
        case "enable-grpc-gateway" where isFalse(value): "etcd-cluster talks to etcd through it"
        case "unsafe-no-fsync": "acknowledged writes would not be on disk"
        case "max-learners", "experimental-max-learners":
            isPositive(value) ? nil : "members could not join as learners"
        case "auto-tls", "peer-auto-tls": "nobody could verify a certificate that etcd makes for itself"
        case "listen-client-http-urls": "etcd-cluster talks to etcd over HTTP, at the URLs that it tells the others"
        case "version", "help", "h": "etcd would print something and end"
        // How a start is timed, not what it becomes a member of.
        case "initial-election-tick-advance": nil
        case _ where flag.hasPrefix("initial-"): "etcd-cluster decides how this member starts"
        case _ where flag.hasPrefix("discovery"): "etcd-cluster finds the peers"
        case _ where flag.hasPrefix("proxy"): "a proxy is no member"
        default: nil
        }
    }

    /// As Go reads it, and a little more.
    private static func isFalse(_ value: String?) -> Bool {
        ["false", "0", "f"].contains(value?.lowercased() ?? "")
    }

    /// A decimal number with a digit other than 0; Go would read other bases too, which nobody needs here.
    private static func isPositive(_ value: String?) -> Bool { Int(value ?? "").map { $0 > 0 } ?? false }
}
