import Glibc

/// Watches a process that is not our child, and signals it, without ever mistaking another for it.
final class ProcessWatch: Sendable {
    let process: ProcessIdentity
    /// A pidfd; nil where the kernel has none (before Linux 5.3) or a sandbox forbids it.
    private let descriptor: Int32?

    /// nil where the process has ended.
    convenience init?(_ process: ProcessIdentity) {
        self.init(process, descriptor: HiddenCalls.openProcess(process.pid))
    }

    /// Without a pidfd, whether there could be one or not.
    static func withoutDescriptor(_ process: ProcessIdentity) -> ProcessWatch? {
        ProcessWatch(process, descriptor: -1)
    }

    private init?(_ process: ProcessIdentity, descriptor: Int32) {
        self.process = process
        self.descriptor = descriptor >= 0 ? descriptor : nil
        // Looked at after the descriptor was opened: if the process is there now, it is the one that was opened.
        guard process.isAlive else { return nil }
    }

    deinit { if let descriptor { close(descriptor) } }

    /// Blocks until the process has ended, reaped or not, or the deadline has passed.
    func hasEnded(by deadline: ContinuousClock.Instant) -> Bool {
        if let descriptor { return waitUntilReadable(descriptor, until: deadline) }
        // Nothing tells us: the process is not our child. So look, fifty times a second.
        while process.isAlive {
            guard ContinuousClock.now < deadline else { return false }
            usleep(20_000)
        }
        return true
    }

    /// That it has ended meanwhile is no error.
    func send(_ signal: Signal) throws(SystemError) {
        let result: Int32
        if let descriptor {
            result = HiddenCalls.send(signal, toProcess: descriptor)
        } else {
            result = process.isAlive ? kill(process.pid, signal.rawValue) : 0
        }
        guard result == 0 || errno == ESRCH else {
            throw SystemError("send \(signal) to \(process)", code: errno)
        }
    }

    /// SIGKILL to its process group, if it leads one; it alone otherwise.
    func killGroup() throws(SystemError) {
        // Losing the error is right: a process that is no more leads no group.
        let leads = (try? ProcessStat(of: process.pid))?.group == process.pid && process.isAlive
        if leads { _ = kill(-process.pid, SIGKILL) }
        try send(.kill)
    }
}
