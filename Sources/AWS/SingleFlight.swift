/// Lets many callers share one piece of work: whoever comes while it is under way waits for the same result.
///
/// The work does not belong to the caller that began it: a caller that is cancelled leaves at once and the others keep
/// waiting; when the last one has left, the work is cancelled.
actor SingleFlight<Value: Sendable> {
    private struct Flight {
        let number: Int
        let task: Task<Void, Never>
    }

    private var flight: Flight?
    private var waiting: [Int: CheckedContinuation<Value, any Error>] = [:]
    private var counter = 0

    /// The result of the work that is under way, or else of `work`.
    func value(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
        counter += 1
        let caller = counter
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                join(caller, continuation, work)
            }
        } onCancel: {
            Task { await leave(caller) }
        }
    }

    private func join(
        _ caller: Int, _ continuation: CheckedContinuation<Value, any Error>,
        _ work: @escaping @Sendable () async throws -> Value
    ) {
        guard !Task.isCancelled else { return continuation.resume(throwing: CancellationError()) }
        waiting[caller] = continuation
        guard flight == nil else { return }
        counter += 1
        let number = counter
        flight = Flight(
            number: number,
            task: Task {
                do { land(number, .success(try await work())) } catch { land(number, .failure(error)) }
            })
    }

    private func land(_ number: Int, _ result: Result<Value, any Error>) {
        // A flight that everybody left may land late: those who wait now wait for another one.
        guard flight?.number == number else { return }
        flight = nil
        let callers = waiting.values
        waiting = [:]
        for caller in callers { caller.resume(with: result) }
    }

    private func leave(_ caller: Int) {
        guard let continuation = waiting.removeValue(forKey: caller) else { return }
        continuation.resume(throwing: CancellationError())
        guard waiting.isEmpty else { return }
        flight?.task.cancel()
        flight = nil
    }
}
