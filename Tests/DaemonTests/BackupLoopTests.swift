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
        let loop = BackupLoop(
            keeper: stand.keeper, maker: stand.maker, etcd: .plain, metrics: nil, logger: stand.writes.logger(),
            ended: { failure, _ in endings.withLock { $0.append(failure) } })
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
            #expect(told.first == "the backups were never looked for" && told.count == 3 && told[2] == nil)
            running.cancel()
            await #expect(throws: CancellationError.self) { try await running.value }
        }
    }

    /// Another leader may have proven one since our list was read: it may be the only proven one by now.
    @Test func whatWasProvenMeanwhileIsNotDeleted() async throws {
        let stand = try BackupStand()
        let loop = BackupLoop(
            keeper: stand.keeper, maker: stand.maker, etcd: .plain, metrics: nil, logger: stand.writes.logger())
        let (old, proven) = (someBackup(5), someBackup(6))
        for backup in [old, proven] { stand.put([1], as: backup.name) }
        _ = try await stand.keeper.seen(for: "main")
        stand.put([1], as: proven.proofName)
        let running = Task { try await loop.run() }
        await stand.keeper.send(.delete([old, proven]))
        try await eventually("one is deleted") { try await stand.store.list().named(old.name) == nil }
        await stand.keeper.send(.delete([old]))
        try await eventually("the errand ends") { stand.writes.text.contains("count=0") }
        #expect(try await stand.store.list().named(proven.name)?.isProven == true)
        #expect(stand.writes.text.contains("backups deleted"))
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
