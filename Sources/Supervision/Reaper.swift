import Dispatch
import Glibc
import Synchronization

/// The children of this process that have not been reaped, and the only place where one is.
///
/// An ended child keeps its number until it is reaped. Here a child is spawned, signalled and reaped under one lock,
/// so a signal can never reach a stranger who got the number of a child that is gone.
///
/// One thread waits for each child; it is also the one that spawned it (see `Spawner`). Children that others in this
/// process have started, by whatever means, are theirs to wait for. As process 1 there is one more thread, for the
/// orphans that the kernel hands to it.
package enum Reaper {
    private static let unreaped = Mutex<[pid_t: Child]>([:])
    /// Wakes the orphans' thread where there was nothing to wait for.
    private static let spawned = DispatchSemaphore(value: 0)

    /// Spawns and enters the child in one step.
    static func adopt(_ command: Command, record: ChildRecord?, spawn: () throws(SpawnError) -> pid_t)
        throws(SpawnError)
        -> Child
    {
        let child = try unreaped.withLock { children throws(SpawnError) in
            let child = Child(pid: try spawn(), command: command, record: record)
            children[child.pid] = child
            return child
        }
        spawned.signal()
        return child
    }

    /// Blocks until the child has ended, then reaps it; or until the orphans' thread has done so.
    static func waitForExit(of child: Child) {
        var information = siginfo_t()
        while waitid(P_PID, id_t(child.pid), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        reap(child.pid)
    }

    /// Signals the child's whole process group.
    ///
    /// - Returns: false where the child had ended.
    static func signal(_ child: Child, _ signal: Signal) -> Bool {
        unreaped.withLock { children in
            guard children[child.pid] === child else { return false }
            return kill(-child.pid, signal.rawValue) == 0
        }
    }

    /// As process 1 (of a container, say), reaps every orphan from now on; otherwise does nothing: orphans go to
    /// another process then.
    ///
    /// - Throws: where no thread could be started.
    package static func reapOrphansIfFirstProcess() throws(SystemError) {
        guard getpid() == 1 else { return }
        try startForeignThread {
            while true {
                var information = siginfo_t()
                if waitid(P_ALL, 0, &information, WEXITED | WNOWAIT) == 0 {
                    reap(information._sifields._sigchld.si_pid)
                } else if errno == ECHILD {
                    // Orphans come from children of ours: without one, none can come before the next is spawned.
                    spawned.wait()
                }
            }
        }
    }

    /// Reaps the process if it is there and has ended. What is left of a child's process group ends with it: the next
    /// child must not find its ports or files held by the helpers of the last one.
    private static func reap(_ pid: pid_t) {
        let ended = unreaped.withLock { children -> (child: Child, status: ExitStatus)? in
            // Look again: before the lock was ours the number may have passed to a new, living child.
            var information = siginfo_t()
            guard waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT | WNOHANG) == 0,
                information._sifields._sigchld.si_pid == pid
            else { return nil }
            if children[pid] != nil { kill(-pid, SIGKILL) }
            var status: Int32 = 0
            waitpid(pid, &status, 0)
            guard let child = children.removeValue(forKey: pid) else { return nil }
            child.forgetRecord()
            return (child, ExitStatus(waitStatus: status))
        }
        if let ended { ended.child.ended(ended.status) }
    }
}
