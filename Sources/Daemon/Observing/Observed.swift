/// How a look that fails becomes part of what was seen.

import ClusterPlanning

/// Turns every failure into an answer that says so.
func observed<Value: Equatable & Sendable>(
    _ look: () async throws -> Value
) async throws(CancellationError) -> Observed<Value> {
    do {
        return .seen(try await look())
    } catch is CancellationError {
        throw CancellationError()
    } catch {
        return .unavailable("\(error)")
    }
}
