/// What is not urgent runs behind everything else on this machine: etcd's own life depends on prompt disks.

import Supervision

/// Has a command run with the least claim on processors, and on disks where the system grants that.
struct LowPriority: Sendable {
    let spawner: Spawner

    private static let niceness = ["nice", "-n", "10"]
    /// Idle: only while nobody else wants the disk.
    private static let idleDisk = ["ionice", "-c3"]

    /// The same command, behind `nice` and `ionice` as far as they are in its `PATH`. Each becomes the program by an exec, so
    /// that the child is still the one that is waited for and signalled.
    ///
    /// - Parameter command: names its program by an absolute path.
    /// - Throws: `CancellationError`.
    func lower(_ command: Supervision.Command) async throws(CancellationError) -> Supervision.Command {
        var prefix: [String] = []
        if isThere("nice", for: command) { prefix = Self.niceness }
        if isThere("ionice", for: command), try await mayBeIdle(command) { prefix += Self.idleDisk }
        guard let first = prefix.first else { return command }
        var lowered = command
        lowered.executable = first
        lowered.arguments = prefix.dropFirst() + [command.executable] + command.arguments
        return lowered
    }

    private func isThere(_ program: String, for command: Supervision.Command) -> Bool {
        // Why it can't be run is of no interest: it is a kindness, and no condition.
        (try? findExecutable(program, searchPath: command.environment["PATH"] ?? "")) != nil
    }

    /// Containers may forbid it, and `ionice` would then end instead of becoming the program.
    private func mayBeIdle(_ command: Supervision.Command) async throws(CancellationError) -> Bool {
        let trial = Supervision.Command(
            Self.idleDisk[0], Self.idleDisk.dropFirst() + ["true"], environment: command.environment)
        do {
            return try await spawner.capture(trial, deadline: .seconds(10)).status.isSuccess
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            return false
        }
    }
}
