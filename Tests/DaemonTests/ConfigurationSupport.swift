/// Short ways to parse a command line.

import Testing

@testable import Daemon

/// The configuration of `run` with these arguments and variables.
func configuration(
    _ arguments: String..., environment: [String: String] = [:], sourceLocation: SourceLocation = #_sourceLocation
) throws -> Configuration {
    guard case .run(let configuration) = try parseCommand(arguments: arguments, environment: environment) else {
        Issue.record("this is not run: \(arguments)", sourceLocation: sourceLocation)
        throw NeverHappened(description: "run")
    }
    return configuration
}

/// Every mistake in these arguments and variables; none where they are right.
func mistakes(_ arguments: [String] = [], environment: [String: String] = [:]) -> [String] {
    do {
        _ = try parseCommand(arguments: arguments, environment: environment)
        return []
    } catch {
        return error.mistakes
    }
}
