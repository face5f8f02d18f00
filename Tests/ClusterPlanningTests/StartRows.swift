/// What `planStart` has to decide, row by row.

import ClusterPlanning
import Testing

/// One claim about starting.
struct StartRow: CustomTestStringConvertible, Sendable {
    var claim: String
    var view: StartView
    var memory: StartMemory
    var expected: StartPlan

    init(_ claim: String, _ view: StartView, _ expected: StartPlan) {
        self.init(claim, view, StartMemory(), expected)
    }

    init(_ claim: String, _ view: StartView, _ memory: StartMemory, _ expected: StartPlan) {
        self.claim = claim
        self.view = view
        self.memory = memory
        self.expected = expected
    }

    var testDescription: String { claim }
}

/// Instance 1 looks at its world: three instances that run, an empty disk, nobody listening anywhere.
func view(
    disk: Disk = .empty(nil), lastExit: LastExit = .none, group: Observed<Group> = .seen(group([1, 2, 3])),
    peers: [Peer] = [refused(2), refused(3)], clusters: [RunningCluster] = [], zone: Observed<Zone> = .notAsked,
    size: Int? = nil, now: Duration = .seconds(100), name: String? = nil
) -> StartView {
    StartView(
        now: now, identity: identity(1), configuredName: name, disk: disk, lastExit: lastExit, group: group,
        peers: peers,
        clusters: clusters, zone: zone, configuredSize: size)
}

func remembering(_ founders: [InitialMember]? = nil, removedAt: Duration? = nil) -> StartMemory {
    var memory = StartMemory()
    memory.founders = founders
    memory.ownEntryRemoved = removedAt
    return memory
}

func found(_ founders: [InitialMember], token: String = "etcd-cluster-i-1") -> StartPlan {
    .start(Launch(.found(token: token), identity(1), initialCluster: founders))
}

let resume = StartPlan.start(Launch(.resume, identity(1), initialCluster: founders(1)))

func join(_ id: MemberID, _ list: [InitialMember]) -> StartPlan {
    .start(Launch(.join(0xc1, id), identity(1), initialCluster: list))
}

let ours = Stamp(instance: 1, cluster: 0xc1, member: 1, started: true)
let emptyZone = Zone(domain: "example.org.", records: [])
let namingZone = Zone(
    domain: "example.org.", records: [RecordSet("i-9.main.example.org.", .a, timeToLive: 60, values: ["10.0.0.9"])])

let rowsWithData: [StartRow] = [
    StartRow("our data resumes with nothing looked at", view(disk: .data(ours), group: .notAsked, peers: []), resume),
    StartRow(
        "our data resumes though AWS is down", view(disk: .data(ours), group: .unavailable("503"), peers: []), resume),
    StartRow(
        "our data resumes though we are leaving",
        view(disk: .data(ours), group: .seen(group([instance(1, .running, "Terminating")]))),
        resume),
    StartRow(
        "our data resumes after a crash, even if the cluster lists us no more",
        view(disk: .data(ours), lastExit: .failure, clusters: [cluster([member(2), member(3)])]), resume),
    StartRow(
        "our data is set aside when etcd stopped by itself and its cluster lists us no more",
        view(disk: .data(ours), lastExit: .unaskedSuccess, clusters: [cluster([member(2), member(3)])]),
        .setAside(.removedFromCluster(0xc1))),
    StartRow(
        "our data resumes when etcd stopped by itself and the cluster still lists us",
        view(disk: .data(ours), lastExit: .unaskedSuccess, clusters: [cluster([member(1), member(2), member(3)])]),
        resume),
    StartRow(
        "our data resumes when etcd stopped by itself and no cluster answers",
        view(disk: .data(ours), lastExit: .unaskedSuccess), resume),
    StartRow(
        "our data resumes when it is another cluster that lists us not",
        view(disk: .data(ours), lastExit: .unaskedSuccess, clusters: [cluster([member(2)], id: 0xc2)]), resume),
    StartRow(
        "our data resumes when two clusters answer",
        view(
            disk: .data(ours), lastExit: .unaskedSuccess,
            clusters: [cluster([member(2)]), cluster([member(3)], id: 0xc2)]), resume),
    StartRow(
        "our data is set aside when only a new entry of ours is listed, under another ID",
        view(disk: .data(ours), lastExit: .unaskedSuccess, clusters: [cluster([member(2), entry(7, at: 1)])]),
        .setAside(.removedFromCluster(0xc1))),
    StartRow(
        "our data is set aside when etcd stopped by itself and our entry never started: it ran as another one",
        view(
            disk: .data(Stamp(instance: 1, cluster: 0xc1, member: 7, started: true)), lastExit: .unaskedSuccess,
            clusters: [cluster([member(2), entry(7, at: 1)])]), .setAside(.removedFromCluster(0xc1))),
    StartRow(
        "our data resumes when etcd stopped by itself and the founders' entry of ours never started",
        view(
            disk: .data(ours), lastExit: .unaskedSuccess,
            clusters: [cluster([founder(1), member(2), member(3)])]), resume),
    StartRow(
        "our data is set aside when its stamp knows no IDs and the list has neither our name nor our address",
        view(
            disk: .data(Stamp(instance: 1, started: true)), lastExit: .unaskedSuccess, clusters: [cluster([member(2)])]),
        .setAside(.removedFromCluster(0xc1))),
    StartRow(
        "our data resumes when its stamp knows no IDs and our address is listed",
        view(
            disk: .data(Stamp(instance: 1, started: true)), lastExit: .unaskedSuccess,
            clusters: [cluster([member(2), entry(7, at: 1)])]), resume),
    StartRow(
        "another instance's data is not started", view(disk: .data(Stamp(instance: 9, started: true))),
        .wait(.dataOfAnotherInstance(9))),
    StartRow(
        "a directory that can't be read is not empty", view(disk: .unusable("EIO")),
        .wait(.dataDirectoryUnusable("EIO"))),
    StartRow(
        "data without a stamp resumes where the cluster has our address",
        view(disk: .data(nil), clusters: [cluster([member(1), member(2), member(3)], ill: [1])]), resume),
    StartRow(
        "data without a stamp waits where the cluster has not our address",
        view(disk: .data(nil), clusters: [cluster([member(2), member(3)])]),
        .wait(.dataNotInCluster(cluster([member(2), member(3)])))),
    StartRow("data without a stamp resumes where everybody is stopped", view(disk: .data(nil)), resume),
    StartRow(
        "data without a stamp resumes where those who restart expect us",
        view(disk: .data(nil), peers: [peer(2, shows: [member(1), member(2)]), refused(3)]), resume),
    StartRow(
        "data without a stamp waits where those who run do not expect us",
        view(disk: .data(nil), peers: [peer(2, shows: [member(2), member(3)]), refused(3)]),
        .wait(.noLeader(among: [peer(2, shows: [member(2), member(3)])]))),
    StartRow(
        "data without a stamp waits for the silent", view(disk: .data(nil), peers: [refused(2), silent(3)]),
        .wait(.peersSilent([silent(3)]))),
    StartRow(
        "data without a stamp waits for the group", view(disk: .data(nil), group: .unavailable("503"), peers: []),
        .wait(.groupNotRead("503"))),
    StartRow(
        "data without a stamp waits between two clusters",
        view(disk: .data(nil), clusters: [cluster([member(1)]), cluster([member(3)], id: 0xc2)]),
        .wait(.severalClusters([0xc1, 0xc2]))),
]

let rowsOfTheGroup: [StartRow] =
    [
        StartRow("no look is no reason", view(group: .notAsked, peers: []), .wait(.groupNotRead("not asked yet"))),
        StartRow(
            "an AWS that fails is no reason", view(group: .unavailable("Throttling"), peers: []),
            .wait(.groupNotRead("Throttling"))),
        StartRow(
            "an empty group is a wrong answer", view(group: .seen(group([Int]())), peers: []),
            .wait(.notInGroup(group: "main", listed: 0))),
        StartRow(
            "a group without us is a wrong answer", view(group: .seen(group([2, 3, 4]))),
            .wait(.notInGroup(group: "main", listed: 3))),
        StartRow(
            "without a lifecycle we are not in the group", view(group: .seen(group([instance(1, .running, nil)]))),
            .wait(.notInGroup(group: "main", listed: 1))),
        StartRow(
            "EC2 has to know that we run",
            view(group: .seen(group([instance(1, .pending), instance(2), instance(3)]))),
            .wait(.ownStateNotRunning(.pending))),
        StartRow(
            "who founds waits for as many instances as desired",
            view(group: .seen(group([1, 2])), peers: [refused(2)]),
            .wait(.groupIncomplete(running: 2, wanted: 3))),
        StartRow(
            "an instance without an address does not found",
            view(group: .seen(group([instance(1), instance(2), Instance(3, .running, lifecycle: .inService)]))),
            .wait(.groupIncomplete(running: 2, wanted: 3))),
        StartRow(
            "a group that wants nobody founds nothing", view(group: .seen(group([1, 2, 3], desired: 0))),
            .wait(.groupIncomplete(running: 3, wanted: 0))),
        StartRow(
            "two clusters in one group are a person's business",
            view(clusters: [cluster([member(2)]), cluster([member(3)], id: 0xc2)]),
            .wait(.severalClusters([0xc1, 0xc2]))),
    ]
    + [
        "Warmed:Pending", "Warmed:Running", "Warmed:Stopped", "Terminating", "Terminating:Wait", "Terminating:Proceed",
        "Terminated", "Detaching", "Detached", "EnteringStandby", "Standby", "Quarantined",
    ].map { word in
        StartRow(
            "an instance that is \(word) starts nothing without data",
            view(
                group: .seen(group([instance(1, .running, word), instance(2), instance(3)])),
                clusters: [cluster([member(2), member(3)])]), .wait(.notInDuty(Lifecycle(rawValue: word))))
    }

let rowsOfFounding: [StartRow] =
    [
        StartRow("one reading of the group is not enough", view(), .wait(.groupMayChange(founders: founders(1, 2, 3)))),
        StartRow("two equal readings found", view(), remembering(founders(1, 2, 3)), found(founders(1, 2, 3))),
        StartRow(
            "two different readings do not", view(), remembering(founders(1, 2, 4)),
            .wait(.groupMayChange(founders: founders(1, 2, 3)))),
        StartRow(
            "a group of one founds", view(group: .seen(group([1], desired: 1)), peers: []), remembering(founders(1)),
            found(founders(1))),
        StartRow(
            "whoever is pending in the group but runs may found",
            view(
                group: .seen(
                    group([
                        instance(1, .running, "Pending"), instance(2, .running, "Pending:Wait"),
                        instance(3, .running, "Pending:Proceed"),
                    ]))),
            remembering(founders(1, 2, 3)), found(founders(1, 2, 3))),
        StartRow(
            "of more than are wanted the lowest IDs found",
            view(group: .seen(group([1, 2, 3, 4])), peers: [refused(2), refused(3), refused(4)]),
            remembering(founders(1, 2, 3)), found(founders(1, 2, 3))),
        StartRow(
            "the others wait for them", view(group: .seen(group([0, 1], desired: 1)), peers: [refused(0)]),
            .wait(.foundingWithoutUs(founders: founders(0)))),
        StartRow(
            "--cluster-size counts, not the desired capacity", view(size: 1), remembering(founders(1)),
            found(founders(1))),
        StartRow(
            "a half of the group founds nothing, though it be as many as --cluster-size",
            view(group: .seen(group([1, 2, 3], desired: 6)), size: 3), remembering(founders(1, 2, 3)),
            .wait(.groupIncomplete(running: 3, wanted: 6))),
        StartRow(
            "an address that is not ours does not found for us",
            view(group: .seen(group([instance(1, address: "10.0.0.99"), instance(2), instance(3)]))),
            .wait(
                .foundingWithoutUs(
                    founders: [InitialMember("i-1", Endpoint(.http, "10.0.0.99", 2380))] + founders(2, 3)))),
        StartRow(
            "a silent peer may hold data", view(peers: [refused(2), silent(3)]), remembering(founders(1, 2, 3)),
            .wait(.peersSilent([silent(3)]))),
        StartRow(
            "a silent peer that would not found may hold data too",
            view(
                group: .seen(group([instance(1), instance(2), instance(3), instance(4, .running, "Standby")])),
                peers: [refused(2), refused(3), silent(4)]),
            remembering(founders(1, 2, 3)), .wait(.peersSilent([silent(4)]))),
        StartRow(
            "a disk lost before is no reason to found anew",
            view(disk: .empty(Stamp(instance: 1, started: true))), remembering(founders(1, 2, 3)), .wait(.ownDataLost)),
        StartRow(
            "a stamp that came with the image says nothing of this instance",
            view(disk: .empty(Stamp(instance: 9, started: true))), remembering(founders(1, 2, 3)),
            found(founders(1, 2, 3))),
        StartRow(
            "a founder whose etcd failed before its log founds still",
            view(disk: .empty(Stamp(instance: 1, started: false)), lastExit: .failure), remembering(founders(1, 2, 3)),
            found(founders(1, 2, 3))),
        StartRow(
            "an empty zone knows of no earlier cluster", view(zone: .seen(emptyZone)), remembering(founders(1, 2, 3)),
            found(founders(1, 2, 3))),
        StartRow(
            "a zone that names members has seen a cluster", view(zone: .seen(namingZone)),
            remembering(founders(1, 2, 3)),
            .wait(.zoneNamesCluster(name: "main", hosts: ["i-9.main.example.org."]))),
        StartRow(
            "members of another name in the zone are none of ours", view(zone: .seen(namingZone), name: "other"),
            remembering(founders(1, 2, 3)), found(founders(1, 2, 3))),
        StartRow(
            "a zone that can't be read says nothing", view(zone: .unavailable("AccessDenied")),
            remembering(founders(1, 2, 3)), .wait(.zoneNotRead("AccessDenied"))),
        StartRow(
            "a zone needs a name to be asked for",
            view(group: .seen(group([1, 2, 3].map { instance($0) }, name: "my_group")), zone: .seen(emptyZone)),
            remembering(founders(1, 2, 3)), .wait(.noClusterName(group: "my_group"))),
    ]
    + [Instance.State.pending, .stopping, .stopped, .shuttingDown, .unknownToEC2, .unclear].map { state in
        StartRow(
            "an instance that is \(state) may hold data",
            view(group: .seen(group([instance(1), instance(2), instance(3), instance(4, state, "Terminating")]))),
            remembering(founders(1, 2, 3)), .wait(.instancesUnsettled([instance(4, state, "Terminating")])))
    }
    + [
        StartRow(
            "an instance that is terminated holds nothing",
            view(
                group: .seen(group([instance(1), instance(2), instance(3), instance(4, .terminated, "Terminating")]))),
            remembering(founders(1, 2, 3)), found(founders(1, 2, 3))),
        StartRow(
            "a warm instance counts nowhere",
            view(
                group: .seen(group([instance(1), instance(2), instance(3), instance(4, .stopped, "Warmed:Stopped")]))),
            remembering(founders(1, 2, 3)), found(founders(1, 2, 3))),
    ]

private let begun = [peer(2, shows: [founder(1), founder(2), founder(3)]), refused(3)]

let rowsOfFollowing: [StartRow] = [
    StartRow(
        "founders who have begun are followed once their list stays", view(peers: begun),
        remembering(founders(1, 2, 3)),
        found(founders(1, 2, 3))),
    StartRow(
        "a list seen once may be a part", view(peers: begun), .wait(.groupMayChange(founders: founders(1, 2, 3)))),
    StartRow(
        "their list counts, not the group's reading",
        view(
            group: .seen(group([0, 1, 2, 3])),
            peers: [peer(2, shows: [founder(1), founder(2), founder(3)]), refused(3), refused(0)]),
        remembering(founders(1, 2, 3)), found(founders(1, 2, 3))),
    StartRow(
        "a founding without us is waited for",
        view(peers: [peer(2, shows: [founder(2), founder(3)]), refused(3)]),
        .wait(.foundingWithoutUs(founders: founders(2, 3)))),
    StartRow(
        "founders who differ are not followed",
        view(peers: [peer(2, shows: [founder(1), founder(2)]), peer(3, shows: [founder(1), founder(3)], of: 0xc2)]),
        .wait(
            .foundersDiffer([
                peer(2, shows: [founder(1), founder(2)]), peer(3, shows: [founder(1), founder(3)], of: 0xc2),
            ]))),
    StartRow(
        "once somebody has started, a leader is waited for",
        view(peers: [peer(2, shows: [founder(1), member(2), founder(3)]), refused(3)]),
        .wait(.noLeader(among: [peer(2, shows: [founder(1), member(2), founder(3)])]))),
    StartRow(
        "a founder that has lost its disk does not follow",
        view(disk: .empty(Stamp(instance: 1, started: true)), peers: begun),
        remembering(founders(1, 2, 3)), .wait(.ownDataLost)),
    StartRow(
        "with somebody silent nobody is followed",
        view(peers: [peer(2, shows: [founder(1), founder(2), founder(3)]), silent(3)]), remembering(founders(1, 2, 3)),
        .wait(.peersSilent([silent(3)]))),
    StartRow(
        "with somebody leaving nobody is followed",
        view(group: .seen(group([instance(1), instance(2), instance(3, .shuttingDown)])), peers: [begun[0]]),
        remembering(founders(1, 2, 3)), .wait(.instancesUnsettled([instance(3, .shuttingDown)]))),
    StartRow(
        "where the zone has seen a cluster nobody is followed", view(peers: begun, zone: .seen(namingZone)),
        remembering(founders(1, 2, 3)), .wait(.zoneNamesCluster(name: "main", hosts: ["i-9.main.example.org."]))),
    StartRow(
        "where the zone can't be read nobody is followed", view(peers: begun, zone: .unavailable("503")),
        remembering(founders(1, 2, 3)), .wait(.zoneNotRead("503"))),
]

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

let startRows =
    rowsWithData + rowsOfTheGroup + rowsOfFounding + rowsOfFollowing + rowsOfJoining
