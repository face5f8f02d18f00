/// What this supervisor says of itself when it is asked, and what the loops tell it for that.

import AWS
import ClusterPlanning
import FoundationEssentials
import Synchronization

/// Builds our own report, afresh for each who asks, but seldom enough that asking costs nothing.
final class OwnReport: Sendable {
    /// What the loops know.
    private struct Known {
        var owner: String?
        var cluster: String?
        var stores: [StoreName] = []
        var waitingFor: String?
        /// For what an etcd waits that runs without a leader.
        var leaderlessFor: String?
        var asksToJoin = false
        var founders: [InitialMember]?
        var leaving: Departure?
        var lastExit = LastExit.none
        var shown: EtcdState?
        var isEtcdRunning = false
        /// Nil while our etcd does not lead.
        var leading: Leading?
    }

    /// What the leader's turns and its backups have come to, in this term.
    private struct Leading {
        var deferred: [String] = []
        /// Why the last turn was not done to its end.
        var turnFailure: String?
        var failingBackup: FailingBackup?

        var report: LeaderReport {
            let failed = turnFailure.map { ["a turn was not done to its end, and is tried again: \($0)"] } ?? []
            return LeaderReport(deferred: failed + deferred, failingBackup: failingBackup)
        }
    }

    private let identity: Identity
    private let directory: DataDirectory
    private let etcd: EtcdObserver
    private let group: GroupObserver
    private let metricsURL: String
    private let known = Mutex(Known())
    private let flight = ReportFlight()

    init(
        identity: Identity, directory: DataDirectory, etcd: EtcdObserver, group: GroupObserver, metricsURL: String
    ) {
        self.identity = identity
        self.directory = directory
        self.etcd = etcd
        self.group = group
        self.metricsURL = metricsURL
    }

    // MARK: What the loops tell

    func learn(owner: String, cluster: String?, stores: [StoreName]) {
        known.withLock { known in
            known.owner = owner
            known.cluster = cluster
            known.stores = stores
        }
    }

    /// A start waits.
    func learn(waitingFor reason: WaitReason) {
        known.withLock { known in
            known.waitingFor = reason.description
            known.asksToJoin = reason.asksToJoin
        }
    }

    /// etcd runs: for what it waits without a leader; nil: it has one.
    func learn(leaderlessFor reason: WaitReason?) {
        known.withLock { $0.leaderlessFor = reason?.description }
    }

    /// Whom a start has named as founders, whatever it does next: the others may wait to hear it.
    func learn(founders: [InitialMember]?) { known.withLock { $0.founders = founders } }

    func learn(leaving: Departure?) { known.withLock { $0.leaving = leaving } }

    /// etcd runs for the world, or has ended.
    func learn(isEtcdRunning: Bool, lastExit: LastExit = .none) {
        known.withLock { known in
            known.isEtcdRunning = isEtcdRunning
            known.lastExit = lastExit
            known.leaderlessFor = nil
            known.leading = nil
            if isEtcdRunning {
                known.shown = nil
                known.waitingFor = nil
                known.asksToJoin = false
            }
        }
    }

    /// What was seen of the data while etcd was looked at.
    func learn(shown: EtcdState?) { known.withLock { $0.shown = shown } }

    // MARK: What the leader's loops tell

    /// Our etcd leads from now on, in a new term, or does not lead (any more).
    func learn(isLeading: Bool) { known.withLock { $0.leading = isLeading ? Leading() : nil } }

    /// What a turn has declined to do.
    func learn(deferred: [Deferral]) {
        known.withLock { $0.leading?.deferred = deferred.map(\.description) }
    }

    /// How a turn ended: why it was not done to its end; nil: it was.
    func learn(turnFailure: String?) { known.withLock { $0.leading?.turnFailure = turnFailure } }

    /// How an attempt at a backup ended: what it failed of; nil: it succeeded.
    func learn(backupFailure cause: String?, at time: UTCTime) {
        known.withLock { known in
            let earlier = known.leading?.failingBackup
            known.leading?.failingBackup = cause.map { FailingBackup(at: time, $0, after: earlier) }
        }
    }

    // MARK: What it says

    /// Whether the data directory is a file system of its own, as it was last looked at.
    var isMountPoint: Bool { directory.isOwnFileSystem }

    /// What etcd here shows now, or showed when it was last looked at.
    func etcdState() async throws(CancellationError) -> EtcdState {
        let (isRunning, shown) = known.withLock { ($0.isEtcdRunning, $0.shown) }
        if isRunning { return try await etcd.ownState(identity, metricsURL: metricsURL) }
        return shown ?? EtcdState()
    }

    func now() async throws(CancellationError) -> Report {
        let disk = directory.observe(making: false)
        let state = try await etcdState()
        let reachesAWS = await group.reachesAWS
        let known = known.withLock { $0 }
        return Report(
            identity.instance, identity.peerURL,
            // A member that resumed and follows has never asked AWS which group it is in.
            owner: known.owner ?? disk.stamp?.owner, cluster: known.cluster, stores: known.stores,
            disk: disk.stamp?.disk, isMountPoint: isMountPoint,
            holding: Holding(disk, lastExit: known.lastExit, shown: state, identity), etcd: state,
            asksToJoin: known.asksToJoin, waitingFor: known.waitingFor ?? known.leaderlessFor,
            leaving: known.leaving,
            founders: known.founders, reachesAWS: reachesAWS, asLeader: known.leading?.report)
    }

    /// The report for one who asks from outside: however many ask, it is made four times a second at most.
    ///
    /// - Parameter probesAWS: whether we are to see if AWS answers us: once a minute at most, whoever asks.
    func forVisitors(probingAWS probesAWS: Bool = false) async throws(CancellationError) -> Report {
        if probesAWS { try await group.probe() }
        return try await flight.report { () async throws(CancellationError) in try await self.now() }
    }
}

/// Shares one report among all who ask within a moment, and while it is being made.
private actor ReportFlight {
    private var last: (report: Report, madeAt: ContinuousClock.Instant)?
    private var flight: (number: Int, task: Task<Report, any Error>)?
    private var counter = 0
    private static let moment = Duration.milliseconds(250)

    func report(
        _ make: @escaping @Sendable () async throws(CancellationError) -> Report
    ) async throws(CancellationError) -> Report {
        if let last, last.madeAt.duration(to: .now) < Self.moment { return last.report }
        // A task of its own, because it must outlive whoever asked first: the others wait for it, too.
        let (number, task) = flight ?? begin(make)
        let result = await task.result
        if flight?.number == number { flight = nil }
        guard case .success(let report) = result else { throw CancellationError() }
        if last.map({ $0.madeAt.duration(to: .now) >= Self.moment }) ?? true { last = (report, .now) }
        return report
    }

    private func begin(
        _ make: @escaping @Sendable () async throws(CancellationError) -> Report
    ) -> (number: Int, task: Task<Report, any Error>) {
        counter += 1
        let begun = (number: counter, task: Task<Report, any Error> { try await make() })
        flight = begun
        return begun
    }
}
