/// What becomes of a generation that nobody leads, as any supervisor sees it.

@testable import ClusterPlanning

private let dead23 = [asked(2, .terminated), asked(3, .terminated)]
private let five = members(1, 2, 3, 4, 5)

/// Instance 1 is new; 2 and 3 are terminated, and 4 is what is left of them.
private let before = record([on(2), on(3), on(4)])
private func left(_ reports: [Report], silent: [Int] = [], settings: PlanSettings = PlanSettings()) -> StartView {
    view(
        facts(.seen(group([1, 4, 5])), asked: dead23, reports, silent: silent), record: found(before),
        peers: [refused(4), refused(5)], settings: settings)
}

private let carriedOn = StartPlan.claim(
    swap(.recovery, before) { record in
        record.generation = 2
        record.token = "main-2-salt"
        record.source = .member(4)
        record.start = [on(4)]
        record.voters = [on(4)]
    })

private let survivor = holds(4, shows: members(2, 3, 4))

let rowsOfRecovery: [StartRow] = [
    StartRow(
        "whoever sees that two of three are dead claims for the third", left([blank(1), survivor, blank(5)]), carriedOn),
    StartRow(
        "a living leader is looked for", left([blank(1), holds(4, leader: 4), blank(5)]), .wait(.generationLed(by: 4))),
    StartRow(
        "the unknown may hold the newest data", left([blank(1), blank(5)], silent: [4]),
        .wait(.generationUnknown(["i-4 is running: timeout", "i-4: timeout"]))),
    StartRow(
        "removal ahead of the record: who are a quorum by their own lists are waited for",
        view(
            facts(
                .seen(group([1, 2, 4])), asked: [asked(3, .terminated), asked(5, .terminated)],
                [blank(1), holds(2, shows: members(2, 4, 5)), holds(4, shows: members(2, 4, 5))]),
            record: found(record([on(2), on(3), on(4), on(5)]))), .wait(.generationQuorate(by: 2))),
    StartRow(
        "--on-loss hold leaves it to a person",
        left([blank(1), survivor, blank(5)], settings: PlanSettings(onLoss: .hold)), .wait(.generationHeld(1))),
    StartRow(
        "a stranger that says nothing has its grace", left([blank(1), survivor], silent: [5]),
        .wait(.reportsMissing(["i-5: timeout"]))),
    StartRow(
        "and no more", left([blank(1), survivor], silent: [5]), remembering(recoveringSince: .seconds(700)), carriedOn),
    StartRow(
        "the grace of another generation does not count", left([blank(1), survivor], silent: [5]),
        remembering(recoveringSince: .seconds(700), generation: 0), .wait(.reportsMissing(["i-5: timeout"]))),
    StartRow(
        "half-rolled template: who reads other stores would not see the next generation",
        left([blank(1), survivor, blank(5, stores: [bucketStore])]), .wait(.storesDiffer([5]))),
    StartRow(
        "who could not read the record yet is waited for before the next generation, too",
        left([blank(1), survivor, blank(5, stores: [])]),
        .wait(.reportsMissing(["i-5 has not read the record yet"]))),
    StartRow(
        "two of two: the survivor's data is carried on",
        view(
            facts(.seen(group([1, 4])), asked: [asked(2, .terminated)], [blank(1), holds(4, shows: members(2, 4))]),
            record: found(record([on(2), on(4)]))),
        .claim(
            swap(.recovery, record([on(2), on(4)])) { record in
                record.generation = 2
                record.token = "main-2-salt"
                record.source = .member(4)
                record.start = [on(4)]
                record.voters = [on(4)]
            })),
    StartRow(
        "of two survivors the better one begins, and the other one's disk is kept",
        view(
            facts(
                .seen(group([1, 4, 5])), asked: dead23 + [asked(6, .terminated)],
                [blank(1), holds(4, shows: five, commit: 7), holds(5, shows: five, commit: 8)]),
            record: found(record([2, 3, 4, 5, 6].map { on($0) }))),
        .claim(
            swap(.recovery, record([2, 3, 4, 5, 6].map { on($0) })) { record in
                record.generation = 2
                record.token = "main-2-salt"
                record.source = .member(5)
                record.start = [on(5)]
                record.voters = [on(5)]
                record.former = [was(4, 1)]
            })),
    StartRow(
        "survivor dies before its exec: the next one begins from what was kept",
        view(
            facts(.seen(group([1, 4])), asked: [asked(5, .terminated)], [blank(1), holds(4, shows: five)]),
            record: found(record([on(5)], start: [on(5)], generation: 2, source: .member(5), former: [was(4, 1)]))),
        .claim(
            swap(
                .recovery, record([on(5)], start: [on(5)], generation: 2, source: .member(5), former: [was(4, 1)])
            ) { record in
                record.generation = 3
                record.token = "main-3-salt"
                record.source = .member(4)
                record.start = [on(4)]
                record.voters = [on(4)]
                record.former = []
            })),
    StartRow(
        "a disk that nobody had named is kept under its name",
        view(
            facts(
                .seen(group([1, 4, 5])), asked: [2, 3, 6].map { asked($0, .terminated) },
                [blank(1), holds(4, shows: five, commit: 7), holds(5, shows: five, commit: 8)]),
            record: found(record([2, 3, 4, 5, 6].map { unnamed($0) }))),
        .claim(
            swap(.recovery, record([2, 3, 4, 5, 6].map { unnamed($0) })) { record in
                record.generation = 2
                record.token = "main-2-salt"
                record.source = .member(5)
                record.start = [on(5)]
                record.voters = [on(5)]
                record.former = [was(4, 1)]
            })),
]

/// Nothing is left of generation 1.
private let gone = record([on(7), on(8), on(9)])
private func nothingLeft(
    _ group: Observed<Group> = .seen(group([1, 2, 3])), _ reports: [Report] = [blank(1), blank(2), blank(3)],
    state: Instance.State = .terminated, backups: Observed<BackupsSeen> = .notAsked
) -> StartView {
    view(
        facts(group, asked: [7, 8, 9].map { asked($0, state) }, reports), record: found(gone), backups: backups)
}

private func anew(_ numbers: Int..., generation: Int = 2, former: [ClusterRecord.FormerEntry] = []) -> StartPlan {
    .claim(
        swap(.recovery, gone) { record in
            record.generation = generation
            record.token = "main-\(generation)-salt"
            record.start = numbers.map { on($0) }
            record.voters = numbers.map { on($0) }
            record.former = former
        })
}

private func forgottenFor(_ seconds: Int) -> StartMemory {
    var memory = StartMemory()
    for second in stride(from: 1000 - seconds, to: 1000, by: 60) {
        memory.absence.remember(nothingLeft(state: .unknownToEC2).facts, .seconds(second), grace: .seconds(300))
    }
    return memory
}

let rowsOfEmptyRecovery: [StartRow] =
    [
        StartRow("where nothing is left, and no bucket is configured, all begin anew", nothingLeft(), anew(1, 2, 3)),
        StartRow("with an empty bucket, too", nothingLeft(backups: .seen(BackupsSeen())), anew(1, 2, 3)),
        StartRow(
            "generation restarted beside old backups: their number is passed",
            nothingLeft(backups: bucket(highest: 6)), anew(1, 2, 3, generation: 7)),
        StartRow(
            "not beside a bucket that refuses", nothingLeft(backups: .unavailable("403")), .wait(.backupsNotRead("403"))
        ),
        StartRow(
            "weekend zero: EC2 has forgotten them, and the grace is over", nothingLeft(state: .unknownToEC2),
            forgottenFor(300), anew(1, 2, 3)),
        StartRow(
            "weekend zero: the grace is not over yet", nothingLeft(state: .unknownToEC2), forgottenFor(120),
            .wait(
                .generationUnknown(
                    ["i-7", "i-8", "i-9"].map { "EC2 does not know \($0), which proves nothing before 300.0 seconds" }))
        ),
        StartRow(
            "the whole group is waited for", nothingLeft(.seen(group([1])), [blank(1)]),
            .wait(.groupIncomplete(running: 1, wanted: 3))),
    ]
    + [
        StartRow(
            "not for ever: all has been judged, and one will do",
            nothingLeft(.seen(group([1])), [blank(1)]), remembering(recoveringSince: .seconds(700)), anew(1)),
        StartRow(
            "learner's window: a learner's disk is never carried on, and does not stand in the way",
            view(
                facts(
                    .seen(group([1, 2], desired: 2)), asked: [asked(7, .terminated)],
                    [blank(1), holds(2, shows: [member(7), member(2, learner: true)])]),
                record: found(record([on(7), on(2)]))), remembering(recoveringSince: .seconds(700)),
            .claim(
                swap(.recovery, record([on(7), on(2)])) { record in
                    record.generation = 2
                    record.token = "main-2-salt"
                    record.start = [on(1)]
                    record.voters = [on(1)]
                    record.former = [was(2, 1)]
                })),
        StartRow(
            "nothing empty begins beside data that a person may still save",
            view(
                facts(
                    .seen(group([1, 2])), asked: [asked(7, .terminated)],
                    [blank(1), reporting(2, .unusable("crc"), disk: disk(2))]), record: found(record([on(7), on(2)]))),
            .wait(.dataUnusable([2]))),
    ]

private func carries(_ disk: Disk, etcd: OwnEtcd = OwnEtcd(), _ record: ClusterRecord, clusters: [RunningCluster] = [])
    -> StartView
{
    view(
        disk: disk, etcd: etcd, facts(.seen(group([1, 2])), asked: dead23, [holds(1), holds(2)]), record: found(record),
        clusters: clusters)
}
private let second = record([on(1)], start: [on(1)], generation: 2, source: .member(1))
private let elsewhere = record([on(2)], start: [on(2)], generation: 2, source: .member(2), former: [was(1, 1)])
private let shown = OwnEtcd(shown: showing(members(1, 2, 3)))

let rowsOfGenerations: [StartRow] = [
    StartRow(
        "forced exec crashes: until the stamp is raised the data is carried over, again and again",
        carries(.data(ours), second), launch(.force(1), generation: 2)),
    StartRow(
        "also where somebody answers", carries(.data(ours), second, clusters: [cluster(members(1), generation: 2)]),
        launch(.force(1), generation: 2)),
    StartRow(
        "forced exec crashes: once the stamp is raised it is never forced again",
        carries(.data(stamped(generation: 2)), second), resume),
    StartRow(
        "the record begins with nothing, and there is data",
        carries(.data(ours), record([on(1)], start: [on(1)], generation: 2)), .wait(.startsFromOtherSource(.empty))),
    StartRow(
        "data that was being carried over, and of which the record does not say so, must not run as it was",
        carries(.data(halfway), record([on(1)])), .wait(.carriedHalfway(into: 2))),
    StartRow(
        "data of an earlier generation makes way for the cluster that answers",
        carries(.data(ours), elsewhere, clusters: [cluster(members(2), generation: 2)]),
        .setAside(.ofEarlierGeneration(1, now: 2))),
    StartRow(
        "not for one that does not say of which generation it is",
        carries(.data(ours), etcd: shown, elsewhere, clusters: [cluster(members(1, 2), generation: nil)]),
        .wait(.dataOfEarlierGeneration(1, now: 2))),
    StartRow("while nobody answers it is looked at", carries(.data(ours), elsewhere), inspect),
    StartRow(
        "and waits, for it may be needed yet", carries(.data(ours), etcd: shown, elsewhere),
        .wait(.dataOfEarlierGeneration(1, now: 2))),
    StartRow(
        "what `former` says counts where the stamp says nothing",
        carries(.data(stamped(generation: nil)), etcd: shown, elsewhere), .wait(.dataOfEarlierGeneration(1, now: 2))),
    StartRow(
        "survivor dies before its exec: who waits with its disk claims the next generation for it",
        view(
            disk: .data(ours), etcd: shown,
            facts(.seen(group([1])), asked: [asked(2, .terminated)], [holds(1, shows: five)]),
            record: found(elsewhere)),
        .claim(
            swap(.recovery, elsewhere) { record in
                record.generation = 3
                record.token = "main-3-salt"
                record.source = .member(1)
                record.start = [on(1)]
                record.voters = [on(1)]
                record.former = []
            })),
]

private var halfway: Stamp {
    var stamp = stamped()
    stamp.carriedInto = 2
    return stamp
}
