/// What this supervisor says of itself: of the disk as it is now, of etcd as it runs or as it was looked at, and of what the
/// loops told.

import ClusterPlanning
import Etcd
import Foundation
import StubServer
import Testing

@testable import Daemon

private let stamp = Stamp(
    disk: DiskID("d-1"), instance: InstanceID("i-0a"), owner: "arn:stamped", generation: 2, cluster: ClusterID(0xc1),
    member: MemberID(0xa1), started: true)

@Suite struct OwnReportTests {
    private let stand: Stand
    private var own: OwnReport { stand.ownReport }

    init() throws {
        stand = try Stand(
            identityOf("i-0a", at: loopbackAddress()), groupWorld(("i-0a", "running", "127.0.0.1")))
        try stand.directory.prepare()
    }

    private func writeLog() throws { try stand.place.write("", to: "data/member/wal/0.wal") }

    @Test func anEmptyDiskIsReportedWithItsName() async throws {
        #expect(try await own.now() == Report(InstanceID("i-0a"), stand.identity.peerURL, holding: .none))
        try stand.directory.write(Stamp(disk: DiskID("d-1"), instance: InstanceID("i-0a")))
        let report = try await own.now()
        #expect(report.disk == DiskID("d-1"))
        #expect(report.holding == .none)
        #expect(report.etcd == EtcdState())
        #expect(!report.isMountPoint)
        #expect(report.owner == nil)
    }

    /// A report writes nothing: asking changes no disk.
    @Test func aReportMakesNoDirectory() async throws {
        try FileManager.default.removeItem(atPath: stand.directory.path)
        #expect(try await own.now().holding == .none)
        #expect(!stand.place.exists("data"))
    }

    @Test func whatTheLoopsKnowIsInIt() async throws {
        own.learn(owner: "arn:group", cluster: "main", stores: [StoreName("s3:b/k"), StoreName("route53:Z1")])
        own.learn(leaving: .spot)
        own.learn(founders: [InitialMember("i-0a", stand.identity.peerURL)])
        own.learn(waitingFor: .groupIncomplete(running: 1, wanted: 3))
        var report = try await own.now()
        #expect(report.owner == "arn:group")
        #expect(report.cluster == "main")
        #expect(report.stores == [StoreName("route53:Z1"), StoreName("s3:b/k")])
        #expect(report.leaving == .spot)
        #expect(report.founders == [InitialMember("i-0a", stand.identity.peerURL)])
        #expect(report.waitingFor == "1 instance of the group runs, 3 are wanted to found")
        #expect(!report.asksToJoin)
        own.learn(waitingFor: .askedToJoin(ClusterID(0xc1)))
        report = try await own.now()
        #expect(report.waitingFor == "asked the leader of cluster c1 to be entered")
        #expect(report.asksToJoin)
        // Once etcd runs, nothing is asked for; whom it was founded with may still be waited for by others.
        own.learn(isEtcdRunning: true)
        own.learn(leaving: nil)
        report = try await own.now()
        #expect(report.waitingFor == nil && !report.asksToJoin && report.leaving == nil)
        #expect(report.founders?.count == 1)
    }

    @Test func anEntryThatStandsInOurPlaceIsAskedAboutToo() async throws {
        let entry = Member(MemberID(7), name: "i-0a", peerURLs: [stand.identity.peerURL])
        own.learn(waitingFor: .ownEntryOfLostData(entry))
        #expect(try await own.now().asksToJoin)
    }

    /// A member that resumed and follows has never asked AWS which group it is in.
    @Test func theStampNamesTheOwnerUntilTheGroupDoes() async throws {
        try stand.directory.write(stamp)
        #expect(try await own.now().owner == "arn:stamped")
        own.learn(owner: "arn:group", cluster: nil, stores: [])
        #expect(try await own.now().owner == "arn:group")
    }

    /// Without a quorum etcd runs, and waits all the same.
    @Test func anEtcdWithoutALeaderSaysWhatItWaitsFor() async throws {
        own.learn(isEtcdRunning: true)
        own.learn(leaderlessFor: .groupIncomplete(running: 1, wanted: 3))
        var report = try await own.now()
        #expect(report.waitingFor?.hasPrefix("1 instance of the group runs") == true && !report.asksToJoin)
        own.learn(leaderlessFor: nil)
        #expect(try await own.now().waitingFor == nil)
        own.learn(leaderlessFor: .groupIncomplete(running: 1, wanted: 3))
        own.learn(isEtcdRunning: false)
        report = try await own.now()
        #expect(report.waitingFor == nil, "the next look tells")
    }

    // MARK: What the leader tells

    @Test func whoLeadsTellsWhatItHoldsBack() async throws {
        let noon = UTCTime(seconds: 1_769_860_800)
        own.learn(deferred: [.nobodyForDNS])
        own.learn(turnFailure: "no answer")
        own.learn(backupFailure: "full", at: noon)
        #expect(try await own.now().asLeader == nil, "who does not lead tells nothing")
        own.learn(isLeading: true)
        #expect(try await own.now().asLeader == LeaderReport())
        own.learn(deferred: [.nobodyForDNS])
        own.learn(turnFailure: "no answer")
        #expect(
            try await own.now().asLeader?.deferred == [
                "a turn was not done to its end, and is tried again: no answer", Deferral.nobodyForDNS.description,
            ])
        own.learn(turnFailure: nil)
        own.learn(deferred: [])
        #expect(try await own.now().asLeader == LeaderReport())
    }

    @Test func aBackupThatFailsIsToldUntilOneSucceeds() async throws {
        let noon = UTCTime(seconds: 1_769_860_800)
        let later = UTCTime(seconds: noon.seconds + 60)
        own.learn(isLeading: true)
        own.learn(backupFailure: "full", at: noon)
        own.learn(backupFailure: "denied", at: later)
        let failing = FailingBackup(since: noon, times: 2, cause: "denied")
        #expect(try await own.now().asLeader == LeaderReport(failingBackup: failing))
        own.learn(backupFailure: nil, at: later)
        #expect(try await own.now().asLeader == LeaderReport())
        // Another leader may have made one since.
        own.learn(backupFailure: "full", at: later)
        own.learn(isLeading: false)
        own.learn(isLeading: true)
        #expect(try await own.now().asLeader == LeaderReport())
        own.learn(isEtcdRunning: false)
        #expect(try await own.now().asLeader == nil)
    }

    // MARK: What it holds

    @Test func dataIsReportedByItsStamp() async throws {
        try writeLog()
        #expect(try await own.now().holding == .data(HeldData()))
        try stand.directory.write(stamp)
        let held = HeldData(cluster: ClusterID(0xc1), member: MemberID(0xa1), generation: 2)
        #expect(try await own.now().holding == .data(held))
        own.learn(isEtcdRunning: false, lastExit: .failure)
        #expect(try await own.now().holding == .data(held), "any other end says nothing about data")
    }

    /// F20: etcd's own words.
    @Test func dataThatEtcdCantRunOnIsUnusable() async throws {
        try writeLog()
        try stand.directory.write(stamp)
        own.learn(isEtcdRunning: false, lastExit: .corruptData("wal: crc mismatch"))
        let report = try await own.now()
        #expect(report.holding == .unusable("wal: crc mismatch"))
        #expect(report.disk == DiskID("d-1"))
        own.learn(isEtcdRunning: true)
        #expect(try await own.now().holding != .unusable("wal: crc mismatch"))
    }

    @Test func aMissingMountIsUnknown() async throws {
        let directory = DataDirectory(stand.place["volume"], requiresMount: true)
        let own = OwnReport(
            identity: stand.identity, directory: directory, etcd: .plain, group: stand.group,
            metricsURL: "http://127.0.0.1:1")
        let report = try await own.now()
        #expect(report.holding == .unknown("\(directory.path) is not mounted"))
        #expect(report.disk == nil)
        #expect(
            OwnReport(
                identity: stand.identity, directory: DataDirectory("/proc"), etcd: .plain, group: stand.group,
                metricsURL: ""
            ).isMountPoint)
    }

    // MARK: etcd

    @Test func whatTheDataShowedIsToldUntilEtcdRuns() async throws {
        let shown = EtcdState(
            members: [Member(MemberID(7), name: "i-0a", peerURLs: [stand.identity.peerURL])], commitIndex: 209)
        try writeLog()
        own.learn(shown: shown)
        var report = try await own.now()
        #expect(report.etcd == shown)
        // Its own entry tells the member where no stamp does.
        #expect(report.holding == .data(HeldData(member: MemberID(7))))
        own.learn(isEtcdRunning: true)
        report = try await own.now()
        #expect(report.etcd == EtcdState(isRunning: true), "nothing answers yet, and what was shown is old")
        own.learn(isEtcdRunning: false)
        #expect(try await own.now().etcd == EtcdState())
    }

    @Test func aRunningEtcdIsAsked() async throws {
        try await withEtcd { etcd in
            let stand = try Stand(etcd.identity, groupWorld(("i-0a", "running", etcd.address)))
            stand.ownReport.learn(isEtcdRunning: true)
            let status = try await etcd.client.status()
            var report = try await stand.ownReport.now()
            try await eventually("it answers in time") {
                report = try await stand.ownReport.now()
                return report.etcd.leader != nil && report.etcd.members != nil
            }
            #expect(report.etcd.isRunning)
            #expect(report.etcd.leader == MemberID(status.memberID.rawValue))
            #expect(report.etcd.members?.map(\.peerURLs) == [[etcd.peerURL]])
            #expect(report.etcd.commitIndex ?? 0 >= status.raftIndex)
        }
    }

    // MARK: Who asks

    /// However many ask: a visitor costs nothing.
    @Test func visitorsShareAReport() async throws {
        let server = try StubServer { _ in .status(503) }
        let stand = try Stand(
            Identity(
                instance: InstanceID("i-0a"), peerURL: Endpoint(.http, server.address, Int(server.port)),
                clientURL: Endpoint(.http, server.address, Int(server.port))),
            groupWorld(("i-0a", "running", "127.0.0.1")))
        stand.ownReport.learn(isEtcdRunning: true)
        let began = ContinuousClock.now
        for _ in 1...500 { _ = try await stand.ownReport.forVisitors() }
        // Four a second, and the first.
        let allowed = began.duration(to: .now) / .milliseconds(250) + 1
        let made = server.requests.filter { $0.path == "/members" }.count
        #expect((1...Int(allowed)).contains(made))
        #expect(stand.aws.calls == [], "and AWS is not asked for them")
    }

    @Test func whetherAWSAnswersIsTriedOnceAMinute() async throws {
        #expect(try await own.forVisitors().reachesAWS == nil)
        try await Task.sleep(for: .milliseconds(300))
        #expect(try await own.forVisitors(probingAWS: true).reachesAWS == true)
        for _ in 1...5 { _ = try await own.forVisitors(probingAWS: true) }
        #expect(
            stand.aws.takeCalls() == ["DescribeAutoScalingInstances", "DescribeAutoScalingGroups"])
    }
}
