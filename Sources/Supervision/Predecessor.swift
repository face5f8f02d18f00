import Glibc

/// What became of the child that an earlier supervisor left behind: a value for the log.
package enum PredecessorOutcome: Sendable, Equatable, CustomStringConvertible {
    /// There is no record: nothing was left, or there never was anything.
    case noRecord
    /// The file is no record. Only a machine that went down while it was written leaves that, and the child with it.
    case unreadableRecord(String)
    /// It had ended before we looked; its number may be another process's by now.
    case gone(ProcessIdentity)
    /// It ended within the grace.
    case ended(ProcessIdentity, after: Duration)
    /// It was killed, with all of its process group, because it did not.
    case killed(ProcessIdentity, after: Duration)

    package var description: String {
        switch self {
        case .noRecord: "no earlier child"
        case .unreadableRecord(let text): "the record of an earlier child is unreadable (\(text.utf8.count) bytes)"
        case .gone(let child): "the earlier child, \(child), is gone"
        case .ended(let child, let time): "the earlier child, \(child), ended \(time) after SIGTERM"
        case .killed(let child, let time): "the earlier child, \(child), was killed \(time) after SIGTERM"
        }
    }
}

/// Why the earlier child can't be made to end. Its ports and files are not ours: nothing may be started beside it.
package enum PredecessorError: Error, Sendable, Equatable, CustomStringConvertible {
    /// It was sent SIGKILL and is still there, e.g. in a disk's uninterruptible wait.
    case survivedKill(ProcessIdentity)
    /// It is not ours to signal, or the record can't be read or removed.
    case system(SystemError)

    package var description: String {
        switch self {
        case .survivedKill(let child): "the earlier child, \(child), was killed and is still there"
        case .system(let error): "\(error)"
        }
    }
}

/// Waits for the end of the child that an earlier supervisor has left behind, if there is one, and sees to it.
///
/// It was sent SIGTERM by the kernel when that supervisor died, and may be busy with an orderly end. The caller holds
/// the lock of the directory (`DirectoryLock`), else the record may be that of a supervisor which lives.
///
/// - Parameters:
///   - record: as it was given to `Spawner.spawn` then.
///   - grace: how long the orderly end may take, from now; then it is killed.
/// - Returns: what was done. The record is gone then, and so is the child. Cancellation does not cut it short.
/// - Throws: where the child is still there, or where it can't be known whether it is.
package func awaitPredecessor(_ record: ChildRecord, grace: Duration) async throws(PredecessorError)
    -> PredecessorOutcome
{
    try await awaitPredecessor(record, grace: grace, watchedBy: ProcessWatch.init)
}

/// The same, with the means of watching to be chosen by a test.
func awaitPredecessor(
    _ record: ChildRecord, grace: Duration, watchedBy watch: @escaping @Sendable (ProcessIdentity) -> ProcessWatch?
) async throws(PredecessorError) -> PredecessorOutcome {
    let result: Result<PredecessorOutcome, PredecessorError> = await withCheckedContinuation { continuation in
        do throws(SystemError) {
            try startForeignThread {
                continuation.resume(returning: settlePredecessor(record, grace: grace, watchedBy: watch))
            }
        } catch {
            continuation.resume(returning: .failure(.system(error)))
        }
    }
    return try result.get()
}

private func settlePredecessor(
    _ record: ChildRecord, grace: Duration, watchedBy watch: (ProcessIdentity) -> ProcessWatch?
) -> Result<PredecessorOutcome, PredecessorError> {
    do {
        let outcome: PredecessorOutcome
        switch try record.read() {
        case .absent: return .success(.noRecord)
        case .unreadable(let text): outcome = .unreadableRecord(text)
        case .child(let child): outcome = try watch(child)?.end(within: grace) ?? .gone(child)
        }
        try record.remove()
        return .success(outcome)
    } catch let error as PredecessorError {
        return .failure(error)
    } catch let error as SystemError {
        return .failure(.system(error))
    } catch {
        preconditionFailure("nothing else is thrown above: \(error)")
    }
}

extension ProcessWatch {
    /// How long the kernel may take to end a process that was killed.
    private static let killGrace: Duration = .seconds(10)

    fileprivate func end(within grace: Duration) throws -> PredecessorOutcome {
        let start = ContinuousClock.now
        try send(.terminate)
        if hasEnded(by: start + grace) { return .ended(process, after: start.duration(to: .now)) }
        try killGroup()
        guard hasEnded(by: .now + Self.killGrace) else { throw PredecessorError.survivedKill(process) }
        return .killed(process, after: start.duration(to: .now))
    }
}
