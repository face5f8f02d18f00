/// What a start makes of a record that is there: who may begin its generation, and whose record it is.

@testable import ClusterPlanning

private let three = claimed(1, 2, 3)
private let moved = ClusterRecord.Entry(1, peerURL(9), disk: disk(1))
private func begins(_ record: ClusterRecord, _ numbers: Int...) -> StartPlan {
    .start(
        Launch(
            .found(token: record.token), identity(1),
            initialCluster: numbers.map { InitialMember("i-\($0)", peerURL($0)) }, owner: ourGroup,
            generation: record.generation))
}

let rowsOfTheRecord: [StartRow] = [
    StartRow("who is named founds, with exactly those who are", view(record: found(three)), begins(three, 1, 2, 3)),
    StartRow(
        "slow founder: also when the cluster answers already",
        view(
            record: found(three), clusters: [cluster([founder(1), member(2), member(3)])]), begins(three, 1, 2, 3)),
    StartRow(
        "swap applied after its timeout: a record of ours is followed, whoever wrote it",
        view(record: found(three)), remembering(founders(1, 2, 3), foundingSince: .zero), begins(three, 1, 2, 3)),
    StartRow(
        "amnesiac founder: another disk than the one that is named starts nothing",
        view(
            disk: .empty(fresh(1, disk(11))), facts([blank(1, disk(11)), blank(3)], silent: [2]), record: found(three)),
        .wait(.generationUnknown(["i-2 is running: timeout", "i-2: timeout"]))),
    StartRow(
        "amnesiac founder: it joins those who have begun",
        view(
            disk: .empty(fresh(1, disk(11))), facts([blank(1, disk(11)), holds(2, leader: 2), holds(3)]),
            record: found(three), clusters: [cluster(members(1, 2, 3), ill: [1])]),
        .wait(.ownEntryOfLostData(member(1)))),
    StartRow(
        "who is named no more among the voters starts nothing",
        view(record: found(three.changed { $0.voters = [on(2), on(3)] }), clusters: [cluster(members(2, 3))]),
        .wait(.askedToJoin(0xc1))),
    StartRow(
        "founders dead before formation: the one that is left begins, and may be carried on",
        view(
            facts(
                .seen(group([1, 4, 5])), asked: [asked(2, .terminated), asked(3, .terminated)],
                [blank(1), blank(4), blank(5)]),
            record: found(three)), begins(three, 1, 2, 3)),
    StartRow(
        "others wait for it",
        view(
            facts(
                .seen(group([1, 4, 5])), asked: [asked(2, .terminated), asked(3, .terminated)],
                [blank(1), blank(4), blank(5)]), record: found(claimed(2, 3, 4))), .wait(.generationPending([4]))),
    StartRow(
        "a founder at another address than the record's does not begin",
        view(
            facts([blank(1), holds(2), holds(3)]),
            record: found(record([moved, on(2), on(3)], start: [moved, on(2), on(3)]))),
        .wait(.generationQuorate(by: 2))),
]

private let theirs = record([on(9)], owner: "arn:other")
private let dead9 = [asked(9, .terminated)]
private func other(
    _ owner: Observed<OtherOwner>, asked: [Instance] = dead9, clusters: [RunningCluster] = [],
    backups: Observed<BackupsSeen> = .notAsked
) -> StartView {
    view(
        facts(.seen(group([1, 2, 3])), asked: asked, [blank(1), blank(2), blank(3)], otherOwner: owner),
        record: found(theirs), backups: backups, clusters: clusters)
}

private func wait(_ why: String) -> StartPlan { .wait(.recordOfOther(owner: "arn:other", why)) }

/// What a process remembers that has seen the other group gone for `time`.
private func goneFor(_ time: Duration) -> StartMemory {
    var memory = StartMemory()
    var now = Duration.seconds(1000) - time
    while now < .seconds(1000) {
        memory.absence.remember(other(.seen(.isGone)).facts, now, grace: .seconds(300))
        now += .seconds(60)
    }
    return memory
}

let rowsOfOtherOwners: [StartRow] = [
    StartRow("an owner that was not asked for may live", other(.notAsked), wait("it was not asked for")),
    StartRow(
        "one that can't be asked for, too", other(.unavailable("503")),
        wait("whether it is alive could not be read: 503")),
    StartRow(
        "one of another account is out of sight", other(.seen(.outOfSight("it is of another account"))),
        wait("it is of another account; if its data is not wanted, run `etcd-cluster forget`")),
    StartRow(
        "a living one keeps its record", other(.seen(.exists)),
        wait("it is alive; give this cluster a name of its own by --cluster-name")),
    StartRow(
        "one that is gone has its grace", other(.seen(.isGone)),
        wait("it is gone, and the record is replaced once that has been so for 300.0 seconds")),
    StartRow(
        "another owner: its detached instance still serves",
        other(.seen(.isGone), asked: [asked(9, .running)]), goneFor(.seconds(300)),
        .wait(
            .generationUnknown(["i-9 is running: its supervisor was not asked", "i-9: its supervisor was not asked"]))),
    StartRow(
        "another owner: its cluster answers", other(.seen(.isGone), clusters: [cluster(members(9), id: 0xc9)]),
        goneFor(.seconds(300)), wait("its cluster c9 answers")),
    StartRow(
        "its record is replaced once its generation is dead, too", other(.seen(.isGone)), goneFor(.seconds(300)),
        .claim(
            swap(.recovery, theirs) { record in
                record.owner = ourGroup
                record.generation = 2
                record.token = "main-2-salt"
                record.start = [on(1), on(2), on(3)]
                record.voters = [on(1), on(2), on(3)]
            })),
    StartRow(
        "another owner: a stack that takes the place of one that is gone begins with its newest backup",
        other(.seen(.isGone), backups: bucket(backup(9), backup(8))), goneFor(.seconds(300)),
        .claim(
            swap(.recovery, theirs) { record in
                record.owner = ourGroup
                record.generation = 2
                record.token = "main-2-salt"
                record.source = .snapshot(backup(9).name)
                record.start = [on(1)]
                record.voters = [on(1)]
            })),
]
