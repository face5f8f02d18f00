/// What `planStart` decides where there is neither zone nor bucket: by the instances' own reports alone.

@testable import ClusterPlanning

private let list = founders(1, 2, 3)
private func alone(
    disk: Disk = .empty(fresh()), _ reports: [Report] = agreed, silent: [Int] = [],
    peers: [Peer] = [refused(2), refused(3)], clusters: [RunningCluster] = [], zone: Observed<Zone> = .notAsked
) -> StartView {
    view(
        disk: disk, facts(reports, silent: silent), record: .notConfigured, stores: [], peers: peers,
        clusters: clusters,
        zone: zone, settings: PlanSettings(isWithoutRecord: true))
}

private func plain(_ number: Int, names founders: [InitialMember]? = nil) -> Report {
    blank(number, stores: [], names: founders)
}
private let agreed = [plain(1), plain(2, names: list), plain(3, names: list)]
private let named = remembering(list)

let rowsWithoutRecord: [StartRow] = [
    StartRow(
        "all who are listed name the same list, and found", alone(), launch(.found(token: "etcd-cluster-i-1"), list)),
    StartRow(
        "who has named none, or another one, is waited for",
        alone([plain(1), plain(2), plain(3, names: founders(2, 3))]), .wait(.foundersDiffer([2, 3]))),
    StartRow(
        "amnesiac founder: a silent one holds up the founding", alone([plain(1), plain(2, names: list)], silent: [3]),
        .wait(.reportsMissing(["i-3: timeout"]))),
    StartRow(
        "who has named a list keeps to it, though another one starts slowly",
        alone([plain(1), plain(2, names: list)], silent: [3]), named, .wait(.foundersDiffer([3]))),
    StartRow(
        "and founds by it, also when another one has begun",
        alone(
            [
                plain(1), plain(2, names: list),
                Report(3, peerURL(3), owner: ourGroup, disk: disk(3), holding: .data(HeldData()), founders: list),
            ], peers: [peer(3, shows: [founder(1), founder(2), founder(3)]), refused(2)]), named,
        launch(.found(token: "etcd-cluster-i-1"), list)),
    StartRow(
        "who has named none waits for those who run", alone(peers: [peer(3, shows: members(2, 3)), refused(2)]),
        .wait(.noLeader(among: [peer(3, shows: members(2, 3))]))),
    StartRow(
        "amnesiac founder: a disk that follows lost data is in no list",
        alone(disk: .empty(Stamp(disk: disk(1), instance: 1, followsLostData: true))), named, .wait(.ownDataLost)),
    StartRow(
        "who is not among the founders waits",
        view(
            facts(.seen(group([0, 1], desired: 1)), [plain(0), plain(1)]), record: .notConfigured, stores: []),
        .wait(.foundingWithoutUs(founders: founders(0)))),
    StartRow(
        "the whole group is waited for, however long",
        view(
            facts(.seen(group([1, 2])), [plain(1), plain(2)]), record: .notConfigured, stores: []),
        remembering(foundingSince: .zero), .wait(.groupIncomplete(running: 2, wanted: 3))),
    StartRow(
        "also by reports alone, a zone that names members has seen a cluster", alone(zone: .seen(namingZone)),
        .wait(.zoneNamesCluster(name: "main", hosts: ["i-9.main.example.org."]))),
    StartRow(
        "a cluster that answers is joined", alone([plain(1), holds(2, leader: 2)], clusters: [cluster(members(2, 3))]),
        .wait(.askedToJoin(0xc1))),
    StartRow(
        "an entry at our address is taken for ours where no data of ours was lost",
        alone([plain(1), holds(2, leader: 2)], clusters: [cluster([member(2), entry(7, at: 1)])]),
        launch(.join(0xc1, 7), founders(1, 2))),
    StartRow(
        "not where some was",
        alone(
            disk: .empty(Stamp(disk: disk(1), instance: 1, followsLostData: true)), [plain(1), holds(2, leader: 2)],
            clusters: [cluster([member(2), entry(7, at: 1)])]), .wait(.ownEntryOfLostData(entry(7, at: 1)))),
    StartRow(
        "nor one that was made for another attempt",
        alone(
            disk: .empty(Stamp(disk: disk(1), instance: 1, cluster: 0xc1, member: 8)), [plain(1), holds(2, leader: 2)],
            clusters: [cluster([member(2), entry(7, at: 1)])]), .wait(.ownEntryOfLostData(entry(7, at: 1)))),
    StartRow(
        "second of two, by what the stamp says",
        alone(
            disk: .empty(Stamp(disk: disk(1), instance: 1, cluster: 0xc1, member: 7)), [plain(1), holds(2)],
            peers: [peer(2, shows: [member(2), entry(7, at: 1)]), refused(3)]),
        launch(.join(0xc1, 7), founders(1, 2))),
]
