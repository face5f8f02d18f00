/// Which of etcd's own settings pass, which we need to know of, and which would break what we promise.

import ClusterPlanning

extension EtcdSettings {
    /// Sorts etcd's variables and the flags behind `--` into what we read, what passes and what is refused.
    ///
    /// - Parameter variables: those that begin with `ETCD_` and are none of ours.
    /// - Returns: every mistake, each a sentence.
    mutating func take(variables: [String: String]) -> [String] {
        var mistakes: [String] = []
        var settings: [(name: EtcdFlagName, called: String, value: String?)] = []
        for (variable, value) in variables.sorted(by: { $0.key < $1.key }) where !value.isEmpty {
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
        passedEnvironment = variables.filter { variable, _ in
            EtcdFlagName(variable: variable).map { !taken.contains($0.text) } ?? true
        }
        return mistakes
    }

    /// What we read and hand to etcd as flags of our own, so that it must not see them twice.
    private static let takenOver: Set<String> = ["listen-client-urls", "listen-peer-urls", "listen-metrics-urls"]

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
        for flag in flags where Self.takenOver.contains(flag.name.text) {
            mistakes.append("\(flag.called): set \(flag.name.variable) instead")
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
        settle(listenClientURLs, "ETCD_LISTEN_CLIENT_URLS", clientScheme, &clientPort, &mistakes)
        settle(listenPeerURLs, "ETCD_LISTEN_PEER_URLS", peerScheme, &peerPort, &mistakes)
    }

    private func urls(_ text: String, called name: String, _ mistakes: inout [String]) -> [String] {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            String(part.drop { $0 == " " })
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

    /// The port that others are told is the one that etcd listens on; the scheme follows the certificate.
    private func settle(
        _ listen: [String], _ name: String, _ scheme: Endpoint.Scheme, _ port: inout Int, _ mistakes: inout [String]
    ) {
        let endpoints = listen.compactMap(Endpoint.init(parsing:))
        for endpoint in endpoints where endpoint.scheme != scheme {
            mistakes.append(
                scheme == .https
                    ? "\(name): \(endpoint) is not https, though a certificate is set"
                    : "\(name): \(endpoint) is https, and no certificate is set")
        }
        if let first = endpoints.first { port = first.port }
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
        case "max-learners" where value == "0": "members could not join as learners"
        case "auto-tls", "peer-auto-tls": "nobody could verify a certificate that etcd makes for itself"
        case _ where flag.hasPrefix("initial-"): "etcd-cluster decides how this member starts"
        case _ where flag.hasPrefix("discovery"): "etcd-cluster finds the peers"
        case _ where flag.hasPrefix("proxy"): "a proxy is no member"
        default: nil
        }
    }

    private static func isFalse(_ value: String?) -> Bool {
        ["false", "0", "f"].contains(value?.lowercased() ?? "")
    }
}
