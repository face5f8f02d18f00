/// How `planStart` becomes a member of a cluster that is there.

import ClusterPlanning

private let two = cluster([member(2), member(3)])
private let added = cluster([member(2), member(3), entry(7, at: 1)])
private func noted(_ id: MemberID?, started: Bool = false) -> Disk {
    .empty(Stamp(instance: 1, cluster: 0xc1, member: id, started: started))
}

let rowsOfJoining: [StartRow] = [
    StartRow("a joiner enters itself", view(clusters: [two]), .addSelf(to: two)),
    StartRow(
        "a joiner enters itself into a cluster of one", view(clusters: [cluster([member(2)])]),
        .addSelf(to: cluster([member(2)]))),
    StartRow(
        "a joiner that the zone knows enters itself all the same", view(clusters: [two], zone: .seen(namingZone)),
        .addSelf(to: two)),
    StartRow(
        "a joiner starts under the entry that it made, with exactly the cluster's list",
        view(disk: noted(7), clusters: [added]),
        join(7, founders(1, 2, 3))),
    StartRow(
        "others that have not started get names of their own",
        view(disk: noted(7), clusters: [cluster([member(2), entry(8, at: 3), entry(7, at: 1)])]),
        join(
            7,
            [
                InitialMember("i-1", peerURL(1)), InitialMember("i-2", peerURL(2)),
                InitialMember("unstarted-8", peerURL(3)),
            ])),
    StartRow(
        "a slow founder starts under the entry that the founders made",
        view(clusters: [cluster([founder(1), member(2), member(3)])]), join(1, founders(1, 2, 3))),
    StartRow(
        "a founder whose disk was lost does not",
        view(disk: noted(nil, started: true), clusters: [cluster([founder(1), member(2), member(3)])]),
        .removeOwnEntry(founder(1), from: cluster([founder(1), member(2), member(3)]))),
    StartRow(
        "a peer that lags is waited for",
        view(disk: noted(7), peers: [peer(2, shows: [member(2), member(3)]), refused(3)], clusters: [added]),
        .wait(.peersLagging([peer(2, shows: [member(2), member(3)])], 7))),
    StartRow(
        "a peer that shows the entry is not",
        view(disk: noted(7), peers: [peer(2, shows: [entry(7, at: 1), member(3), member(2)])], clusters: [added]),
        join(7, founders(1, 2, 3))),
    StartRow(
        "the entry of a disk that etcd ran on is lost",
        view(disk: noted(7, started: true), clusters: [added]), .removeOwnEntry(entry(7, at: 1), from: added)),
    StartRow(
        "an entry at our address that we did not make is lost",
        view(clusters: [added]), .removeOwnEntry(entry(7, at: 1), from: added)),
    StartRow(
        "an entry that we asked for, and whose answer was lost, is ours",
        view(disk: noted(nil), clusters: [added]), join(7, founders(1, 2, 3))),
    StartRow(
        "second of two, a joiner starts before anybody can lead",
        view(disk: noted(7), peers: [peer(2, shows: [member(2), entry(7, at: 1)]), refused(3)]),
        join(7, founders(1, 2))),
    StartRow(
        "so it does when the answer was lost",
        view(disk: noted(nil), peers: [peer(2, shows: [member(2), entry(7, at: 1)]), refused(3)]),
        join(7, founders(1, 2))),
    StartRow(
        "not when its disk is lost",
        view(disk: noted(7, started: true), peers: [peer(2, shows: [member(2), entry(7, at: 1)]), refused(3)]),
        .wait(.noLeader(among: [peer(2, shows: [member(2), entry(7, at: 1)])]))),
    StartRow(
        "not when they show another entry",
        view(disk: noted(8), peers: [peer(2, shows: [member(2), entry(7, at: 1)]), refused(3)]),
        .wait(.noLeader(among: [peer(2, shows: [member(2), entry(7, at: 1)])]))),
    StartRow(
        "those who do not know of it yet lag, and can't catch up without a leader",
        view(
            disk: noted(7),
            peers: [peer(2, shows: [member(2), member(3), entry(7, at: 1)]), peer(3, shows: [member(2), member(3)])]),
        join(7, founders(1, 2, 3))),
    StartRow(
        "not when somebody shows another entry at our address",
        view(
            disk: noted(7),
            peers: [peer(2, shows: [member(2), entry(7, at: 1)]), peer(3, shows: [member(2), entry(6, at: 1)])]),
        .wait(
            .noLeader(among: [
                peer(2, shows: [member(2), entry(7, at: 1)]), peer(3, shows: [member(2), entry(6, at: 1)]),
            ]))),
    StartRow(
        "not when they are of another cluster",
        view(disk: noted(7), peers: [peer(2, shows: [member(2), entry(7, at: 1)], of: 0xc2), refused(3)]),
        .wait(.noLeader(among: [peer(2, shows: [member(2), entry(7, at: 1)], of: 0xc2)]))),
    StartRow(
        "who was to join a cluster founds none, however quiet it is",
        view(disk: noted(nil)), remembering(founders(1, 2, 3)), .wait(.clusterNotAnswering(0xc1))),
    StartRow(
        "nor does who ran in one",
        view(disk: noted(nil, started: true)), remembering(founders(1, 2, 3)), .wait(.ownDataLost)),
    StartRow(
        "an entry that we made before this one is lost",
        view(disk: noted(8), clusters: [added]), .removeOwnEntry(entry(7, at: 1), from: added)),
    StartRow(
        "a member that has started belongs to a disk that is lost",
        view(clusters: [cluster([member(1), member(2), member(3)], ill: [1])]),
        .removeOwnEntry(member(1), from: cluster([member(1), member(2), member(3)], ill: [1]))),
    StartRow(
        "a member that answers is alive, whatever is lost here",
        view(clusters: [cluster([member(1), member(2), member(3)])]), .wait(.ownEntryAlive(member(1)))),
    StartRow(
        "a member that lost its disk stays while the quorum needs it",
        view(clusters: [cluster([member(1), member(2)], ill: [1, 2])]),
        .wait(.ownEntryNeeded(member(1), QuorumRisk(healthyVoters: 0, voters: 1)))),
    StartRow(
        "another instance's entry at our address goes",
        view(clusters: [
            cluster(
                [Member(9, name: "i-9", peerURLs: [peerURL(1)], clientURLs: [clientURL(1)]), member(2), member(3)],
                ill: [9])
        ]),
        .removeOwnEntry(
            Member(9, name: "i-9", peerURLs: [peerURL(1)], clientURLs: [clientURL(1)]),
            from: cluster(
                [Member(9, name: "i-9", peerURLs: [peerURL(1)], clientURLs: [clientURL(1)]), member(2), member(3)],
                ill: [9]))),
    StartRow(
        "removed, we wait before we enter ourselves anew", view(clusters: [two]),
        remembering(removedAt: .milliseconds(99_000)),
        .wait(.addTooSoon(after: .milliseconds(1100)))),
    StartRow(
        "and then we do", view(clusters: [two]), remembering(removedAt: .milliseconds(98_900)), .addSelf(to: two)),
    StartRow(
        "one joins at a time", view(clusters: [cluster([member(2), member(3), entry(8, at: 4)])]),
        .wait(.otherMemberJoining(entry(8, at: 4)))),
    StartRow(
        "a learner is joining, too", view(clusters: [cluster([member(2), member(3, learner: true)])]),
        .wait(.otherMemberJoining(member(3, learner: true)))),
    StartRow(
        "a full cluster has no place",
        view(clusters: [cluster([member(2), member(3), member(4)], ill: [4])]),
        .wait(.clusterFull(members: 3, size: 3, unhealthy: [member(4)]))),
    StartRow(
        "--cluster-size says what is full", view(clusters: [two], size: 2),
        .wait(.clusterFull(members: 2, size: 2, unhealthy: []))),
    StartRow(
        "nobody joins where the quorum would hang on the joiner",
        view(
            group: .seen(group([1, 2, 3], desired: 5)),
            clusters: [cluster([member(2), member(3), member(4)], ill: [4])]),
        .wait(.quorumAtRisk(QuorumRisk(healthyVoters: 2, voters: 4)))),
]
