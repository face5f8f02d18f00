/// The flags of `recover`, `adopt` and `forget`. They have no variables: a person's word is for once.

import ClusterPlanning

/// What a person asks of a command, beside the configuration that `run` has, too.
package struct OperatorFlags: Sendable, Equatable {
    package var recover = RecoverRequest()
    package var forget = ForgetRequest()
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
    var help: String
    /// Whether it may be given more than once.
    var isRepeatable = false
    /// Stores a value, or says what is wrong with it; a switch gets `true`.
    var store: @Sendable (String, inout OperatorFlags) throws(InvalidValue) -> Void
}

extension OperatorOption {
    static let all: [OperatorOption] = [
        OperatorOption(
            flag: "yes", commands: ["recover", "adopt", "forget"], placeholder: "", help: "does it without asking"
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
            flag: "from", commands: ["recover"], placeholder: "member [i-...]|snapshot|empty",
            help: "begins the next generation now: with the best disk (or this instance's), or with nothing"
        ) { text, flags throws(InvalidValue) in
            flags.recover.from = try beginning(text)
        },
        OperatorOption(
            flag: "accept-data-loss", commands: ["recover"], placeholder: "",
            help: "for --from: gives up what the refusal without it names"
        ) { text, flags throws(InvalidValue) in
            flags.recover.acceptsLoss = try truth(text)
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

private func beginning(_ text: String) throws(InvalidValue) -> Beginning {
    switch text {
    case "member": return .member(nil)
    case "snapshot": return .snapshot
    case "empty": return .empty
    case _ where text.hasPrefix("member "): return .member(try instance(String(text.dropFirst(7))))
    default: throw InvalidValue(reason: "'\(text)' is none of member, member i-..., snapshot and empty")
    }
}
