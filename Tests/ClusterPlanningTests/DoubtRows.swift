/// What the leader leaves as it is, since nobody can know, and the entries that never started.

@testable import ClusterPlanning

private let node = Member(2, name: "node-2", peerURLs: [peerURL(22)], clientURLs: [clientURL(22)])

let rowsOfDoubt: [ReconcileRow] =
    [
        ReconcileRow(
            "no answer of AWS removes nobody",
            lead(three(ill: [3]), Facts(owner: ourGroup, group: .unavailable("503"))), deferred: [.groupNotRead("503")]),
        ReconcileRow(
            "nothing asked, nobody removed, nothing to say", lead(three(ill: [3]), Facts(owner: ourGroup))),
        ReconcileRow(
            "an empty group removes nobody", lead(three(), facts(.seen(group([Int]())))),
            deferred: [.notInGroup(group: "main", listed: 0)]),
        ReconcileRow(
            "a group without us removes nobody, whatever EC2 says",
            lead(three(ill: [3]), facts(.seen(group([2, 4, 5])), asked: [asked(3, .terminated)])),
            deferred: [.notInGroup(group: "main", listed: 3)]),
        ReconcileRow(
            "an EC2 that fails removes nobody",
            lead(
                three(ill: [3]),
                Facts(
                    owner: ourGroup, group: .seen(group([1, 2, 3])), asked: .unavailable("RequestLimitExceeded"),
                    reports: told([holds(1), holds(2)]))), deferred: [.instancesNotRead("RequestLimitExceeded")]),
        ReconcileRow(
            "half a group removes nobody who lives",
            lead(
                three(),
                facts(
                    .seen(group([1])), asked: [asked(2, .running), asked(3, .running)], [holds(1), holds(2), holds(3)])),
            deferred: [.outsideGroup(member(2), .running), .outsideGroup(member(3), .running)]),
        ReconcileRow(
            "hidden healthy member: one that neither the group nor EC2 speaks of stays",
            lead(three(), facts(.seen(group([1, 2])), firstTwo)), deferred: [.outsideGroup(member(3), .unclear)]),
        ReconcileRow(
            "an ill member of a running instance stays, though its supervisor is silent",
            lead(three(ill: [3]), facts(firstTwo, silent: [3])), deferred: [ill(3)]),
        ReconcileRow("and where it reports its data", lead(three(ill: [3])), deferred: [ill(3)]),
        ReconcileRow(
            "cloned volume, baked image: a disk that two report is nobody's",
            lead(three(ill: [3]), facts(.seen(group([1, 2, 3, 4])), firstTwo + [holds(3), holds(3, on: 4)])),
            deferred: [ill(3)]),
        ReconcileRow(
            "a member that bears no instance's name stays",
            lead(
                led([member(1), node, member(3)]), facts([holds(1), holds(3)]), record: found(record([on(1), on(3)]))),
            steps: [
                .swapRecord(
                    swap(.upkeep, record([on(1), on(3)])) {
                        $0.voters.append(ClusterRecord.Entry(InstanceID("node-2"), peerURL(22), disk: nil))
                    })
            ], deferred: [.notAnInstance(node)]),
        ReconcileRow(
            "who does not lead does nothing", lead(cluster(members(1, 2, 3), leader: 2, ill: [3]), three3),
            deferred: [.notLeader(leader: 2)]),
        ReconcileRow(
            "CORRUPT holds everything",
            lead(three(ill: [3]), three3, alarms: [.corrupt(3), .corrupt(2)], zone: .seen(emptyZone)),
            deferred: [.corrupt([2, 3])]),
        ReconcileRow(
            "CORRUPT holds those who are to leave, too",
            lead(
                three(),
                facts(.seen(group([instance(1), instance(2), instance(3, .running, "Terminating:Wait")])), firstTwo),
                alarms: [.corrupt(3)], hooks: .seen([endHook])),
            steps: [.heartbeat(hook: "etcd-end", 3)], deferred: [.corrupt([3])]),
        ReconcileRow(
            "NOSPACE is said, and holds nothing",
            lead(three(ill: [3]), three3, alarms: [.noSpace(2), .other(1, "new")]), steps: [gone(3)],
            deferred: [.noSpace([2])]),
    ]
    + [Instance.State.shuttingDown, .stopping, .stopped].map { state in
        ReconcileRow(
            "an instance that is \(state) keeps its member",
            lead(three(ill: [3]), facts(asked: [asked(3, state)], firstTwo)),
            deferred: [.fateUnknown(member(3), "i-3 is \(state)")])
    }

private let three3 = facts(asked: [asked(3, .terminated)], firstTwo)
private let withEntry = led([member(1), member(2), entry(7, at: 4)])
private let two = [on(1), on(2)]

/// Without a record: entries whose disk nobody knows.
private func entries(_ facts: Facts, _ cluster: RunningCluster = withEntry) -> ClusterView {
    lead(cluster, facts, record: .notConfigured)
}

let rowsOfEntries: [ReconcileRow] = [
    ReconcileRow(
        "an entry whose address an instance of the group has is kept",
        entries(facts(.seen(group([1, 2, 4])), firstTwo, silent: [4])), orphaned(7, since: .zero)),
    ReconcileRow(
        "an entry at nobody's address gets its grace", entries(facts(firstTwo)),
        deferred: [.orphanInGrace(entry(7, at: 4), remaining: .seconds(60))]),
    ReconcileRow(
        "the grace counts from the first sight", entries(facts(firstTwo)), orphaned(7, since: .seconds(941)),
        deferred: [.orphanInGrace(entry(7, at: 4), remaining: .seconds(1))]),
    ReconcileRow(
        "after the grace the entry goes", entries(facts(firstTwo)), orphaned(7, since: .seconds(940)),
        steps: [.removeMember(entry(7, at: 4), because: .neverStarted(address: "10.0.0.4"))]),
    ReconcileRow(
        "not while the record can't be read",
        lead(withEntry, facts(firstTwo), record: .unknown("503")), orphaned(7, since: .zero),
        deferred: [.recordNotRead("503"), .fateUnknown(entry(7, at: 4), "the record can't be read")]),
    ReconcileRow(
        "an instance that is terminated claims no address",
        entries(facts(asked: [asked(4, .terminated)], firstTwo)), orphaned(7, since: .seconds(940)),
        steps: [.removeMember(entry(7, at: 4), because: .neverStarted(address: "10.0.0.4"))]),
    ReconcileRow(
        "an instance whose address is not known yet may be the one",
        entries(
            facts(.seen(group([instance(1), instance(2), Instance(9, .pending, lifecycle: .pending)])), firstTwo)),
        orphaned(7, since: .zero)),
    ReconcileRow(
        "a founder that has not started is judged by its instance",
        entries(facts(firstTwo, silent: [3]), led([member(1), member(2), founder(3)])),
        deferred: [.unhealthyButRunning(founder(3), .running, "it has not started")]),
    ReconcileRow(
        "a learner's entry that nobody claims goes, too",
        entries(everybodyHolds, led([member(1), member(2), member(3), entry(7, at: 4, learner: true)])),
        orphaned(7, since: .zero),
        steps: [.removeMember(entry(7, at: 4, learner: true), because: .neverStarted(address: "10.0.0.4"))]),
    ReconcileRow(
        "an entry whose instance asks no more is about to start",
        entries(facts(.seen(group([1, 2, 4])), firstTwo + [blank(4)])), orphaned(7, since: .zero)),
    ReconcileRow(
        "one whose instance goes on asking was not made for it",
        entries(facts(.seen(group([1, 2, 4])), firstTwo + [blank(4, asks: true)])), orphaned(7, since: .seconds(990)),
        steps: [.removeMember(entry(7, at: 4), because: .diskGone(.replaced(4, by: disk(4))))]),
    ReconcileRow(
        "but its report may be older than the entry",
        entries(facts(.seen(group([1, 2, 4])), firstTwo + [blank(4, asks: true)])), orphaned(7, since: .seconds(991)),
        deferred: [.orphanInGrace(entry(7, at: 4), remaining: .seconds(1))]),
    ReconcileRow(
        "slow founder: one whose disk is blank and named keeps its entry",
        lead(led([member(1), member(2), founder(3)]), facts(firstTwo + [blank(3)]), record: found(claimed(1, 2, 3)))),
    ReconcileRow(
        "a joiner whose instance is terminated leaves its entry behind",
        lead(
            withEntry, facts(asked: [asked(4, .terminated)], firstTwo),
            record: found(record(two + [on(4, joining: true)]))),
        steps: [.removeMember(entry(7, at: 4), because: .diskGone(.instanceTerminated(4)))]),
    ReconcileRow(
        "address reuse: before the dead one published its name, its entry is not the new one's",
        lead(
            led([member(1), member(2), entry(7, at: 4)]),
            facts(
                .seen(group([instance(1), instance(2), instance(5, address: address(4))])),
                asked: [Instance(4, .terminated)],
                firstTwo + [Report(5, peerURL(4), owner: ourGroup, disk: disk(5), holding: .none, asksToJoin: true)]),
            record: found(record(two + [on(4, joining: true)]))),
        steps: [.removeMember(entry(7, at: 4), because: .diskGone(.instanceTerminated(4)))]),
    ReconcileRow(
        "address reuse: after it did, the dead one is dead all the same",
        lead(
            led(members(1, 2, 4), ill: [4]),
            facts(
                .seen(group([instance(1), instance(2), instance(5, address: address(4))])),
                asked: [Instance(4, .terminated)],
                firstTwo + [Report(5, peerURL(4), owner: ourGroup, disk: disk(5), holding: .none, asksToJoin: true)]),
            record: found(record([on(1), on(2), on(4)]))), steps: [gone(4)]),
]
