/// Switches, which need no value, and the options whose values have a form of their own.

import AWS
import ClusterPlanning
import Testing

@testable import Daemon

/// A switch, and what it sets.
struct SwitchCase: CustomTestStringConvertible, Sendable {
    var flag: String
    var variable: String
    /// Whether it is on where nobody says anything.
    var isUsual = false
    var read: @Sendable (Configuration) -> Bool

    var testDescription: String { flag }

    static let all = [
        SwitchCase(
            flag: "compress-backups", variable: "ETCD_CLUSTER_COMPRESS_BACKUPS", read: { $0.compressesBackups }),
        SwitchCase(
            flag: "prove-backups", variable: "ETCD_CLUSTER_PROVE_BACKUPS", isUsual: true, read: { $0.provesBackups }),
        SwitchCase(
            flag: "without-record", variable: "ETCD_CLUSTER_WITHOUT_RECORD", read: { $0.isWithoutRecord }),
        SwitchCase(flag: "replace-sick", variable: "ETCD_CLUSTER_REPLACE_SICK", read: { $0.replacesSick }),
        SwitchCase(flag: "require-mount", variable: "ETCD_CLUSTER_REQUIRE_MOUNT", read: { $0.requiresMount }),
    ]
}

@Suite struct SwitchTests {
    /// With a zone, so that `--without-record=false` is none too few.
    private func read(_ option: SwitchCase, _ arguments: [String], _ environment: [String: String] = [:]) throws -> Bool
    {
        let variables = ["HOSTED_ZONE": "example.org"].merging(environment) { $1 }
        guard case .run(let configuration) = try parseCommand(arguments: arguments, environment: variables) else {
            throw NeverHappened(description: "run")
        }
        return option.read(configuration)
    }

    @Test(arguments: SwitchCase.all) func aSwitchIsOnWhereItIsNamed(_ option: SwitchCase) throws {
        let (flag, variable) = ("--\(option.flag)", option.variable)
        #expect(try read(option, []) == option.isUsual)
        #expect(try read(option, [flag]))
        #expect(try read(option, ["-\(option.flag)", "--group=x"]))
        #expect(try read(option, ["\(flag)=true"]))
        #expect(try !read(option, ["\(flag)=false"]))
        #expect(try read(option, [], [variable: "true"]))
        #expect(try !read(option, [], [variable: "false"]))
        #expect(try read(option, [], [variable: ""]) == option.isUsual)
        #expect(try !read(option, ["\(flag)=false"], [variable: "true"]))
        #expect(try read(option, [flag], [variable: "false"]))
    }

    @Test(arguments: SwitchCase.all) func aSwitchTakesNoOtherWord(_ option: SwitchCase) {
        let (flag, zone) = ("--\(option.flag)", "--hosted-zone=example.org")
        #expect(mistakes([zone, "\(flag)=perhaps"]) == ["\(flag): 'perhaps' is neither true nor false"])
        #expect(mistakes([zone, "\(flag)="]) == ["\(flag): '' is neither true nor false"])
        #expect(mistakes([zone, flag, flag]) == ["\(flag): given twice"])
        #expect(
            mistakes([zone], environment: [option.variable: "yes"]) == [
                "\(option.variable): 'yes' is neither true nor false"
            ])
        // What follows is no value of it.
        #expect(
            mistakes([zone, flag, "false"]) == ["'false': a flag is expected here; etcd's own flags go behind --"])
    }

    // MARK: Forms

    @Test(arguments: [
        ("replace", PlanSettings.JoinStrategy.replace), ("prune", .prune), ("add", .add), ("prepared", .prepared),
        // Of elastic-etcd.
        ("prepare", .prepared), ("dumb", .prepared),
    ])
    func theOlderStrategiesKeepTheirNames(_ word: String, _ strategy: PlanSettings.JoinStrategy) throws {
        #expect(try configuration("--join-strategy", word).joinStrategy == strategy)
        #expect(try configuration(environment: ["ELASTIC_ETCD_JOIN_STRATEGY": word]).joinStrategy == strategy)
    }

    @Test(
        arguments: [
            ("9000", nil, 9000), ("10.0.1.7:9000", "10.0.1.7", 9000), ("0.0.0.0:9000", "0.0.0.0", 9000),
        ] as [(String, String?, Int)])
    func reportsAreServedWhereItIsSaid(_ text: String, _ address: String?, _ port: Int) throws {
        let set = try configuration("--status-listen", text)
        #expect(set.statusAddress == address)
        #expect(set.statusPort == port)
    }

    @Test func peersAreFoundByATagOfAnyName() throws {
        #expect(
            try configuration("--peers-by", "tag:my:tag", "--cluster-size=3").peersBy == .tag("my:tag"))
        #expect(try configuration("--peers-by", "group").peersBy == .group)
        // A tag does not tell how many there are to be; a plan may be looked at all the same.
        #expect(
            mistakes(["--peers-by=tag:etcd"]) == [
                "--cluster-size: not set, and a tag does not tell how many members there are to be"
            ])
        #expect(mistakes(["plan", "--peers-by=tag:etcd"]) == [])
    }

    @Test func hooksAreAListOfNames() throws {
        #expect(try configuration("--lifecycle-hook", "one").lifecycleHooks == ["one"])
        #expect(try configuration("--lifecycle-hook", "one,two three").lifecycleHooks == ["one", "two three"])
    }

    /// What decisions rest on is what was configured.
    @Test func theSettingsOfPlansAreThese() throws {
        #expect(try configuration().planSettings == PlanSettings(isWithoutRecord: true))
        let set = try configuration(
            "--cluster-name=main", "--cluster-size=5", "--grace=1m", "--found-after=2m", "--on-loss=hold",
            "--join-strategy=add", "--lifecycle-hook=a,b", "--replace-sick", "--unhealthy-after=20m")
        #expect(
            set.planSettings
                == PlanSettings(
                    clusterName: "main", clusterSize: 5, grace: .seconds(60), foundAfter: .seconds(120), onLoss: .hold,
                    joinStrategy: .add, isWithoutRecord: true, lifecycleHooks: ["a", "b"],
                    replaceSickAfter: .seconds(1200)))
        #expect(
            try configuration("--unhealthy-after=20m").planSettings.replaceSickAfter == nil,
            "off without --replace-sick")
    }

    /// An absence ripens only where looks come often enough to see it last: three in the grace, or in a minute and a half.
    @Test(arguments: [
        ("100s", "5m", true), ("101s", "5m", false), ("30s", "1s", true), ("31s", "1s", false), ("20m", "1h", true),
    ])
    func theIntervalFitsTheGrace(_ interval: String, _ grace: String, _ fits: Bool) {
        let told = "--interval: three of them are longer than --grace, so that no absence could be seen to last"
        #expect(mistakes(["--interval", interval, "--grace", grace]) == (fits ? [] : [told]))
    }

    @Test(arguments: [
        ("AES256", S3.Encryption.aes256), ("aws:kms", .kms(keyID: nil)), ("bucket", .bucketDefault),
        ("aws:kms:arn:aws:kms:eu-central-1:1:key/k", .kms(keyID: "arn:aws:kms:eu-central-1:1:key/k")),
    ])
    func backupsAreEncryptedAsItIsSaid(_ text: String, _ encryption: S3.Encryption) throws {
        #expect(try configuration("--backup-encryption", text).backupEncryption == encryption)
    }

    /// Backups are the bucket's; without one, or where they are switched off, no plan makes any.
    @Test func backupsArePlannedWhereThereIsABucket() throws {
        #expect(try configuration("--backup-interval=1h").planSettings.backups == nil)
        let bucket = ["ETCD_BACKUP_BUCKET": "backups"]
        #expect(try configuration(environment: bucket).planSettings.backups == BackupSettings(areProven: true))
        #expect(
            try configuration("--prove-backups=false", environment: bucket).planSettings.backups == BackupSettings())
        for never in ["0", "0s"] {
            #expect(try configuration("--backup-interval", never, environment: bucket).planSettings.backups == nil)
        }
        let set = try configuration(
            "--backup-interval=90s", "--backup-retention=1h,2h,48h", "--metrics-namespace=Local/etcd",
            environment: bucket)
        #expect(
            set.planSettings.backups
                == BackupSettings(
                    interval: .seconds(90),
                    retention: Retention(all: .seconds(3600), hourly: .seconds(7200), daily: .days(2)),
                    isPublished: true, areProven: true))
    }

    // MARK: The witness

    private func none(_ arguments: [String], _ environment: [String: String] = [:]) -> [String] {
        do {
            _ = try parseCommand(arguments: arguments, environment: environment)
            return []
        } catch {
            return error.mistakes
        }
    }

    /// F2, F4: where nothing but the instances tells of a cluster, another could be founded beside it.
    @Test func runDemandsAStoreOrTheWordThatThereIsNone() {
        #expect(
            none([]) == [
                "--hosted-zone or --backup-bucket: neither is set, so that nothing but the instances would tell that this "
                    + "cluster exists, and another could be founded beside living data; set one, or accept that by "
                    + "--without-record"
            ])
        #expect(none(["--without-record"]) == [])
        #expect(none(["--without-record=false"]).count == 1)
        #expect(none([], ["ETCD_CLUSTER_WITHOUT_RECORD": "true"]) == [])
        #expect(none([], ["HOSTED_ZONE": "example.org"]) == [])
        #expect(none([], ["ETCD_BACKUP_BUCKET": "backups"]) == [])
        #expect(none([], ["ETCD_BACKUP_KEY": "prefix"]).count == 1, "a prefix alone is no bucket")
        #expect(none(["plan"]) == [])
    }
}
