/// Does what the leader's turns order of backups, beside them.

import AWS
import ClusterPlanning
import FoundationEssentials
import Supervision

/// One order after the other, and small things beside those; what fails disturbs nothing, and is told in the log.
struct BackupLoop: Sendable {
    let keeper: BackupKeeper
    let maker: BackupMaker
    let etcd: EtcdObserver
    let retention: Retention
    /// Nil where nobody wants to be told.
    let metrics: BackupMetrics?
    let logger: Logger
    /// Told how each attempt ended: what it failed of, or nil, and when.
    var ended: @Sendable (_ failure: String?, _ time: UTCTime) -> Void = { _, _ in }

    /// Returns only by cancellation.
    ///
    /// - Throws: `CancellationError`.
    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for await order in keeper.orders { try await carryOut(order) } }
            group.addTask { for await errand in keeper.errands { try await run(errand) } }
            // Both end by cancellation alone, with or without an error.
            for try await _ in group {}
        }
        throw CancellationError()
    }

    private func carryOut(_ order: BackupOrder) async throws {
        do {
            try await make(order)
            await keeper.ended(failed: false)
            ended(nil, now)
        } catch let error where !(error is CancellationError) {
            await keeper.ended(failed: true, of: isTheMembers(error) ? order.member.id : nil)
            ended("\(error)", now)
            logger.error("no backup was made", ["order": order, "error": "\(error)"])
        }
    }

    /// Whether another member could do better; not where the bucket has failed, or our own machine.
    private func isTheMembers(_ error: any Error) -> Bool {
        switch error {
        case is AWSError, is S3.TransferError, is DataDirectoryError, is SpawnError, SnapshotToolError.missing: false
        default: true
        }
    }

    private var now: UTCTime {
        UTCTime(seconds: secondsNow() + Int(keeper.clockOffset.components.seconds))
    }

    /// - Throws: also where there is one, and it was refuted: that is none.
    private func make(_ order: BackupOrder) async throws {
        guard let url = order.member.clientURLs.first else {
            throw ObservationError("member \(order.member.label) has no client URL")
        }
        let origin = BackupMaker.Origin(
            generation: order.generation, cluster: order.cluster, voters: order.voters,
            member: order.member.name, client: etcd.client(url))
        let made = try await maker.make(of: origin, in: try await keeper.store())
        if let why = made.refutation { throw RefutedBackup(name: made.backup.name, why: why) }
    }

    private func run(_ errand: BackupKeeper.Errand) async throws {
        var isDone = false
        do {
            switch errand {
            // What comes of it, good or bad, the next turn sees.
            case .list(let cluster):
                _ = try await keeper.seen(for: cluster)
                try await writeRefutations()
            case .delete(let surplus): try await delete(surplus)
            case .publish(let figures):
                guard let metrics else { preconditionFailure("figures were planned without a namespace") }
                try await metrics.publish(figures, of: try await keeper.store())
            }
            isDone = true
        } catch let error where !(error is CancellationError) {
            logger.warning("something about backups was not done", ["what": errand, "error": "\(error)"])
        }
        await keeper.ended(errand, failed: !isDone)
    }
}

extension BackupLoop {
    /// Another leader may have deleted, proven or refuted some since our list was read: what may go is decided once more.
    private func delete(_ surplus: [Backup]) async throws {
        let store = try await keeper.store()
        let doomed = retention.stillSurplus(surplus, of: try await store.list(), at: now)
        do {
            try await store.delete(doomed)
        } catch {
            // Some of them are gone.
            await keeper.forget()
            throw error
        }
        await keeper.removed(doomed)
        if doomed != surplus { await keeper.forget() }
        logger.info("backups deleted", ["count": doomed.count])
    }

    private func writeRefutations() async throws {
        for (backup, note) in await keeper.refutationsToWrite {
            try await keeper.store().note(note, of: backup)
            logger.info("the bucket says by now that a backup is refuted", ["name": backup.name])
        }
    }
}

/// What is in the bucket, and no backup.
private struct RefutedBackup: Error, CustomStringConvertible {
    var name: String
    var why: String

    var description: String { "\(name) was refuted: \(why)" }
}

extension BackupKeeper.Errand: CustomStringConvertible {
    var description: String {
        switch self {
        case .list: "list them"
        case .delete(let surplus): "delete \(surplus.count) that newer ones stand for"
        case .publish: "tell CloudWatch"
        }
    }
}
