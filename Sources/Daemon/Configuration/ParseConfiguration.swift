/// From the command line and the environment to a configuration, or to every mistake in them at once.

import ClusterPlanning

/// What the program was asked to do.
package enum Command: Sendable, Equatable {
    case run(Configuration)
    case plan(Configuration, PlanFormat)
    case version
    case help
}

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
    var mistakes: [String] = []
    let environment: [String: String]
    /// By which flag an option was set, to see it set twice.
    var seen: Set<String> = []

    init(environment: [String: String]) {
        self.environment = environment
        configuration.environment = environment
    }

    mutating func parse(_ arguments: [String]) -> Command {
        var ours = arguments[...]
        if let separator = ours.firstIndex(of: "--") {
            configuration.etcdSettings.passedArguments = Array(ours[(separator + 1)...])
            ours = ours[..<separator]
        }
        var word = "run"
        if let first = ours.first, !first.hasPrefix("-") { word = ours.removeFirst() }
        readVariables()
        var format = PlanFormat.text
        while let argument = ours.popFirst() {
            switch argument {
            case "--help", "-help", "-h": return .help
            case "--version", "-version": return .version
            case "-o", "--output":
                guard word == "plan" else {
                    mistakes.append("\(argument): only `plan` takes it")
                    continue
                }
                readFormat(ours.popFirst(), &format)
            default: readFlag(argument, &ours)
            }
        }
        readEtcdSettings()
        switch word {
        case "run": return .run(configuration)
        case "plan": return .plan(configuration, format)
        case "version": return .version
        case "help": return .help
        default:
            mistakes.append("\(word): no such command; there are run, plan, version and help")
            return .help
        }
    }

    private mutating func readFormat(_ text: String?, _ format: inout PlanFormat) {
        if let text, let known = PlanFormat(rawValue: text) {
            format = known
        } else {
            let names = PlanFormat.allCases.map(\.rawValue).joined(separator: " or ")
            mistakes.append("-o: \(text.map { "'\($0)' is not" } ?? "has to be") \(names)")
        }
    }

    private mutating func readFlag(_ argument: String, _ rest: inout ArraySlice<String>) {
        guard argument.hasPrefix("-") else {
            mistakes.append("'\(argument)': a flag is expected here; etcd's own flags go behind --")
            return
        }
        let body = argument.drop { $0 == "-" }
        let name = String(body.prefix { $0 != "=" })
        guard let option = Option.all.first(where: { $0.flag == name }) else {
            mistakes.append("--\(name): no such flag; see --help, and put etcd's own flags behind --")
            // Its value, if it has one of its own, is no flag and would only be a second mistake.
            if !body.contains("="), let next = rest.first, !next.hasPrefix("-") { rest.removeFirst() }
            return
        }
        if !seen.insert(name).inserted { mistakes.append("--\(name): given twice") }
        if let equals = body.firstIndex(of: "=") {
            store(String(body[body.index(after: equals)...]), option, called: "--\(name)")
        } else if let value = rest.popFirst() {
            store(value, option, called: "--\(name)")
        } else {
            mistakes.append("--\(name): its value is missing")
        }
    }

    /// Ours first; of several variables for one option the first that is set counts, and they must not disagree.
    private mutating func readVariables() {
        for option in Option.all {
            let set = option.variables.filter { !(environment[$0] ?? "").isEmpty }
            guard let first = set.first, let value = environment[first] else { continue }
            store(value, option, called: first)
            // AWS's own tools let AWS_REGION win over AWS_DEFAULT_REGION.
            for other in set.dropFirst() where environment[other] != value && !other.hasPrefix("AWS_") {
                mistakes.append("\(first) and \(other) mean the same and differ")
            }
        }
        let known = Set(Option.all.flatMap(\.variables))
        for name in environment.keys.sorted() where !known.contains(name) {
            if name.hasPrefix("ETCD_CLUSTER_") || name.hasPrefix("ELASTIC_ETCD_") {
                mistakes.append("\(name): no such variable; see --help")
            } else if name.hasPrefix("ETCD_BACKUP_") {
                mistakes.append("\(name): this version makes no backups; unset it once you have arranged for them")
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
        let variables = environment.filter { $0.key.hasPrefix("ETCD_") && !names.contains($0.key) }
            .filter { !$0.key.hasPrefix("ETCD_CLUSTER_") && !$0.key.hasPrefix("ETCD_BACKUP_") }
        let found = configuration.etcdSettings.take(variables: variables)
        mistakes += found
    }
}
