/// What a wrong value, flag, variable or command is told, word for word.

import Testing

@testable import Daemon

@Suite struct ConfigurationMistakeTests {
    @Test(arguments: [
        ("hosted-zone", "a b", "'a b' is neither a zone's name, as example.org is, nor its ID"),
        ("hosted-zone", "a..b", "'a..b' is neither a zone's name, as example.org is, nor its ID"),
        ("hosted-zone", "/hostedzone/a/b", "'/hostedzone/a/b' is neither a zone's name, as example.org is, nor its ID"),
        ("hosted-zone", ".", "'.' is neither a zone's name, as example.org is, nor its ID"),
        ("zone-type", "both", "'both' is none of private, public"),
        ("cluster-name", "a.b", "'a.b' can't be a name in DNS"),
        ("cluster-name", "-a", "'-a' can't be a name in DNS"),
        ("cluster-size", "0", "'0' is no number from 1 to 99"),
        ("cluster-size", "100", "'100' is no number from 1 to 99"),
        ("cluster-size", "three", "'three' is no number from 1 to 99"),
        ("cluster-size", "+3", "'+3' is no number from 1 to 99"),
        ("backup-bucket", "ab", "'ab' is no bucket's name"),
        ("backup-bucket", "Backups", "'Backups' is no bucket's name"),
        ("backup-bucket", "s3://backups", "'s3://backups' is no bucket's name"),
        ("backup-interval", "500ms", "'500ms' is no duration, as 10s or 1h30m, from 1.0 seconds to 86400.0 seconds"),
        ("backup-interval", "25h", "'25h' is no duration, as 10s or 1h30m, from 1.0 seconds to 86400.0 seconds"),
        ("backup-interval", "never", "'never' is no duration, as 10s or 1h30m, from 1.0 seconds to 86400.0 seconds"),
        ("backup-retention", "24h", "'24h' is not three durations, none shorter than the one before it"),
        ("backup-retention", "1h,2h", "'1h,2h' is not three durations, none shorter than the one before it"),
        ("backup-retention", "1,2,3,4", "'1,2,3,4' is not three durations, none shorter than the one before it"),
        ("backup-retention", "1,2,3,x", "'1,2,3,x' is not three durations, none shorter than the one before it"),
        ("backup-retention", "2h,1h,3h", "'2h,1h,3h' is not three durations, none shorter than the one before it"),
        ("backup-retention", "1h,,3h", "'1h,,3h' is not three durations, none shorter than the one before it"),
        ("backup-encryption", "aes256", "'aes256' is none of AES256, aws:kms, aws:kms:KEY and bucket"),
        ("backup-encryption", "aws:kms:", "'aws:kms:' is none of AES256, aws:kms, aws:kms:KEY and bucket"),
        ("metrics-namespace", "AWS/etcd", "'AWS/etcd' is a namespace of AWS's own"),
        ("metrics-namespace", "a\nb", "has to be 1 to 255 printable characters"),
        ("backup-key", "a\nb", "has to be 1 to 255 printable characters"),
        ("peers-by", "tag:", "'tag:' is none of group, stack and tag:KEY"),
        ("peers-by", "tags:etcd", "'tags:etcd' is none of group, stack and tag:KEY"),
        ("peers-by", "Group", "'Group' is none of group, stack and tag:KEY"),
        ("join-strategy", "merge", "'merge' is none of prepared, add, replace, prune"),
        ("on-loss", "restore", "'restore' is none of recover, hold"),
        ("grace", "0s", "'0s' is no duration, as 10s or 1h30m, from 1.0 seconds to 3600.0 seconds"),
        ("grace", "61m", "'61m' is no duration, as 10s or 1h30m, from 1.0 seconds to 3600.0 seconds"),
        ("found-after", "500ms", "'500ms' is no duration, as 10s or 1h30m, from 1.0 seconds to 3600.0 seconds"),
        ("unhealthy-after", "9s", "'9s' is no duration, as 10s or 1h30m, from 10.0 seconds to 86400.0 seconds"),
        ("lifecycle-hook", "a,,b", "has to be 1 to 255 printable characters"),
        ("lifecycle-hook", "a,", "has to be 1 to 255 printable characters"),
        ("status-listen", "0", "'0' is no number from 1 to 65535"),
        ("status-listen", "10.0.0.1:", "'' is no number from 1 to 65535"),
        ("status-listen", ":2382", "'' is no IPv4 address"),
        ("status-listen", "localhost:2382", "'localhost' is no IPv4 address"),
        ("status-listen", "[::1]:2382", "'[::1]:2382' is neither PORT nor IP:PORT"),
        ("group", "a\nb", "has to be 1 to 255 printable characters"),
        ("region", "europe", "'europe' is not the name of an AWS region (such as eu-central-1)"),
        ("region", "eu-central-1a", "'eu-central-1a' is not the name of an AWS region (such as eu-central-1)"),
        ("instance-id", "0123", "'0123' is no instance ID, as i-0123456789abcdef0 is"),
        ("instance-id", "i-", "'i-' is no instance ID, as i-0123456789abcdef0 is"),
        ("address", "host.example.org", "'host.example.org' is no IPv4 address"),
        ("address", "fd00::7", "'fd00::7' is no IPv4 address"),
        ("address", "10.0.0.256", "'10.0.0.256' is no IPv4 address"),
        ("address", "10.0.0.07", "'10.0.0.07' is no IPv4 address"),
        ("address", "+1.2.3.4", "'+1.2.3.4' is no IPv4 address"),
        ("address", "0.0.0.0", "'0.0.0.0' is no IPv4 address"),
        ("client-port", "0", "'0' is no number from 1 to 65535"),
        ("client-port", "65536", "'65536' is no number from 1 to 65535"),
        ("peer-port", "http", "'http' is no number from 1 to 65535"),
        ("interval", "99ms", "'99ms' is no duration, as 10s or 1h30m, from 0.1 seconds to 3600.0 seconds"),
        ("interval", "1.5s", "'1.5s' is no duration, as 10s or 1h30m, from 0.1 seconds to 3600.0 seconds"),
        ("interval", "2h", "'2h' is no duration, as 10s or 1h30m, from 0.1 seconds to 3600.0 seconds"),
        ("interval", "9999999999999999999h", "is no duration, as 10s or 1h30m, from 0.1 seconds to 3600.0 seconds"),
        ("stop-timeout", "500ms", "'500ms' is no duration, as 10s or 1h30m, from 1.0 seconds to 3600.0 seconds"),
        ("log-format", "xml", "'xml' is none of logfmt, json"),
        ("log-level", "INFO", "'INFO' is none of debug, info, warning, error"),
    ])
    func aWrongValueIsToldByItsFlagAndItsVariable(_ flag: String, _ value: String, _ message: String) throws {
        let byFlag = mistakes(["--\(flag)=\(value)"])
        #expect(byFlag.count == 1)
        #expect(byFlag.first?.hasPrefix("--\(flag): ") == true)
        #expect(byFlag.first?.hasSuffix(message) == true, "\(byFlag)")
        let variable = try #require(Option.all.first { $0.flag == flag }?.variables.first)
        let byVariable = mistakes(environment: [variable: value])
        #expect(byVariable.count == 1)
        #expect(byVariable.first?.hasPrefix("\(variable): ") == true)
        #expect(byVariable.first?.hasSuffix(message) == true, "\(byVariable)")
    }

    @Test(arguments: ["data-dir", "etcd"]) func aPathIsNotEmpty(_ flag: String) {
        #expect(mistakes(["--\(flag)="]) == ["--\(flag): has to be a path"])
    }

    @Test(arguments: [
        (["--name", "x"], "--name: no such flag; see --help, and put etcd's own flags behind --"),
        (["-discovery=https://d"], "-discovery: no such flag; see --help, and put etcd's own flags behind --"),
        (
            ["--listen-client-urls=http://0.0.0.0:1"],
            "--listen-client-urls: no such flag; see --help, and put etcd's own flags behind --"
        ),
        (["---group", "x"], "'---group': a flag is expected here; etcd's own flags go behind --"),
        (["-"], "'-': a flag is expected here; etcd's own flags go behind --"),
        (["run", "twice"], "'twice': a flag is expected here; etcd's own flags go behind --"),
        (
            ["start"],
            "start: no such command; there are run, plan, status, backup, backups, restore, recover, adopt, forget, version and help"
        ),
        (["-o", "json"], "-o: only `plan`, `status` and `backups` take it"),
        (["run", "--output=json"], "--output: only `plan`, `status` and `backups` take it"),
        (["backup", "-o", "json"], "-o: only `plan`, `status` and `backups` take it"),
        (["backups", "-o", "yaml"], "-o: 'yaml' is not text or json"),
        (["backup", "--to"], "--to: its value is missing"),
        (["backup", "--to="], "--to: has to be a path"),
        (["backups", "--to=x"], "--to: only `backup` takes it"),
        (["backup", "--yes"], "--yes: only `recover`, `restore`, `adopt`, `forget` take it"),
        (["status", "--output=table"], "--output: 'table' is not text or json"),
        (["status", "--yes"], "--yes: only `recover`, `restore`, `adopt`, `forget` take it"),
        (["plan", "-o"], "-o: its value is missing"),
        (["plan", "-o", "yaml"], "-o: 'yaml' is not text or json"),
        (["plan", "-o=json", "--o", "json"], "--o: given twice"),
    ])
    func aWrongWordIsTold(_ arguments: [String], _ message: String) {
        let found = mistakes(arguments)
        #expect(found.contains(message), "\(found)")
    }

    @Test(arguments: [
        ("ETCD_CLUSTER_TYPO", "no such variable; see --help"),
        ("ETCD_CLUSTER_DATA_DIR", "no such variable; see --help"),
        ("ELASTIC_ETCD_TYPO", "no such variable; see --help"),
        ("ELASTIC_ETCD_NAME", "a member's name is its instance ID; unset it"),
        ("ELASTIC_ETCD_DISCOVERY", "peers are found by the autoscaling group; unset it"),
        ("ELASTIC_ETCD_INITIAL_ADVERTISE_PEER_URLS", "set --address and --peer-port instead"),
        ("ETCD_BACKUP_TYPO", "no such variable; see --help"),
    ])
    func anUnknownVariableIsTold(_ variable: String, _ message: String) {
        #expect(mistakes(environment: [variable: "x"]) == ["\(variable): \(message)"])
        #expect(mistakes(environment: [variable: ""]) == [])
    }

    /// What Kubernetes and Docker's links put there for services named `etcd` and `etcd-cluster` is nobody's setting.
    @Test func theVariablesOfServiceLinksAreNobodysSettings() throws {
        var links: [String: String] = [:]
        for service in ["ETCD", "ETCD_CLUSTER", "ETCD_CLUSTER_CLIENT", "ETCD_BACKUP"] {
            links["\(service)_SERVICE_HOST"] = "10.0.0.1"
            links["\(service)_SERVICE_PORT"] = "2379"
            links["\(service)_SERVICE_PORT_CLIENT"] = "2379"
            links["\(service)_PORT"] = "tcp://10.0.0.1:2379"
            links["\(service)_PORT_2379_TCP"] = "tcp://10.0.0.1:2379"
            links["\(service)_PORT_2379_TCP_PROTO"] = "tcp"
            links["\(service)_PORT_2379_TCP_PORT"] = "2379"
            links["\(service)_PORT_2379_TCP_ADDR"] = "10.0.0.1"
        }
        let set = try configuration(environment: links)
        #expect(set.etcdSettings.clientPort == 2379)
        #expect(set.etcdSettings.chosenClientPort == nil)
        #expect(set.etcdSettings.passedEnvironment == [:])
        // Settings that only look alike are settings.
        #expect(try configuration(environment: ["ETCD_CLUSTER_CLIENT_PORT": "4001"]).etcdSettings.clientPort == 4001)
        #expect(
            mistakes(environment: ["ETCD_CLUSTER_PORT": "2379"]) == ["ETCD_CLUSTER_PORT: no such variable; see --help"])
    }

    @Test(arguments: [
        (
            "AWS_ENDPOINT_URL", "localhost:4566",
            "AWS_ENDPOINT_URL is not a base URL: it has to begin with http:// or https://"
        ),
        ("AWS_ENDPOINT_URL_EC2", "http://", "AWS_ENDPOINT_URL_EC2 is not a base URL: no host"),
        ("AWS_USE_FIPS_ENDPOINT", "yes", "AWS_USE_FIPS_ENDPOINT is neither 'true' nor 'false'"),
        (
            "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv5",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE is neither IPv4 nor IPv6"
        ),
        (
            "AWS_EC2_METADATA_DISABLED", "true",
            "AWS_EC2_METADATA_DISABLED: then set --instance-id, --region, --address too"
        ),
    ])
    func aSlipInAWSsOwnVariablesIsNoOutage(_ variable: String, _ value: String, _ message: String) {
        #expect(mistakes(environment: [variable: value]) == [message])
    }

    @Test func withoutMetadataTheIdentityIsConfigured() throws {
        let environment = ["AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "eu-central-1"]
        #expect(
            mistakes(["--instance-id=i-0a"], environment: environment) == [
                "AWS_EC2_METADATA_DISABLED: then set --address too"
            ])
        #expect(mistakes(["--instance-id=i-0a", "--address=10.0.0.1"], environment: environment) == [])
    }

    @Test func everyMistakeIsToldAtOnce() {
        let found = mistakes(
            ["--cluster-size=x", "--bogus", "value", "--group", "stray", "more", "--", "--wal-dir=/x", "oops"],
            environment: [
                "ETCD_CLUSTER_TYPO": "1", "ETCD_NAME": "n", "AWS_REGION": "nowhere", "HOSTED_ZONE": "a b",
                "ETCD_CERT_FILE": "/c", "AWS_ENDPOINT_URL": "x",
            ])
        #expect(
            found == [
                "HOSTED_ZONE: 'a b' is neither a zone's name, as example.org is, nor its ID",
                "AWS_REGION: 'nowhere' is not the name of an AWS region (such as eu-central-1)",
                "ETCD_CLUSTER_TYPO: no such variable; see --help",
                "--cluster-size: 'x' is no number from 1 to 99",
                "--bogus: no such flag; see --help, and put etcd's own flags behind --",
                "'more': a flag is expected here; etcd's own flags go behind --",
                "AWS_ENDPOINT_URL is not a base URL: it has to begin with http:// or https://",
                "'oops' behind --: a flag of etcd is expected here",
                "ETCD_NAME: a member's name is its instance ID",
                "--wal-dir: the write-ahead log has to lie in the data directory, which tells whether this member has data",
                "etcd's cert-file and key-file go together: one of them is missing",
            ])
    }

    @Test(arguments: [
        ["--help"], ["-help"], ["-h"], ["--h"], ["help"], ["plan", "--help"], ["run", "-h"],
        ["--bogus", "--help"], ["--group=a", "--group=b", "-h"], ["help", "--bogus"],
    ])
    func whoeverAsksForHelpGetsIt(_ arguments: [String]) throws {
        #expect(try parseCommand(arguments: arguments, environment: ["ETCD_NAME": "x", "AWS_REGION": "?"]) == .help)
    }

    @Test(arguments: [["--version"], ["-version"], ["version"], ["run", "--version"], ["--bogus", "--version"]])
    func whoeverAsksForTheVersionGetsIt(_ arguments: [String]) throws {
        #expect(try parseCommand(arguments: arguments, environment: ["ETCD_NAME": "x"]) == .version)
    }

    @Test func helpAndVersionBehindTheDashesAreEtcds() {
        for flag in ["--help", "-h", "--version"] {
            let name = String(flag.drop { $0 == "-" })
            #expect(mistakes(["--", flag]) == ["--\(name): etcd would print something and end"])
        }
    }

    @Test func planTakesAFormat() throws {
        let expected = Configuration(environment: [:])
        for arguments in [
            ["plan", "-o", "json"], ["plan", "-o=json"], ["plan", "--output", "json"], ["plan", "--output=json"],
        ] {
            #expect(try parseCommand(arguments: arguments, environment: [:]) == .plan(expected, .json))
        }
        #expect(try parseCommand(arguments: ["plan"], environment: [:]) == .plan(expected, .text))
        #expect(try parseCommand(arguments: ["plan", "-o", "text"], environment: [:]) == .plan(expected, .text))
    }

    /// Also where neither zone nor bucket is configured: what can be seen is shown.
    @Test func statusNeedsNothing() throws {
        let expected = Configuration()
        #expect(try parseCommand(arguments: ["status"], environment: [:]) == .status(expected, .text))
        for arguments in [["status", "-o", "json"], ["status", "--output=json"]] {
            #expect(try parseCommand(arguments: arguments, environment: [:]) == .status(expected, .json))
        }
    }

    /// Each of them is about a bucket; but a backup may go to a file, and its cluster may keep its record in a zone.
    @Test func backupsNeedABucket() throws {
        for word in ["backup", "backups"] {
            #expect(
                mistakes([word], environment: ["HOSTED_ZONE": "example.org"]) == [
                    "\(word): --backup-bucket is not set; set what `run` has here"
                ])
        }
        let environment = ["ETCD_BACKUP_BUCKET": "backups"]
        var expected = Configuration(environment: Variables(environment))
        expected.backupBucket = "backups"
        let asked = { (arguments: [String]) throws -> Command in
            try parseCommand(arguments: arguments, environment: environment)
        }
        #expect(try asked(["backup"]) == .backup(expected, to: nil))
        #expect(try asked(["backup", "--to", "etcd.db"]) == .backup(expected, to: "etcd.db"))
        #expect(try asked(["backups"]) == .backups(expected, .text))
        #expect(try asked(["backups", "-o=json"]) == .backups(expected, .json))
        #expect(
            try parseCommand(arguments: ["backup", "--to=/etcd.db"], environment: [:])
                == .backup(Configuration(environment: [:]), to: "/etcd.db"))
    }
}

extension Configuration {
    fileprivate init(environment: Variables) {
        self.init()
        self.environment = environment
    }
}
