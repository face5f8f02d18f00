import Etcd
import Testing

/// The flags of each version as a list to read: a change of behaviour shows as a change here.
@Suite struct EtcdFlagsTests {
    static let settings = EtcdFlags.Settings(
        dataDirectory: "/data", listenClientURLs: ["http://0.0.0.0:2379", "http://127.0.0.1:4001"],
        advertiseClientURLs: ["http://10.0.0.1:2379"], listenPeerURLs: ["http://0.0.0.0:2380"])

    static let common = [
        "--data-dir=/data", "--listen-client-urls=http://0.0.0.0:2379,http://127.0.0.1:4001",
        "--advertise-client-urls=http://10.0.0.1:2379", "--listen-peer-urls=http://0.0.0.0:2380",
    ]
    static let metrics = ["--listen-metrics-urls=http://127.0.0.1:2381"]
    static let check = ["--experimental-initial-corrupt-check=true"]

    @Test(arguments: [
        ("3.2.32", []),
        ("3.3.27", metrics + check),
        ("3.4.0", metrics + check + ["--logger=zap", "--pre-vote=true"]),
        ("3.4.37", metrics + check + ["--logger=zap", "--pre-vote=true"]),
        ("3.5.0", metrics + check),
        ("3.5.29", metrics + check),
        ("3.6.0-rc.1", metrics + ["--feature-gates=InitialCorruptCheck=true"]),
        ("3.6.11", metrics + ["--feature-gates=InitialCorruptCheck=true"]),
        ("3.7.0", metrics + ["--feature-gates=InitialCorruptCheck=true"]),
    ])
    func givesEachVersionOnlyWhatItKnows(_ version: String, _ more: [String]) throws {
        let arguments = EtcdFlags.arguments(for: try #require(EtcdVersion(version)), Self.settings)
        #expect(arguments == Self.common + more)
    }

    /// etcd ends at once where a variable and a flag name the same setting, and where 3.6 is given a feature both ways.
    @Test(arguments: [
        ("3.4.23", "logger", metrics + check + ["--pre-vote=true"]),
        ("3.4.23", "pre-vote", metrics + check + ["--logger=zap"]),
        ("3.5.9", "listen-metrics-urls", check),
        ("3.5.9", "experimental-initial-corrupt-check", metrics),
        ("3.6.0", "experimental-initial-corrupt-check", metrics),
        ("3.6.0", "feature-gates", metrics),
        ("3.6.0", "quota-backend-bytes", metrics + ["--feature-gates=InitialCorruptCheck=true"]),
    ])
    func givesWayToTheOperator(_ version: String, _ name: String, _ more: [String]) throws {
        var settings = Self.settings
        settings.setByOperator = [name]
        #expect(EtcdFlags.arguments(for: try #require(EtcdVersion(version)), settings) == Self.common + more)
    }
}
