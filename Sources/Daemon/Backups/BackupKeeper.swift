/// What this supervisor knows of the backups, and what it is doing about them.

import AWS
import ClusterPlanning

/// Reads the list when it has to be read, remembers it while that will do, and takes orders for whoever makes backups. A turn of
/// the leader never waits for a bucket: it goes by what is known, and has the rest done beside it.
actor BackupKeeper {
    /// A small thing to be done beside the turns. Of each kind one is enough at a time.
    enum Errand: Equatable, Sendable {
        case list(cluster: String)
        case delete([Backup])
        case publish(BackupFigures)

        fileprivate var kind: Int {
            switch self {
            case .list: 0
            case .delete: 1
            case .publish: 2
            }
        }
    }

    private let aws: AWSClient
    private let bucket: String?
    private let prefix: String
    private let encryption: S3.Encryption
    private let clock = ContinuousClock()
    private var last: (name: String, seen: BackupsSeen, readAt: ContinuousClock.Instant)?
    private var stored: (name: String, store: BackupStore)?
    private var failedList: (cause: String, at: ContinuousClock.Instant)?
    private var timesForgotten = 0
    private var pending: Set<Int> = []
    /// When something small failed last, by kind.
    private var failedErrands: [Int: ContinuousClock.Instant] = [:]
    private var running = false
    private var failures = 0
    private var failedAt: ContinuousClock.Instant?
    private var failedOf: MemberID?
    /// Refutations that are not in the bucket, by the stems of what they refute.
    private var unwritten: [String: (backup: Backup, note: BackupProofNote)] = [:]

    /// What is ordered, for the one loop that makes backups.
    nonisolated let orders: AsyncStream<BackupOrder>
    private nonisolated let ordering: AsyncStream<BackupOrder>.Continuation
    /// What is to be done beside the turns, for the same loop.
    nonisolated let errands: AsyncStream<Errand>
    private nonisolated let sending: AsyncStream<Errand>.Continuation

    init(_ configuration: Configuration, aws: AWSClient) {
        self.aws = aws
        bucket = configuration.backupBucket
        prefix = configuration.backupKey
        encryption = configuration.backupEncryption
        (orders, ordering) = AsyncStream<BackupOrder>.makeStream(bufferingPolicy: .bufferingNewest(1))
        (errands, sending) = AsyncStream<Errand>.makeStream()
    }

    nonisolated var isConfigured: Bool { bucket != nil }

    /// By how much AWS's clock is ahead of ours: names and ages of backups go by AWS's, which they all share.
    nonisolated var clockOffset: Duration { aws.clockOffset }

    // MARK: What is there

    /// Asks the bucket now.
    ///
    /// - Parameter name: the cluster's; nil: it has none that could be looked for.
    /// - Returns: `notAsked` where no bucket is configured.
    func seen(for name: String?) async throws(CancellationError) -> Observed<BackupsSeen> {
        guard isConfigured else { return .notAsked }
        guard let name, let store = store(for: name) else { return Self.nameless }
        let (before, readAt) = (timesForgotten, clock.now)
        switch try await observed({ try await store.list() }) {
        case .seen(let list):
            let seen = refuting(list)
            if timesForgotten == before {
                last = (name, seen, readAt)
                failedList = nil
            }
            return .seen(seen)
        case .unavailable(let cause):
            failedList = (cause, clock.now)
            return .unavailable(cause)
        case .notAsked: return .notAsked
        }
    }

    private static let nameless = Observed<BackupsSeen>.unavailable(
        "the cluster has no name to look for: set --cluster-name")

    /// What a turn may go by: asks nobody, and has the list read beside it where there is none, or an old one.
    func known(for name: String?) -> Observed<BackupsSeen> {
        guard isConfigured else { return .notAsked }
        guard let name, store(for: name) != nil else { return Self.nameless }
        if let last, last.name == name, last.readAt.duration(to: clock.now) < oldestListOfBackups {
            return .seen(last.seen)
        }
        if failedList.map({ $0.at.duration(to: clock.now) >= pauseAfterBucketFailure }) ?? true {
            send(.list(cluster: name))
        }
        return failedList.map { .unavailable($0.cause) } ?? .notAsked
    }

    /// Where the backups of a cluster are; nil where no bucket is configured.
    func store(for name: String) -> BackupStore? {
        guard let bucket else { return nil }
        if let stored, stored.name == name { return stored.store }
        let place = BucketPlace(bucket: bucket, prefix: prefix, cluster: name)
        let store = BackupStore(aws: aws, place: place, encryption: encryption)
        stored = (name, store)
        return store
    }

    /// The store of the cluster that was looked at last.
    func store() throws -> BackupStore {
        guard let stored else { throw ObservationError("the backups were never looked for") }
        return stored.store
    }

    /// Whether everything up to a revision of a generation is in a backup already, as far as is known.
    func has(_ revision: UInt64, of generation: Int, _ cluster: ClusterID) -> Backup? {
        last?.seen.of(generation, cluster).first { $0.revision == revision && !$0.isRefuted }
    }

    func added(_ backup: Backup) { change { $0.adding(backup) } }

    /// Remembers a refutation until the bucket says it.
    func keep(_ note: BackupProofNote, on backup: Backup) { unwritten[backup.stem] = (backup, note) }

    /// What is still to be written of that.
    var refutationsToWrite: [(backup: Backup, note: BackupProofNote)] { Array(unwritten.values) }

    /// A list, with what we know and it does not say.
    private func refuting(_ list: BackupsSeen) -> BackupsSeen {
        unwritten = unwritten.filter { stem, _ in list.backups.contains { $0.stem == stem && !$0.isRefuted } }
        return unwritten.values.reduce(list) { $0.adding($1.backup) }
    }

    func removed(_ backups: [Backup]) { change { $0.removing(backups) } }

    private func change(_ change: (BackupsSeen) -> BackupsSeen) {
        timesForgotten += 1
        if let known = last { last = (known.name, change(known.seen), known.readAt) }
    }

    /// Forgets the list: a leader that was none until now has not seen what the last one wrote.
    func forget() {
        timesForgotten += 1
        last = nil
        failedList = nil
    }

    // MARK: What is done

    /// - Parameter now: monotonic, since the supervisor's start.
    func work(_ now: Duration) -> BackupWork {
        BackupWork(
            isRunning: running, failures: failures,
            failedAt: failedAt.map { now - $0.duration(to: clock.now) }, failedOf: failedOf)
    }

    /// Has a backup made. Nothing of it is waited for.
    func order(_ order: BackupOrder) {
        guard !running else { return }
        running = true
        ordering.yield(order)
    }

    /// Has something small done. Nothing of it is waited for; what was refused is not asked for again at once.
    func send(_ errand: Errand) {
        if let failed = failedErrands[errand.kind], failed.duration(to: clock.now) < pauseAfterBucketFailure { return }
        if pending.insert(errand.kind).inserted { sending.yield(errand) }
    }

    func ended(_ errand: Errand, failed: Bool) {
        pending.remove(errand.kind)
        failedErrands[errand.kind] = failed ? clock.now : nil
    }

    /// - Parameters:
    ///   - failed: whether there is no backup.
    ///   - member: whose failure it may be.
    func ended(failed: Bool, of member: MemberID? = nil) {
        running = false
        failedOf = failed ? member : nil
        failures = failed ? failures + 1 : 0
        failedAt = failed ? clock.now : nil
    }
}
