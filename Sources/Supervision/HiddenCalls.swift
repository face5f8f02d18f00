import Glibc

/// Calls that the C library has and Swift's `Glibc` module does not show, found by name at run time.
///
/// `prctl` and `syscall` are variadic in C. On Linux, both x86-64 and arm64, variadic integer arguments travel in the
/// same registers as named ones, so a pointer to a function of five integers calls them correctly.
enum HiddenCalls {
    /// prctl(2) with `PR_SET_PDEATHSIG`: the kernel sends us `signal` when the thread that started us ends.
    ///
    /// - Returns: 0, or the value of `errno`.
    static func setParentDeathSignal(_ signal: Signal) -> Int32 {
        typealias Prctl = @convention(c) (Int32, UInt, UInt, UInt, UInt) -> Int32
        guard let symbol = dlsym(nil, "prctl") else { return ENOSYS }
        let setParentDeathSignal: Int32 = 1
        let result = unsafeBitCast(symbol, to: Prctl.self)(setParentDeathSignal, UInt(signal.rawValue), 0, 0, 0)
        return result == 0 ? 0 : errno
    }

    /// pidfd_open(2): a descriptor that becomes readable when the process ends, and that never means another one.
    ///
    /// - Returns: the descriptor, closed on exec; -1 with `errno` set: `ENOSYS` before Linux 5.3.
    static func openProcess(_ pid: pid_t) -> Int32 {
        Int32(truncatingIfNeeded: call(434, Int(pid), 0, 0, 0))
    }

    /// pidfd_send_signal(2): kill(2) for exactly the process that the descriptor means.
    ///
    /// - Returns: 0, or -1 with `errno` set.
    static func send(_ signal: Signal, toProcess descriptor: Int32) -> Int32 {
        Int32(truncatingIfNeeded: call(424, Int(descriptor), Int(signal.rawValue), 0, 0))
    }

    /// mallopt(3) with `M_ARENA_MAX`: how many heaps all threads together may have.
    static func setMostHeaps(_ count: Int32) {
        typealias MallocOption = @convention(c) (Int32, Int32) -> Int32
        guard let symbol = dlsym(nil, "mallopt") else { return }
        let arenaMaximum: Int32 = -8
        _ = unsafeBitCast(symbol, to: MallocOption.self)(arenaMaximum, count)
    }

    /// syscall(2), with numbers that are the same on every architecture (all since Linux 5.0 are).
    private static func call(_ number: Int, _ a: Int, _ b: Int, _ c: Int, _ d: Int) -> Int {
        typealias SystemCall = @convention(c) (Int, Int, Int, Int, Int) -> Int
        guard let symbol = dlsym(nil, "syscall") else {
            errno = ENOSYS
            return -1
        }
        return unsafeBitCast(symbol, to: SystemCall.self)(number, a, b, c, d)
    }
}
