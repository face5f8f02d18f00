/// Orders are carried out one after the other, and what fails is told and disturbs nothing; CloudWatch hears of it.

import ClusterPlanning
import Etcd
import Foundation
import StubServer
import Synchronization
import Testing

@testable import Daemon

@Suite(.fewAtOnce) struct BackupLoopTests {
    private func order(_ etcd: RealEtcd, url: Endpoint? = nil) async throws -> BackupOrder {
        BackupOrder(
            of: Member(
                MemberID(1), name: etcd.name, peerURLs: [etcd.peerURL], clientURLs: [url ?? etcd.clientURL]),
            generation: 4, cluster: ClusterID(try await etcd.client.status().clusterID), voters: ["i-0a", "i-0b"],
            because: .first)
    }

    @Test func anOrderIsCarriedOutAndAFailureIsCounted() async throws {
        let stand = try BackupStand()
        let endings = Mutex<[String?]>([])
        let loop = stand.loop { failure in endings.withLock { $0.append(failure) } }
        try await withEtcd { etcd in
            let running = Task { try await loop.run() }
            // Nobody has looked for the backups of any cluster yet.
            await stand.keeper.order(try await order(etcd))
            try await eventually("it fails") { await stand.keeper.work(.zero).failures == 1 }
            #expect(stand.writes.text.contains("no backup was made"))
            #expect(stand.writes.text.contains("the backups were never looked for"))

            _ = try await stand.keeper.seen(for: "main")
            await stand.keeper.order(try await order(etcd, url: Endpoint(.http, etcd.address, 1)))
            try await eventually("it fails again") { await stand.keeper.work(.zero).failures == 2 }
            #expect(await stand.keeper.work(.zero).failedOf == MemberID(1))
            // What the bucket refuses, it refuses of everybody.
            stand.aws.change { $0.fault = { $0 == "PutObject" ? .s3("AccessDenied", status: 403) : nil } }
            await stand.keeper.order(try await order(etcd))
            try await eventually("it fails once more") { await stand.keeper.work(.zero).failures == 3 }
            #expect(await stand.keeper.work(.zero).failedOf == nil)
            stand.aws.change { $0.fault = nil }
            #expect(stand.objects.isEmpty)

            await stand.keeper.order(try await order(etcd))
            try await eventually("it is made: \(stand.writes.text)") {
                await stand.keeper.work(.zero) == BackupWork()
            }
            let seen = try #require(await stand.keeper.known(for: "main").value)
            let backup = try #require(seen.backups.first)
            #expect(backup.generation == 4 && backup.isProven)
            #expect(try await stand.store.list() == seen)
            let description = try #require(try await stand.store.description(of: backup))
            #expect(description.voters == ["i-0a", "i-0b"] && description.takenFrom == etcd.name)
            let told = endings.withLock { $0 }
            #expect(told.first == "the backups were never looked for" && told.count == 4 && told[3] == nil)
            running.cancel()
            await #expect(throws: CancellationError.self) { try await running.value }
        }
    }

    /// What was refuted is no backup: it counts as a failure, is told, and is not tried again at once.
    @Test func whatIsRefutedIsAFailure() async throws {
        let place = try TemporaryDirectory()
        try place.wrapTools(
            before: #"[ "$1 $2" != "snapshot restore" ] || { echo "panic: page 4: multiple references" >&2; exit 2; }"#)
        let stand = try BackupStand(["--etcd", place["etcd"]])
        let endings = Mutex<[String?]>([])
        let loop = stand.loop { failure in endings.withLock { $0.append(failure) } }
        try await withEtcd { etcd in
            let running = Task { try await loop.run() }
            _ = try await stand.keeper.seen(for: "main")
            let order = try await order(etcd)
            await stand.keeper.order(order)
            try await eventually("it fails") { await stand.keeper.work(.zero).failures == 1 }
            #expect(await stand.keeper.work(.zero).failedOf == order.member.id)
            let refuted = try #require(try await stand.store.list().backups.first)
            #expect(refuted.isRefuted)
            let told = endings.withLock { $0 }
            #expect(told.count == 1 && told[0]?.hasPrefix("\(refuted.name) was refuted: ") == true)
            #expect(told[0]?.contains("multiple references") == true)
            running.cancel()
            await #expect(throws: CancellationError.self) { try await running.value }
        }
    }

    /// The bucket may be able to take it by the time that it is listed again.
    @Test func aRefutationIsWrittenLater() async throws {
        let stand = try BackupStand()
        let backup = someBackup(5)
        stand.put([1], as: backup.name)
        await stand.keeper.keep(
            BackupProofNote(time: "", refutation: "no", isHashCompared: false, provenBy: "i-0a"), on: backup)
        let running = Task { [loop = stand.loop()] in try await loop.run() }
        await stand.keeper.send(.list(cluster: "main"))
        try await eventually("it is written") { stand.objects[backup.refutationName] != nil }
        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
    }

    /// What has happened between our list and the deletion. The backups are old, and but for the newest and the newest proven one
    /// they are too many.
    enum Meanwhile: CaseIterable, Sendable {
        case nothing, oneIsProven, theNewestIsGone, theProvenOneIsRefuted, oneIsGone

        func change(_ stand: BackupStand) {
            switch self {
            case .nothing: break
            case .oneIsProven: stand.put([1], as: someBackup(6).proofName)
            case .theNewestIsGone: stand.put(nil, as: someBackup(9).name)
            case .theProvenOneIsRefuted: stand.put([1], as: someBackup(7).refutationName)
            case .oneIsGone: stand.put(nil, as: someBackup(6).name)
            }
        }

        /// Of the four that were there.
        var left: [UInt64] {
            switch self {
            case .nothing: [9, 7]
            // There is a newer proven one.
            case .oneIsProven: [9, 7]
            case .theNewestIsGone: [7]
            case .theProvenOneIsRefuted: [9, 7, 6]
            case .oneIsGone: [9, 7]
            }
        }
    }

    /// Another leader may be at it, or a person: the newest and the newest proven one stay by what is there then.
    @Test(arguments: Meanwhile.allCases) func whatMayGoIsDecidedByWhatIsThere(_ meanwhile: Meanwhile) async throws {
        let stand = try BackupStand()
        for revision in [5, 6, 7, 9] as [UInt64] { stand.put([1], as: someBackup(revision).name) }
        stand.put([1], as: someBackup(7).proofName)
        if meanwhile == .theProvenOneIsRefuted { stand.put([1], as: someBackup(6).proofName) }
        let seen = try #require(try await stand.keeper.seen(for: "main").value)
        let surplus = Retention.usual.surplus(
            of: seen, generation: 2, ClusterID(0x1a), at: UTCTime(seconds: secondsNow()))
        #expect(surplus.map(\.revision) == [5, 6])
        meanwhile.change(stand)
        let running = Task { [loop = stand.loop()] in try await loop.run() }
        await stand.keeper.send(.delete(surplus))
        try await eventually("they are deleted") { stand.writes.text.contains("backups deleted") }
        #expect(try await stand.store.list().backups.map(\.revision) == meanwhile.left)
        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
    }

    // MARK: CloudWatch

    /// What CloudWatch was told last, without what every request has.
    private func told(_ stand: Stand) -> [String: String] {
        var form = parameters(stand.aws.server.requests.last { $0.text.contains("PutMetricData") }?.text ?? "")
        form["Action"] = nil
        form["Version"] = nil
        return form
    }

    private func publish(_ figures: BackupFigures, _ change: (Stand) throws -> Void = { _ in }) async throws -> Stand {
        let identity = identityOf()
        let stand = try Stand(identity, groupWorld(("i-0a", "running", "127.0.0.1")), hasBucket: true)
        try change(stand)
        let store = try #require(await stand.backups.store(for: "etcd-main"))
        try await BackupMetrics(aws: try stand.aws.client(), namespace: "Local/etcd", group: stand.group)
            .publish(figures, of: store)
        return stand
    }

    private func datum(_ number: Int, _ name: String, _ value: String, _ unit: String) -> [String: String] {
        let prefix = "MetricData.member.\(number)"
        return [
            "\(prefix).MetricName": name, "\(prefix).Value": value, "\(prefix).Unit": unit,
            "\(prefix).Dimensions.member.1.Name": "AutoScalingGroupName",
            "\(prefix).Dimensions.member.1.Value": "etcd-main",
        ]
    }

    private func form(_ data: [[String: String]]) -> [String: String] {
        data.reduce(into: ["Namespace": "Local/etcd"]) { $0.merge($1) { first, _ in first } }
    }

    private var newest: Backup {
        var backup = someBackup(7)
        backup.size = 4128
        return backup
    }

    @Test func cloudWatchIsToldTheFigures() async throws {
        let backup = newest
        let stand = try await publish(BackupFigures(newest: backup, provenAge: 90)) { stand in
            let json = try someDescription(backup).json()
            stand.aws.change { $0.buckets["backups"]?["etcd/etcd-main/\(backup.descriptionName)"] = json }
        }
        #expect(
            told(stand)
                == form([
                    datum(1, "BackupSize", "4128.0", "Bytes"), datum(2, "BackupKeyCount", "3.0", "Count"),
                    datum(3, "BackupAge", "90.0", "Seconds"),
                ]))
    }

    /// An alarm on missing data tells that there is no proven one.
    @Test func whatIsNotKnownIsNotTold() async throws {
        let backup = newest
        let unproven = try await publish(BackupFigures(newest: backup, provenAge: nil)) { stand in
            stand.aws.change { $0.buckets["backups"]?["etcd/etcd-main/\(backup.descriptionName)"] = [1] }
        }
        #expect(told(unproven) == form([datum(1, "BackupSize", "4128.0", "Bytes")]))
        let none = try await publish(BackupFigures(newest: nil, provenAge: nil))
        #expect(!none.aws.calls.contains("PutMetricData"))
    }
}

extension BackupStand {
    /// - Parameter ended: told what each attempt failed of.
    fileprivate func loop(_ ended: @escaping @Sendable (_ failure: String?) -> Void = { _ in }) -> BackupLoop {
        BackupLoop(
            keeper: keeper, maker: maker, etcd: .plain, retention: .usual, metrics: nil, logger: writes.logger(),
            ended: { failure, _ in ended(failure) })
    }
}
