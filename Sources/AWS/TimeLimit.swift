/// Runs `work`, but not longer than `limit`: then it is cancelled, and has to end promptly when it is.
///
/// This measures real time, as the network does, whatever clock a client was given for its pauses.
/// - Throws: `TimeLimitError` when the time is over; else what `work` throws.
func withTimeLimit<Value: Sendable>(
    _ limit: Duration, _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask { try await work() }
        group.addTask {
            try await Task.sleep(for: limit)
            throw TimeLimitError()
        }
        defer { group.cancelAll() }
        guard let value = try await group.next() else { throw CancellationError() }
        return value
    }
}

struct TimeLimitError: Error {}
