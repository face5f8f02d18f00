/// Every flag and variable of ours: what each sets, in every form, and which of two wins.

import AWS
import ClusterPlanning
import Testing

@testable import Daemon

/// One option with a value, and what it has to do.
struct OptionCase: CustomTestStringConvertible, Sendable {
    var flag: String
    var variables: [String]
    var value: String
    /// Another value, to see which of two counts.
    var other: String
    /// The value that is set, as text.
    var read: @Sendable (Configuration) -> String
    var expected: String

    var testDescription: String { flag }

    static let all = [
        OptionCase(
            flag: "data-dir", variables: ["ETCD_DATA_DIR", "ELASTIC_ETCD_DATA_DIR"], value: "/data/etcd", other: "/b",
            read: { $0.dataDirectory }, expected: "/data/etcd"),
        OptionCase(
            flag: "hosted-zone", variables: ["HOSTED_ZONE", "ETCD_CLUSTER_HOSTED_ZONE"], value: "Example.org.",
            other: "b.org", read: { "\($0.hostedZone.map { "\($0)" } ?? "-")" }, expected: #"name("example.org")"#),
        OptionCase(
            flag: "backup-bucket", variables: ["ETCD_BACKUP_BUCKET"], value: "etcd-backups", other: "b.b",
            read: { $0.backupBucket ?? "-" }, expected: "etcd-backups"),
        OptionCase(
            flag: "backup-key", variables: ["ETCD_BACKUP_KEY"], value: "etcd/main", other: "b",
            read: { $0.backupKey }, expected: "etcd/main"),
        OptionCase(
            flag: "backup-interval", variables: ["ETCD_BACKUP_INTERVAL"], value: "1h30m", other: "10m",
            read: { $0.backupInterval.map { "\($0)" } ?? "-" }, expected: "5400.0 seconds"),
        OptionCase(
            flag: "backup-retention", variables: ["ETCD_CLUSTER_BACKUP_RETENTION"], value: "0,2h,3h", other: "1h,2h,3h",
            read: { "\($0.backupRetention.all), \($0.backupRetention.hourly), \($0.backupRetention.daily)" },
            expected: "0.0 seconds, 7200.0 seconds, 10800.0 seconds"),
        OptionCase(
            flag: "backup-encryption", variables: ["ETCD_CLUSTER_BACKUP_ENCRYPTION"], value: "aws:kms:alias/etcd",
            other: "bucket", read: { "\($0.backupEncryption)" }, expected: #"kms(keyID: Optional("alias/etcd"))"#),
        OptionCase(
            flag: "metrics-namespace", variables: ["ETCD_CLUSTER_METRICS_NAMESPACE"], value: "Local/etcd", other: "b",
            read: { $0.metricsNamespace ?? "-" }, expected: "Local/etcd"),
        OptionCase(
            flag: "zone-type", variables: ["ETCD_CLUSTER_ZONE_TYPE"], value: "private", other: "public",
            read: { $0.zoneType?.rawValue ?? "-" }, expected: "private"),
        OptionCase(
            flag: "cluster-name", variables: ["ETCD_CLUSTER_NAME"], value: "main", other: "b",
            read: { $0.clusterName ?? "-" }, expected: "main"),
        OptionCase(
            flag: "cluster-size", variables: ["ETCD_CLUSTER_SIZE", "ELASTIC_ETCD_CLUSTER_SIZE"], value: "5", other: "7",
            read: { $0.clusterSize.map(String.init) ?? "-" }, expected: "5"),
        OptionCase(
            flag: "peers-by", variables: ["ETCD_CLUSTER_PEERS_BY"], value: "stack", other: "group",
            read: { "\($0.peersBy)" }, expected: "stack"),
        OptionCase(
            flag: "join-strategy", variables: ["ETCD_CLUSTER_JOIN_STRATEGY", "ELASTIC_ETCD_JOIN_STRATEGY"],
            value: "prepared", other: "prune", read: { $0.joinStrategy.rawValue }, expected: "prepared"),
        OptionCase(
            flag: "on-loss", variables: ["ETCD_CLUSTER_ON_LOSS"], value: "hold", other: "recover",
            read: { $0.onLoss.rawValue }, expected: "hold"),
        OptionCase(
            flag: "grace", variables: ["ETCD_CLUSTER_GRACE"], value: "90s", other: "1m", read: { "\($0.grace)" },
            expected: "90.0 seconds"),
        OptionCase(
            flag: "found-after", variables: ["ETCD_CLUSTER_FOUND_AFTER"], value: "1h", other: "1m",
            read: { "\($0.foundAfter)" }, expected: "3600.0 seconds"),
        OptionCase(
            flag: "lifecycle-hook", variables: ["ETCD_CLUSTER_LIFECYCLE_HOOK"], value: "hello,bye", other: "b",
            read: { $0.lifecycleHooks.joined(separator: "|") }, expected: "hello|bye"),
        OptionCase(
            flag: "unhealthy-after", variables: ["ETCD_CLUSTER_UNHEALTHY_AFTER"], value: "24h", other: "1h",
            read: { "\($0.unhealthyAfter)" }, expected: "86400.0 seconds"),
        OptionCase(
            flag: "status-listen", variables: ["ETCD_CLUSTER_STATUS_LISTEN"], value: "10.0.1.7:9000", other: "9001",
            read: { "\($0.statusAddress ?? "-"):\($0.statusPort)" }, expected: "10.0.1.7:9000"),
        OptionCase(
            flag: "group", variables: ["ETCD_CLUSTER_GROUP"], value: "etcd group", other: "b",
            read: { $0.group ?? "-" }, expected: "etcd group"),
        OptionCase(
            flag: "region", variables: ["AWS_REGION", "AWS_DEFAULT_REGION"], value: "eu-central-1", other: "eu-west-1",
            read: { $0.region ?? "-" }, expected: "eu-central-1"),
        OptionCase(
            flag: "instance-id", variables: ["ETCD_CLUSTER_INSTANCE_ID"], value: "i-0a1", other: "i-0b",
            read: { $0.instanceID ?? "-" }, expected: "i-0a1"),
        OptionCase(
            flag: "address", variables: ["ETCD_CLUSTER_ADDRESS"], value: "10.0.1.7", other: "10.0.1.8",
            read: { $0.address ?? "-" }, expected: "10.0.1.7"),
        OptionCase(
            flag: "client-port", variables: ["ETCD_CLUSTER_CLIENT_PORT", "ELASTIC_ETCD_CLIENT_PORT"], value: "4001",
            other: "4002", read: { "\($0.etcdSettings.clientPort)" }, expected: "4001"),
        OptionCase(
            flag: "peer-port", variables: ["ETCD_CLUSTER_PEER_PORT"], value: "7001", other: "7002",
            read: { "\($0.etcdSettings.peerPort)" }, expected: "7001"),
        OptionCase(
            flag: "etcd", variables: ["ETCD_CLUSTER_ETCD"], value: "/opt/etcd", other: "b", read: { $0.etcd },
            expected: "/opt/etcd"),
        OptionCase(
            flag: "interval", variables: ["ETCD_CLUSTER_INTERVAL"], value: "1500ms", other: "2s",
            read: { "\($0.interval)" }, expected: "1.5 seconds"),
        OptionCase(
            flag: "stop-timeout", variables: ["ETCD_CLUSTER_STOP_TIMEOUT"], value: "2m", other: "3m",
            read: { "\($0.stopTimeout)" }, expected: "120.0 seconds"),
        OptionCase(
            flag: "log-format", variables: ["ETCD_CLUSTER_LOG_FORMAT"], value: "json", other: "logfmt",
            read: { $0.logFormat.rawValue }, expected: "json"),
        OptionCase(
            flag: "log-level", variables: ["ETCD_CLUSTER_LOG_LEVEL"], value: "debug", other: "error",
            read: { $0.logLevel.rawValue }, expected: "debug"),
    ]
}

@Suite struct OptionTests {
    @Test func theCasesAreTheTable() {
        let valued = Option.all.filter { !$0.placeholder.isEmpty }
        #expect(valued.map(\.flag) == OptionCase.all.map(\.flag))
        #expect(valued.map(\.variables) == OptionCase.all.map(\.variables))
        #expect(Option.all.filter(\.placeholder.isEmpty).map(\.flag) == SwitchCase.all.map(\.flag))
        #expect(Option.all.filter(\.placeholder.isEmpty).map(\.variables) == SwitchCase.all.map { [$0.variable] })
    }

    @Test(arguments: OptionCase.all) func aFlagIsReadInEveryForm(_ option: OptionCase) throws {
        for arguments in [
            ["--\(option.flag)", option.value], ["--\(option.flag)=\(option.value)"],
            ["-\(option.flag)", option.value], ["-\(option.flag)=\(option.value)"],
            ["run", "--\(option.flag)", option.value],
        ] {
            guard case .run(let configuration) = try parse(arguments, [:]) else {
                Issue.record("\(arguments) is not run")
                return
            }
            #expect(option.read(configuration) == option.expected, "\(arguments)")
        }
    }

    @Test(arguments: OptionCase.all) func aVariableSetsTheSame(_ option: OptionCase) throws {
        for variable in option.variables {
            let set = try configuration(environment: [variable: option.value])
            #expect(option.read(set) == option.expected, "\(variable)")
        }
    }

    @Test(arguments: OptionCase.all) func aFlagWinsOverEveryVariable(_ option: OptionCase) throws {
        for variable in option.variables {
            let set = try configuration("--\(option.flag)=\(option.value)", environment: [variable: option.other])
            #expect(option.read(set) == option.expected, "\(variable)")
        }
    }

    @Test(arguments: OptionCase.all) func anEmptyVariableIsUnset(_ option: OptionCase) throws {
        let untouched = option.read(try configuration())
        #expect(untouched != option.expected)
        for variable in option.variables {
            #expect(option.read(try configuration(environment: [variable: ""])) == untouched)
        }
        guard option.variables.count == 2 else { return }
        let second = try configuration(environment: [option.variables[0]: "", option.variables[1]: option.value])
        #expect(option.read(second) == option.expected)
    }

    @Test(arguments: OptionCase.all.filter { $0.variables.count == 2 && $0.flag != "region" })
    func twoVariablesOfOneMeaningMustAgree(_ option: OptionCase) throws {
        let (first, second) = (option.variables[0], option.variables[1])
        let agreeing = try configuration(environment: [first: option.value, second: option.value])
        #expect(option.read(agreeing) == option.expected)
        #expect(
            mistakes(environment: [first: option.value, second: option.other]) == [
                "\(first) and \(second) mean the same and differ"
            ])
    }

    /// As AWS's own tools have it, where both are often set.
    @Test func ofTheRegionsVariablesTheShorterWins() throws {
        let set = try configuration(environment: ["AWS_DEFAULT_REGION": "eu-west-1", "AWS_REGION": "eu-central-1"])
        #expect(set.region == "eu-central-1")
    }

    @Test(arguments: OptionCase.all) func aFlagIsGivenOnceAndWithAValue(_ option: OptionCase) {
        let flag = "--\(option.flag)"
        #expect(mistakes([flag, option.value, flag, option.value]) == ["\(flag): given twice"])
        #expect(mistakes([flag]) == ["\(flag): its value is missing"])
        #expect(mistakes([flag, "--", "--logger=zap"]) == ["\(flag): its value is missing"])
        // The next flag is no value: a directory named "--group" is nobody's wish.
        let next = option.flag == "group" ? "--etcd" : "--group"
        #expect(mistakes([flag, next, "x"]) == ["\(flag): its value is missing"])
        #expect(!mistakes(["\(flag)="]).isEmpty)
    }

    @Test func whatIsNotSetHasItsDefault() throws {
        let set = try configuration()
        #expect(set.dataDirectory == "/var/lib/etcd")
        #expect(set.etcd == "etcd")
        #expect(set.interval == .seconds(10))
        #expect(set.stopTimeout == .seconds(30))
        #expect(set.logFormat == .logfmt)
        #expect(set.logLevel == .info)
        #expect(set.etcdSettings.clientPort == 2379)
        #expect(set.etcdSettings.peerPort == 2380)
        #expect(set.etcdSettings.clientScheme == .http)
        #expect(set.hostedZone == nil && set.zoneType == nil && set.clusterName == nil && set.clusterSize == nil)
        #expect(set.backupInterval == .seconds(300))
        #expect(set.backupRetention == Retention(all: .days(1), hourly: .days(7), daily: .days(30)))
        #expect(set.backupEncryption == .aes256)
        #expect(set.provesBackups && !set.compressesBackups && set.metricsNamespace == nil)
        #expect(set.group == nil && set.region == nil && set.instanceID == nil && set.address == nil)
    }

    @Test(arguments: [
        ("example.org", #"name("example.org")"#), ("Z0123456789ABC", #"id("Z0123456789ABC")"#),
        ("/hostedzone/Z0123456789ABC", #"id("Z0123456789ABC")"#), ("internal", #"name("internal")"#),
        ("INTERNAL.", #"name("internal")"#), ("EXAMPLE.ORG", #"name("example.org")"#),
        ("z1.example.org.", #"name("z1.example.org")"#),
    ])
    func aZoneIsAnIDOrAName(_ text: String, _ expected: String) throws {
        let zone = try #require(try configuration("--hosted-zone", text).hostedZone)
        #expect("\(zone)" == expected)
    }

    @Test(arguments: [
        ("1500ms", Duration.milliseconds(1500)), ("7", .seconds(7)), ("90s", .seconds(90)), ("2m", .seconds(120)),
        ("1h", .seconds(3600)), ("1m30s", .seconds(90)), ("59m59s1000ms", .seconds(3600)), ("0h1m", .seconds(60)),
    ])
    func aDurationHasAUnit(_ text: String, _ expected: Duration) throws {
        #expect(try configuration("--stop-timeout", text).stopTimeout == expected)
    }
}
