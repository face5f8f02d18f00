import Synchronization

/// A value that comes once, from any thread, and that any number of tasks may await, before or after it came.
final class OneShot<Value: Sendable>: Sendable {
    private enum State {
        /// Nobody knows yet; each waiter has a number, so that a cancelled one can be found.
        case pending(waiters: [UInt64: CheckedContinuation<Value?, Never>], next: UInt64)
        case resolved(Value)
    }

    private let state = Mutex<State>(.pending(waiters: [:], next: 0))

    /// Wakes everyone who waits. The first value stays; a second one is a mistake of ours.
    func resolve(_ value: Value) {
        let waiters = state.withLock { state -> [UInt64: CheckedContinuation<Value?, Never>] in
            guard case .pending(let waiters, _) = state else { preconditionFailure("resolved twice") }
            state = .resolved(value)
            return waiters
        }
        for waiter in waiters.values { waiter.resume(returning: value) }
    }

    /// Waits for the value.
    ///
    /// - Throws: `CancellationError` at once where the waiting task is cancelled; the others go on waiting.
    func value() async throws(CancellationError) -> Value {
        let number = state.withLock { Self.takeNumber(&$0) }
        let value = await withTaskCancellationHandler {
            await withCheckedContinuation { enqueue($0, number) }
        } onCancel: {
            giveUp(number)
        }
        guard let value else { throw CancellationError() }
        return value
    }

    private static func takeNumber(_ state: inout State) -> UInt64 {
        guard case .pending(let waiters, let next) = state else { return 0 }
        state = .pending(waiters: waiters, next: next + 1)
        return next
    }

    private func enqueue(_ waiter: CheckedContinuation<Value?, Never>, _ number: UInt64) {
        state.withLock { state in
            switch state {
            case .resolved(let value):
                waiter.resume(returning: value)
            case .pending where Task.isCancelled:
                // Cancelled before it could be entered: `giveUp` has run already and found nobody.
                waiter.resume(returning: nil)
            case .pending(var waiters, let next):
                waiters[number] = waiter
                state = .pending(waiters: waiters, next: next)
            }
        }
    }

    private func giveUp(_ number: UInt64) {
        let waiter = state.withLock { state -> CheckedContinuation<Value?, Never>? in
            guard case .pending(var waiters, let next) = state else { return nil }
            let waiter = waiters.removeValue(forKey: number)
            state = .pending(waiters: waiters, next: next)
            return waiter
        }
        waiter?.resume(returning: nil)
    }
}
