import Testing

@testable import ClusterPlanning

@Suite struct PacingTests {
    /// How many turns, each of them one call to AWS for the group, the leader takes in `hours`; beats come once a second, as in
    /// the loop, and see the views in turn.
    static func turns(hours: Int = 1, interval: Duration = .seconds(10), _ views: [ClusterView]) -> [Int] {
        var memory = ReconcileMemory()
        var lastPulse: Pulse?
        var lastTurn: Duration?
        var isUnderWay = false
        var turns = Array(repeating: 0, count: hours * 60)
        for second in 0..<hours * 3600 {
            let now = Duration.seconds(second)
            var view = views[second % views.count]
            view.now = now
            let pulse = Pulse(
                isLeader: true, hasLeader: true, members: view.cluster.members,
                healthy: view.cluster.members.filter(view.cluster.isHealthy).map(\.id))
            let isDue = isTurnDue(
                pulse: pulse, lastPulse: lastPulse, sinceLastTurn: lastTurn.map { now - $0 }, isUnderWay: isUnderWay,
                isAsked: false,
                interval: interval)
            lastPulse = pulse
            guard isDue else { continue }
            lastTurn = now
            turns[second / 60] += 1
            isUnderWay = planReconcile(view, memory: &memory).isUnderWay
        }
        return turns
    }

    @Test func anIdleClusterCostsAtMost360CallsAnHour() {
        let turns = Self.turns([lead(zone: .seen(zone(records([1, 2, 3]))))])
        #expect(turns.reduce(0, +) <= 360)
        #expect(turns.allSatisfy { $0 >= 6 }, "and yet it looks")
    }

    private static let terminated3 = facts(asked: [asked(3, .terminated)], firstTwo)
    private static let stopped3 = facts(asked: [asked(3, .stopped)], firstTwo)
    private static let forgotten3 = facts(asked: [asked(3, .unknownToEC2)], firstTwo)
    private static let unread = Facts(owner: ourGroup, group: .unavailable("503"))

    private static let spare = facts(
        .seen(group([1, 2, 3, 4], desired: 4)), [holds(1), holds(2), holds(3), blank(4, asks: true)])
    private static let needed = facts(asked: [asked(3, .terminated)], [holds(1)], silent: [2])

    static let lasting: [(String, [ClusterView])] = [
        ("a member that stays ill", [lead(three(ill: [3]))]),
        ("a member whose instance stays stopped", [lead(three(ill: [3]), stopped3)]),
        ("a member unknown to EC2", [lead(three(ill: [3]), forgotten3)]),
        ("a removal that would cost the quorum", [lead(three(ill: [2]), needed)]),
        (
            "a place that stays free",
            [lead(led(members(1, 2)), facts(firstTwo), record: found(record([on(1), on(2)])))]
        ),
        ("a spare", [lead(three(), spare, settings: PlanSettings(clusterSize: 3))]),
        ("a zone that can't be read", [lead(zone: .unavailable("AccessDenied"))]),
        ("a record that can't be read", [lead(record: .unknown("503"))]),
        (
            "backups that are always due",
            [
                lead(
                    backups: bucket(backup(8)), revision: 9,
                    settings: PlanSettings(backups: BackupSettings(interval: .zero, isPublished: true)))
            ]
        ),
        (
            "backups that can't be listed",
            [lead(backups: .unavailable("403"), settings: PlanSettings(backups: BackupSettings()))]
        ),
        ("an alarm", [lead(alarms: [.corrupt(1)])]),
        ("a group that can't be read", [lead(three(ill: [3]), unread)]),
        (
            "an ill member while AWS fails now and then",
            [lead(three(ill: [3]), unread), lead(three(ill: [3])), lead(three(ill: [3]))]
        ),
    ]

    @Test(arguments: lasting)
    func whatLastsCostsNoMoreAfterAMinute(name: String, views: [ClusterView]) {
        #expect(Self.turns(views).dropFirst(2).reduce(0, +) <= 58 * 6)
    }

    @Test func afterAStepTheNextTurnIsSoon() {
        var memory = ReconcileMemory()
        let plan = planReconcile(lead(three(ill: [3]), Self.terminated3), memory: &memory)
        #expect(plan.isUnderWay)
        #expect(!planReconcile(lead(), memory: &memory).isUnderWay)
    }

    /// A backup takes its time beside the turns; none of them is the sooner for it.
    @Test func aBackupDoesNotHurryTheNextTurn() {
        var memory = ReconcileMemory()
        let plan = planReconcile(
            lead(
                backups: bucket(backup(8)), revision: 9,
                settings: PlanSettings(backups: BackupSettings(isPublished: true))),
            memory: &memory)
        #expect(plan.steps.map(StepKind.init) == [.backUp, .publish] && !plan.isUnderWay)
    }

    @Test func whatMovesIsWatchedCloselyAgain() {
        var memory = ReconcileMemory()
        func plan(_ second: Int, ill: Set<MemberID>) -> Bool {
            planReconcile(lead(three(ill: ill), now: .seconds(second)), memory: &memory).isUnderWay
        }
        #expect(plan(0, ill: [3]))
        #expect(plan(59, ill: [3]))
        #expect(!plan(60, ill: [3]))
        #expect(plan(61, ill: [2]))
    }

    static let due:
        [(name: String, leads: Bool, changed: Bool, since: Duration?, underWay: Bool, asked: Bool, due: Bool)] = [
            ("a follower takes no turn", false, true, nil, true, false, false),
            ("a new leader takes one at once", true, false, nil, false, false, true),
            ("so does one whose pulse has changed", true, true, .seconds(1), false, false, true),
            ("all well: not before the interval", true, false, .seconds(9), false, false, false),
            ("all well: after the interval", true, false, .seconds(10), false, false, true),
            ("under way: not within a second", true, false, .milliseconds(900), true, false, false),
            ("asked by a joiner: within a second it is too soon", true, false, .milliseconds(900), false, true, false),
            ("asked by a joiner: after one it is time", true, false, .seconds(1), false, true, true),
            ("under way: after a second", true, false, .seconds(1), true, false, true),
        ]

    @Test(arguments: due)
    func turnIsDue(name: String, leads: Bool, changed: Bool, since: Duration?, underWay: Bool, asked: Bool, due: Bool) {
        let pulse = Pulse(isLeader: leads, hasLeader: true, members: [member(2), member(1)], healthy: [2, 1])
        let last = Pulse(
            isLeader: leads, hasLeader: true, members: [member(1), member(2)], healthy: changed ? [1] : [1, 2])
        #expect(
            isTurnDue(
                pulse: pulse, lastPulse: last, sinceLastTurn: since, isUnderWay: underWay, isAsked: asked,
                interval: .seconds(10))
                == due,
            "\(name)")
    }

    /// While all is well an etcd that runs costs no call.
    static let looks:
        [(name: String, leaderless: Int, overtaken: Bool, lacks: Bool, since: Int?, waited: Int, due: Bool)] = [
            ("all is well", 0, false, false, nil, 0, false), ("an election is nothing", 2, false, false, nil, 0, false),
            ("more than an election is", 3, false, false, nil, 0, true), ("once a second", 9, false, false, 1, 5, true),
            ("not twice", 9, false, false, 0, 5, false), ("after a minute at leisure", 90, false, false, 9, 60, false),
            ("but still", 90, false, false, 10, 60, true), ("overtaken", 0, true, false, nil, 0, true),
            ("without a generation, at leisure", 0, false, true, 9, 0, false),
            ("and still", 0, false, true, 10, 0, true),
        ]

    @Test(arguments: looks)
    func lookIsDue(
        name: String, leaderless: Int, overtaken: Bool, lacks: Bool, since: Int?, waited: Int, due: Bool
    ) {
        let isDue = isLookDue(
            leaderless: .seconds(leaderless), isOvertaken: overtaken, lacksGeneration: lacks,
            sinceLastLook: since.map { .seconds($0) }, waited: .seconds(waited), interval: .seconds(10))
        #expect(isDue == due, "\(name)")
    }

    @Test func aShortIntervalIsNeverLengthened() {
        let pulse = Pulse(isLeader: true, hasLeader: true, members: [], healthy: [])
        #expect(
            isTurnDue(
                pulse: pulse, lastPulse: pulse, sinceLastTurn: .milliseconds(100), isUnderWay: true,
                isAsked: false, interval: .milliseconds(100)))
        for reason in [WaitReason.groupMayChange(founders: []), .peersLagging([], 1), .ownDataLost] {
            #expect(pause(waitingFor: reason, waited: .zero, interval: .milliseconds(50)) == .milliseconds(50))
        }
    }

    @Test func aStartLooksOftenAtFirstAndSeldomAfterAMinute() {
        let interval = Duration.seconds(10)
        #expect(
            pause(waitingFor: .groupMayChange(founders: []), waited: .zero, interval: interval) == .milliseconds(200))
        #expect(pause(waitingFor: .peersLagging([], 1), waited: .zero, interval: interval) == .milliseconds(100))
        for reason in [
            WaitReason.reportsMissing([]), .groupIncomplete(running: 1, wanted: 3), .foundersDiffer([2]),
        ] {
            #expect(pause(waitingFor: reason, waited: .seconds(9), interval: interval) == .milliseconds(400))
            #expect(pause(waitingFor: reason, waited: .seconds(10), interval: interval) == .seconds(1))
        }
        #expect(pause(waitingFor: .ownDataLost, waited: .seconds(59), interval: interval) == .seconds(1))
        #expect(pause(waitingFor: .ownDataLost, waited: .seconds(60), interval: interval) == interval)
        #expect(pause(waitingFor: .ownDataLost, waited: .seconds(599), interval: interval) == interval)
        #expect(pause(waitingFor: .ownDataLost, waited: .seconds(600), interval: interval) == interval * 3)
    }

    @Test func onlyTheUnknownTheMissingAndTheIllAreAskedFor() {
        let node = Member(9, name: "node", peerURLs: [peerURL(9)], clientURLs: [clientURL(9)])
        let seen = led(members(1, 2, 3) + [node, entry(7, at: 5)], ill: [2, 9])
        let record = record([on(1), on(2), on(3), unnamed(9), on(6)])
        #expect(
            instancesToAsk(about: seen, record: record, group: group([1, 2, 4, 9]), known: [1, 2, 9]) == [
                2, 3, 4, 6, 9,
            ])
        #expect(instancesToAsk(about: three(), record: nil, group: group([1, 2, 3]), known: [1, 2, 3]).isEmpty)
    }

    @Test func aStartAsksForWhomTheRecordOrAClusterNames() {
        let record = record([on(1), on(8)], former: [was(7, 0)])
        #expect(instancesToAsk(record: record, clusters: [cluster(members(1, 9))], group: group([1, 2])) == [7, 8, 9])
        #expect(instancesToAsk(record: nil, group: group([1, 2])).isEmpty)
    }

    @Test func aStepThatFailsAgainAndAgainIsTriedMoreSeldom() {
        let interval = Duration.seconds(10)
        #expect(pause(afterFailedSteps: 1, lostRace: false, interval: interval) == .seconds(1))
        #expect(pause(afterFailedSteps: 9, lostRace: false, interval: interval) == .seconds(1))
        #expect(pause(afterFailedSteps: 10, lostRace: false, interval: interval) == interval)
        #expect(pause(afterFailedSteps: 1, lostRace: false, interval: .milliseconds(100)) == .milliseconds(100))
        // A record that was just written can be read at once; where each race is lost, something else is wrong.
        #expect(pause(afterFailedSteps: 1, lostRace: true, interval: interval) == .zero)
        #expect(pause(afterFailedSteps: 2, lostRace: true, interval: interval) == .seconds(1))
        #expect(pause(afterFailedSteps: 10, lostRace: true, interval: interval) == interval)
    }
}
