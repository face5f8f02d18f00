/// `status` for people: its table, what stands around it, and what it says where little can be seen.

import Testing

@testable import ClusterPlanning

@Suite struct StatusTests {
    @Test(arguments: rowsOfStatus) func theTableReads(_ row: StatusCase) {
        let table = ClusterStatus(row.view).table.map { $0.joined(separator: " | ") }
        #expect(table[0] == "INSTANCE | STATE | ZONE | ADDRESS | MEMBER | ROLE | HEALTH | DISK | DNS")
        #expect(Array(table.dropFirst()) == row.rows)
    }

    private func status(_ seen: OperatorView) -> ClusterStatus { ClusterStatus(StatusView(seen)) }

    private func lines(_ lines: [(topic: String, sentence: String)]) -> [String] {
        lines.map { "\($0.topic): \($0.sentence)" }
    }

    private func changed(_ change: (inout OperatorView) -> Void) -> ClusterStatus {
        var view = whole
        change(&view)
        return status(view)
    }

    @Test func theHeadReads() {
        #expect(
            lines(status(whole).head) == [
                "cluster: main: 3 members, 3 healthy, led by i-2 (2), generation 1, cluster ID c1",
                "group: main: 3 instances, 3 running, 3 desired; 3 members wanted",
                "record: generation 1 in route53:Z1, token main-1-salt, begun from nothing, changed 1 time",
                "dns: says what is true", "here: i-1 follows i-2 (2)",
            ])
        #expect(
            status(whole).foot.map(\.topic) == ["deferred"], "and the leader's supervisor, which is older, is asked for"
        )
    }

    @Test func whatCouldNotBeReadSaysWhy() {
        let blind = changed { view in
            view.start.facts.group = .unavailable("403")
            view.start.facts.asked = .unavailable("throttled")
            view.start.facts.cluster = "main"
            view.start.record = .unknown("route53:Z1: throttled")
            view.readings = [StoreReading(zoneStore, .unavailable("throttled"))]
            view.start.zone = .unavailable("timeout")
            view.start.backups = .unavailable("503")
        }
        #expect(
            lines(blind.head).dropFirst() == [
                "group: could not be read: 403", "ec2: could not be asked: throttled", "record: route53:Z1: throttled",
                "dns: the hosted zone could not be read: timeout", "here: i-1 follows i-2 (2)",
            ])
        #expect(blind.name == "main" && !blind.isBlind && blind.backups == .unavailable("503"))
    }

    @Test func whereNobodyAnswersItSaysSo() {
        let nobody = status(sight(facts([blank(1)]), record: .absent(zoneStore), zone: .seen(emptyZone)))
        #expect(
            lines(nobody.head) == [
                "cluster: main: none answers", "group: main: 3 instances, 3 running, 3 desired; 3 members wanted",
                "record: none in route53:Z1", "dns: DNS stays as it is: no healthy voter to name",
                "here: i-1; who is a member could not be seen",
            ])
        #expect(nobody.leader == .nobody)
    }

    @Test func itIsBlindWhereNothingCameBackAtAll() {
        let silent = Facts(group: .unavailable("403"), asked: .unavailable("403"), reports: told([], silent: [1]))
        let blind = sight(
            silent, record: .unknown("no"), peers: [ClusterPlanningTests.silent(1)], backups: .unavailable("403"),
            zone: .unavailable("403"))
        #expect(status(blind).isBlind)
        for change: (inout OperatorView) -> Void in [
            { $0.start.facts.group = .seen(group([1])) }, { $0.start.facts.asked = .seen([]) },
            { $0.start.facts.reports[1] = .report(blank(1)) }, { $0.start.zone = .seen(emptyZone) },
            { $0.start.backups = .seen(BackupsSeen()) }, { $0.readings = [StoreReading(zoneStore, .absent)] },
            { $0.start.peers = [peer(1, shows: members(1))] },
            { $0.start.clusters = [cluster(members(1), leader: 1)] },
        ] {
            var view = blind
            change(&view)
            #expect(!status(view).isBlind)
        }
    }

    // MARK: What is waited for

    private func tells(_ report: LeaderReport?, waits: String? = nil) -> OperatorView {
        var leader = holds(2)
        leader.asLeader = report
        var waiting = holds(1)
        waiting.waitingFor = waits
        return sight(
            facts([waiting, leader], silent: [3]), clusters: [cluster(members(1, 2, 3), leader: 2, ill: [3])],
            backups: bucket())
    }

    @Test func theFootNamesEverybodysReason() {
        let failing = FailingBackup(since: noon, times: 3, cause: "PutObject: AccessDenied")
        let report = LeaderReport(deferred: ["3 stays", "and so on"], of: 9, failingBackup: failing)
        let seen = status(tells(report, waits: "the rest of the group"))
        #expect(
            lines(seen.foot) == [
                "trouble: i-3: no answer", "silent: i-3: timeout", "waits: i-1: the rest of the group",
                "deferred: 3 stays", "deferred: and so on", "deferred: and 7 more, which are in the leader's log",
            ])
        #expect(seen.leader == .told(2, report))
        #expect("\(failing)" == "since 2026-01-31T12:00:00Z, 3 times: PutObject: AccessDenied")
    }

    @Test func anOlderLeaderDoesNotTell() {
        let old = status(tells(nil))
        #expect(old.leader == .silent(2, "its supervisor has taken no turn yet, or is an older etcd-cluster"))
        #expect(old.foot.last?.topic == "deferred")
        let silent = status(
            sight(facts([holds(1)], silent: [2, 3]), clusters: [cluster(members(1, 2, 3), leader: 2)]))
        #expect(silent.leader == .silent(2, "timeout"))
    }

    @Test func whoLedOnceIsNotBelieved() {
        var former = holds(1)
        former.asLeader = LeaderReport(deferred: ["long ago"])
        var view = tells(LeaderReport())
        view.start.facts.reports[1] = .report(former)
        #expect(status(view).leader == .told(2, LeaderReport()))
        // Without a cluster that answers, whoever says that it leads.
        view.start.clusters = []
        #expect(status(view).leader == .nobody)
        former.etcd = showing(members(1, 2, 3), leader: 1)
        view.start.facts.reports[1] = .report(former)
        #expect(status(view).leader == .told(1, LeaderReport(deferred: ["long ago"])))
    }

    @Test func aReportIsBounded() {
        let report = LeaderReport(deferred: (1...100).map { "\($0)" })
        #expect(report.deferred.count == LeaderReport.listed && report.deferredCount == 100)
        #expect(LeaderReport(deferred: ["a"], of: 0).deferredCount == 1)
        let first = FailingBackup(at: noon, "full", after: nil)
        #expect(first == FailingBackup(since: noon, times: 1, cause: "full"))
        let later = UTCTime(seconds: noon.seconds + 60)
        #expect(
            FailingBackup(at: later, "denied", after: first) == FailingBackup(since: noon, times: 2, cause: "denied"))
    }

    // MARK: Backups

    @Test func theNewestAndTheNewestProvenAreTold() {
        let list = [backup(7, proven: true), backup(9), backup(3, proven: true)]
        let summary = BackupSummary(BackupsSeen(list, strangers: ["x"]))
        #expect(summary.newest == list[1] && summary.newestProven == list[0])
        #expect(summary.count == 3 && summary.provenCount == 2 && summary.strangers == 1)
        #expect(changed { $0.start.backups = bucket() }.backups == .seen(BackupSummary(BackupsSeen())))
        #expect(status(whole).backups == .notAsked)
    }

    // MARK: Whom to ask

    @Test func whoIsNamedAndWasNotAskedIsAsked() {
        var view = sight(
            facts(.unavailable("503"), [holds(1)]), record: .unknown("no"),
            peers: [peer(1, shows: members(1, 2))], settings: PlanSettings())
        #expect(view.unasked == [.init(instance: 2, peerURL: peerURL(2))])
        view.start.record = found(record([on(1), on(5)]))
        #expect(view.unasked.map(\.instance) == [2, 5])
        #expect(view.named == [1, 2, 5])
        view.start.facts.asked = .seen([asked(5, .terminated)])
        #expect(view.unasked.map(\.instance) == [2])
    }

    @Test func supervisorsTellTheNameWhereTheGroupDoesNot() {
        var follower = holds(1)
        follower.cluster = nil
        var stranger = holds(4)
        (stranger.owner, stranger.cluster) = ("arn:other", "other")
        var view = sight(
            Facts(group: .unavailable("503"), reports: told([stranger, follower, holds(2)])), record: .unknown("no"))
        #expect(view.start.clusterName == nil)
        view.learnFromReports()
        #expect(view.start.facts.owner == ourGroup && view.start.clusterName == "main")
        view.start.settings.clusterName = "Mine"
        #expect(view.start.clusterName == "mine")
    }
}
