/// Volumes that come late, move, or are cloned.

@testable import ClusterPlanning

/// Instance 3's volume, which instance 1 has now.
private let theirs = stamped(3, volume(3))
/// No leader ever told it which member it is.
private let nameless = Stamp(
    disk: volume(3), instance: 3, owner: ourGroup, generation: 1, cluster: 0xc1, started: true)
private let namelessDirectory = Stamp(
    disk: disk(3), instance: 3, owner: ourGroup, generation: 1, cluster: 0xc1, started: true)
private let before = record([on(2, volume(2)), on(3, volume(3))])
private let shown = OwnEtcd(shown: showing(members(2, 3)))
private func moved(
    etcd: OwnEtcd = OwnEtcd(), _ stamp: Stamp = theirs, record: ClusterRecord = before, clusters: [RunningCluster] = [],
    others: [Report] = [holds(2, volume(2), shows: members(2, 3), mounted: true)]
) -> StartView {
    view(
        disk: .data(stamp), mounted: true, etcd: etcd,
        facts(
            .seen(group([1, 2])), asked: [asked(3, .terminated)],
            [holds(3, volume(3), on: 1, shows: members(2, 3), mounted: true)] + others), record: found(record),
        clusters: clusters)
}

let rowsOfVolumes: [StartRow] = [
    StartRow(
        "late volume: the record knows a volume here, and the directory is none",
        view(record: found(record([on(1, volume(1)), on(2)]))), .wait(.volumeMissing(volume(1)))),
    StartRow(
        "late volume: what lies below is older, and not resumed",
        view(disk: .data(stamped()), record: found(record([on(1, volume(1)), on(2)]))), .wait(.volumeMissing(volume(1)))
    ),
    StartRow(
        "another volume in its place is mounted: the first one is lost",
        view(
            disk: .empty(fresh(1, volume(11))), mounted: true, facts([blank(1, volume(11), mounted: true), holds(2)]),
            record: found(record([on(1, volume(1)), on(2)])), clusters: [cluster(members(1, 2), ill: [1])]),
        .wait(.ownEntryOfLostData(member(1)))),
    StartRow(
        "moved volume, one and all: the leader has to tell where its member is now",
        moved(clusters: [cluster(members(2, 3), ill: [3])]), .wait(.movedVolume(from: 3, 3))),
    StartRow(
        "moved volume, one and all: once the cluster knows, it resumes here",
        moved(clusters: [
            cluster([member(2), Member(3, name: "i-3", peerURLs: [peerURL(1)], clientURLs: [clientURL(3)])], ill: [3])
        ]), resume),
    StartRow(
        "one that was moved before its stamp knew the member: the record tells which it is",
        moved(nameless, clusters: [cluster(members(2, 3), ill: [3])]), .wait(.movedVolume(from: 3, 3))),
    StartRow(
        "and it, too, resumes once the cluster knows",
        moved(
            nameless, record: record([on(2, volume(2)), on(1, volume(3))]),
            clusters: [
                cluster(
                    [member(2), Member(3, name: "i-3", peerURLs: [peerURL(1)], clientURLs: [clientURL(3)])], ill: [3])
            ]), resume),
    StartRow(
        "also where it is a directory, which lay below its volume's root",
        moved(
            namelessDirectory, record: record([on(2, volume(2)), on(1, disk(3))]),
            clusters: [
                cluster(
                    [member(2), Member(3, name: "i-3", peerURLs: [peerURL(1)], clientURLs: [clientURL(3)])], ill: [3])
            ]), resume),
    StartRow(
        "a volume whose member nobody knows waits",
        moved(nameless, record: record([on(2, volume(2))]), clusters: [cluster(members(2, 3), ill: [3])]),
        .wait(.movedVolume(from: 3, nil))),
    StartRow(
        "a volume whose member was removed meanwhile is set aside", moved(clusters: [cluster(members(2))]),
        .setAside(.removedFromCluster(0xc1))),
    StartRow("where nobody leads it is looked at", moved(), inspect),
    StartRow(
        "and waits for the others",
        moved(etcd: shown, others: [reporting(2, .unknown("EIO"), disk: volume(2))]),
        .wait(.movedVolumeWithoutLeader(from: 3))),
    StartRow(
        "moved volume, one and all: at new addresses nobody finds the others, and the best one begins",
        moved(etcd: shown, others: [holds(2, volume(2), shows: members(2, 3), commit: 200, mounted: true)]),
        .claim(
            swap(.recovery, before) { record in
                record.generation = 2
                record.token = "main-2-salt"
                record.source = .member(2)
                record.start = [on(2, volume(2))]
                record.voters = [on(2, volume(2))]
                record.former = [ClusterRecord.FormerEntry(on(3, volume(3)), generation: 1)]
            })),
    StartRow(
        "cloned volume, baked image: what two report is carried on from neither",
        moved(
            etcd: shown,
            others: [holds(3, volume(3), on: 2, shows: members(2, 3), mounted: true)]),
        .wait(.movedVolumeWithoutLeader(from: 3))),
    StartRow(
        "moved volume, one and all: the next generation may begin from it, here",
        moved(record: record([on(1, volume(3))], start: [on(1, volume(3))], generation: 2, source: .member(3))),
        launch(.force(3), generation: 2)),
]
