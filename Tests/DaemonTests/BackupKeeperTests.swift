/// What a supervisor remembers of the bucket, for how long, and what it says of the backup that is being made.

import ClusterPlanning
import Foundation
import StubServer
import Synchronization
import Testing

@testable import Daemon

@Suite struct BackupKeeperTests {
    private let stand: BackupStand
    private let backup = someBackup(7)
    private var keeper: BackupKeeper { stand.keeper }

    init() throws { stand = try BackupStand() }

    /// As the bucket says now.
    private func listed() async throws -> [UInt64]? {
        try await keeper.seen(for: "main").value?.backups.map(\.revision)
    }

    /// As far as a turn goes by it.
    private func known() async -> [UInt64]? { await keeper.known(for: "main").value?.backups.map(\.revision) }

    /// How many lists were asked for since the last time. Each is two calls: the older tool's backup is looked for, too.
    private var lists: Int { stand.aws.takeCalls().count { $0 == "ListObjectsV2" } / 2 }

    // MARK: What is there

    @Test func aListIsRememberedForAsLongAsItWillDo() async throws {
        #expect(try await listed() == [])
        stand.put([1], as: backup.name)
        #expect(await known() == [])
        #expect(lists == 1)
        #expect(try await listed() == [7])
        #expect(await known() == [7])
        #expect(lists == 1)
        // Another cluster's backups are not this one's.
        #expect(await keeper.known(for: "other") == .notAsked)
        #expect(lists == 0)
    }

    /// A turn never waits for a bucket: it has the list read beside it, once at a time, and not again soon where that failed.
    @Test func aTurnHasTheListReadBesideIt() async throws {
        var errands = keeper.errands.makeAsyncIterator()
        #expect(await keeper.known(for: "main") == .notAsked)
        #expect(await keeper.known(for: "main") == .notAsked)
        let list = BackupKeeper.Errand.list(cluster: "main")
        #expect(await errands.next() == list)
        stand.aws.change { $0.fault = { _ in .s3("SlowDown", status: 503) } }
        _ = try await keeper.seen(for: "main")
        await keeper.ended(list, failed: false)
        #expect(unavailable(await keeper.known(for: "main"))?.contains("SlowDown") == true)
        // Nothing was sent meanwhile: what comes next is what is sent now.
        await keeper.send(.delete([backup]))
        #expect(await errands.next() == .delete([backup]))
    }

    @Test func aNewLeaderForgetsWhatItSawBefore() async throws {
        #expect(try await listed() == [])
        stand.put([1], as: backup.name)
        await keeper.forget()
        #expect(await known() == nil)
        #expect(try await listed() == [7])
        #expect(await known() == [7])
    }

    @Test func aListThatFailedIsNotRemembered() async throws {
        stand.put([1], as: backup.name)
        #expect(try await listed() == [7])
        stand.aws.change { $0.fault = { _ in .s3("SlowDown", status: 503) } }
        #expect(unavailable(try await keeper.seen(for: "main"))?.contains("SlowDown") == true)
        // What was seen in time is no older for it.
        #expect(await known() == [7])
        await keeper.forget()
        #expect(try await listed() == nil)
        #expect(unavailable(await keeper.known(for: "main"))?.contains("SlowDown") == true)
        stand.aws.change { $0.fault = nil }
        #expect(try await listed() == [7])
        #expect(await known() == [7])
    }

    @Test func whatWeDoOurselvesIsKnownAtOnce() async throws {
        #expect(try await listed() == [])
        await keeper.added(backup)
        var proven = backup
        proven.verdict = .proven
        await keeper.added(proven)
        #expect(await keeper.known(for: "main") == .seen(BackupsSeen([proven])))
        #expect(await keeper.has(7, of: 2, backup.cluster) == proven)
        #expect(await keeper.has(7, of: 1, backup.cluster) == nil)
        #expect(await keeper.has(8, of: 2, backup.cluster) == nil)
        #expect(await keeper.has(7, of: 2, ClusterID(1)) == nil)
        await keeper.removed([backup])
        #expect(await known() == [])
        #expect(lists == 1)
    }

    /// A list that was on its way when something was written may lack it.
    @Test func aListThatWasOvertakenIsNotRemembered() async throws {
        let asked = Mutex(false)
        let go = DispatchSemaphore(value: 0)
        stand.aws.change { world in
            world.fault = { call in
                guard call == "ListObjectsV2" else { return nil }
                let isFirst = asked.withLock { asked in
                    defer { asked = true }
                    return !asked
                }
                if isFirst { go.wait() }
                return nil
            }
        }
        async let seen = keeper.seen(for: "main")
        do {
            try await eventually("the list is asked for") { asked.withLock { $0 } }
            await keeper.added(backup)
        } catch {
            go.signal()
            throw error
        }
        go.signal()
        #expect(try await seen == .seen(BackupsSeen()))
        stand.aws.change { $0.fault = nil }
        #expect(await known() == nil)
        stand.put([1], as: backup.name)
        #expect(try await listed() == [7])
        #expect(lists == 2)
    }

    /// The bucket may have refused to take it.
    @Test func whatIsRefutedStaysSoUntilTheBucketSaysIt() async throws {
        stand.put([1], as: backup.name)
        let note = BackupProofNote(
            time: "2026-01-31T12:00:09Z", refutation: "no", isHashCompared: false, provenBy: "i-0a")
        var refuted = backup
        refuted.verdict = .refuted
        await keeper.keep(note, on: refuted)
        #expect(try await keeper.seen(for: "main").value?.backups.map(\.verdict) == [.refuted])
        #expect(await keeper.known(for: "main").value?.backups.map(\.verdict) == [.refuted])
        #expect(await keeper.has(7, of: 2, backup.cluster) == nil)
        #expect(await keeper.refutationsToWrite.map(\.note) == [note])
        try await stand.store.note(note, of: refuted)
        #expect(try await keeper.seen(for: "main").value?.backups.map(\.verdict) == [.refuted])
        #expect(await keeper.refutationsToWrite.isEmpty)
    }

    @Test func whatIsRefutedAndGoneIsForgotten() async throws {
        let note = BackupProofNote(time: "", refutation: "no", isHashCompared: false, provenBy: "i-0a")
        await keeper.keep(note, on: backup)
        #expect(try await keeper.seen(for: "main").value?.backups == [])
        #expect(await keeper.refutationsToWrite.isEmpty)
    }

    @Test func withoutABucketNothingIsAsked() async throws {
        let keeper = BackupKeeper(Configuration(), aws: try stand.aws.client())
        #expect(!keeper.isConfigured)
        #expect(try await keeper.seen(for: "main") == .notAsked)
        #expect(await keeper.store(for: "main") == nil)
        #expect(stand.aws.calls == [])
    }

    @Test func withoutANameThereIsNothingToLookFor() async throws {
        #expect(
            try await keeper.seen(for: nil) == .unavailable("the cluster has no name to look for: set --cluster-name"))
        await #expect(throws: ObservationError("the backups were never looked for")) { try await keeper.store() }
        _ = try await keeper.seen(for: "main")
        #expect(try await keeper.store().place == stand.store.place)
    }

    // MARK: What is done

    private func order(_ revision: UInt64) -> BackupOrder {
        BackupOrder(
            of: Member(MemberID(revision), name: "i-0a", peerURLs: []),
            generation: 2, cluster: ClusterID(0x1a), because: .due)
    }

    @Test func oneOrderAtATime() async throws {
        var orders = keeper.orders.makeAsyncIterator()
        #expect(await keeper.work(.zero) == BackupWork())
        await keeper.order(order(1))
        await keeper.order(order(2))
        #expect(await keeper.work(.zero) == BackupWork(isRunning: true))
        #expect(await orders.next() == order(1))
        await keeper.order(order(3))
        await keeper.ended(failed: false)
        #expect(await keeper.work(.zero) == BackupWork())
        await keeper.order(order(4))
        #expect(await orders.next() == order(4))
    }

    @Test func whatFailsIsCountedUntilItSucceeds() async throws {
        for failures in 1...3 {
            await keeper.order(order(1))
            await keeper.ended(failed: true, of: MemberID(1))
            let work = await keeper.work(.seconds(1000))
            #expect(!work.isRunning && work.failures == failures && work.failedOf == MemberID(1))
            let failedAt = try #require(work.failedAt)
            #expect(failedAt <= .seconds(1000) && failedAt > .seconds(900))
        }
        await keeper.order(order(1))
        await keeper.ended(failed: false)
        #expect(await keeper.work(.seconds(1000)) == BackupWork())
    }
}
