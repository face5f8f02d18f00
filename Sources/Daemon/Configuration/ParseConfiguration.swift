/// From the command line and the environment to a configuration, or to every mistake in them at once.

import ClusterPlanning

/// What the program was asked to do.
package enum Command: Sendable, Equatable {
    case run(Configuration)
    case plan(Configuration, PlanFormat)
    case status(Configuration, PlanFormat)
    case operate(OperatorCommand, Configuration, OperatorFlags)
    /// Make a backup now: to a file, or to the bucket.
    case backup(Configuration, to: String?)
    case backups(Configuration, PlanFormat)
    case version
    case help
}

/// What a person may have done to a cluster, on any of its instances.
package enum OperatorCommand: String, Sendable, CaseIterable { case recover, restore, adopt, forget }

package enum PlanFormat: String, Sendable, CaseIterable { case text, json }

/// Every mistake in the configuration, each a sentence.
package struct ConfigurationError: Error, Equatable, Sendable {
    package var mistakes: [String]
}

/// Reads the command line and the environment.
///
/// - Parameters:
///   - arguments: without the program's name.
///   - environment: all of it; nothing else in the program looks at the process's own.
/// - Throws: `ConfigurationError` with everything that is wrong, so that one round of mending is enough.
package func parseCommand(
    arguments: [String], environment: [String: String]
) throws(ConfigurationError) -> Command {
    var parser = ConfigurationParser(environment: environment)
    let command = parser.parse(arguments)
    if !parser.mistakes.isEmpty { throw ConfigurationError(mistakes: parser.mistakes) }
    return command
}

private struct ConfigurationParser {
    var configuration = Configuration()
    var flags = OperatorFlags()
    var mistakes: [String] = []
    let environment: [String: String]
    /// By which flag an option was set, to see it set twice.
    var seen: Set<String> = []

    init(environment: [String: String]) {
        // A variable that is set to nothing is not set, as etcd and AWS's tools have it; one that a container's platform
        // put there for a service of our name is nobody's configuration.
        self.environment = environment.filter { !$1.isEmpty && !Variables.isServiceLink($0, value: $1) }
        configuration.environment = Variables(environment)
    }

    mutating func parse(_ arguments: [String]) -> Command {
        var ours = arguments[...]
        if let separator = ours.firstIndex(of: "--") {
            configuration.etcdSettings.passedArguments = Array(ours[(separator + 1)...])
            ours = ours[..<separator]
        }
        var word = "run"
        if let first = ours.first, !first.hasPrefix("-") { word = ours.removeFirst() }
        // Whoever asks for help or for the version gets it, however wrong the rest is.
        let asked = Set(ours.compactMap { FlagArgument($0)?.name })
        if word == "help" || !asked.isDisjoint(with: ["help", "h"]) { return .help }
        if word == "version" || asked.contains("version") { return .version }

        readVariables()
        let format = readFlags(&ours, for: word)
        mistakes += configuration.mistakesInAWSSettings()
        readEtcdSettings()
        return command(word, format)
    }

    /// - Returns: the format that was asked for.
    private mutating func readFlags(_ ours: inout ArraySlice<String>, for word: String) -> PlanFormat {
        var format = PlanFormat.text
        while let argument = ours.popFirst() {
            guard let flag = FlagArgument(argument) else {
                mistakes.append("'\(argument)': a flag is expected here; etcd's own flags go behind --")
                continue
            }
            if flag.isOutput {
                readFormat(flag, &ours, for: word, &format)
            } else if let option = OperatorOption.all.first(where: { $0.flag == flag.name }) {
                readFlag(flag, option, &ours, for: word)
            } else {
                readFlag(flag, &ours)
            }
        }
        return format
    }

    /// What the word stands for, and what it needs beside itself.
    private mutating func command(_ word: String, _ format: PlanFormat) -> Command {
        switch word {
        case "run":
            demandWitness()
            return .run(configuration)
        case "plan": return .plan(configuration, format)
        case "status": return .status(configuration, format)
        case "backup":
            demandBucket(for: word, unless: flags.destination != nil)
            return .backup(configuration, to: flags.destination)
        case "backups":
            demandBucket(for: word)
            return .backups(configuration, format)
        default:
            if let command = OperatorCommand(rawValue: word) {
                demandRecord(for: word)
                settleChoice(for: command)
                return .operate(command, configuration, flags)
            }
            mistakes.append(
                "\(word): no such command; there are run, plan, status, backup, backups, restore, recover, adopt, "
                    + "forget, version and help")
            return .help
        }
    }

    private mutating func demandBucket(for word: String, unless isElsewhere: Bool = false) {
        if configuration.backupBucket == nil, !isElsewhere {
            mistakes.append("\(word): --backup-bucket is not set; set what `run` has here")
        }
    }

    /// `restore` begins with a backup; so does `recover` where one is described.
    private mutating func settleChoice(for command: OperatorCommand) {
        if command == .restore, flags.recover.from == nil { flags.recover.from = .snapshot(.newest) }
        switch (flags.recover.from, flags.choice) {
        case (.snapshot(.newest), let choice?): flags.recover.from = .snapshot(choice)
        case (_, _?):
            mistakes.append("--revision and --time: they choose among backups; say --from snapshot with them")
        case (.snapshot?, nil), (nil, nil): break
        case (_, nil):
            if command == .restore {
                mistakes.append("--from: `restore` takes a backup; for anything else there is `recover`")
            }
        }
    }

    /// A shell has not the variables that the daemon was started with.
    private mutating func demandRecord(for word: String) {
        if configuration.isWithoutRecord {
            mistakes.append("--without-record: `\(word)` is about the record, and none is kept")
        } else if configuration.hostedZone == nil, configuration.backupBucket == nil {
            mistakes.append(
                "\(word): neither --hosted-zone nor --backup-bucket is set, and so there is no record; set what `run` has "
                    + "here")
        }
    }

    /// A cluster whose members are all silent for a moment, and of which no record tells, looks like none: another could be
    /// founded beside its data (F2, F4).
    private mutating func demandWitness() {
        // An absence ripens only where looks come often enough to see it last.
        if configuration.interval * 3 > max(configuration.grace, .seconds(90)) {
            mistakes.append(
                "--interval: three of them are longer than --grace, so that no absence could be seen to last")
        }
        if case .tag = configuration.peersBy, configuration.clusterSize == nil {
            mistakes.append("--cluster-size: not set, and a tag does not tell how many members there are to be")
        }
        guard configuration.hostedZone == nil, configuration.backupBucket == nil, !configuration.isWithoutRecord else {
            return
        }
        mistakes.append(
            "--hosted-zone or --backup-bucket: neither is set, so that nothing but the instances would tell that this "
                + "cluster exists, and another could be founded beside living data; set one, or accept that by "
                + "--without-record")
    }

    private mutating func readFormat(
        _ flag: FlagArgument, _ rest: inout ArraySlice<String>, for word: String, _ format: inout PlanFormat
    ) {
        guard let text = value(of: flag, &rest) else { return }
        if !["plan", "status", "backups"].contains(word) {
            mistakes.append("\(flag.spelling): only `plan`, `status` and `backups` take it")
        } else if let known = PlanFormat(rawValue: text) {
            format = known
        } else {
            let names = PlanFormat.allCases.map(\.rawValue).joined(separator: " or ")
            mistakes.append("\(flag.spelling): '\(text)' is not \(names)")
        }
    }

    /// A flag that is for people's commands alone.
    private mutating func readFlag(
        _ flag: FlagArgument, _ option: OperatorOption, _ rest: inout ArraySlice<String>, for word: String
    ) {
        if option.isRepeatable { seen.remove(flag.name) }
        guard var text = option.placeholder.isEmpty ? switched(by: flag) : value(of: flag, &rest) else { return }
        if let next = rest.first, option.continues(text, with: next) { text += " \(rest.removeFirst())" }
        guard option.commands.contains(word) else {
            let commands = option.commands.map { "`\($0)`" }.joined(separator: ", ")
            mistakes.append("\(flag.spelling): only \(commands) \(option.commands.count == 1 ? "takes" : "take") it")
            return
        }
        do {
            try option.store(text, &flags)
        } catch {
            mistakes.append("\(flag.spelling): \(error.reason)")
        }
    }

    private mutating func readFlag(_ flag: FlagArgument, _ rest: inout ArraySlice<String>) {
        guard let option = Option.all.first(where: { $0.flag == flag.name }) else {
            mistakes.append("\(flag.spelling): no such flag; see --help, and put etcd's own flags behind --")
            // Its value, if it has one of its own, is no flag and would only be a second mistake.
            if flag.value == nil, let next = rest.first, !next.hasPrefix("-") { rest.removeFirst() }
            return
        }
        guard let text = option.placeholder.isEmpty ? switched(by: flag) : value(of: flag, &rest) else { return }
        store(text, option, called: flag.spelling)
    }

    /// A switch is on where it is named, unless it says otherwise behind its `=`.
    private mutating func switched(by flag: FlagArgument) -> String {
        if !seen.insert(flag.name).inserted { mistakes.append("\(flag.spelling): given twice") }
        return flag.value ?? "true"
    }

    /// The flag's value, from behind its `=` or from the next argument. What begins with a dash there is the next flag: no
    /// value of ours does.
    private mutating func value(of flag: FlagArgument, _ rest: inout ArraySlice<String>) -> String? {
        if !seen.insert(flag.name).inserted { mistakes.append("\(flag.spelling): given twice") }
        if let value = flag.value { return value }
        if let next = rest.first, !next.hasPrefix("-") { return rest.removeFirst() }
        mistakes.append("\(flag.spelling): its value is missing")
        return nil
    }

    /// Of several variables for one option the first that is set counts, and they must not disagree.
    private mutating func readVariables() {
        for option in Option.all {
            let set = option.variables.filter { environment[$0] != nil }
            guard let first = set.first, let value = environment[first] else { continue }
            store(value, option, called: first)
            // AWS's own tools let AWS_REGION win over AWS_DEFAULT_REGION.
            for other in set.dropFirst() where environment[other] != value && !other.hasPrefix("AWS_") {
                mistakes.append("\(first) and \(other) mean the same and differ")
            }
        }
        let known = Set(Option.all.flatMap(\.variables))
        for name in environment.keys.sorted() where !known.contains(name) {
            if let advice = OlderTools.advice(on: name) {
                mistakes.append("\(name): \(advice)")
            } else if name.hasPrefix("ETCD_CLUSTER_") || name.hasPrefix("ELASTIC_ETCD_") {
                mistakes.append("\(name): no such variable; see --help")
            }
        }
    }

    private mutating func store(_ text: String, _ option: Option, called name: String) {
        do {
            try option.store(text, &configuration)
        } catch {
            mistakes.append("\(name): \(error.reason)")
        }
    }

    private mutating func readEtcdSettings() {
        let names = Set(Option.all.flatMap(\.variables))
        let notForEtcd = ["ETCD_CLUSTER_", "ETCD_BACKUP_"]
        let variables = environment.filter { name, _ in
            name.hasPrefix("ETCD_") && !names.contains(name) && !notForEtcd.contains(where: name.hasPrefix)
        }
        mistakes += configuration.etcdSettings.take(variables: variables)
    }
}

/// `--name`, `-name`, `--name=value` or `-name=value`.
private struct FlagArgument {
    var name: String
    /// Nil where there is no `=`.
    var value: String?
    /// As it was written, without the value.
    var spelling: String

    /// Nil for what is no flag.
    init?(_ argument: String) {
        let dashes = argument.prefix { $0 == "-" }.count
        guard (1...2).contains(dashes), argument.count > dashes else { return nil }
        spelling = String(argument.prefix { $0 != "=" })
        name = String(spelling.dropFirst(dashes))
        value = argument.firstIndex(of: "=").map { String(argument[argument.index(after: $0)...]) }
    }

    /// `-o`, of `plan`, `status` and `backups`.
    var isOutput: Bool { name == "o" || name == "output" }
}

/// Variables of the tools that this one replaces, which mean nothing here, or not yet.
private enum OlderTools {
    static func advice(on variable: String) -> String? {
        switch variable {
        case "ELASTIC_ETCD_NAME": "a member's name is its instance ID; unset it"
        case "ELASTIC_ETCD_DISCOVERY": "peers are found by the autoscaling group; unset it"
        case "ELASTIC_ETCD_INITIAL_ADVERTISE_PEER_URLS": "set --address and --peer-port instead"
        case _ where variable.hasPrefix("ETCD_BACKUP_"): "no such variable; see --help"
        default: nil
        }
    }
}
