/// What `planStart` has to decide, row by row: the group, and data that is there.

import Testing

@testable import ClusterPlanning

/// One claim about starting.
struct StartRow: CustomTestStringConvertible, Sendable {
    var claim: String
    var view: StartView
    var memory: StartMemory
    var expected: StartPlan

    init(_ claim: String, _ view: StartView, _ expected: StartPlan) { self.init(claim, view, StartMemory(), expected) }

    init(_ claim: String, _ view: StartView, _ memory: StartMemory, _ expected: StartPlan) {
        self.claim = claim
        self.view = view
        self.memory = memory
        self.expected = expected
    }

    var testDescription: String { claim }
}

/// Instance 1 looks at its world: three instances that run and report nothing, no record, nobody listening anywhere.
func view(
    disk: Disk = .empty(fresh()), mounted: Bool = false, etcd: OwnEtcd = OwnEtcd(), _ facts: Facts = everybodyBlank,
    record: RecordReading = .absent(zoneStore), stores: [StoreName] = [zoneStore],
    backups: Observed<BackupsSeen> = .notAsked, peers: [Peer] = [refused(2), refused(3)],
    clusters: [RunningCluster] = [], zone: Observed<Zone> = .notAsked, settings: PlanSettings = PlanSettings(),
    now: Duration = .seconds(1000), spoilt: Set<String> = []
) -> StartView {
    StartView(
        now: now, time: "2026-01-31T12:00:00Z", salt: "salt", identity: identity(1), settings: settings, disk: disk,
        isMountPoint: mounted, etcd: etcd, facts: facts, record: record, stores: stores, backups: backups, peers: peers,
        clusters: clusters, zone: zone, spoiltBackups: spoilt)
}

let everybodyBlank = facts([blank(1), blank(2), blank(3)])

/// What a process remembers that has seen the same for `time`.
func remembering(
    _ founders: [InitialMember]? = nil, removedAt: Duration? = nil, foundingSince: Duration? = nil,
    recoveringSince: Duration? = nil, generation: Int = 1, leaderSilentSince: Duration? = nil
) -> StartMemory {
    var memory = StartMemory()
    memory.founders = founders
    memory.ownEntryRemoved = removedAt
    memory.foundingSince = foundingSince
    memory.recovering = recoveringSince.map { StartMemory.Recovering(generation: generation, since: $0) }
    memory.leaderSilentSince = leaderSilentSince
    return memory
}

func launch(_ kind: Launch.Kind, _ list: [InitialMember] = founders(1), generation: Int? = nil) -> StartPlan {
    .start(
        Launch(
            kind, identity(1), initialCluster: list, owner: generation == nil ? nil : ourGroup, generation: generation))
}

let resume = launch(.resume)
let inspect = launch(.inspect)
let ours = stamped()
let ended = OwnEtcd(lastExit: .unaskedSuccess)
let emptyZone = Zone(domain: "example.org.", records: [])
let namingZone = Zone(
    domain: "example.org.", records: [RecordSet("i-9.main.example.org.", .a, timeToLive: 60, values: ["10.0.0.9"])])
private let unread = Facts(owner: ourGroup)
private let conflict = [StoreReading(zoneStore, .absent), StoreReading(bucketStore, .absent)]

let rowsWithData: [StartRow] =
    [
        StartRow("our data resumes with nothing looked at", view(disk: .data(ours), unread, peers: []), resume),
        StartRow(
            "our data resumes though AWS and the record are out of reach",
            view(disk: .data(ours), Facts(owner: ourGroup, group: .unavailable("503")), record: .unknown("503")), resume
        ),
        StartRow(
            "our data resumes beside records that conflict", view(disk: .data(ours), record: .conflicting(conflict)),
            resume),
        StartRow(
            "our data resumes though the record is another owner's",
            view(disk: .data(ours), record: found(record(generation: 9, owner: "arn:other"))), resume),
        StartRow(
            "our data resumes though we are leaving",
            view(disk: .data(ours), facts(.seen(group([instance(1, .running, "Terminating")])))), resume),
        StartRow(
            "stale survivor: our data is set aside when its cluster lists us no more",
            view(disk: .data(ours), clusters: [cluster(members(2, 3))]), .setAside(.removedFromCluster(0xc1))),
        StartRow(
            "our data resumes when etcd stopped by itself and the cluster still lists us",
            view(disk: .data(ours), etcd: ended, clusters: [cluster(members(1, 2, 3))]), resume),
        StartRow(
            "our data resumes when etcd stopped by itself and no cluster answers", view(disk: .data(ours), etcd: ended),
            resume),
        StartRow(
            "our data resumes when it is another cluster that lists us not",
            view(disk: .data(ours), etcd: ended, clusters: [cluster(members(2), id: 0xc2)]), resume),
        StartRow(
            "our data resumes when two clusters answer",
            view(disk: .data(ours), etcd: ended, clusters: [cluster(members(2)), cluster(members(3), id: 0xc2)]), resume
        ),
        StartRow(
            "what is left of an earlier generation says nothing of who is a member now",
            view(disk: .data(stamped(generation: 2)), clusters: [cluster(members(2, 3), generation: 1)]), resume),
        StartRow(
            "our data is set aside when only a new entry of ours is listed, under another ID",
            view(disk: .data(ours), etcd: ended, clusters: [cluster([member(2), entry(7, at: 1)])]),
            .setAside(.removedFromCluster(0xc1))),
        StartRow(
            "our data is set aside when our entry never started: it ran as another one",
            view(disk: .data(stamped(member: 7)), etcd: ended, clusters: [cluster([member(2), entry(7, at: 1)])]),
            .setAside(.removedFromCluster(0xc1))),
        StartRow(
            "our data resumes when the founders' entry of ours never started",
            view(disk: .data(ours), etcd: ended, clusters: [cluster([founder(1), member(2), member(3)])]), resume),
        StartRow(
            "another instance's data is not started without a record",
            view(disk: .data(stamped(9))), .wait(.dataOfAnotherInstance(9))),
        StartRow(
            "nor while the record can't be read", view(disk: .data(stamped(9)), record: .unknown("503")),
            .wait(.recordNotRead("503"))),
        StartRow(
            "a directory that can't be read is not empty", view(disk: .unusable("EIO")),
            .wait(.dataDirectoryUnusable("EIO"))),
        StartRow(
            "an empty directory has to bear a stamp", view(disk: .empty(nil)),
            .wait(.dataDirectoryUnusable("it bears no stamp"))),
    ]
    + [Stamp(disk: disk(1), instance: 1, started: true), fresh(9)].map { stamp in
        StartRow(
            "a lost disk does not pass for a new one: stamp of \(stamp.instance)", view(disk: .empty(stamp)),
            .wait(.dataDirectoryUnusable("its stamp is that of a disk that is lost")))
    }

private let corrupt = OwnEtcd(lastExit: .corruptData("crc mismatch"))

let rowsOfCorruptData: [StartRow] = [
    StartRow(
        "corrupt data goes where the others have their quorum",
        view(disk: .data(ours), etcd: corrupt, clusters: [cluster(members(1, 2, 3), ill: [1])]),
        .setAside(.corrupt("crc mismatch"))),
    StartRow(
        "it stays where the others are no quorum",
        view(disk: .data(ours), etcd: corrupt, clusters: [cluster(members(1, 2, 3), ill: [1, 3])]),
        .wait(.corruptData("crc mismatch", because: "the other voters that are healthy are no quorum"))),
    StartRow(
        "it stays where nobody answers", view(disk: .data(ours), etcd: corrupt),
        .wait(.corruptData("crc mismatch", because: "no cluster answers that has its quorum without it"))),
    StartRow(
        "a crash is no corruption",
        view(disk: .data(ours), etcd: OwnEtcd(lastExit: .failure), clusters: [cluster(members(1, 2, 3), ill: [1])]),
        resume),
]

private let shownHere = OwnEtcd(shown: showing(members(1, 2)))
private let shownElsewhere = OwnEtcd(shown: showing(members(8, 9)))

let rowsOfUnstampedData: [StartRow] = [
    StartRow(
        "data without a stamp resumes where the cluster has our address",
        view(disk: .data(nil), clusters: [cluster(members(1, 2, 3), ill: [1])]), resume),
    StartRow(
        "by the record it gets its generation",
        view(
            disk: .data(nil), record: found(record([unnamed(1), on(2)])), clusters: [cluster(members(1, 2), ill: [1])]),
        launch(.resume, generation: 1)),
    StartRow(
        "cloned volume, baked image: data without a stamp waits where the cluster has not our address",
        view(disk: .data(nil), clusters: [cluster(members(2, 3))]), .wait(.dataNotInCluster(cluster(members(2, 3))))),
    StartRow("where everybody is stopped it is looked at first", view(disk: .data(nil)), inspect),
    StartRow("it resumes where its own list knows our address", view(disk: .data(nil), etcd: shownHere), resume),
    StartRow(
        "an image's data knows another address", view(disk: .data(nil), etcd: shownElsewhere),
        .wait(.dataWithoutStampElsewhere(shown: [peerURL(8), peerURL(9)]))),
    StartRow(
        "it resumes where those who restart expect us",
        view(disk: .data(nil), etcd: shownHere, peers: [peer(2, shows: members(1, 2)), refused(3)]), resume),
    StartRow(
        "it waits where those who run do not expect us",
        view(disk: .data(nil), etcd: shownHere, peers: [peer(2, shows: members(2, 3)), refused(3)]),
        .wait(.noLeader(among: [peer(2, shows: members(2, 3))]))),
    StartRow(
        "it waits for the silent", view(disk: .data(nil), peers: [refused(2), silent(3)]),
        .wait(.peersSilent([silent(3)]))),
    StartRow(
        "it waits for the group", view(disk: .data(nil), Facts(owner: ourGroup, group: .unavailable("503")), peers: []),
        .wait(.groupNotRead("503"))),
    StartRow(
        "it waits for the record", view(disk: .data(nil), record: .unknown("503")), .wait(.recordNotRead("503"))),
    StartRow(
        "it waits between two clusters",
        view(disk: .data(nil), clusters: [cluster(members(1)), cluster(members(3), id: 0xc2)]),
        .wait(.severalClusters([0xc1, 0xc2]))),
]

let rowsOfTheGroup: [StartRow] =
    [
        StartRow("no look is no reason", view(unread, peers: []), .wait(.groupNotRead("not asked yet"))),
        StartRow(
            "an AWS that fails is no reason",
            view(Facts(owner: ourGroup, group: .unavailable("Throttling")), peers: []),
            .wait(.groupNotRead("Throttling"))),
        StartRow(
            "an empty group is a wrong answer", view(facts(.seen(group([Int]()))), peers: []),
            .wait(.notInGroup(group: "main", listed: 0))),
        StartRow(
            "a group without us is a wrong answer", view(facts(.seen(group([2, 3, 4])))),
            .wait(.notInGroup(group: "main", listed: 3))),
        StartRow(
            "without a lifecycle we are not in the group", view(facts(.seen(group([instance(1, .running, nil)])))),
            .wait(.notInGroup(group: "main", listed: 1))),
        StartRow(
            "EC2 has to know that we run",
            view(facts(.seen(group([instance(1, .pending), instance(2), instance(3)])))),
            .wait(.ownStateNotRunning(.pending))),
        StartRow(
            "a record that can't be read is not absent", view(record: .unknown("403")), .wait(.recordNotRead("403"))),
        StartRow(
            "records that conflict are a person's business", view(record: .conflicting(conflict)),
            .wait(.recordsConflict(conflict))),
        StartRow(
            "two clusters in one group, too",
            view(clusters: [cluster(members(2)), cluster(members(3), id: 0xc2)]),
            .wait(.severalClusters([0xc1, 0xc2]))),
        StartRow(
            "also by the record",
            view(
                record: found(record([on(2), on(3)])), clusters: [cluster(members(2)), cluster(members(3), id: 0xc2)]),
            .wait(.severalClusters([0xc1, 0xc2]))),
    ]
    + [
        "Warmed:Pending", "Warmed:Running", "Warmed:Stopped", "Terminating", "Terminating:Wait", "Terminating:Proceed",
        "Terminated", "Detaching", "Detached", "EnteringStandby", "Standby", "Quarantined",
    ].map { word in
        StartRow(
            "an instance that is \(word) starts nothing without data",
            view(
                facts(.seen(group([instance(1, .running, word), instance(2), instance(3)]))),
                clusters: [cluster(members(2, 3))]), .wait(.notInDuty(Lifecycle(rawValue: word))))
    }

let startRows =
    rowsWithData + rowsOfCorruptData + rowsOfUnstampedData + rowsOfTheGroup + rowsOfFounding + rowsOfTheRecord
    + rowsOfOtherOwners + rowsOfRecovery + rowsOfEmptyRecovery + rowsOfGenerations + rowsOfVolumes + rowsOfJoining
    + rowsOfSelfJoining + rowsOfEntered + rowsWithoutRecord + rowsOfFoundingBesideBackups + rowsOfLosingEverything
    + rowsOfRestoring + rowsOfSeeingOff
