/// etcd's own settings: what passes, what is read, what is refused, and what may not stand together.

import Foundation
import Testing

@testable import Daemon

@Suite struct EtcdSettingsTests {
    /// A setting that would undo what this program does, in either form.
    @Test(arguments: [
        ("name", "n", "a member's name is its instance ID"),
        ("data-dir", "/d", "set --data-dir of etcd-cluster instead"),
        ("config-file", "/c", "etcd would ignore every flag of ours and found a cluster of its own"),
        ("force-new-cluster", "true", "it cuts the other members off and may lose acknowledged writes"),
        ("force-new-cluster", "false", "it cuts the other members off and may lose acknowledged writes"),
        (
            "wal-dir", "/w",
            "the write-ahead log has to lie in the data directory, which tells whether this member has data"
        ),
        ("advertise-client-urls", "http://a:1", "it is computed; set --address and --client-port instead"),
        ("initial-cluster", "a=http://a:1", "etcd-cluster decides how this member starts"),
        ("initial-cluster-state", "new", "etcd-cluster decides how this member starts"),
        ("initial-cluster-token", "t", "etcd-cluster decides how this member starts"),
        ("initial-advertise-peer-urls", "http://a:1", "etcd-cluster decides how this member starts"),
        ("discovery", "https://d", "etcd-cluster finds the peers"),
        ("discovery-srv", "d", "etcd-cluster finds the peers"),
        ("discovery-proxy", "http://p", "etcd-cluster finds the peers"),
        ("proxy", "on", "a proxy is no member"),
        ("proxy-refresh-interval", "1", "a proxy is no member"),
        ("strict-reconfig-check", "false", "it keeps the quorum from being reconfigured away"),
        ("strict-reconfig-check", "F", "it keeps the quorum from being reconfigured away"),
        ("enable-grpc-gateway", "0", "etcd-cluster talks to etcd through it"),
        ("enable-grpc-gateway", "False", "etcd-cluster talks to etcd through it"),
        ("unsafe-no-fsync", "true", "acknowledged writes would not be on disk"),
        ("max-learners", "0", "members could not join as learners"),
        ("max-learners", "00", "members could not join as learners"),
        ("experimental-max-learners", "0", "members could not join as learners"),
        ("auto-tls", "true", "nobody could verify a certificate that etcd makes for itself"),
        ("peer-auto-tls", "true", "nobody could verify a certificate that etcd makes for itself"),
        (
            "listen-client-http-urls", "http://a:1",
            "etcd-cluster talks to etcd over HTTP, at the URLs that it tells the others"
        ),
    ])
    func isRefusedInEitherForm(_ flag: String, _ value: String, _ reason: String) {
        // The data directory's variable is ours.
        if flag != "data-dir" {
            let variable = "ETCD_" + flag.uppercased().replacingOccurrences(of: "-", with: "_")
            #expect(mistakes(environment: [variable: value]) == ["\(variable): \(reason)"])
            #expect(mistakes(environment: [variable: ""]) == [], "empty is unset")
        }
        #expect(mistakes(["--", "--\(flag)=\(value)"]) == ["--\(flag): \(reason)"])
        #expect(mistakes(["--", "-\(flag)=\(value)"]) == ["--\(flag): \(reason)"])
        #expect(mistakes(["--", "--\(flag)", value]) == ["--\(flag): \(reason)"])
    }

    @Test func aRefusedSwitchNeedsNoValue() {
        #expect(mistakes(["--", "--force-new-cluster"]).count == 1)
        #expect(mistakes(["--", "--unsafe-no-fsync", "--logger=zap"]).count == 1)
    }

    @Test(arguments: [
        ["--strict-reconfig-check=true"], ["--strict-reconfig-check"], ["--enable-grpc-gateway"], ["--max-learners=2"],
        ["--initial-election-tick-advance=false"], ["--quota-backend-bytes", "8589934592"],
        ["--enable-v2=false", "--pre-vote", "--election-timeout=5000", "--heartbeat-interval", "500"],
    ])
    func everythingElsePassesAsItIs(_ flags: [String]) throws {
        guard case .run(let set) = try parse(["--group=g", "--"] + flags, [:]) else {
            Issue.record("not run")
            return
        }
        #expect(set.etcdSettings.passedArguments == flags)
        #expect(set.group == "g")
    }

    @Test func variablesOfEtcdPassWithoutOursAndWithoutEmptyOnes() throws {
        let set = try configuration(environment: [
            "ETCD_QUOTA_BACKEND_BYTES": "1", "ETCD_UNSUPPORTED_ARCH": "arm64", "ETCD_ENABLE_V2": "false",
            "ETCD_LOGGER": "", "ETCD_NAME": "", "ETCD_INITIAL_CLUSTER": "",
            "ETCD_LISTEN_CLIENT_URLS": "http://0.0.0.0:2379", "ETCD_DATA_DIR": "/d", "ETCD_CLUSTER_SIZE": "3",
            "ETCDCTL_API": "3", "HOSTED_ZONE": "example.org", "AWS_SECRET_ACCESS_KEY": "s",
        ])
        #expect(
            set.etcdSettings.passedEnvironment == [
                "ETCD_QUOTA_BACKEND_BYTES": "1", "ETCD_UNSUPPORTED_ARCH": "arm64", "ETCD_ENABLE_V2": "false",
            ])
        #expect(
            set.etcdSettings.namesOfPassedFlags == ["quota-backend-bytes", "unsupported-arch", "enable-v2"])
    }

    @Test(arguments: [
        (["--logger=zap"], ["ETCD_LOGGER": "capnslog"], "--logger and ETCD_LOGGER: etcd does not start with both"),
        (["--logger", "zap"], ["ETCD_LOGGER": "zap"], "--logger and ETCD_LOGGER: etcd does not start with both"),
        (["--logger=zap", "-logger=zap"], [:], "--logger: given twice"),
        (["zap"], [:], "'zap' behind --: a flag of etcd is expected here"),
        (["--logger=zap", "zap"], [:], "'zap' behind --: a flag of etcd is expected here"),
        (["--logger", "zap", "zap"], [:], "'zap' behind --: a flag of etcd is expected here"),
        (
            ["--listen-client-urls=http://0.0.0.0:2379"], [:],
            "--listen-client-urls: set ETCD_LISTEN_CLIENT_URLS instead"
        ),
        (["--listen-peer-urls", "http://0.0.0.0:2380"], [:], "--listen-peer-urls: set ETCD_LISTEN_PEER_URLS instead"),
        (
            ["--listen-metrics-urls=http://127.0.0.1:1"], [:],
            "--listen-metrics-urls: set ETCD_LISTEN_METRICS_URLS instead"
        ),
        (["--cert-file=/c"], [:], "etcd's cert-file and key-file go together: one of them is missing"),
        (["--trusted-ca-file="], [:], "--trusted-ca-file: its value is missing"),
        ([], ["ETCD_CERT_FILE": "/c"], "etcd's cert-file and key-file go together: one of them is missing"),
        ([], ["ETCD_KEY_FILE": "/k"], "etcd's cert-file and key-file go together: one of them is missing"),
        (
            [], ["ETCD_PEER_CERT_FILE": "/c"],
            "etcd's peer-cert-file and peer-key-file go together: one of them is missing"
        ),
        (["--peer-key-file=/k"], [:], "etcd's peer-cert-file and peer-key-file go together: one of them is missing"),
        (
            [], ["ETCD_LISTEN_CLIENT_URLS": "https://0.0.0.0:2379"],
            "ETCD_LISTEN_CLIENT_URLS: https://0.0.0.0:2379 is https, and no certificate is set"
        ),
        (
            [], ["ETCD_LISTEN_PEER_URLS": "https://0.0.0.0:2380"],
            "ETCD_LISTEN_PEER_URLS: https://0.0.0.0:2380 is https, and no certificate is set"
        ),
        (
            [], ["ETCD_LISTEN_CLIENT_URLS": "http://0.0.0.0:2379", "ETCD_CERT_FILE": "/c", "ETCD_KEY_FILE": "/k"],
            "ETCD_LISTEN_CLIENT_URLS: http://0.0.0.0:2379 is not https, though a certificate is set"
        ),
        (
            [], ["ETCD_LISTEN_CLIENT_URLS": "http://0.0.0.0"],
            "ETCD_LISTEN_CLIENT_URLS: 'http://0.0.0.0' is no URL of the form http://ADDRESS:PORT"
        ),
        (
            [], ["ETCD_LISTEN_PEER_URLS": "http://0.0.0.0:2380,"],
            "ETCD_LISTEN_PEER_URLS: '' is no URL of the form http://ADDRESS:PORT"
        ),
        (
            [], ["ETCD_LISTEN_METRICS_URLS": "127.0.0.1:2381"],
            "ETCD_LISTEN_METRICS_URLS: '127.0.0.1:2381' is no URL of the form http://ADDRESS:PORT"
        ),
        (
            [], ["ETCD_LISTEN_CLIENT_URLS": "http://0.0.0.0:2379,http://127.0.0.1:4001"],
            "ETCD_LISTEN_CLIENT_URLS: more than one port; set --client-port to the one that the others are told"
        ),
        (
            [], ["ETCD_LISTEN_PEER_URLS": "http://0.0.0.0:2380", "ETCD_CLUSTER_PEER_PORT": "7001"],
            "--peer-port: etcd does not listen on 7001, says ETCD_LISTEN_PEER_URLS"
        ),
    ])
    func settingsThatContradictEachOtherAreTold(
        _ flags: [String], _ environment: [String: String], _ message: String
    ) {
        let found = mistakes(["--"] + flags, environment: environment)
        #expect(found == [message])
    }

    @Test func whereEtcdListensIsWhatTheOthersAreTold() throws {
        let set = try configuration(environment: [
            "ETCD_LISTEN_CLIENT_URLS": "http://127.0.0.1:4001, http://10.0.0.1:4001 ",
            "ETCD_LISTEN_PEER_URLS": "http://0.0.0.0:7001", "ETCD_LISTEN_METRICS_URLS": "http://127.0.0.1:9379",
        ]).etcdSettings
        #expect(set.clientPort == 4001)
        #expect(set.peerPort == 7001)
        #expect(set.listenClientURLs == ["http://127.0.0.1:4001", "http://10.0.0.1:4001"])
        #expect(set.listenMetricsURLs == ["http://127.0.0.1:9379"])
    }

    @Test func ofSeveralPortsOneIsChosen() throws {
        let listen = ["ETCD_LISTEN_CLIENT_URLS": "http://0.0.0.0:4001,http://0.0.0.0:2379"]
        #expect(try configuration("--client-port=2379", environment: listen).etcdSettings.clientPort == 2379)
        #expect(try configuration("--client-port=4001", environment: listen).etcdSettings.clientPort == 4001)
    }

    @Test(arguments: [false, true]) func aCertificateSwitchesToHTTPS(_ byFlags: Bool) throws {
        let values = [
            "cert-file": "/c", "key-file": "/k", "trusted-ca-file": "/ca", "peer-cert-file": "/pc",
            "peer-key-file": "/pk", "peer-trusted-ca-file": "/pca",
        ]
        let flags = byFlags ? values.map { "--\($0)=\($1)" } : []
        let variables =
            byFlags
            ? [] : values.map { ("ETCD_" + $0.uppercased().replacingOccurrences(of: "-", with: "_"), $1) }
        guard
            case .run(let set) = try parse(["--"] + flags, Dictionary(uniqueKeysWithValues: variables))
        else {
            Issue.record("not run")
            return
        }
        let settings = set.etcdSettings
        #expect(settings.clientScheme == .https)
        #expect(settings.peerScheme == .https)
        #expect(settings.certificateFile == "/c")
        #expect(settings.keyFile == "/k")
        #expect(settings.trustedCAFile == "/ca")
        #expect(settings.peerCertificateFile == "/pc")
        #expect(settings.peerKeyFile == "/pk")
        #expect(settings.peerTrustedCAFile == "/pca")
        #expect(settings.passedArguments == flags)
        #expect(settings.passedEnvironment.values.count == variables.count)
    }

    @Test func clientAndPeerPortSwitchEachForItself() throws {
        let set = try configuration(environment: ["ETCD_CERT_FILE": "/c", "ETCD_KEY_FILE": "/k"]).etcdSettings
        #expect(set.clientScheme == .https)
        #expect(set.peerScheme == .http)
    }
}
