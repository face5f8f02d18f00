/// Every flag and variable of ours, in one table: the parser, `--help` and the README go by it.

import AWS
import ClusterPlanning

/// One thing that can be set, by a flag or by a variable; the flag wins, then the first variable that is set.
struct Option: Sendable {
    var flag: String
    var variables: [String]
    /// What stands for the value in the help; empty for a switch, which needs none.
    var placeholder: String
    var help: String
    /// Stores a value, or says what is wrong with it.
    var store: @Sendable (String, inout Configuration) throws(InvalidValue) -> Void
}

/// What is wrong with a value, as the end of the sentence "FLAG: ...".
struct InvalidValue: Error {
    var reason: String
}

extension Option {
    static let all: [Option] = [
        Option(
            flag: "data-dir", variables: ["ETCD_DATA_DIR", "ELASTIC_ETCD_DATA_DIR"], placeholder: "DIR",
            help: "etcd's data; kept between starts, never deleted (default /var/lib/etcd)"
        ) { text, configuration throws(InvalidValue) in
            configuration.dataDirectory = try path(text)
        },
        Option(
            flag: "hosted-zone", variables: ["HOSTED_ZONE", "ETCD_CLUSTER_HOSTED_ZONE"], placeholder: "ZONE",
            help: "the Route 53 zone, by name or ID, of the names and of the record (default: no DNS)"
        ) { text, configuration throws(InvalidValue) in
            configuration.hostedZone = try hostedZone(text)
        },
        Option(
            flag: "backup-bucket", variables: ["ETCD_BACKUP_BUCKET"], placeholder: "BUCKET",
            help: "the S3 bucket of backups, and of the record where there is no zone"
        ) { text, configuration throws(InvalidValue) in
            configuration.backupBucket = try bucket(text)
        },
        Option(
            flag: "backup-key", variables: ["ETCD_BACKUP_KEY"], placeholder: "PREFIX",
            help: "the prefix of our keys in the bucket (default: none)"
        ) { text, configuration throws(InvalidValue) in
            configuration.backupKey = try name(text)
        },
        Option(
            flag: "backup-interval", variables: ["ETCD_BACKUP_INTERVAL"], placeholder: "DURATION",
            help: "for how long at most a change is in no backup, 1s to 24h; 0 makes no backups (default 5m)"
        ) { text, configuration throws(InvalidValue) in
            configuration.backupInterval =
                text == "0" || text == "0s" ? nil : try duration(text, in: .seconds(1)...(.seconds(86400)))
        },
        Option(
            flag: "backup-retention", variables: ["ETCD_CLUSTER_BACKUP_RETENTION"], placeholder: "ALL,HOURLY,DAILY",
            help: "for how long all backups, one an hour, and one a day are kept (default 24h,168h,720h)"
        ) { text, configuration throws(InvalidValue) in
            configuration.backupRetention = try retention(text)
        },
        Option(
            flag: "backup-encryption", variables: ["ETCD_CLUSTER_BACKUP_ENCRYPTION"],
            placeholder: "AES256|aws:kms[:KEY]|bucket",
            help: "how S3 encrypts backups: by its own key, by KMS, or as the bucket is set up (default AES256)"
        ) { text, configuration throws(InvalidValue) in
            configuration.backupEncryption = try encryption(text)
        },
        Option(
            flag: "compress-backups", variables: ["ETCD_CLUSTER_COMPRESS_BACKUPS"], placeholder: "",
            help: "compresses backups with gzip, at the cost of this machine's time"
        ) { text, configuration throws(InvalidValue) in
            configuration.compressesBackups = try truth(text)
        },
        Option(
            flag: "prove-backups", variables: ["ETCD_CLUSTER_PROVE_BACKUPS"], placeholder: "",
            help: "restores each backup beside the data, and compares; =false spares that (default true)"
        ) { text, configuration throws(InvalidValue) in
            configuration.provesBackups = try truth(text)
        },
        Option(
            flag: "metrics-namespace", variables: ["ETCD_CLUSTER_METRICS_NAMESPACE"], placeholder: "NAMESPACE",
            help: "where CloudWatch is told how backups fare, such as Local/etcd (default: nowhere)"
        ) { text, configuration throws(InvalidValue) in
            configuration.metricsNamespace = try namespace(text)
        },
        Option(
            flag: "without-record", variables: ["ETCD_CLUSTER_WITHOUT_RECORD"], placeholder: "",
            help: "keeps no record: nothing but the instances tells that a cluster exists"
        ) { text, configuration throws(InvalidValue) in
            configuration.isWithoutRecord = try truth(text)
        },
        Option(
            flag: "zone-type", variables: ["ETCD_CLUSTER_ZONE_TYPE"], placeholder: "private|public",
            help: "which zone, where two have that name"
        ) { text, configuration throws(InvalidValue) in
            configuration.zoneType = try word(text)
        },
        Option(
            flag: "cluster-name", variables: ["ETCD_CLUSTER_NAME"], placeholder: "NAME",
            help: "the cluster's name in DNS (default: the stack's version, else the group's name)"
        ) { text, configuration throws(InvalidValue) in
            guard isDNSLabel(text) else { throw InvalidValue(reason: "\(quoted(text)) can't be a name in DNS") }
            configuration.clusterName = text
        },
        Option(
            flag: "cluster-size", variables: ["ETCD_CLUSTER_SIZE", "ELASTIC_ETCD_CLUSTER_SIZE"], placeholder: "N",
            help: "how many members at most (default: the group's desired capacity)"
        ) { text, configuration throws(InvalidValue) in
            configuration.clusterSize = try number(text, in: 1...99)
        },
        Option(
            flag: "peers-by", variables: ["ETCD_CLUSTER_PEERS_BY"], placeholder: "group|stack|tag:KEY",
            help: "whose instances are the peers (default: the autoscaling group's)"
        ) { text, configuration throws(InvalidValue) in
            configuration.peersBy = try peerSource(text)
        },
        Option(
            flag: "join-strategy", variables: ["ETCD_CLUSTER_JOIN_STRATEGY", "ELASTIC_ETCD_JOIN_STRATEGY"],
            placeholder: "replace|prune|add|prepared",
            help: "what the leader may do for an instance that asks to join (default replace)"
        ) { text, configuration throws(InvalidValue) in
            let older = ["prepare": "prepared", "dumb": "prepared"]
            configuration.joinStrategy = try word(older[text] ?? text)
        },
        Option(
            flag: "on-loss", variables: ["ETCD_CLUSTER_ON_LOSS"], placeholder: "recover|hold",
            help:
                "without a quorum for good: carry on with the best data, or wait for a person (default recover)"
        ) { text, configuration throws(InvalidValue) in
            configuration.onLoss = try word(text)
        },
        Option(
            flag: "grace", variables: ["ETCD_CLUSTER_GRACE"], placeholder: "DURATION",
            help: "for how long an absence has to last before it is evidence, 1s to 1h (default 5m)"
        ) { text, configuration throws(InvalidValue) in
            configuration.grace = try duration(text, in: .seconds(1)...(.seconds(3600)))
        },
        Option(
            flag: "found-after", variables: ["ETCD_CLUSTER_FOUND_AFTER"], placeholder: "DURATION",
            help: "from when on a majority of the group may found the cluster, 1s to 1h (default 5m)"
        ) { text, configuration throws(InvalidValue) in
            configuration.foundAfter = try duration(text, in: .seconds(1)...(.seconds(3600)))
        },
        Option(
            flag: "lifecycle-hook", variables: ["ETCD_CLUSTER_LIFECYCLE_HOOK"], placeholder: "NAME,...",
            help: "the hooks that are ours to complete (default: the group's only one of each kind)"
        ) { text, configuration throws(InvalidValue) in
            configuration.lifecycleHooks = try names(text)
        },
        Option(
            flag: "replace-sick", variables: ["ETCD_CLUSTER_REPLACE_SICK"], placeholder: "",
            help: "has the group replace this instance, when its member is ill for long and the others serve"
        ) { text, configuration throws(InvalidValue) in
            configuration.replacesSick = try truth(text)
        },
        Option(
            flag: "unhealthy-after", variables: ["ETCD_CLUSTER_UNHEALTHY_AFTER"], placeholder: "DURATION",
            help: "for --replace-sick, how long that is, 10s to 24h (default 10m)"
        ) { text, configuration throws(InvalidValue) in
            configuration.unhealthyAfter = try duration(text, in: .seconds(10)...(.seconds(86400)))
        },
        Option(
            flag: "require-mount", variables: ["ETCD_CLUSTER_REQUIRE_MOUNT"], placeholder: "",
            help: "waits until the data directory is a mount point"
        ) { text, configuration throws(InvalidValue) in
            configuration.requiresMount = try truth(text)
        },
        Option(
            flag: "status-listen", variables: ["ETCD_CLUSTER_STATUS_LISTEN"], placeholder: "[IP:]PORT",
            help: "where peers ask for this instance's report (default: 2382 at the private address)"
        ) { text, configuration throws(InvalidValue) in
            try readStatusListen(text, &configuration)
        },
        Option(
            flag: "group", variables: ["ETCD_CLUSTER_GROUP"], placeholder: "NAME",
            help: "the autoscaling group (default: the one that lists this instance)"
        ) { text, configuration throws(InvalidValue) in
            configuration.group = try name(text)
        },
        Option(
            flag: "region", variables: ["AWS_REGION", "AWS_DEFAULT_REGION"], placeholder: "REGION",
            help: "the AWS region (default: this instance's)"
        ) { text, configuration throws(InvalidValue) in
            do {
                configuration.region = try Region(text).code
            } catch {
                throw InvalidValue(reason: "\(error)")
            }
        },
        Option(
            flag: "instance-id", variables: ["ETCD_CLUSTER_INSTANCE_ID"], placeholder: "i-...",
            help: "this instance (default: what the metadata service says)"
        ) { text, configuration throws(InvalidValue) in
            guard InstanceID.isInstanceID(text) else {
                throw InvalidValue(reason: "\(quoted(text)) is no instance ID, as i-0123456789abcdef0 is")
            }
            configuration.instanceID = text
        },
        Option(
            flag: "address", variables: ["ETCD_CLUSTER_ADDRESS"], placeholder: "IP",
            help: "where peers and clients reach this instance (default: its private address)"
        ) { text, configuration throws(InvalidValue) in
            configuration.address = try address(text)
        },
        Option(
            flag: "client-port", variables: ["ETCD_CLUSTER_CLIENT_PORT", "ELASTIC_ETCD_CLIENT_PORT"],
            placeholder: "PORT", help: "the members' client port (default 2379)"
        ) { text, configuration throws(InvalidValue) in
            configuration.etcdSettings.chosenClientPort = try number(text, in: 1...65535)
        },
        Option(
            flag: "peer-port", variables: ["ETCD_CLUSTER_PEER_PORT"], placeholder: "PORT",
            help: "the members' peer port (default 2380)"
        ) { text, configuration throws(InvalidValue) in
            configuration.etcdSettings.chosenPeerPort = try number(text, in: 1...65535)
        },
        Option(
            flag: "etcd", variables: ["ETCD_CLUSTER_ETCD"], placeholder: "PATH",
            help: "the etcd program (default: etcd, looked up in PATH)"
        ) { text, configuration throws(InvalidValue) in
            configuration.etcd = try path(text)
        },
        Option(
            flag: "interval", variables: ["ETCD_CLUSTER_INTERVAL"], placeholder: "DURATION",
            help: "between two turns while all is well, 100ms to 1h (default 10s)"
        ) { text, configuration throws(InvalidValue) in
            configuration.interval = try duration(text, in: .milliseconds(100)...(.seconds(3600)))
        },
        Option(
            flag: "stop-timeout", variables: ["ETCD_CLUSTER_STOP_TIMEOUT"], placeholder: "DURATION",
            help: "how long etcd may take to stop before it is killed, 1s to 1h (default 30s)"
        ) { text, configuration throws(InvalidValue) in
            configuration.stopTimeout = try duration(text, in: .seconds(1)...(.seconds(3600)))
        },
        Option(
            flag: "log-format", variables: ["ETCD_CLUSTER_LOG_FORMAT"], placeholder: "logfmt|json",
            help: "how a line of the log is written (default logfmt)"
        ) { text, configuration throws(InvalidValue) in
            configuration.logFormat = try word(text)
        },
        Option(
            flag: "log-level", variables: ["ETCD_CLUSTER_LOG_LEVEL"], placeholder: "debug|info|warning|error",
            help: "the least that is logged (default info)"
        ) { text, configuration throws(InvalidValue) in
            configuration.logLevel = try word(text)
        },
    ]
}

// MARK: Values

private func quoted(_ text: String) -> String { "'\(text)'" }

private func name(_ text: String) throws(InvalidValue) -> String {
    guard (1...255).contains(text.utf8.count), text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
        throw InvalidValue(reason: "has to be 1 to 255 printable characters")
    }
    return text
}

/// Several names, separated by commas.
private func names(_ text: String) throws(InvalidValue) -> [String] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { part throws(InvalidValue) in
        try name(String(part))
    }
}

func truth(_ text: String) throws(InvalidValue) -> Bool {
    guard let isOn = ["true": true, "false": false][text] else {
        throw InvalidValue(reason: "\(quoted(text)) is neither true nor false")
    }
    return isOn
}

/// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
private func bucket(_ text: String) throws(InvalidValue) -> String {
    let isAllowed = text.utf8.allSatisfy { byte in
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }
    guard (3...63).contains(text.utf8.count), isAllowed else {
        throw InvalidValue(reason: "\(quoted(text)) is no bucket's name")
    }
    return text
}

private func peerSource(_ text: String) throws(InvalidValue) -> PeerSource {
    switch text {
    case "group": return .group
    case "stack": return .stack
    case _ where text.hasPrefix("tag:") && (5...132).contains(text.utf8.count): return .tag(String(text.dropFirst(4)))
    default: throw InvalidValue(reason: "\(quoted(text)) is none of group, stack and tag:KEY")
    }
}

private func readStatusListen(_ text: String, _ configuration: inout Configuration) throws(InvalidValue) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard let port = parts.last, parts.count <= 2 else {
        throw InvalidValue(reason: "\(quoted(text)) is neither PORT nor IP:PORT")
    }
    configuration.statusPort = try number(port, in: 1...65535)
    if parts.count == 2 { configuration.statusAddress = parts[0] == "0.0.0.0" ? parts[0] : try address(parts[0]) }
}

private func path(_ text: String) throws(InvalidValue) -> String {
    guard !text.isEmpty, !text.utf8.contains(0) else { throw InvalidValue(reason: "has to be a path") }
    return text
}

/// Four decimal numbers, each spelt as it is printed: peers compare addresses, and `010` is 8 to some.
private func address(_ text: String) throws(InvalidValue) -> String {
    let numbers = text.split(separator: ".", omittingEmptySubsequences: false).compactMap { UInt8($0) }
    guard numbers.count == 4, numbers.map(String.init).joined(separator: ".") == text, text != "0.0.0.0" else {
        throw InvalidValue(reason: "\(quoted(text)) is no IPv4 address")
    }
    return text
}

/// An ID, in upper case as AWS writes it, or a name in lower case without the dot at its end; so the two can be told apart.
private func hostedZone(_ text: String) throws(InvalidValue) -> Configuration.HostedZone {
    let prefix = "/hostedzone/"
    let id = text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text
    if (1...32).contains(id.utf8.count), id.utf8.allSatisfy(isUpperCaseOrDigit) { return .id(id) }
    let name = text.hasSuffix(".") ? String(text.dropLast()) : text
    guard name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy({ isDNSLabel(String($0)) }) else {
        throw InvalidValue(reason: "\(quoted(text)) is neither a zone's name, as example.org is, nor its ID")
    }
    return .name(name.lowercased())
}

private func isUpperCaseOrDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}

private func number(_ text: String, in range: ClosedRange<Int>) throws(InvalidValue) -> Int {
    guard let number = Int(text), "\(number)" == text, range.contains(number) else {
        throw InvalidValue(
            reason: "\(quoted(text)) is no number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
}

private func word<Word: RawRepresentable & CaseIterable>(_ text: String) throws(InvalidValue) -> Word
where Word.RawValue == String {
    guard let word = Word(rawValue: text) else {
        throw InvalidValue(
            reason: "\(quoted(text)) is none of \(Word.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return word
}

/// `10s`, `500ms`, `2m`, `1h30m`, as Go has them; a number alone counts seconds.
private func duration(_ text: String, in range: ClosedRange<Duration>) throws(InvalidValue) -> Duration {
    guard let milliseconds = milliseconds(text), range.contains(.milliseconds(milliseconds)) else {
        throw InvalidValue(
            reason: "\(quoted(text)) is no duration, as 10s or 1h30m, from \(range.lowerBound) to \(range.upperBound)")
    }
    return .milliseconds(milliseconds)
}

/// - Returns: nil of what is no duration, or no sensible one.
private func milliseconds(_ text: String) -> Int? {
    if let seconds = Int(text), text.utf8.allSatisfy(isDigit), seconds <= 10_000_000 { return seconds * 1000 }
    let units: [String: Int] = ["ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000]
    var rest = text[...]
    var sum = 0
    while !rest.isEmpty {
        let digits = rest.prefix { $0.utf8.allSatisfy(isDigit) }
        let unit = rest.dropFirst(digits.count).prefix { !$0.utf8.allSatisfy(isDigit) }
        guard let count = Int(digits), count <= 10_000_000, let factor = units[String(unit)] else { return nil }
        sum += count * factor
        rest = rest.dropFirst(digits.count + unit.count)
    }
    return text.isEmpty ? nil : sum
}

private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

private func retention(_ text: String) throws(InvalidValue) -> Retention {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).compactMap { milliseconds(String($0)) }
    guard parts.count == 3, text.utf8.count(where: { $0 == UInt8(ascii: ",") }) == 2, parts == parts.sorted() else {
        throw InvalidValue(reason: "\(quoted(text)) is not three durations, none shorter than the one before it")
    }
    return Retention(
        all: .milliseconds(parts[0]), hourly: .milliseconds(parts[1]), daily: .milliseconds(parts[2]))
}

private func encryption(_ text: String) throws(InvalidValue) -> S3.Encryption {
    switch text {
    case "bucket": return .bucketDefault
    case "AES256": return .aes256
    case "aws:kms": return .kms(keyID: nil)
    case _ where text.hasPrefix("aws:kms:") && text.utf8.count > 8:
        return .kms(keyID: try name(String(text.dropFirst(8))))
    default: throw InvalidValue(reason: "\(quoted(text)) is none of AES256, aws:kms, aws:kms:KEY and bucket")
    }
}

/// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
private func namespace(_ text: String) throws(InvalidValue) -> String {
    let name = try name(text)
    guard !name.hasPrefix("AWS/"), !name.hasPrefix(":") else {
        throw InvalidValue(reason: "\(quoted(text)) is a namespace of AWS's own")
    }
    return name
}
