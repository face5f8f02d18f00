import Glibc
import Synchronization

/// A program that we started and that only we wait for.
package final class Child: Sendable {
    /// Its process number, and that of its process group.
    package let pid: pid_t
    package let command: Command
    package let startedAt = ContinuousClock.now
    private let record: ChildRecord?
    private let exitStatus = OneShot<ExitStatus>()
    private let teardown = Mutex<Task<Teardown, Never>?>(nil)

    /// `Reaper.adopt` alone makes one.
    init(pid: pid_t, command: Command, record: ChildRecord?) {
        self.pid = pid
        self.command = command
        self.record = record
    }

    /// Waits for its end; any number of tasks may. What its own children do, or hold open, delays nothing.
    ///
    /// Throws `CancellationError` where the waiting task is cancelled; the child is not touched by that.
    package var exit: ExitStatus {
        get async throws(CancellationError) { try await exitStatus.value() }
    }

    /// Waits for its end, at most so long.
    ///
    /// - Returns: nil where it still runs.
    package func exit(within limit: Duration) async throws(CancellationError) -> ExitStatus? {
        let first = await withTaskGroup(of: ExitStatus?.self) { group in
            // Losing the errors is right: both tasks fail by cancellation alone, which is looked at below.
            group.addTask { try? await self.exit }
            group.addTask {
                try? await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        if first == nil, Task.isCancelled { throw CancellationError() }
        return first
    }

    /// Sends a signal to the child and all of its process group.
    ///
    /// - Returns: false where the child has ended.
    @discardableResult
    package func send(_ signal: Signal) -> Bool { Reaper.signal(self, signal) }

    /// Ends the child and waits until it has: step after step, and SIGKILL where the last step was not enough.
    ///
    /// The first call decides the steps; every other call waits for the same end. A task that is cancelled, as all
    /// are while a process shuts down, waits no less. To cut the steps short, send `.kill`.
    ///
    /// - Parameter steps: what to try, in order; none: SIGKILL at once.
    /// - Returns: what it took. An end before the first signal is an end too: `signals` is empty then.
    @discardableResult
    package func terminate(_ steps: [TeardownStep] = .graceful(within: .seconds(10))) async -> Teardown {
        let task = teardown.withLock { task in
            // A task of its own, because it must outlive the cancellation of whoever calls first.
            let started = task ?? Task { await performTeardown(steps) }
            task = started
            return started
        }
        return await task.value
    }

    private func performTeardown(_ steps: [TeardownStep]) async -> Teardown {
        let start = ContinuousClock.now
        var signals: [Signal] = []
        do {
            for step in steps {
                if send(step.signal) { signals.append(step.signal) }
                if let status = try await exit(within: step.allowed) {
                    return Teardown(status: status, signals: signals, duration: start.duration(to: .now))
                }
            }
            if send(.kill) { signals.append(.kill) }
            return Teardown(status: try await exit, signals: signals, duration: start.duration(to: .now))
        } catch {
            preconditionFailure("nobody has this task to cancel it")
        }
    }

    /// Called once, by the reaper, when the child is no more.
    func ended(_ status: ExitStatus) { exitStatus.resolve(status) }

    /// Called by the reaper, before anyone learns of the end: whoever starts the next child writes the next record.
    func forgetRecord() {
        // Losing the error is right: a record that stays names a process that is gone, and can be seen to.
        try? record?.remove()
    }
}

/// One step on the way of ending a child: a signal, and how long it may take to show effect.
package struct TeardownStep: Sendable, Hashable {
    package let signal: Signal
    package let allowed: Duration

    package init(_ signal: Signal, allowed: Duration) {
        self.signal = signal
        self.allowed = allowed
    }
}

extension [TeardownStep] {
    /// SIGTERM, and so much time for an orderly end.
    package static func graceful(within limit: Duration) -> [TeardownStep] {
        [TeardownStep(.terminate, allowed: limit)]
    }
}

/// What it took to end a child: a value for the log.
package struct Teardown: Sendable, Hashable, CustomStringConvertible {
    package let status: ExitStatus
    /// The signals that were sent while it ran, in order.
    package let signals: [Signal]
    package let duration: Duration

    package var wasKilled: Bool { signals.contains(.kill) }

    package var description: String {
        "\(status) \(duration) after \(signals.isEmpty ? "no signal" : signals.map(\.description).joined(separator: ", "))"
    }
}
