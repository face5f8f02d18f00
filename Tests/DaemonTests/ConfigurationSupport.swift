/// Short ways to parse a command line.

import Testing

@testable import Daemon

/// What nearly every configuration has; where a test says otherwise, that counts.
private let usual = ["HOSTED_ZONE": "example.org"]

/// The configuration of `run` with these arguments and variables.
func configuration(
    _ arguments: String..., environment: [String: String] = [:], sourceLocation: SourceLocation = #_sourceLocation
) throws -> Configuration {
    guard case .run(let configuration) = try parseCommand(arguments: arguments, environment: usual.merging(environment) { $1 })
    else {
        Issue.record("this is not run: \(arguments)", sourceLocation: sourceLocation)
        throw NeverHappened(description: "run")
    }
    return configuration
}

/// Every mistake in these arguments and variables; none where they are right.
func mistakes(_ arguments: [String] = [], environment: [String: String] = [:]) -> [String] {
    do {
        _ = try parseCommand(arguments: arguments, environment: usual.merging(environment) { $1 })
        return []
    } catch {
        return error.mistakes
    }
}
