/// What begins where no disk holds anything and there are backups, who restores, and how the last member leaves one.

@testable import ClusterPlanning

private func name(_ revision: UInt64, of generation: Int = 1) -> String { backup(revision, of: generation).name }
private let bucketed = PlanSettings(backups: BackupSettings())

// MARK: Founding beside backups

private func founds(_ backup: Backup, generation: Int) -> StartPlan {
    .claim(
        RecordSwap(
            .founding, store: zoneStore, expected: nil,
            record: record([on(1)], start: [on(1)], generation: generation, source: .snapshot(backup.name))))
}
private let named = remembering(founders(1))
private let impatient = remembering(founders(1), foundingSince: .zero)
private let one = bucket(backup(9))

let rowsOfFoundingBesideBackups: [StartRow] = [
    StartRow(
        "also beside backups one reading of the group is not enough", view(backups: one),
        .wait(.groupMayChange(founders: founders(1)))),
    StartRow(
        "a first start beside backups restores the newest, on one instance, as a generation above it",
        view(backups: bucket(backup(8, of: 2), backup(9, of: 2))), named, founds(backup(9, of: 2), generation: 3)),
    StartRow(
        "abandoned timeline: at a first start, too, an older generation's higher revision never wins (F32)",
        view(backups: bucket(backup(900, of: 1, age: 1, proven: true), backup(9, of: 2))), named,
        founds(backup(9, of: 2), generation: 3)),
    StartRow(
        "generation restarted beside old backups: one of which only the description is left is passed, too",
        view(backups: bucket(backup(9), highest: 6)), named, founds(backup(9), generation: 7)),
    StartRow(
        "the newest is taken though an older one was proven: to restore it is the proof",
        view(backups: bucket(backup(9), backup(8, proven: true))), named, founds(backup(9), generation: 2)),
    StartRow(
        "a stranger's objects beside backups do not matter", view(backups: bucket(backup(9), strangers: ["etcd.json"])),
        named, founds(backup(9), generation: 2)),
    StartRow(
        "alone they are not passed over", view(backups: bucket(strangers: ["etcd.json"])), named,
        .wait(.backupsNotOurs(["etcd.json"]))),
    StartRow(
        "what turned out spoilt here is not tried again",
        view(backups: bucket(backup(9), backup(8)), spoilt: [name(9)]), named, founds(backup(8), generation: 2)),
    StartRow(
        "where all is spoilt nothing is founded", view(backups: one, spoilt: [name(9)]), named,
        .wait(.backupsSpoilt([name(9)]))),
    StartRow(
        "a list that nobody has asked for yet is not empty", view(settings: bucketed), named,
        .wait(.backupsNotRead("not asked yet"))),
    StartRow(
        "where somebody holds data no backup is restored (F31)",
        view(facts([blank(1), holds(2), blank(3)]), backups: one),
        named, .wait(.reportsMissing(["i-2 holds data"]))),
    StartRow(
        "nor where somebody may", view(facts([blank(1), blank(2)], silent: [3]), backups: one), named,
        .wait(.reportsMissing(["i-3: timeout"]))),
    StartRow(
        "nor after any patience: where there are backups there was a record, and who is silent may know it (F4)",
        view(facts([blank(1), blank(2)], silent: [3]), backups: one), impatient,
        .wait(.reportsMissing(["i-3: timeout"]))),
    StartRow(
        "nor while one is stopped",
        view(
            facts(.seen(group([instance(1), instance(2), instance(3, .stopped)])), [blank(1), blank(2)]), backups: one),
        named, .wait(.instancesUnsettled([instance(3, .stopped)]))),
    StartRow(
        "nor where a cluster has no leader", view(backups: one, peers: [peer(2, shows: members(2, 3)), refused(3)]),
        named, .wait(.noLeader(among: [peer(2, shows: members(2, 3))]))),
    StartRow(
        "nor where the zone names members (F4)", view(backups: one, zone: .seen(namingZone)), named,
        .wait(.zoneNamesCluster(name: "main", hosts: ["i-9.main.example.org."]))),
    StartRow(
        "the whole group is waited for beside backups, too",
        view(facts(.seen(group([1, 2])), [blank(1), blank(2)]), backups: one), named,
        .wait(.groupIncomplete(running: 2, wanted: 3))),
    StartRow(
        "after five minutes a majority will do there, too",
        view(facts(.seen(group([1, 2])), [blank(1), blank(2)]), backups: one), impatient,
        founds(backup(9), generation: 2)),
    StartRow(
        "all but the first of them wait for it",
        view(facts(.seen(group([0, 1], desired: 2)), [blank(0), blank(1)]), backups: one),
        .wait(.foundingWithoutUs(founders: founders(0)))),
    StartRow(
        "where no record is kept nothing says who restores: nobody does",
        view(
            facts([1, 2, 3].map { blank($0, stores: []) }), record: .notConfigured, stores: [], backups: one,
            settings: PlanSettings(isWithoutRecord: true)), .wait(.backupsExist(1))),
]

// MARK: The loss of everything

/// Nothing is left of generation 3 but what the reports say.
private let lost = record([on(7), on(8), on(9)], generation: 3)
private func losing(
    _ reports: [Report] = [blank(1), blank(2), blank(3)], group: Group = group([1, 2, 3]), silent: [Int] = [],
    nine: Instance.State = .terminated, record before: ClusterRecord = lost, backups: Observed<BackupsSeen>,
    spoilt: Set<String> = [], settings: PlanSettings = bucketed
) -> StartView {
    view(
        facts(
            .seen(group), asked: [asked(7, .terminated), asked(8, .terminated), asked(9, nine)], reports,
            silent: silent), record: found(before), backups: backups, settings: settings, spoilt: spoilt)
}

private func restores(
    _ backup: Backup, by number: Int = 1, generation: Int = 4, former: [ClusterRecord.FormerEntry] = [],
    after before: ClusterRecord = lost
) -> StartPlan { begins(.snapshot(backup.name), number, generation: generation, former: former, after: before) }

private func begins(
    _ source: ClusterRecord.Source, _ number: Int, generation: Int = 4, former: [ClusterRecord.FormerEntry] = [],
    after before: ClusterRecord = lost
) -> StartPlan {
    .claim(
        swap(.recovery, before) { record in
            record.generation = generation
            record.token = "main-\(generation)-salt"
            record.source = source
            record.start = [on(number)]
            record.voters = [on(number)]
            record.former = former
        })
}
private let three3 = backup(9, of: 3)
private func begun(_ name: String) -> ClusterRecord {
    record([on(7), on(8), on(9)], start: [on(7)], generation: 3, source: .snapshot(name))
}
private let some = bucket(three3, backup(8, of: 3, proven: true), backup(7, of: 2))

let rowsOfLosingEverything: [StartRow] = [
    StartRow(
        "where every member is lost the newest backup begins the next generation", losing(backups: some),
        restores(three3)),
    StartRow(
        "abandoned timeline: an older generation's higher revision never wins (F32)",
        losing(backups: bucket(three3, backup(900, of: 2, age: 1, proven: true))), restores(three3)),
    StartRow(
        "of one generation the higher revision wins, whenever it was taken",
        losing(backups: bucket(backup(8, of: 3, age: 1), three3)), restores(three3)),
    StartRow(
        "generation restarted beside old backups: the next one is above what is left of any",
        losing(backups: bucket(three3, highest: 6)), restores(three3, generation: 7)),
    StartRow(
        "lost before its first backup, a generation begins anew with the one before it",
        losing(backups: bucket(backup(9, of: 2))), restores(backup(9, of: 2))),
    StartRow(
        "one instance is enough: whoever it is, nobody is served before",
        losing([blank(1)], group: group([1]), backups: some), restores(three3)),
    StartRow(
        "whoever sees it first claims it for the first of them",
        losing([blank(0), blank(1)], group: group([0, 1]), backups: some), restores(three3, by: 0)),
    StartRow(
        "what was found spoilt here is passed over for the next one", losing(backups: some, spoilt: [three3.name]),
        restores(backup(8, of: 3, proven: true))),
    StartRow(
        "what was refuted comes after the others of its generation",
        losing(backups: bucket(backup(9, of: 3, refuted: true), backup(8, of: 3), backup(7, of: 2))),
        restores(backup(8, of: 3))),
    StartRow(
        "and before those of an earlier one",
        losing(backups: bucket(backup(9, of: 3, refuted: true), backup(7, of: 2))),
        restores(backup(9, of: 3, refuted: true))),
    StartRow(
        "of two clusters with one number a person says which is dead",
        losing(backups: bucket(backup(9, of: 3, cluster: 0xc2), backup(8, of: 3))), .wait(.backupsShareGeneration(3))),
    StartRow(
        "also where it comes to that only as all of a later generation is spoilt",
        losing(
            backups: bucket(three3, backup(9, of: 2, cluster: 0xc2), backup(8, of: 2)), spoilt: [three3.name]),
        .wait(.backupsShareGeneration(2))),
    StartRow(
        "a generation that began with a backup, and has none of its own, begins with the same one again",
        losing(record: begun(name(8, of: 2)), backups: bucket(backup(9, of: 2), backup(8, of: 2), backup(7, of: 2))),
        restores(backup(8, of: 2), after: begun(name(8, of: 2)))),
    StartRow(
        "be that one proven by now or not",
        losing(record: begun(name(8, of: 2)), backups: bucket(backup(9, of: 2), backup(8, of: 2, proven: true))),
        restores(backup(8, of: 2), after: begun(name(8, of: 2)))),
    StartRow(
        "even where a person has chosen it though it was refuted",
        losing(record: begun(name(8, of: 2)), backups: bucket(backup(8, of: 2, refuted: true), backup(7, of: 2))),
        restores(backup(8, of: 2), after: begun(name(8, of: 2)))),
    StartRow(
        "or, where that is spoilt, with the one after it",
        losing(
            record: begun(name(8, of: 2)), backups: bucket(backup(9, of: 2), backup(8, of: 2), backup(7, of: 2)),
            spoilt: [name(8, of: 2)]), restores(backup(7, of: 2), after: begun(name(8, of: 2)))),
    StartRow(
        "with what a person brought, too", losing(record: begun("imported/a.db"), backups: bucket(backup(9, of: 2))),
        begins(.snapshot("imported/a.db"), 1, after: begun("imported/a.db"))),
    StartRow(
        "and with nothing else in its place",
        losing(record: begun("s3://b/k"), backups: bucket(backup(9, of: 2)), spoilt: ["s3://b/k"]),
        .wait(.backupsSpoilt(["s3://b/k"]))),
    StartRow(
        "once it has a backup of its own that one is taken",
        losing(record: begun(name(8, of: 2)), backups: bucket(backup(20, of: 3), backup(8, of: 2))),
        restores(backup(20, of: 3), after: begun(name(8, of: 2)))),
    StartRow(
        "where all is spoilt a person decides", losing(backups: bucket(three3), spoilt: [three3.name]),
        .wait(.backupsSpoilt([three3.name]))),
    StartRow(
        "another tool's backups are not passed over for nothing", losing(backups: bucket(strangers: ["etcd.json"])),
        .wait(.backupsNotOurs(["etcd.json"]))),
    StartRow(
        "a list that could not be read is not empty (F33)", losing(backups: .unavailable("403")),
        .wait(.backupsNotRead("403"))),
    StartRow(
        "nor is one that nobody has asked for yet", losing(backups: .notAsked), .wait(.backupsNotRead("not asked yet"))),
    StartRow(
        "backups above the record's generation are of another life: which is the dead one is for a person to say",
        losing(backups: bucket(three3, backup(2, of: 7))), .wait(.backupsOutrank(generation: 7, record: 3))),
    StartRow(
        "a disk that may hold newer data is waited for, whatever is in the bucket (F31)",
        losing(nine: .stopped, backups: some), .wait(.generationUnknown(["i-9 is stopped"]))),
    StartRow(
        "also one whose instance says nothing", losing(nine: .running, backups: some),
        .wait(
            .generationUnknown(["i-9 is running: its supervisor was not asked", "i-9: its supervisor was not asked"]))),
    StartRow(
        "a voter's disk that is held is carried on, and no backup is restored (F31)",
        losing(
            [blank(1), holds(2, generation: 3, shows: members(2, 7, 8)), blank(3)],
            record: record([on(2), on(7), on(8)], generation: 3), backups: some),
        begins(.member(2), 2, after: record([on(2), on(7), on(8)], generation: 3))),
    StartRow(
        "so is one of an earlier generation, while this one has not formed",
        losing(
            [blank(1), holds(2, generation: 2, shows: members(2, 7, 8)), blank(3)],
            record: record([on(7)], generation: 3, former: [was(2, 2)]), backups: some),
        begins(.member(2), 2, after: record([on(7)], generation: 3, former: [was(2, 2)]))),
    StartRow(
        "learner's window: a learner's disk can't be carried on, and is kept beside what is restored",
        losing(
            [blank(1), holds(2, generation: 3, shows: [member(7), member(2, learner: true)]), blank(3)],
            record: record([on(7), on(2)], generation: 3), backups: some),
        restores(three3, former: [was(2, 3)], after: record([on(7), on(2)], generation: 3))),
    StartRow(
        "what etcd can't run on may be worth more than a backup: that is for a person to say (F20)",
        losing(
            [blank(1), reporting(2, .unusable("crc"), disk: disk(2)), blank(3)],
            record: record([on(7), on(2)], generation: 3), backups: some), .wait(.dataUnusable([2]))),
    StartRow(
        "a stranger that says nothing has its grace before anything is restored",
        losing([blank(1), blank(2)], silent: [3], backups: some), .wait(.reportsMissing(["i-3: timeout"]))),
    StartRow(
        "and no more of it", losing([blank(1), blank(2)], silent: [3], backups: some),
        remembering(recoveringSince: .seconds(700), generation: 3), restores(three3)),
    StartRow(
        "--on-loss hold leaves restoring to a person, too",
        losing(backups: some, settings: PlanSettings(onLoss: .hold, backups: BackupSettings())),
        .wait(.generationHeld(3))),
]

// MARK: Restoring

private func snapshot(_ name: String, by number: Int = 1, former: [ClusterRecord.FormerEntry] = []) -> ClusterRecord {
    record([on(number)], start: [on(number)], generation: 2, source: .snapshot(name), former: former)
}
private let begun = snapshot(name(9))
private func halfway(_ stamp: Stamp) -> Stamp {
    var stamp = stamp
    stamp.carriedInto = 2
    return stamp
}
private func restore(_ name: String) -> StartPlan { launch(.restore(name, token: "main-2-salt"), generation: 2) }
private let restored = restore(name(9))
private func takes(_ next: String, after spoilt: String) -> StartPlan {
    .claim(swap(.otherBackup(than: spoilt), snapshot(spoilt)) { $0.source = .snapshot(next) })
}
private func restoring(
    _ disk: Disk = .empty(fresh()), etcd: OwnEtcd = OwnEtcd(), _ reports: [Report] = [blank(1), blank(2), blank(3)],
    record before: ClusterRecord = begun, backups: Observed<BackupsSeen> = bucket(backup(9), backup(8), backup(7)),
    spoilt: Set<String> = [], clusters: [RunningCluster] = []
) -> StartView {
    view(
        disk: disk, etcd: etcd, facts(reports), record: found(before), backups: backups, clusters: clusters,
        settings: bucketed, spoilt: spoilt)
}
private let moved = ClusterRecord.Entry(1, peerURL(9), disk: disk(1))
private let shown = OwnEtcd(shown: showing(members(1, 2, 3)))
private let own = Disk.data(ours)
private let movedRecord = record([moved], start: [moved], generation: 2, source: .snapshot(name(9)))

let rowsOfRestoring: [StartRow] = [
    StartRow("who is named to restore does so", restoring(), restored),
    StartRow("the list is not needed for it", restoring(backups: .unavailable("503")), restored),
    StartRow(
        "others wait for it to serve", restoring(record: snapshot(name(9), by: 2)), .wait(.generationPending([2]))),
    StartRow(
        "and join it then",
        restoring(
            .empty(fresh()), [blank(1), holds(2, generation: 2, leader: 2), blank(3)], record: snapshot(name(9), by: 2),
            clusters: [cluster(members(2), generation: 2)]), .wait(.askedToJoin(0xc1))),
    StartRow(
        "starter dies before it has restored: the next one begins with the same backup",
        view(
            facts(.seen(group([1, 3])), asked: [asked(2, .terminated)], [blank(1), blank(3)]),
            record: found(snapshot(name(9), by: 2)), backups: one),
        restores(backup(9), generation: 3, after: snapshot(name(9), by: 2))),
    StartRow(
        "who says nothing may be restoring",
        view(
            facts([blank(1), blank(3)], silent: [2]), record: found(snapshot(name(9), by: 2)), backups: one),
        .wait(.generationUnknown(["i-2 is running: timeout", "i-2: timeout"]))),
    StartRow(
        "another disk than the one that is named restores nothing by that record",
        restoring(.empty(fresh(1, disk(11))), [blank(1, disk(11)), blank(2), blank(3)]),
        .claim(
            swap(.recovery, begun) { record in
                record.generation = 3
                record.token = "main-3-salt"
                record.start = [on(1, disk(11))]
                record.voters = [on(1, disk(11))]
            })),
    StartRow(
        "nor does one at another address: others don't take it for the one that is named",
        restoring(record: movedRecord), restores(backup(9), generation: 3, after: movedRecord)),
    StartRow(
        "crashed in the middle of a restore, with nothing in place: once more", restoring(.empty(halfway(fresh()))),
        restored),
    StartRow(
        "crashed with the data in place and the stamp not raised: once more", restoring(.data(halfway(fresh()))),
        restored),
    StartRow(
        "while the stamp is not raised others wait",
        restoring(
            .empty(fresh()), [blank(1), holds(2, generation: nil, shows: nil, commit: nil), blank(3)],
            record: snapshot(name(9), by: 2)),
        .wait(.generationPending([2]))),
    StartRow("once the stamp is raised it is never restored again", restoring(.data(stamped(generation: 2))), resume),
    StartRow(
        "half a restore of which the record does not say anything any more is not run",
        restoring(.data(halfway(fresh())), record: record([on(2)])), .wait(.carriedHalfway(into: 2))),
    StartRow(
        "found spoilt, it gives way to the next one", restoring(spoilt: [name(9)]), takes(name(8), after: name(9))),
    StartRow(
        "proven or not", restoring(backups: bucket(backup(9), backup(8), backup(7, proven: true)), spoilt: [name(9)]),
        takes(name(8), after: name(9))),
    StartRow(
        "to one that was refuted only where there is no other of its generation",
        restoring(backups: bucket(backup(9), backup(8, refuted: true), backup(7, proven: true)), spoilt: [name(9)]),
        takes(name(7), after: name(9))),
    StartRow(
        "which may be the last of them",
        restoring(backups: bucket(backup(9), backup(8, refuted: true)), spoilt: [name(9)]),
        takes(name(8), after: name(9))),
    StartRow(
        "where the next one may be of either of two clusters, a person says which",
        restoring(
            record: snapshot(name(9, of: 2)),
            backups: bucket(backup(9, of: 2), backup(900, cluster: 0xc2), backup(8, proven: true)),
            spoilt: [name(9, of: 2)]), .wait(.backupsShareGeneration(1))),
    StartRow(
        "and that one to the one after it", restoring(spoilt: [name(9), name(8)]), takes(name(7), after: name(9))),
    StartRow(
        "never to a better one, which was found spoilt before or passed over by a person",
        restoring(record: snapshot(name(8)), spoilt: [name(8)]), takes(name(7), after: name(8))),
    StartRow(
        "an earlier generation's comes last",
        restoring(
            record: snapshot(name(9, of: 2)), backups: bucket(backup(9, of: 2), backup(8, of: 1)),
            spoilt: [name(9, of: 2)]), takes(name(8), after: name(9, of: 2))),
    StartRow(
        "where none is left it waits for a person", restoring(spoilt: [name(9), name(8), name(7)]),
        .wait(.backupsSpoilt([name(7), name(8), name(9)]))),
    StartRow(
        "nothing takes the place of a snapshot that a person brought",
        restoring(record: snapshot("imported/a.db"), spoilt: ["imported/a.db"]),
        .wait(.backupsSpoilt(["imported/a.db"]))),
    StartRow(
        "which comes next has to be seen", restoring(backups: .unavailable("503"), spoilt: [name(9)]),
        .wait(.backupsNotRead("503"))),
    StartRow(
        "at all", restoring(backups: .notAsked, spoilt: [name(9)]), .wait(.backupsNotRead("not asked yet"))),
    StartRow(
        "going back: the data of the earlier generation gives way on the disk that is named",
        restoring(own, [holds(1), holds(2), holds(3)]), restored),
    StartRow(
        "going back: also beside those who have not heard of it yet",
        restoring(own, [holds(1), holds(2, leader: 2), holds(3)], clusters: [cluster(members(1, 2, 3))]), restored),
    StartRow("going back: at whatever address it is", restoring(own, [holds(1)], record: movedRecord), restored),
    StartRow(
        "going back: also data whose generation nobody had written down yet",
        restoring(.data(stamped(generation: nil)), [holds(1)]), restored),
    StartRow(
        "going back: the others keep theirs until that one serves",
        restoring(
            own, etcd: shown, [holds(1), holds(2), holds(3)],
            record: snapshot(name(9), by: 2, former: [was(1, 1), was(3, 1)])),
        .wait(.dataOfEarlierGeneration(1, now: 2))),
    StartRow(
        "going back: and set it aside then",
        restoring(
            own, [holds(1), holds(2, generation: 2, leader: 2), holds(3)],
            record: snapshot(name(9), by: 2, former: [was(1, 1), was(3, 1)]),
            clusters: [cluster(members(2), generation: 2)]),
        .setAside(.ofEarlierGeneration(1, now: 2))),
    StartRow(
        "going back to what is spoilt: the data shows what it holds, should a person want it back",
        restoring(own, [holds(1)], record: snapshot("imported/a.db"), spoilt: ["imported/a.db"]), inspect),
    StartRow(
        "going back to what is spoilt: then it waits for that person",
        restoring(own, etcd: shown, [holds(1)], record: snapshot("imported/a.db"), spoilt: ["imported/a.db"]),
        .wait(.backupsSpoilt(["imported/a.db"]))),
    StartRow(
        "a survivor's data whose generation nobody had written down yet is carried on all the same",
        view(
            disk: .data(stamped(generation: nil)), facts(.seen(group([1])), asked: [asked(2, .terminated)], [holds(1)]),
            record: found(record([on(1)], start: [on(1)], generation: 2, source: .member(1)))),
        launch(.force(1), generation: 2)),
]

// MARK: The last member's leave

private func leaving(
    _ stamp: Stamp = ours, word: String = "Terminating:Wait", desired: Int = 0, group: Observed<Group>? = nil,
    record reading: RecordReading = found(record([on(1)])), etcd: OwnEtcd = OwnEtcd(), clusters: [RunningCluster] = [],
    settings: PlanSettings = bucketed
) -> StartView {
    view(
        disk: .data(stamp), etcd: etcd,
        facts(
            group ?? .seen(ClusterPlanningTests.group([instance(1, .running, word)], desired: desired)), [holds(1)]),
        record: reading, peers: [], clusters: clusters, settings: settings)
}
private let save = launch(.save, generation: 1)

let rowsOfSeeingOff: [StartRow] = [
    StartRow("weekend zero: the last member serves nobody any more, and is backed up to the end", leaving(), save),
    StartRow("also where nobody has named its disk", leaving(record: found(record([unnamed(1)]))), save),
    StartRow(
        "then it may go", leaving(etcd: OwnEtcd(savedRevision: 9)), .wait(.savedToTheEnd(revision: 9))),
    StartRow(
        "what runs again may have taken more since", leaving(etcd: OwnEtcd(isRunning: true, savedRevision: 9)), save),
    StartRow("without a bucket nobody stops before the end", leaving(settings: PlanSettings()), resume),
    StartRow("a group that wants one again has it serve", leaving(desired: 1, etcd: OwnEtcd(savedRevision: 9)), resume),
    StartRow("one that is not leaving serves", leaving(word: "InService"), resume),
    StartRow("so does one that no hook holds: there is no time", leaving(word: "Terminating"), resume),
    StartRow("so does one whose group can't be read", leaving(group: .unavailable("503")), resume),
    StartRow("or lacks it", leaving(group: .seen(ClusterPlanningTests.group([2], desired: 0))), resume),
    StartRow("so does one whose record can't be read", leaving(record: .unknown("503")), resume),
    StartRow("or is not there", leaving(record: .absent(zoneStore)), resume),
    StartRow("or is another group's", leaving(record: found(record([on(1)], owner: "arn:other"))), resume),
    StartRow(
        "another voter in the record may go on without it", leaving(record: found(record([on(1), on(2)]))), resume),
    StartRow(
        "so may one that is joining", leaving(record: found(record([on(1), on(2, joining: true)]))), resume),
    StartRow("the record's voter is on another disk", leaving(record: found(record([on(1, disk(11))]))), resume),
    StartRow("the data is of no generation", leaving(stamped(generation: nil)), resume),
    StartRow("the data is of a later generation than the record", leaving(stamped(generation: 2)), resume),
    StartRow("a cluster answers, of which it is one", leaving(clusters: [cluster(members(1, 2))]), resume),
    StartRow(
        "another instance's data is not backed up as ours", leaving(stamped(9, disk(1))), inspect),
    StartRow(
        "what was being carried over is not either", leaving(halfway(ours)), .wait(.carriedHalfway(into: 2))),
    StartRow(
        "what etcd can't run on is held, and said", leaving(etcd: OwnEtcd(lastExit: .corruptData("crc"))),
        .wait(.corruptData("crc", because: "no cluster answers that has its quorum without it"))),
]
