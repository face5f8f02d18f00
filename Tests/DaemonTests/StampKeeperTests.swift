/// The stamp over a member's life: written before etcd runs, completed while it does, taken back only if it never did.

import ClusterPlanning
import Foundation
import Testing

@testable import Daemon

private let instance = InstanceID("i-0a")
private let cluster = ClusterID(0xc1)
private let member = MemberID(0xa1)

@Suite struct StampKeeperTests {
    private let place: TemporaryDirectory
    private let directory: DataDirectory
    private let keeper: StampKeeper

    init() throws {
        place = try TemporaryDirectory()
        directory = DataDirectory(place["data"])
        keeper = StampKeeper(directory)
        try directory.prepare()
    }

    private func launch(_ kind: Launch.Kind) -> Launch {
        let endpoint = Endpoint(.http, "10.0.0.1", 2380)
        let identity = Identity(instance: instance, peerURL: endpoint, clientURL: Endpoint(.http, "10.0.0.1", 2379))
        return Launch(kind, identity, initialCluster: [InitialMember(instance.rawValue, endpoint)])
    }

    private func writeLog() throws { try place.write("", to: "data/member/wal/0.wal") }

    private var stamp: Stamp? { directory.observe().stamp }

    @Test func aFoundersDiskSaysThatItWasStartedBeforeItIs() async throws {
        #expect(await !keeper.isRunning)
        try await keeper.prepare(launch(.found(token: "t")), on: nil)
        #expect(stamp == Stamp(instance: instance, started: true))
        #expect(await keeper.isRunning)
        try writeLog()
        try await keeper.learn(cluster, member)
        #expect(
            directory.observe() == .data(Stamp(instance: instance, cluster: cluster, member: member, started: true)))
        try await keeper.finish(isFirst: true)
        #expect(await !keeper.isRunning)
        #expect(stamp == Stamp(instance: instance, cluster: cluster, member: member, started: true))
    }

    @Test func aFirstStartWithoutALogWasNone() async throws {
        try await keeper.prepare(launch(.found(token: "t")), on: nil)
        try await keeper.finish(isFirst: true)
        #expect(directory.observe() == .empty(Stamp(instance: instance, started: false)))
    }

    /// The answer to the request may be lost; whom it was made for may not.
    @Test func anEntryIsNotedBeforeItIsAskedFor() async throws {
        try await keeper.note(.entering(cluster, instance))
        #expect(stamp == Stamp(instance: instance, cluster: cluster))
        try await keeper.note(.entering(cluster, as: member, instance))
        #expect(stamp == Stamp(instance: instance, cluster: cluster, member: member))
    }

    @Test func aJoinersEntrySurvivesAStartThatFailed() async throws {
        try await keeper.note(.entering(cluster, as: member, instance))
        #expect(stamp == Stamp(instance: instance, cluster: cluster, member: member))
        try await keeper.prepare(launch(.join(cluster, member)), on: stamp)
        #expect(stamp == Stamp(instance: instance, cluster: cluster, member: member, started: true))
        try await keeper.finish(isFirst: true)
        #expect(stamp == Stamp(instance: instance, cluster: cluster, member: member, started: false))
    }

    /// Then it did run under its ID, wherever the log has gone since (F16).
    @Test func anEtcdThatAnsweredWasStarted() async throws {
        try await keeper.prepare(launch(.found(token: "t")), on: nil)
        try await keeper.learn(cluster, member)
        try await keeper.finish(isFirst: true)
        #expect(stamp == Stamp(instance: instance, cluster: cluster, member: member, started: true))
    }

    @Test func dataThatVanishesLaterWasLost() async throws {
        let before = Stamp(instance: instance, cluster: cluster, member: member, started: true)
        try directory.write(before)
        try await keeper.prepare(launch(.resume), on: before)
        try await keeper.finish(isFirst: false)
        #expect(directory.observe() == .empty(before))
    }

    @Test func aLateAnswerIsNobodys() async throws {
        try await keeper.learn(cluster, member)
        #expect(stamp == nil)
        try await keeper.prepare(launch(.found(token: "t")), on: nil)
        try await keeper.finish(isFirst: true)
        try await keeper.learn(cluster, member)
        #expect(stamp == Stamp(instance: instance, started: false))
    }

    @Test func finishingTwiceOrUnstartedChangesNothing() async throws {
        try await keeper.finish(isFirst: true)
        #expect(stamp == nil)
        try await keeper.prepare(launch(.found(token: "t")), on: nil)
        try writeLog()
        try await keeper.finish(isFirst: true)
        let before = stamp
        try await keeper.finish(isFirst: true)
        #expect(stamp == before)
    }

    @Test func anAnswerOfOneLifeDoesNotCountForTheNext() async throws {
        try await keeper.prepare(launch(.found(token: "t")), on: nil)
        try await keeper.learn(cluster, member)
        try await keeper.finish(isFirst: true)
        let fresh = Stamp(instance: instance, cluster: cluster, member: MemberID(0xa2))
        try directory.write(fresh)
        try await keeper.prepare(launch(.join(cluster, MemberID(0xa2))), on: fresh)
        try await keeper.finish(isFirst: true)
        #expect(stamp == fresh)
    }

    @Test func dataOfAnOlderToolIsStampedOnItsFirstResume() async throws {
        try writeLog()
        try await keeper.prepare(launch(.resume), on: nil)
        #expect(directory.observe() == .data(Stamp(instance: instance, started: true)))
        try await keeper.learn(cluster, member)
        #expect(
            directory.observe() == .data(Stamp(instance: instance, cluster: cluster, member: member, started: true)))
    }

    @Test func aDatabaseWithoutItsLogIsSetAsideBeforeAFirstStart() async throws {
        try place.write("old", to: "data/member/snap/db")
        let aside = try await keeper.clear(for: launch(.found(token: "t")), time: 7)
        #expect(aside == directory.path + "/aside-7-incomplete")
        #expect(place.names(in: "data") == ["aside-7-incomplete"])
        #expect(try await keeper.clear(for: launch(.found(token: "t")), time: 8) == nil)
    }

    @Test func whatAFailedFirstStartLeavesIsRemoved() async throws {
        _ = try await keeper.clear(for: launch(.found(token: "t")), time: 7)
        try await keeper.prepare(launch(.found(token: "t")), on: nil)
        try place.write("half", to: "data/member/snap/db")
        try await keeper.finish(isFirst: true)
        #expect(place.names(in: "data") == ["etcd-cluster.json"])
    }

    @Test func nothingIsRemovedOnceItAnswered() async throws {
        _ = try await keeper.clear(for: launch(.found(token: "t")), time: 7)
        try await keeper.prepare(launch(.found(token: "t")), on: nil)
        try place.write("whole", to: "data/member/snap/db")
        try await keeper.learn(cluster, member)
        try await keeper.finish(isFirst: true)
        #expect(place.names(in: "data") == ["etcd-cluster.json", "member"])
    }

    @Test func aResumeClearsNothing() async throws {
        try writeLog()
        #expect(try await keeper.clear(for: launch(.resume), time: 7) == nil)
        #expect(place.names(in: "data") == ["member"])
    }

    @Test func nothingIsWrittenThatIsThereAlready() async throws {
        let known = Stamp(instance: instance, cluster: cluster, member: member, started: true)
        try directory.write(known)
        try writeLog()
        let before = try inode()
        try await keeper.prepare(launch(.resume), on: known)
        try await keeper.learn(cluster, member)
        try await keeper.learn(cluster, member)
        try await keeper.finish(isFirst: false)
        #expect(try inode() == before)
    }

    @Test func whatCantBeWrittenIsNotStarted() async throws {
        try place.write("", to: "data/etcd-cluster.json.new/in-the-way")
        await #expect(throws: DataDirectoryError.self) {
            try await keeper.prepare(launch(.found(token: "t")), on: nil)
        }
        #expect(await !keeper.isRunning)
        try await keeper.finish(isFirst: true)
        #expect(stamp == nil)
    }

    private func inode() throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: directory.path + "/etcd-cluster.json")[.systemFileNumber]
            as? Int
    }
}
