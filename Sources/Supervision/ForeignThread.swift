import Glibc

/// Starts a thread outside Swift's task pool, for calls that block: the pool has as many threads as the machine has
/// cores, and one that waits in the kernel is lost to every task.
///
/// - Parameter body: runs on the new thread, which ends when it returns.
/// - Throws: where the system has no thread left to give.
func startForeignThread(_ body: @escaping @Sendable () -> Void) throws(SystemError) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))

    let boxed = Unmanaged.passRetained(ThreadBody(run: body))
    var thread = pthread_t()
    let code = pthread_create(&thread, &attributes, enterThread, boxed.toOpaque())
    guard code == 0 else {
        boxed.release()
        throw SystemError("start a thread", code: code)
    }
}

/// What the new thread is to run, in the one form that fits through C's single pointer.
private final class ThreadBody {
    let run: @Sendable () -> Void

    init(run: @escaping @Sendable () -> Void) { self.run = run }
}

private func enterThread(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { preconditionFailure("a thread without its body") }
    Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
    return nil
}
