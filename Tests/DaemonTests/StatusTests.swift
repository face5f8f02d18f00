/// `status` as people and machines read it, against an AWS of one stub server that may refuse each of its answers.

import ClusterPlanning
import Foundation
import Testing

@testable import Daemon

@Suite struct StatusTextTests {
    private static let noon = UTCTime(seconds: 1_769_860_800)

    private static func member(_ number: Int, learner: Bool = false) -> Member {
        Member(
            MemberID(UInt64(0xa0 + number)), name: "i-0\(number)",
            peerURLs: [Endpoint(.http, "10.0.0.\(number)", 2380)],
            clientURLs: [Endpoint(.http, "10.0.0.\(number)", 2379)], isLearner: learner)
    }

    private static func report(_ number: Int, _ leader: LeaderReport? = nil) -> Report {
        Report(
            InstanceID("i-0\(number)"), Endpoint(.http, "10.0.0.\(number)", 2380), owner: "arn:main", cluster: "main",
            disk: DiskID("d-\(number)"), holding: .data(HeldData(generation: 1)), etcd: EtcdState(isRunning: true),
            asLeader: leader)
    }

    private static var backups: BackupsSeen {
        var newest = someBackup(9)
        newest.size = 4128
        var proven = someBackup(7)
        proven.verdict = .proven
        return BackupsSeen([newest, proven], strangers: ["notes.txt"])
    }

    /// Two members, of which one is ill, and an instance that has no answer at all.
    private func view(_ change: (inout OperatorView) -> Void = { _ in }) -> StatusView {
        let members = [Self.member(1), Self.member(2)]
        let failing = FailingBackup(since: Self.noon, times: 3, cause: "PutObject: AccessDenied")
        let instances = [1, 2, 3].map { number in
            Instance(InstanceID("i-0\(number)"), .running, lifecycle: .inService, address: "10.0.0.\(number)")
        }
        var start = StartView(
            now: .zero, time: UTCTime(seconds: Self.noon.seconds + 90).description,
            identity: identityOf("i-01", at: "10.0.0.1"), disk: .empty(nil),
            facts: Facts(
                group: .seen(Group(name: "main", owner: "arn:main", desiredCapacity: 3, instances: instances)),
                reports: [
                    InstanceID("i-01"): .report(
                        Self.report(1, LeaderReport(deferred: ["nobody is added"], failingBackup: failing))),
                    InstanceID("i-02"): .report(Self.report(2)), InstanceID("i-03"): .silent("timed out"),
                ]), backups: .seen(Self.backups),
            clusters: [
                RunningCluster(
                    id: ClusterID(0xc1), generation: 1, leader: MemberID(0xa1), members: members,
                    health: [MemberID(0xa1): .healthy, MemberID(0xa2): .unhealthy("no answer")])
            ])
        start.record = .notConfigured
        var seen = OperatorView(start, readings: [])
        change(&seen)
        return StatusView(
            seen, availabilityZones: [InstanceID("i-01"): "eu-central-1a"],
            etcdVersions: [MemberID(0xa1): "3.4.23"])
    }

    @Test func theTextReads() {
        #expect(
            ClusterStatus(view()).text == """
                cluster    main: 2 members, 1 healthy, led by i-01 (a1), generation 1, cluster ID c1
                group      main: 3 instances, 3 running, 3 desired; 3 members wanted
                record     none is kept
                dns        no hosted zone is configured
                here       i-01 leads

                INSTANCE  STATE               ZONE           ADDRESS   MEMBER  ROLE    HEALTH           DISK          DNS
                i-01      running, InService  eu-central-1a  10.0.0.1  a1      leader  healthy, 3.4.23  generation 1  -
                i-02      running, InService  ?              10.0.0.2  a2      voter   ill              generation 1  -
                i-03      running, InService  ?              10.0.0.3  -       -       -                ?             -

                backups    2, of them 1 proven; 1 object there is none of ours
                newest     2-1a-9-20260131T120000Z.db: 90 s old, revision 9, 4.1 kB, not proven
                proven     2-1a-7-20260131T120000Z.db: 90 s old, revision 7, 0 B
                backups    failing since 2026-01-31T12:00:00Z, 3 times: PutObject: AccessDenied
                trouble    i-02: no answer
                silent     i-03: timed out
                deferred   nobody is added

                """)
    }

    @Test(arguments: [
        (Observed<BackupsSeen>.notAsked, "backups    none: no bucket is configured here; one loss away from empty"),
        (.unavailable("403"), "backups    could not be read: 403"),
        (.seen(BackupsSeen()), "backups    no backups: one loss away from empty"),
        (
            .seen(BackupsSeen(strangers: ["a", "b"])),
            "backups    no backups: one loss away from empty; 2 objects there are none of ours"
        ),
        (.seen(BackupsSeen([someBackup(9)])), "proven     none of them was proven"),
    ])
    func whatIsSaidOfBackups(_ seen: Observed<BackupsSeen>, _ line: String) {
        let text = ClusterStatus(view { $0.start.backups = seen }).text
        #expect(text.split(separator: "\n").contains { $0 == line }, "\(text)")
    }

    @Test(arguments: [
        (0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h 0 min"), (172_799, "47 h 59 min"),
        (172_800, "2 d"),
    ])
    func agesRead(_ seconds: Int, _ text: String) { #expect(words(forSeconds: seconds) == text) }

    // MARK: JSON

    private func json(_ view: StatusView) throws -> [String: Any] {
        let text = try ClusterStatus(view).json()
        return try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test func machinesReadTheSame() throws {
        let status = try json(view())
        #expect(status["name"] as? String == "main" && status["here"] as? String == "i-01")
        #expect(status["time"] as? String == "2026-01-31T12:01:30Z" && status["wantedMembers"] as? Int == 3)
        let cluster = try #require((status["clusters"] as? [[String: Any]])?.first)
        #expect(cluster["healthy"] as? Int == 1 && cluster["leader"] as? String == "a1")
        let rows = try #require(status["instances"] as? [[String: Any]])
        #expect(rows.map { $0["role"] as? String } == ["leader", "voter", "none"])
        #expect(rows[0]["healthy"] as? Bool == true && rows[0]["healthReason"] is NSNull)
        #expect(rows[1]["healthy"] as? Bool == false && rows[1]["healthReason"] as? String == "no answer")
        #expect(rows[2]["report"] is NSNull && rows[2]["reportReason"] as? String == "timed out")
        #expect((rows[0]["report"] as? [String: Any])?["holding"] as? String == "data")
        let backups = try #require(status["backups"] as? [String: Any])
        let proven = try #require(backups["newestProven"] as? [String: Any])
        #expect(proven["ageSeconds"] as? Int == 90 && proven["time"] as? String == "2026-01-31T12:00:00Z")
        let leader = try #require(status["leader"] as? [String: Any])
        #expect(leader["deferred"] as? [String] == ["nobody is added"] && leader["reason"] is NSNull)
        let failing = try #require(leader["failingBackup"] as? [String: Any])
        #expect(failing["times"] as? Int == 3 && failing["cause"] as? String == "PutObject: AccessDenied")
        #expect((status["dns"] as? [String: Any])?["reason"] as? String == "no hosted zone is configured")
    }

    /// A script that asks for a field gets null, never nothing.
    @Test func whatIsNotKnownIsNullWithAReasonBesideIt() throws {
        let full = try json(view())
        let blind = try json(
            view { view in
                let identity = view.start.identity
                view = OperatorView(
                    StartView(
                        now: .zero, time: "2026-01-31T12:00:00Z", identity: identity, disk: .empty(nil),
                        facts: Facts(group: .unavailable("403")), record: .unknown("404"),
                        backups: .unavailable("503"), zone: .unavailable("throttled")), readings: [])
            })
        #expect(Set(blind.keys) == Set(full.keys))
        for (field, reason) in [("group", "403"), ("record", "404"), ("backups", "503")] {
            #expect(blind[field] is NSNull)
            #expect(blind["\(field)Reason"] as? String == "could not be read: \(reason)")
        }
        let fields = try #require((full["instances"] as? [[String: Any]])?.first)
        let row = try #require((blind["instances"] as? [[String: Any]])?.first)
        #expect(Set(row.keys) == Set(fields.keys))
        for field in ["state", "member", "role", "healthy", "report", "dns", "etcdVersion"] {
            #expect(row[field] is NSNull, "\(field)")
        }
        #expect((blind["dns"] as? [String: Any])?["changes"] is NSNull)
        #expect((blind["leader"] as? [String: Any])?["reason"] as? String == "nobody is known to lead")
    }
}

/// The whole command, beside a supervisor of a group of one.
@Suite(.fewAtOnce) struct StatusCommandTests {
    private struct Served {
        let aws: StubAWS
        let place: TemporaryDirectory
        let supervisor: StubSupervisor
        let arguments: [String]

        init(_ etcd: RealEtcd) async throws {
            place = try TemporaryDirectory()
            let member = MemberID(try await etcd.client.status().memberID)
            supervisor = try StubSupervisor("i-0a", at: etcd.address) {
                $0.peerURL = etcd.peerURL
                $0.cluster = "etcd-main"
                $0.holding = .data(HeldData(member: member, generation: 1))
                $0.etcd = EtcdState(isRunning: true)
                $0.asLeader = LeaderReport(deferred: ["something is held back"])
            }
            var world = groupWorld(("i-0a", "running", etcd.address))
            world.buckets["backups"] = [
                "etcd/etcd-main.record": Array(try groupRecord(("i-0a", etcd.address, "d-i-0a")).text().utf8)
            ]
            aws = try StubAWS(world)
            arguments = [
                "--instance-id=i-0a", "--region=eu-central-1", "--address=\(etcd.address)",
                "--data-dir=\(place["data"])", "--backup-bucket=backups", "--backup-key=etcd", "--hosted-zone=Z0NET",
                "--without-record=false",
            ]
        }

        /// What the command would show, as soon as a machine that may be busy lets etcd answer in time.
        func status() async throws -> ClusterStatus {
            var status = try await look()
            try await eventually("the cluster is seen") {
                if !status.clusters.isEmpty { return true }
                status = try await look()
                return false
            }
            return status
        }

        func look() async throws -> ClusterStatus {
            let configuration = try configuration()
            let surroundings = try await Surroundings(configuration, loop: curlLoop)
            let directory = DataDirectory(configuration.dataDirectory)
            let observers = Observers(configuration, surroundings, directory)
            let observer = OperatorObserver(
                start: observers.start, reports: surroundings.reports, directory: directory)
            return ClusterStatus(try await StatusObserver(observer: observer).look())
        }

        func configuration() throws -> Configuration {
            guard case .status(let configuration, .text) = try parse(["status"] + arguments, aws.environment) else {
                throw NeverHappened(description: "status")
            }
            return configuration
        }

        func deny(_ calls: String...) {
            aws.change { world in
                world.fault = { calls.contains($0) ? .error("AccessDenied", "Not you.", status: 403) : nil }
            }
        }
    }

    private func withServed(_ body: (Served) async throws -> Void) async throws {
        try await withEtcd { etcd in
            try await body(try await Served(etcd))
        }
    }

    @Test func itLooksAndChangesNothing() async throws {
        try await withServed { served async throws in
            let status = try await served.status()
            #expect(status.rows.map(\.role) == [.leader] && status.rows.first?.health == .healthy)
            #expect(status.rows.first?.etcdVersion != nil && status.rows.first?.names == .missing)
            #expect(status.name == "etcd-main" && status.record.record?.generation == 1)
            #expect(status.backups == .seen(BackupSummary(BackupsSeen())))
            #expect(status.leader == .told(InstanceID("i-0a"), LeaderReport(deferred: ["something is held back"])))
            for format in PlanFormat.allCases {
                #expect(await printStatus(try served.configuration(), format) == 0)
            }
            #expect(!served.aws.calls.contains { $0.hasPrefix("Change") || $0.hasPrefix("Put") })
            #expect(!served.place.exists("data"), "nothing is written there")
        }
    }

    /// The others' supervisors tell the cluster's name, and with it everything else.
    @Test func withoutTheGroupTheRestIsShown() async throws {
        try await withServed { served async throws in
            served.deny("DescribeAutoScalingGroups", "DescribeAutoScalingInstances")
            let status = try await served.status()
            guard case .unavailable(let cause) = status.group else { throw NeverHappened(description: "no group") }
            #expect(cause.contains("AccessDenied"))
            #expect(status.rows.map(\.role) == [.leader] && status.rows.first?.state == .running)
            #expect(status.name == "etcd-main" && status.record.record?.generation == 1)
            #expect(status.backups.value != nil && status.dns != .notConfigured)
            if case .unavailable(let cause) = status.dns { Issue.record("\(cause)") }
            #expect(await printStatus(try served.configuration(), .text) == 0)
        }
    }

    @Test func eachAnswerMayFail() async throws {
        try await withServed { served async throws in
            served.deny("ListObjectsV2", "ListResourceRecordSets", "DescribeInstances")
            let status = try await served.status()
            guard case .unavailable = status.backups, case .unavailable = status.dns, case .unknown = status.record
            else {
                throw NeverHappened(description: "\(status)")
            }
            #expect(status.rows.map(\.health) == [.healthy])
            // AutoScaling alone tells the group's name and its own word on each instance.
            #expect(status.group.value?.name == "etcd-main" && status.silenceOfEC2?.contains("AccessDenied") == true)
            #expect(
                status.running == nil && status.rows.first?.state == nil && status.rows.first?.lifecycle == .inService)
            #expect(await printStatus(try served.configuration(), .json) == 0)
        }
    }

    @Test func whereNothingCanBeSeenTheExitCodeSaysSo() async throws {
        let aws = try StubAWS(groupWorld(("i-0a", "running", "127.0.0.1")))
        aws.change { $0.fault = { _ in .error("AccessDenied", "Not you.", status: 403) } }
        let place = try TemporaryDirectory()
        let address = loopbackAddress()
        let arguments = [
            "status", "--instance-id=i-0a", "--region=eu-central-1", "--address=\(address)",
            "--data-dir=\(place["data"])", "--hosted-zone=Z0NET", "--cluster-name=etcd-main",
            "--without-record=false",
        ]
        guard case .status(let configuration, let format) = try parse(arguments, aws.environment) else {
            throw NeverHappened(description: "status")
        }
        #expect(await printStatus(configuration, format) == 70)
    }
}
