/// How `planStart` becomes a member of a cluster that is there.

@testable import ClusterPlanning

private let two = cluster(members(2, 3))
private let added = cluster([member(2), member(3), entry(7, at: 1)])
private let entered = found(record([on(1, joining: true), on(2), on(3)]))
private let both = [blank(1), holds(2, leader: 2), holds(3)]
/// The leader runs a supervisor of ours.
private func ask(
    _ cluster: RunningCluster, disk: Disk = .empty(fresh()), record: RecordReading = found(record([on(2), on(3)])),
    peers: [Peer] = [refused(2), refused(3)], settings: PlanSettings = PlanSettings(), _ reports: [Report] = both
) -> StartView {
    view(disk: disk, facts(reports), record: record, peers: peers, clusters: [cluster], settings: settings)
}

private func join(_ id: MemberID, _ list: [InitialMember], generation: Int? = 1) -> StartPlan {
    launch(.join(0xc1, id), list, generation: generation)
}

private func unfit(_ view: StartView) -> StartView {
    var view = view
    view.programFault = "no such flag"
    return view
}

let rowsOfJoining: [StartRow] = [
    StartRow("a joiner asks the leader", ask(two), .wait(.askedToJoin(0xc1))),
    StartRow(
        "one whose etcd could not run asks nobody", unfit(ask(two)), .wait(.programUnfit("no such flag"))),
    StartRow(
        "and goes on asking, however long it takes", ask(two), remembering(leaderSilentSince: .zero),
        .wait(.askedToJoin(0xc1))),
    StartRow(
        "a leader that was never led before is known by its address",
        ask(
            two,
            [
                blank(1),
                Report(
                    2, peerURL(2), owner: ourGroup, disk: disk(2), holding: .data(HeldData()),
                    etcd: showing(members(2, 3))),
            ]),
        remembering(leaderSilentSince: .zero), .wait(.askedToJoin(0xc1))),
    StartRow(
        "entered for this disk, a joiner starts with exactly the cluster's list", ask(added, record: entered),
        join(7, founders(1, 2, 3))),
    StartRow(
        "so it does as a learner",
        ask(cluster([member(2), member(3), entry(7, at: 1, learner: true)]), record: entered),
        join(7, founders(1, 2, 3))),
    StartRow(
        "others that have not started get names of their own",
        ask(cluster([member(2), entry(8, at: 3), entry(7, at: 1)]), record: entered),
        join(
            7,
            [
                InitialMember("i-1", peerURL(1)), InitialMember("i-2", peerURL(2)),
                InitialMember("unstarted-8", peerURL(3)),
            ])),
    StartRow(
        "an entry that was made for another disk is lost",
        ask(added, record: found(record([on(1, disk(11), joining: true), on(2), on(3)]))),
        .wait(.ownEntryOfLostData(entry(7, at: 1)))),
    StartRow(
        "address reuse: an entry that the record made for another instance is not ours",
        ask(
            added,
            record: found(record([ClusterRecord.Entry(9, peerURL(1), disk: disk(9), isJoining: true), on(2), on(3)]))),
        .wait(.ownEntryOfLostData(entry(7, at: 1)))),
    StartRow(
        "address reuse: nor is a dead member's",
        ask(
            cluster([Member(9, name: "i-9", peerURLs: [peerURL(1)], clientURLs: [clientURL(1)]), member(2)], ill: [9])),
        .wait(.ownEntryOfLostData(Member(9, name: "i-9", peerURLs: [peerURL(1)], clientURLs: [clientURL(1)])))),
    StartRow(
        "replace root volume: the member that has started belongs to a disk that is lost",
        ask(
            cluster(members(1, 2, 3), ill: [1]), disk: .empty(fresh(1, disk(11))),
            record: found(record()), [blank(1, disk(11)), holds(2, leader: 2), holds(3)]),
        .wait(.ownEntryOfLostData(member(1)))),
    StartRow(
        "of two entries of ours the wrong one goes first",
        ask(cluster([member(1), member(2), entry(7, at: 1)], ill: [1]), record: entered),
        .wait(.ownEntryOfLostData(member(1)))),
    StartRow(
        "a peer that lags is waited for",
        ask(added, record: entered, peers: [peer(2, shows: members(2, 3)), refused(3)]),
        .wait(.peersLagging([peer(2, shows: members(2, 3))], 7))),
    StartRow(
        "a peer that shows the entry is not",
        ask(added, record: entered, peers: [peer(2, shows: [entry(7, at: 1), member(3), member(2)])]),
        join(7, founders(1, 2, 3))),
    StartRow(
        "nor is one that is no member any more, and shows its old list for ever",
        ask(added, record: entered, peers: [peer(4, shows: members(2, 3, 4)), refused(2)]), join(7, founders(1, 2, 3))),
    StartRow(
        "nor one of another cluster", ask(added, record: entered, peers: [peer(2, shows: members(2), of: 0xc2)]),
        join(7, founders(1, 2, 3))),
    StartRow(
        "strategy prepared takes the entry that an operator made",
        ask(added, settings: PlanSettings(joinStrategy: .prepared)), join(7, founders(1, 2, 3))),
    StartRow(
        "a cluster of an earlier generation is not the record's",
        ask(
            cluster(members(2, 3), generation: 1), record: found(record([on(3)], generation: 2)),
            [blank(1), holds(2, leader: 2), holds(3, generation: 2, shows: members(3))]),
        .wait(.generationQuorate(by: 3))),
    StartRow(
        "one that tells no generation is known by its members",
        ask(cluster(members(2, 3), generation: nil)), .wait(.askedToJoin(0xc1))),
]

private let entering = record([on(1, joining: true), on(2)])
private let oneStarted = [member(2), entry(7, at: 1)]
private func quiet(
    _ peers: [Peer], disk: Disk = .empty(fresh()), record: ClusterRecord = entering,
    _ reports: [Report] = [blank(1), holds(2, shows: oneStarted)]
) -> StartView {
    view(disk: disk, facts(.seen(group([1, 2])), reports), record: found(record), peers: peers)
}

/// Entered, and nobody leads: the second of two voters has to start before anybody can.
let rowsOfEntered: [StartRow] = [
    StartRow(
        "second of two, a joiner starts before anybody can lead", quiet([peer(2, shows: oneStarted), refused(3)]),
        join(7, founders(1, 2))),
    StartRow(
        "not on another disk than the one that was entered",
        quiet(
            [peer(2, shows: oneStarted)], disk: .empty(fresh(1, disk(11))),
            [blank(1, disk(11)), holds(2, shows: oneStarted)]),
        .claim(
            swap(.recovery, entering) { record in
                record.generation = 2
                record.token = "main-2-salt"
                record.source = .member(2)
                record.start = [on(2)]
                record.voters = [on(2)]
            })),
    StartRow(
        "those who do not know of it yet lag, and can't catch up without a leader",
        quiet([peer(2, shows: [member(2), member(3), entry(7, at: 1)]), peer(3, shows: members(2, 3))]),
        join(7, founders(1, 2, 3))),
    StartRow(
        "not when somebody shows another entry at our address",
        quiet([peer(2, shows: oneStarted), peer(3, shows: [member(2), entry(6, at: 1)])]),
        .wait(.noLeader(among: [peer(2, shows: oneStarted), peer(3, shows: [member(2), entry(6, at: 1)])]))),
    StartRow(
        "not when they are of two clusters",
        quiet([peer(2, shows: oneStarted), peer(3, shows: [member(2)], of: 0xc2)]),
        .wait(.noLeader(among: [peer(2, shows: oneStarted), peer(3, shows: [member(2)], of: 0xc2)]))),
    StartRow(
        "not by the list of an earlier generation, whose cluster has the same ID",
        quiet(
            [peer(2, shows: oneStarted)], record: record([on(1, joining: true), on(3)], generation: 2),
            [blank(1), holds(2, shows: oneStarted)]),
        .wait(.generationUnknown(["EC2 was not asked about i-3"]))),
]

let stranger = Member(4, name: "node-4", peerURLs: [peerURL(4)], clientURLs: [clientURL(4)])
private let waited = remembering(leaderSilentSince: .seconds(990))

/// An older tool's cluster: no supervisor of ours beside its etcds.
private func old(
    _ cluster: RunningCluster, disk: Disk = .empty(fresh()), record: RecordReading = found(entering1),
    group: Group = group([1, 2, 3]), asked: [Instance] = [], others: [Report] = [],
    backups: Observed<BackupsSeen> = .notAsked, settings: PlanSettings = PlanSettings()
) -> StartView {
    view(
        disk: disk, facts(.seen(group), asked: asked, [blank(1, asks: true)] + others, silent: [2, 3]), record: record,
        backups: backups, clusters: [cluster], settings: settings)
}
private let entering1 = record([on(1, joining: true), unnamed(2), unnamed(3)])
private let unaware = record([unnamed(2), unnamed(3)])
private let older = cluster(members(2, 3), generation: nil)
/// Its disk is on instance 4 now, and it still has our name.
private let movedAway = Member(3, name: "i-1", peerURLs: [peerURL(4)], clientURLs: [clientURL(1)])

let rowsOfSelfJoining: [StartRow] = [
    StartRow("a leader that says nothing has ten seconds", old(older), .wait(.askedToJoin(0xc1))),
    StartRow(
        "not quite yet", old(older), remembering(leaderSilentSince: .seconds(991)), .wait(.askedToJoin(0xc1))),
    StartRow(
        "where there is no record, the joiner makes it, with itself in it", old(older, record: .absent(zoneStore)),
        waited,
        .act(
            .swapRecord(
                RecordSwap(
                    .adoption, store: zoneStore, expected: nil,
                    record: record([on(1, joining: true), unnamed(2), unnamed(3)]))), on: older)),
    StartRow(
        "above the generations of old backups",
        old(older, record: .absent(zoneStore), backups: bucket(backup(9, of: 4), backup(7, of: 3))), waited,
        .act(
            .swapRecord(
                RecordSwap(
                    .adoption, store: zoneStore, expected: nil,
                    record: record([on(1, joining: true), unnamed(2), unnamed(3)], generation: 5))), on: older)),
    StartRow(
        "which have to be listed", old(older, record: .absent(zoneStore), backups: .unavailable("403")), waited,
        .wait(.backupsNotRead("403"))),
    StartRow(
        "where there is one, the joiner enters itself", old(older, record: found(unaware)), waited,
        .act(.swapRecord(swap(.joining(1), unaware) { $0.voters.append(on(1, joining: true)) }), on: older)),
    StartRow(
        "and is added once it stands there, as a voter: nobody would promote it", old(older), waited,
        .act(.addMember(1, peerURL: peerURL(1), asLearner: false), on: older)),
    StartRow(
        "without any store it is added at once", old(older, record: .notConfigured), waited,
        .act(.addMember(1, peerURL: peerURL(1), asLearner: false), on: older)),
    StartRow(
        "what stands in its place goes first",
        old(cluster(members(1, 2, 3), ill: [1]), disk: .empty(fresh(1, disk(11))), record: found(record())), waited,
        .act(
            .removeMember(member(1), because: .diskGone(.replaced(1, by: disk(11)))),
            on: cluster(members(1, 2, 3), ill: [1]))),
    StartRow(
        "a member that answers is alive, whatever is lost here",
        old(cluster(members(1, 2, 3)), record: found(unaware)), waited, .wait(.ownEntryAlive(member(1)))),
    StartRow(
        "one whose disk is elsewhere by the record may live on there",
        old(
            cluster([member(2), member(5), movedAway], ill: [3]),
            record: found(record([on(2), on(5), on(4, disk(3))])),
            group: group([1, 2, 4, 5]), others: [holds(3, on: 4), holds(5)]), waited,
        .wait(.ownEntryMoved(movedAway, to: 4))),
    StartRow(
        "one that the quorum needs stays", old(cluster(members(1, 2), ill: [1, 2]), record: found(unaware)), waited,
        .wait(.ownEntryNeeded(member(1), QuorumRisk(healthyVoters: 0, voters: 1)))),
    StartRow(
        "removed, we wait before we enter ourselves anew", old(older),
        remembering(removedAt: .milliseconds(999_000), leaderSilentSince: .zero),
        .wait(.addTooSoon(after: .milliseconds(1100)))),
    StartRow(
        "and then we do", old(older), remembering(removedAt: .milliseconds(998_900), leaderSilentSince: .zero),
        .act(.addMember(1, peerURL: peerURL(1), asLearner: false), on: older)),
    StartRow(
        "also one that only the record announces",
        old(older, record: found(record([on(2), on(3), on(4, joining: true)]))), waited, .wait(.otherAnnounced(4))),
    StartRow(
        "one joins at a time", old(cluster([member(2), member(3), entry(8, at: 4)])), waited,
        .wait(.otherMemberJoining(entry(8, at: 4)))),
    StartRow(
        "a dead member goes, by the leader's own rules: with a full list nobody else would",
        old(
            cluster(members(2, 3, 4), ill: [4], generation: nil), asked: [asked(4, .terminated)]), waited,
        .act(
            .removeMember(member(4), because: .diskGone(.instanceTerminated(4))),
            on: cluster(members(2, 3, 4), ill: [4], generation: nil))),
    StartRow(
        "a full cluster has no place", old(cluster(members(2, 3, 4), ill: [4])), waited,
        .wait(.clusterFull(members: 3, size: 3, unhealthy: [member(4)]))),
    StartRow(
        "launch before terminate: it has one while the group holds more than it wants",
        old(cluster(members(2, 3, 4)), group: group([1, 2, 3, 4])), waited,
        .act(.addMember(1, peerURL: peerURL(1), asLearner: false), on: cluster(members(2, 3, 4)))),
    StartRow(
        "nobody joins where the quorum would hang on the joiner",
        old(cluster(members(2, 3, 4), ill: [4]), group: group([1, 2, 3], desired: 5)), waited,
        .wait(.quorumAtRisk(QuorumRisk(healthyVoters: 2, voters: 4)))),
    StartRow(
        "strategy prepared leaves it to an operator",
        old(older, settings: PlanSettings(joinStrategy: .prepared)), waited, .wait(.askedToJoin(0xc1))),
    StartRow(
        "a leader of another instance's supervisor is no leader of ours",
        old(cluster([member(2), stranger], leader: 4, generation: nil)), waited,
        .act(
            .addMember(1, peerURL: peerURL(1), asLearner: false),
            on: cluster([member(2), stranger], leader: 4, generation: nil))),
]
