/// The flags of people's commands. They have no variables: a person's word is for once.

import ClusterPlanning

/// What a person asks of a command, beside the configuration that `run` has, too.
package struct OperatorFlags: Sendable, Equatable {
    package var recover = RecoverRequest()
    package var forget = ForgetRequest()
    /// `--revision` or `--time`: which backup is meant.
    package var choice: BackupChoice?
    /// `--to`: the file that a backup is to be written to; nil: the bucket.
    package var destination: String?
    /// `--yes`: whether nobody has to be asked.
    package var isAgreed = false

    package init() {}
}

/// One flag of these commands.
struct OperatorOption: Sendable {
    var flag: String
    /// The commands that take it.
    var commands: [String]
    /// What stands for the value in the help; empty for a switch.
    var placeholder: String
    /// One line, or several.
    var help: String
    /// Whether it may be given more than once.
    var isRepeatable = false
    /// Stores a value, or says what is wrong with it; a switch gets `true`.
    var store: @Sendable (String, inout OperatorFlags) throws(InvalidValue) -> Void
}

extension OperatorOption {
    static let all: [OperatorOption] = [
        OperatorOption(
            flag: "yes", commands: ["recover", "restore", "adopt", "forget"], placeholder: "",
            help: "does it without asking"
        ) { text, flags throws(InvalidValue) in
            flags.isAgreed = try truth(text)
        },
        OperatorOption(
            flag: "declare-gone", commands: ["recover"], placeholder: "i-...",
            help: "this instance's data is lost for good; may be given more than once", isRepeatable: true
        ) { text, flags throws(InvalidValue) in
            flags.recover.declaredGone.append(try instance(text))
        },
        OperatorOption(
            flag: "terminate", commands: ["recover"], placeholder: "",
            help: "first terminates what is declared gone and EC2 still knows"
        ) { text, flags throws(InvalidValue) in
            flags.recover.terminates = try truth(text)
        },
        OperatorOption(
            flag: "even-if-it-returns", commands: ["recover"], placeholder: "",
            help: "declares it gone all the same; what it holds is set aside should it come back"
        ) { text, flags throws(InvalidValue) in
            flags.recover.evenIfItReturns = try truth(text)
        },
        OperatorOption(
            flag: "from", commands: ["recover", "restore"], placeholder: "member [i-...]|snapshot|empty|BACKUP",
            help:
                "begins the next generation now: with the best disk (or this instance's), the newest backup,\n"
                + "nothing, or a backup: its name, s3://bucket/key or the path of a file; restore takes no other"
        ) { text, flags throws(InvalidValue) in
            flags.recover.from = try beginning(text)
        },
        OperatorOption(
            flag: "accept-data-loss", commands: ["recover", "restore"], placeholder: "",
            help: "gives up what the refusal without it names"
        ) { text, flags throws(InvalidValue) in
            flags.recover.acceptsLoss = try truth(text)
        },
        OperatorOption(
            flag: "revision", commands: ["recover", "restore"], placeholder: "N",
            help: "the newest backup that holds no change after this revision"
        ) { text, flags throws(InvalidValue) in
            guard let revision = UInt64(text) else { throw InvalidValue(reason: "'\(text)' is no revision") }
            try choose(.upToRevision(revision), &flags)
        },
        OperatorOption(
            flag: "time", commands: ["recover", "restore"], placeholder: "2026-01-31T12:00:00Z",
            help: "the newest backup that was taken no later"
        ) { text, flags throws(InvalidValue) in
            guard let time = UTCTime(text) else {
                throw InvalidValue(reason: "'\(text)' is no time in UTC, as 2026-01-31T12:00:00Z is")
            }
            try choose(.upToTime(time), &flags)
        },
        OperatorOption(
            flag: "to", commands: ["backup"], placeholder: "FILE",
            help: "writes the snapshot to this file, which must not exist (default: the bucket)"
        ) { text, flags throws(InvalidValue) in
            guard !text.isEmpty, !text.utf8.contains(0) else { throw InvalidValue(reason: "has to be a path") }
            flags.destination = text
        },
        OperatorOption(
            flag: "store", commands: ["forget"], placeholder: "route53:ID|s3:BUCKET/KEY",
            help: "drops the record of this store alone, whatever stands there"
        ) { text, flags throws(InvalidValue) in
            guard text.hasPrefix("route53:") || text.hasPrefix("s3:") else {
                throw InvalidValue(reason: "'\(text)' is no store, as route53:Z0123456789ABC or s3:bucket/key is")
            }
            flags.forget.store = StoreName(text)
        },
        OperatorOption(
            flag: "even-if-alive", commands: ["forget"], placeholder: "",
            help: "drops the record of a cluster that answers, too"
        ) { text, flags throws(InvalidValue) in
            flags.forget.evenIfAlive = try truth(text)
        },
    ]

    /// Whether `next` belongs to the value `text` of this flag: `member` may be followed by an instance.
    func continues(_ text: String, with next: String) -> Bool {
        flag == "from" && text == "member" && InstanceID.isInstanceID(next)
    }
}

private func instance(_ text: String) throws(InvalidValue) -> InstanceID {
    guard InstanceID.isInstanceID(text) else {
        throw InvalidValue(reason: "'\(text)' is no instance ID, as i-0123456789abcdef0 is")
    }
    return InstanceID(text)
}

private func choose(_ choice: BackupChoice, _ flags: inout OperatorFlags) throws(InvalidValue) {
    guard flags.choice == nil else { throw InvalidValue(reason: "one of --revision and --time is enough") }
    flags.choice = choice
}

private func beginning(_ text: String) throws(InvalidValue) -> Beginning {
    switch text {
    case "member": return .member(nil)
    case "snapshot": return .snapshot(.newest)
    case "empty": return .empty
    case _ where text.hasPrefix("s3://"): return .snapshot(.named(text))
    case _ where Backup(name: text) != nil || Backup(name: text + ".db") != nil: return .snapshot(.named(text))
    case _ where text.contains("/"): return .snapshot(.file(text))
    case _ where text.hasPrefix("member "): return .member(try instance(String(text.dropFirst(7))))
    default:
        throw InvalidValue(
            reason:
                "'\(text)' is none of member, member i-..., snapshot, empty, a backup's name, s3://bucket/key and a path (with a "
                + "slash in it)")
    }
}
