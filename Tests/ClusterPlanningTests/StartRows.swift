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

let startRows = rowsWithData + rowsOfTheGroup + rowsOfFounding + rowsOfFollowing + rowsOfJoining
