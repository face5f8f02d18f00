/// The stamp over a disk's life: a name before anything else, `started` before etcd runs, taken back only if it never did, and
/// a generation that is raised last.

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
        keeper = StampKeeper(directory, instance)
        try directory.prepare()
    }

    private func launch(_ kind: Launch.Kind, owner: String? = "arn:group", generation: Int? = 1) -> Launch {
        let identity = identityOf("i-0a", at: "10.0.0.1")
        return Launch(
            kind, identity, initialCluster: [InitialMember(instance.rawValue, identity.peerURL)], owner: owner,
            generation: generation)
    }

    /// A first start, with the stamp that the disk has by then.
    private func prepare(_ kind: Launch.Kind = .found(token: "t")) async throws {
        let disk = await keeper.observe()
        try await keeper.prepare(launch(kind), on: disk.stamp, etcdVersion: "3.5")
    }

    private func writeLog() throws { try place.write("", to: "data/member/wal/0.wal") }

    private var stamp: Stamp? { directory.observe().stamp }

    private func started(_ disk: DiskID, _ cluster: ClusterID? = nil, _ member: MemberID? = nil) -> Stamp {
        Stamp(
            disk: disk, instance: instance, owner: "arn:group", generation: 1, cluster: cluster, member: member,
            started: true, etcdVersion: "3.5")
    }

    // MARK: The disk's name

    @Test func anEmptyDiskHasItsNameBeforeItIsSpokenOf() async throws {
        let disk = try #require(await keeper.observe().stamp?.disk)
        #expect(!disk.isVolume)
        #expect(directory.observe() == .empty(Stamp(disk: disk, instance: instance)))
        for _ in 1...3 { #expect(await keeper.observe() == .empty(Stamp(disk: disk, instance: instance))) }
        let other = StampKeeper(DataDirectory(place["other"]), instance)
        #expect(await other.observe().stamp?.disk != disk)
    }

    /// Also where the supervisor itself was started anew between them.
    @Test func tenTimesTheSameDisk() async throws {
        let disk = try #require(await keeper.observe().stamp?.disk)
        for attempt in 1...10 {
            let keeper = attempt.isMultiple(of: 3) ? StampKeeper(directory, instance) : keeper
            let seen = await keeper.observe()
            #expect(seen.stamp?.disk == disk)
            _ = try await keeper.clear(for: launch(.found(token: "t")), time: attempt)
            try await keeper.prepare(launch(.found(token: "t")), on: seen.stamp, etcdVersion: "3.5")
            #expect(stamp == started(disk))
            if attempt.isMultiple(of: 2) { try place.write("half", to: "data/member/snap/db") }
            try await keeper.finish(isFirst: true)
            #expect(stamp?.started == false)
        }
        #expect(place.names(in: "data") == ["etcd-cluster.json"])
    }

    /// F16: its votes are lost with it, so what follows is another disk, which says what it follows.
    @Test func aDiskThatHasLostItsDataIsAnother() async throws {
        try await prepare()
        try writeLog()
        try await keeper.finish(isFirst: true)
        let lost = try #require(stamp)
        try FileManager.default.removeItem(atPath: place["data/member"])
        let next = try #require(await keeper.observe().stamp)
        // The generation that was lost with it is not to be counted twice.
        #expect(next == Stamp(disk: next.disk, instance: instance, generation: 1, followsLostData: true))
        #expect(next.disk != lost.disk)
        #expect(await keeper.observe() == .empty(next), "and not another one with each look")
    }

    /// An image, or a volume that was emptied elsewhere, loses nothing of ours.
    @Test func anotherInstancesEmptyDiskIsANewOneOfOurs() async throws {
        let theirs = Stamp(disk: DiskID("d-1"), instance: InstanceID("i-0b"), cluster: cluster, started: true)
        try directory.write(theirs)
        let ours = try #require(await keeper.observe().stamp)
        #expect(ours == Stamp(disk: ours.disk, instance: instance))
        #expect(ours.disk != theirs.disk)
    }

    @Test func dataKeepsTheStampThatItHas() async throws {
        try writeLog()
        #expect(await keeper.observe() == .data(nil))
        let theirs = Stamp(disk: DiskID("d-1"), instance: InstanceID("i-0b"), started: true)
        try directory.write(theirs)
        #expect(await keeper.observe() == .data(theirs))
    }

    @Test func whereNoStampCanBeWrittenNothingIsKnown() async throws {
        try place.write("", to: "data/etcd-cluster.json.new/in-the-way")
        guard case .unusable(let cause) = await keeper.observe() else {
            Issue.record("usable")
            return
        }
        #expect(cause.contains("etcd-cluster.json.new"))
        let missing = DataDirectory(place["mount"], requiresMount: true)
        #expect(await StampKeeper(missing, instance).observe() == .unusable("\(missing.path) is not mounted"))
        #expect(!place.exists("mount"))
    }

    // MARK: A start

    @Test func aFoundersDiskSaysThatItWasStartedBeforeItIs() async throws {
        #expect(await !keeper.isRunning)
        try await prepare()
        let disk = try #require(stamp?.disk)
        #expect(directory.observe() == .empty(started(disk)))
        #expect(await keeper.isRunning)
        try writeLog()
        try await keeper.learn(cluster, member)
        #expect(directory.observe() == .data(started(disk, cluster, member)))
        #expect(await keeper.running == started(disk, cluster, member))
        try await keeper.finish(isFirst: true)
        #expect(await !keeper.isRunning)
        #expect(directory.observe() == .data(started(disk, cluster, member)))
    }

    @Test func aJoinersEntryIsKnownBeforeItsFirstAnswer() async throws {
        try await prepare(.join(cluster, member))
        let disk = try #require(stamp?.disk)
        #expect(stamp == started(disk, cluster, member))
    }

    /// Then it did run under its ID, wherever the log has gone since (F16).
    @Test func anEtcdThatAnsweredWasStarted() async throws {
        _ = try await keeper.clear(for: launch(.found(token: "t")), time: 7)
        try await prepare()
        try place.write("whole", to: "data/member/snap/db")
        try await keeper.learn(cluster, member)
        try await keeper.finish(isFirst: true)
        #expect(stamp?.started == true)
        #expect(place.exists("data/member/snap/db"), "nothing is removed once it answered")
    }

    @Test func dataThatVanishesLaterWasLost() async throws {
        let before = started(DiskID("d-1"), cluster, member)
        try directory.write(before)
        try await keeper.prepare(launch(.resume, owner: nil, generation: nil), on: before, etcdVersion: "3.5")
        try await keeper.finish(isFirst: false)
        #expect(directory.observe() == .empty(before))
    }

    @Test func aLateAnswerIsNobodys() async throws {
        try await keeper.learn(cluster, member)
        #expect(stamp == nil)
        try await prepare()
        try await keeper.finish(isFirst: true)
        try await keeper.learn(cluster, member)
        try await keeper.adopt(generation: 7, owner: "arn:other")
        #expect(stamp?.cluster == nil)
        #expect(stamp?.generation == 1)
    }

    @Test func anAnswerOfOneLifeDoesNotCountForTheNext() async throws {
        try await prepare()
        try await keeper.learn(cluster, member)
        try await keeper.finish(isFirst: true)
        try await prepare(.join(cluster, MemberID(0xa2)))
        try await keeper.finish(isFirst: true)
        #expect(stamp?.started == false)
    }

    @Test func dataOfAnOlderToolIsStampedOnItsFirstResume() async throws {
        try writeLog()
        try await keeper.prepare(launch(.resume, owner: nil, generation: nil), on: nil, etcdVersion: "3.4")
        let disk = try #require(stamp?.disk)
        #expect(
            directory.observe() == .data(Stamp(disk: disk, instance: instance, started: true, etcdVersion: "3.4")))
        try await keeper.learn(cluster, member)
        try await keeper.adopt(generation: 3, owner: "arn:group")
        #expect(
            stamp
                == Stamp(
                    disk: disk, instance: instance, owner: "arn:group", generation: 3, cluster: cluster, member: member,
                    started: true, etcdVersion: "3.4"))
    }

    /// F22: the newest version that ran here is what counts, and it is written down before it runs.
    @Test func theVersionIsThatOfTheLatestStart() async throws {
        let before = started(DiskID("d-1"))
        try directory.write(before)
        try writeLog()
        try await keeper.prepare(launch(.resume, owner: nil, generation: nil), on: before, etcdVersion: "3.6")
        #expect(stamp?.etcdVersion == "3.6")
    }

    @Test func nothingIsWrittenThatIsThereAlready() async throws {
        let known = started(DiskID("d-1"), cluster, member)
        try directory.write(known)
        try writeLog()
        let before = try inode()
        _ = await keeper.observe()
        try await keeper.prepare(launch(.resume, owner: nil, generation: nil), on: known, etcdVersion: "3.5")
        for _ in 1...2 { try await keeper.learn(cluster, member) }
        try await keeper.adopt(generation: 1, owner: "arn:group")
        try await keeper.finish(isFirst: false)
        for _ in 1...2 { try await keeper.finish(isFirst: true) }
        #expect(try inode() == before)
    }

    @Test func whatCantBeWrittenIsNotStarted() async throws {
        let disk = await keeper.observe()
        try place.write("", to: "data/etcd-cluster.json.new/in-the-way")
        await #expect(throws: DataDirectoryError.self) {
            try await keeper.prepare(launch(.found(token: "t")), on: disk.stamp, etcdVersion: "3.5")
        }
        #expect(await !keeper.isRunning)
        try await keeper.finish(isFirst: true)
        #expect(stamp == disk.stamp)
    }

    // MARK: What lies there

    @Test func aDatabaseWithoutItsLogIsSetAsideBeforeAFirstStart() async throws {
        try place.write("old", to: "data/member/snap/db")
        let aside = try await keeper.clear(for: launch(.found(token: "t")), time: 7)
        #expect(aside?.place == directory.path + "/aside-7-incomplete")
        #expect(place.names(in: "data") == ["aside-7-incomplete"])
        #expect(try await keeper.clear(for: launch(.found(token: "t")), time: 8) == nil)
        try writeLog()
        #expect(try await keeper.clear(for: launch(.resume), time: 9) == nil, "a resume clears nothing")
        #expect(place.exists("data/member/wal/0.wal"))
    }

    /// What a start has not found empty is not all of its making.
    @Test func whatMayHaveBeenThereBeforeIsNotRemoved() async throws {
        try place.write("whose?", to: "data/member/snap/db")
        try await prepare()
        try await keeper.finish(isFirst: true)
        #expect(stamp?.started == false)
        #expect(place.exists("data/member/snap/db"))
    }

    // MARK: The next generation

    @Test func theGenerationIsRaisedWithTheInstanceAndTheOwner() async throws {
        var before = started(DiskID("m-1"), cluster, member)
        before.instance = InstanceID("i-0b")
        try directory.write(before)
        try writeLog()
        try await keeper.raise(before, by: launch(.force(member), owner: "arn:anew", generation: 2))
        var after = before
        (after.instance, after.owner, after.generation) = (instance, "arn:anew", 2)
        #expect(directory.observe() == .data(after))
        #expect(await !keeper.isRunning)
    }

    /// Data of a member that never ran: etcd tells the IDs with its first answer.
    @Test func whatWasMadeOfABackupIsOfNoMemberYet() async throws {
        var before = started(DiskID("m-1"), cluster, member)
        before.instance = InstanceID("i-0b")
        before.carriedInto = 2
        try directory.write(before)
        try writeLog()
        try await keeper.restored(by: launch(.restore("b", token: "t"), owner: "arn:anew", generation: 2))
        #expect(
            directory.observe()
                == .data(
                    Stamp(
                        disk: DiskID("m-1"), instance: instance, owner: "arn:anew", generation: 2, started: true,
                        etcdVersion: "3.5")))
        try FileManager.default.removeItem(atPath: directory.path + "/etcd-cluster.json")
        await #expect(throws: ObservationError.self) {
            try await keeper.restored(by: launch(.restore("b", token: "t"), generation: 2))
        }
    }

    @Test func whatTheDirectoryIsForIsNoted() async throws {
        let disk = await keeper.observe().stamp?.disk
        try await keeper.note { $0.cluster = cluster }
        #expect(stamp?.cluster == cluster)
        #expect(stamp?.disk == disk)
    }

    private func inode() throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: directory.path + "/etcd-cluster.json")[.systemFileNumber]
            as? Int
    }
}
