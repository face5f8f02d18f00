/// Short ways to parse a command line.

import Testing

@testable import Daemon

/// What nearly every configuration has; where a test says otherwise, that counts.
private let usual = ["ETCD_CLUSTER_WITHOUT_RECORD": "true"]

/// What the command line says beside what is usual.
func parse(_ arguments: [String], _ environment: [String: String] = [:]) throws(ConfigurationError) -> Command {
    try parseCommand(arguments: arguments, environment: usual.merging(environment) { $1 })
}

/// The configuration of `run` with these arguments and variables.
func configuration(
    _ arguments: String..., environment: [String: String] = [:], sourceLocation: SourceLocation = #_sourceLocation
) throws -> Configuration {
    guard
        case .run(let configuration) = try parse(arguments, environment)
    else {
        Issue.record("this is not run: \(arguments)", sourceLocation: sourceLocation)
        throw NeverHappened(description: "run")
    }
    return configuration
}

/// Every mistake in these arguments and variables; none where they are right.
func mistakes(_ arguments: [String] = [], environment: [String: String] = [:]) -> [String] {
    do {
        _ = try parse(arguments, environment)
        return []
    } catch {
        return error.mistakes
    }
}
