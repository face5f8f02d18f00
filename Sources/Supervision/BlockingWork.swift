import Synchronization

/// Runs work that blocks, such as copying gigabytes, on a thread of its own: the task pool has few threads, and every loop
/// of ours needs one now and then.
///
/// - Parameter work: gets a function that says whether the waiting task has been cancelled; to be asked now and then. It
///   throws what it likes, `CancellationError` for an end on request.
/// - Returns: what `work` returns; not before it has, whether cancelled or not.
/// - Throws: what `work` throws; `SystemError` where the system has no thread to give.
package func runBlocking<Value: Sendable>(
    _ work: @escaping @Sendable (_ isCancelled: @Sendable () -> Bool) throws -> Value
) async throws -> Value {
    let request = CancellationRequest()
    return try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
            do throws(SystemError) {
                try startForeignThread {
                    continuation.resume(with: Result { try work { request.isMade } })
                }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    } onCancel: {
        request.make()
    }
}

private final class CancellationRequest: Sendable {
    private let flag = Mutex(false)

    var isMade: Bool { flag.withLock { $0 } }
    func make() { flag.withLock { $0 = true } }
}
