/// Instances that come and go by the group's will: drains, hooks, and who leads.

@testable import ClusterPlanning

let endHook = LifecycleHook("etcd-end", .terminating, heartbeatTimeout: .seconds(300))
let startHook = LifecycleHook("etcd-start", .launching, heartbeatTimeout: .seconds(300))

private func group(
    _ numbers: [Int], leaving: Set<Int> = [], held: Set<Int> = [], desired: Int = 3
) -> Observed<Group> {
    .seen(
        ClusterPlanningTests.group(
            numbers.map { number in
                let word =
                    held.contains(number) ? "Terminating:Wait" : leaving.contains(number) ? "Terminating" : "InService"
                return instance(number, .running, word)
            }, desired: desired))
}

private func drain(
    _ members: [Int], ill: Set<MemberID> = [], leaving: Set<Int> = [], held: Set<Int> = [], others: [Int] = [],
    desired: Int = 3, size: Int? = nil, hooks: Observed<[LifecycleHook]> = .seen([endHook]),
    zone: Observed<Zone> = .notAsked, record reading: RecordReading? = nil, alarms: [Alarm] = [],
    backedUp: Bool = false
) -> ClusterView {
    lead(
        led(members.map { member($0) }, ill: ill),
        facts(group(members + others, leaving: leaving, held: held, desired: desired), members.map { holds($0) }),
        record: reading ?? found(record(members.map { on($0) })), alarms: alarms, zone: zone, hooks: hooks,
        settings: PlanSettings(clusterSize: size, backups: backedUp ? BackupSettings() : nil))
}

private func drained(_ number: Int) -> ReconcilePlan.Step {
    .removeMember(member(number), because: .drained(InstanceID("i-\(number)")))
}
private func beat(_ number: Int) -> ReconcilePlan.Step { .heartbeat(hook: "etcd-end", InstanceID("i-\(number)")) }
private func goOn(_ number: Int) -> ReconcilePlan.Step { .completeHook(hook: "etcd-end", InstanceID("i-\(number)")) }
private func held(_ number: Int, _ why: String) -> Deferral { .drainHeld(InstanceID("i-\(number)"), why) }
private let missing = Deferral.memberMissing(members: 3, size: 3)
private func beating(_ number: Int, at time: Duration) -> ReconcileMemory {
    var memory = ReconcileMemory()
    memory.heartbeats[InstanceID("i-\(number)")] = time
    return memory
}

private let backedUpFirst = "it is the last voter; it has to be backed up first, once it serves nobody any more"

let rowsOfDrains: [ReconcileRow] = [
    ReconcileRow(
        "whose instance leaves is removed while enough others are well, and its hook waits for that",
        drain([1, 2, 3], held: [3]), steps: [drained(3), beat(3)]),
    ReconcileRow(
        "out of DNS first", drain([1, 2, 3], held: [3], zone: .seen(zone(records([1, 2, 3])))),
        steps: [
            .changeDNS(records([1, 2]).dropFirst(2).map(RecordChange.upsert) + [.delete(records([3])[0])]), drained(3),
            beat(3),
        ]),
    ReconcileRow(
        "without a hook, too", drain([1, 2, 3], leaving: [3], hooks: .notAsked), steps: [drained(3)]),
    ReconcileRow(
        "what its own metadata service says counts",
        lead(three(), facts([holds(1), holds(2), holds(3, leaving: .spot)])), steps: [drained(3)]),
    ReconcileRow(
        "once it is no member its hook is completed", drain([1, 2], held: [3], others: [3, 4]), steps: [goOn(3)],
        deferred: [.memberMissing(members: 2, size: 3)]),
    ReconcileRow(
        "drain beside a dead voter: held with heartbeats", drain([1, 2, 3], ill: [2], held: [3]), steps: [beat(3)],
        deferred: [ill(2), held(3, "1 of 2 voters would be healthy, 2 are needed")]),
    ReconcileRow(
        "drain beside a dead voter: first the dead one goes",
        lead(
            three(ill: [2]), facts(group([1, 3], held: [3]), asked: [asked(2, .terminated)], [holds(1), holds(3)]),
            hooks: .seen([endHook])),
        steps: [gone(2), beat(3)], deferred: [held(3, "1 of 2 voters would be healthy, 2 are needed")]),
    ReconcileRow(
        "two of three have to stay: the last one that may go waits for a successor",
        drain([1, 2], held: [2], others: [3]), steps: [beat(2)],
        deferred: [held(2, "1 healthy voter would be left, and 2 are to be kept"), .memberMissing(members: 2, size: 3)]),
    ReconcileRow(
        "of two, one has to stay: the group replaces only what is gone", drain([1, 2], held: [2], desired: 2),
        steps: [drained(2), beat(2)]),
    ReconcileRow(
        "of five, three", drain([1, 2, 3, 4], held: [4], others: [5], desired: 5), steps: [drained(4), beat(4)],
        deferred: [.memberMissing(members: 4, size: 5)]),
    ReconcileRow(
        "and no fewer", drain([1, 2, 3], held: [3], others: [4, 5], desired: 5), steps: [beat(3)],
        deferred: [
            held(3, "2 healthy voters would be left, and 3 are to be kept"), .memberMissing(members: 3, size: 5),
        ]),
    ReconcileRow(
        "scale-in: what the group wants to keep counts", drain([1, 2, 3, 4, 5], held: [4, 5], desired: 3),
        steps: [drained(4), beat(4), beat(5)], deferred: [.oneChangePerTurn(member(5))]),
    ReconcileRow(
        "scale-in to one", drain([1, 2], held: [2], desired: 1), steps: [drained(2), beat(2)]),
    ReconcileRow(
        "last voter's drain: held until another one serves", drain([1], held: [1], desired: 1), steps: [beat(1)],
        deferred: [held(1, "it is the last voter; another one has to serve first")]),
    ReconcileRow(
        "weekend zero: the last one goes when nobody is wanted", drain([1], held: [1], desired: 0), steps: [goOn(1)],
        deferred: [held(1, "it is the last voter; another one has to serve first")]),
    ReconcileRow(
        "weekend zero: not before it is backed up, where backups are made",
        drain([1], held: [1], desired: 0, backedUp: true),
        steps: [beat(1)], deferred: [held(1, backedUpFirst)]),
    ReconcileRow(
        "weekend zero: not while the record can't be read either",
        drain([1], held: [1], desired: 0, record: .unknown("503"), backedUp: true), steps: [beat(1)],
        deferred: [.recordNotRead("503"), held(1, backedUpFirst)]),
    ReconcileRow(
        "weekend zero: nor while an alarm holds everything",
        drain([1], held: [1], desired: 0, alarms: [.corrupt(1)], backedUp: true), steps: [beat(1)],
        deferred: [.corrupt([1])]),
    ReconcileRow(
        "weekend zero: without a record no backup is made, and none is waited for",
        drain([1], held: [1], desired: 0, record: .notConfigured, backedUp: true), steps: [goOn(1)],
        deferred: [held(1, "it is the last voter; another one has to serve first")]),
    ReconcileRow(
        "last voter's drain: one that has a successor to come is handed over, and not stopped for a backup",
        drain([1], held: [1], desired: 1, backedUp: true), steps: [beat(1)],
        deferred: [held(1, "it is the last voter; another one has to serve first")]),
    ReconcileRow(
        "weekend zero: the leader's own goes last", drain([1, 2, 3], held: [1, 2, 3], desired: 0),
        steps: [drained(2), beat(1), beat(2), beat(3)],
        deferred: [.oneChangePerTurn(member(3)), .oneChangePerTurn(member(1))]),
    ReconcileRow(
        "a leader that leaves hands leadership over first", drain([1, 2, 3], held: [1]),
        steps: [.moveLeader(to: member(2), because: .draining(1)), beat(1)]),
    ReconcileRow(
        "to a healthy voter that stays", drain([1, 2, 3, 4], ill: [2], held: [1], others: [5]),
        steps: [.moveLeader(to: member(3), because: .draining(1)), beat(1)], deferred: [ill(2)]),
    ReconcileRow(
        "a learner that leaves is needed by nobody",
        lead(
            led(members(1, 2, 3) + [member(4, learner: true)]),
            facts(group([1, 2, 3, 4], held: [4]), [holds(1), holds(2), holds(3), holds(4)]),
            record: found(record([1, 2, 3, 4].map { on($0) })), hooks: .seen([endHook])),
        steps: [.removeMember(member(4, learner: true), because: .drained(4)), beat(4)]),
    ReconcileRow(
        "a member that an older tool has named otherwise is a member",
        lead(
            led([member(1), Member(2, name: "node-2", peerURLs: [peerURL(2)], clientURLs: [clientURL(2)])], ill: []),
            facts(group([1, 2], held: [2]), [holds(1)], silent: [2]), record: found(record([on(1), unnamed(2)])),
            hooks: .seen([endHook])),
        steps: [beat(2)],
        deferred: [held(2, "1 healthy voter would be left, and 2 are to be kept"), .memberMissing(members: 2, size: 3)]),
    ReconcileRow(
        "a heartbeat comes at a third of the hook's time", drain([1], held: [1], desired: 1),
        beating(1, at: .seconds(901)), deferred: [held(1, "it is the last voter; another one has to serve first")]),
    ReconcileRow(
        "and then again", drain([1], held: [1], desired: 1), beating(1, at: .seconds(900)), steps: [beat(1)],
        deferred: [held(1, "it is the last voter; another one has to serve first")]),
    ReconcileRow(
        "of several hooks none is ours unless it is named",
        drain(
            [1, 2], held: [3], others: [3, 4],
            hooks: .seen([endHook, LifecycleHook("other", .terminating, heartbeatTimeout: .seconds(60))])),
        deferred: [.memberMissing(members: 2, size: 3), .hookNotOurs(3, ["etcd-end", "other"])].reversed()),
    ReconcileRow(
        "hooks that can't be read are left alone",
        drain([1, 2], held: [3], others: [3, 4], hooks: .unavailable("503")),
        deferred: [.hooksNotRead("503"), .memberMissing(members: 2, size: 3)]),
]

private func blind(_ seconds: Int, handedOver: Duration? = nil) -> ReconcileMemory {
    var memory = ReconcileMemory()
    memory.blindSince = .seconds(1000 - seconds)
    memory.handedOver = handedOver
    return memory
}

private func dark(_ reports: [Report], group: Observed<Group> = .unavailable("503")) -> ClusterView {
    lead(three(), Facts(owner: ourGroup, group: group, reports: told(reports)))
}
private let seeing = [holds(2, reachesAWS: false), holds(3, reachesAWS: true)]

let rowsOfBlindness: [ReconcileRow] = [
    ReconcileRow("two minutes without AWS are nothing", dark(seeing), blind(119), deferred: [.groupNotRead("503")]),
    ReconcileRow(
        "leader blind to AWS: then one leads whom AWS answers", dark(seeing), blind(120),
        steps: [.moveLeader(to: member(3), because: .blindToAWS)], deferred: [.groupNotRead("503")]),
    ReconcileRow(
        "leader blind to AWS: a leader that its group has let go is blind, too",
        dark(seeing, group: .seen(ClusterPlanningTests.group([2, 3]))), blind(120),
        steps: [.moveLeader(to: member(3), because: .blindToAWS)],
        deferred: [.notInGroup(group: "main", listed: 2)]),
    ReconcileRow(
        "where AWS answers nobody, leadership stays", dark([holds(2), holds(3, reachesAWS: false)]), blind(120),
        deferred: [.groupNotRead("503"), .nobodyToLead("no healthy voter says that AWS answers it")]),
    ReconcileRow(
        "it is not given away twice in ten minutes", dark(seeing), blind(120, handedOver: .seconds(401)),
        deferred: [.groupNotRead("503")]),
    ReconcileRow(
        "but after them", dark(seeing), blind(120, handedOver: .seconds(400)),
        steps: [.moveLeader(to: member(3), because: .blindToAWS)], deferred: [.groupNotRead("503")]),
]
