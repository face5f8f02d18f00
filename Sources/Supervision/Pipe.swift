import Glibc

/// A pipe's two ends. Whoever holds one closes it.
struct Pipe: Sendable {
    let reading: Int32
    let writing: Int32

    /// Both ends are closed on exec, and neither is among the first four numbers, which a child gets newly made.
    init() throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { throw SystemError("make a pipe", code: errno) }
        defer { for end in ends { close(end) } }
        // pipe2(2) is not visible from Swift. A child spawned between the two calls inherits nothing: the
        // trampoline closes whatever it finds.
        reading = fcntl(ends[0], F_DUPFD_CLOEXEC, 10)
        guard reading >= 0 else { throw SystemError("make a pipe", code: errno) }
        writing = fcntl(ends[1], F_DUPFD_CLOEXEC, 10)
        guard writing >= 0 else {
            let code = errno
            close(reading)
            throw SystemError("make a pipe", code: code)
        }
    }

    func closeBoth() {
        close(reading)
        close(writing)
    }
}
