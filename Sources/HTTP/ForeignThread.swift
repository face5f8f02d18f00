import Glibc

/// Starts a thread outside Swift's task pool, for calls that block: the pool has as many threads as the machine has
/// processors. For the targets above this one, too.
///
/// - Parameter body: runs on the new thread, which ends when it returns.
/// - Returns: 0, or the system's reason for giving none, a value of `errno`.
package func startForeignThread(_ body: @escaping @Sendable () -> Void) -> Int32 {
    let boxed = Unmanaged.passRetained(ThreadBody(run: body))
    var thread = pthread_t()
    let failure = pthread_create(
        &thread, nil,
        { argument in
            if let argument { Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run() }
            return nil
        }, boxed.toOpaque())
    if failure == 0 {
        pthread_detach(thread)
    } else {
        boxed.release()
    }
    return failure
}

/// What the new thread is to run, in the one form that fits through C's single pointer.
private final class ThreadBody {
    let run: @Sendable () -> Void

    init(run: @escaping @Sendable () -> Void) { self.run = run }
}
