/// What is not urgent runs behind everything else on this machine: etcd's own life depends on prompt disks.

import Supervision

/// Has a command run with the least claim on processors, and on disks and memory where the system grants that.
struct LowPriority: Sendable {
    let spawner: Spawner

    /// Each becomes the program by an exec, so that the child is still the one that is waited for and signalled.
    private static let courtesies = [
        ["nice", "-n", "10"],
        // Only while nobody else wants the disk.
        ["ionice", "-c3"],
        // Should memory run out, it is the first to go, whatever protection was inherited from us.
        ["choom", "-n", "500", "--"],
    ]

    /// The same command, behind whatever of `nice`, `ionice` and `choom` is in its `PATH` and works here.
    ///
    /// - Parameter command: names its program by an absolute path.
    /// - Throws: `CancellationError`.
    func lower(_ command: Supervision.Command) async throws(CancellationError) -> Supervision.Command {
        var words: [String] = []
        for courtesy in Self.courtesies where try await works(courtesy, for: command) { words += courtesy }
        guard let first = words.first else { return command }
        var lowered = command
        lowered.executable = first
        lowered.arguments = words.dropFirst() + [command.executable] + command.arguments
        return lowered
    }

    /// Why it can't be run is of no interest: it is a courtesy, and no condition. Containers may forbid it, and it would then end
    /// instead of becoming the program.
    private func works(
        _ courtesy: [String], for command: Supervision.Command
    ) async throws(CancellationError) -> Bool {
        guard (try? findExecutable(courtesy[0], searchPath: command.environment["PATH"] ?? "")) != nil else {
            return false
        }
        let trial = Supervision.Command(
            courtesy[0], courtesy.dropFirst() + ["true"], environment: command.environment)
        do {
            return try await spawner.capture(trial, deadline: .seconds(10)).status.isSuccess
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            return false
        }
    }
}
