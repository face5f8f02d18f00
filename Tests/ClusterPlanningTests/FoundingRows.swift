/// When `planStart` founds a cluster by the record, and what must not be there then.

@testable import ClusterPlanning

/// The swap that founds, or that begins an empty generation in place of another one.
func founding(_ numbers: [Int], generation: Int = 1, in store: StoreName = zoneStore) -> StartPlan {
    let entries = numbers.map { on($0) }
    return .claim(
        RecordSwap(
            .founding, store: store, expected: nil, record: record(entries, start: entries, generation: generation)))
}

private let named = remembering(founders(1, 2, 3))
private let patient = remembering(founders(1, 2), foundingSince: .seconds(701))
private let impatient = remembering(founders(1, 2), foundingSince: .seconds(700))
private let all = [blank(1), blank(2), blank(3)]
private func group(_ fourth: Instance) -> Observed<Group> {
    .seen(ClusterPlanningTests.group([instance(1), instance(2), instance(3), fourth]))
}

let rowsOfFounding: [StartRow] =
    [
        StartRow("one reading of the group is not enough", view(), .wait(.groupMayChange(founders: founders(1, 2, 3)))),
        StartRow("two equal readings claim", view(), named, founding([1, 2, 3])),
        StartRow(
            "two different readings do not", view(), remembering(founders(1, 2, 4)),
            .wait(.groupMayChange(founders: founders(1, 2, 3)))),
        StartRow(
            "a group of one founds", view(facts(.seen(group([1], desired: 1)), [blank(1)]), peers: []),
            remembering(founders(1)), founding([1])),
        StartRow(
            "whoever is pending in the group but runs may found",
            view(
                facts(
                    .seen(
                        group([
                            instance(1, .running, "Pending"), instance(2, .running, "Pending:Wait"),
                            instance(3, .running, "Pending:Proceed"),
                        ])), all)), named, founding([1, 2, 3])),
        StartRow(
            "of more than are wanted the lowest IDs found", view(facts(group(instance(4)), all + [blank(4)])), named,
            founding([1, 2, 3])),
        StartRow(
            "the others wait for them", view(facts(.seen(group([0, 1], desired: 1)), [blank(0), blank(1)])),
            .wait(.foundingWithoutUs(founders: founders(0)))),
        StartRow(
            "--cluster-size counts, not the desired capacity", view(settings: PlanSettings(clusterSize: 1)),
            remembering(founders(1)), founding([1])),
        StartRow(
            "a half of the group founds nothing, though it be as many as --cluster-size",
            view(facts(.seen(group([1, 2, 3], desired: 6)), all), settings: PlanSettings(clusterSize: 3)), named,
            .wait(.groupIncomplete(running: 3, wanted: 6))),
        StartRow(
            "a group that wants nobody founds nothing", view(facts(.seen(group([1, 2, 3], desired: 0)), all)),
            .wait(.groupIncomplete(running: 3, wanted: 0))),
        StartRow(
            "who founds waits for as many instances as desired",
            view(facts(.seen(group([1, 2])), [blank(1), blank(2)])), remembering(founders(1, 2)),
            .wait(.groupIncomplete(running: 2, wanted: 3))),
        StartRow(
            "a silent instance may hold data", view(facts([blank(1), blank(2)], silent: [3])), named,
            .wait(.reportsMissing(["i-3: timeout"]))),
        StartRow(
            "older cluster behind a security group: a silent one that would not found may hold data, too",
            view(
                facts(group(instance(4, .running, "Standby", launchedFrom: "lt-1/1")), all, silent: [4])),
            remembering(founders(1, 2, 3), foundingSince: .zero), .wait(.reportsMissing(["i-4: timeout"]))),
        StartRow(
            "half-rolled template: who reads other stores would not see our record",
            view(facts([blank(1), blank(2), blank(3, stores: [bucketStore])])), named, .wait(.storesDiffer([3]))),
        StartRow(
            "who could not read the record yet is waited for", view(facts([blank(1), blank(2), blank(3, stores: [])])),
            named, .wait(.reportsMissing(["i-3 has not read the record yet"]))),
        StartRow(
            "store switched: stores that differ by one differ",
            view(facts([blank(1), blank(2), blank(3, stores: [zoneStore, bucketStore])])), named,
            .wait(.storesDiffer([3]))),
        StartRow(
            "who follows lost data may found where no store knows a record",
            view(
                disk: .empty(Stamp(disk: disk(1), instance: 1, followsLostData: true)), everybodyBlank), named,
            founding([1, 2, 3])),
        StartRow(
            "an empty zone knows of no earlier cluster", view(zone: .seen(emptyZone)), named, founding([1, 2, 3])),
        StartRow(
            "a zone that names members has seen a cluster", view(zone: .seen(namingZone)), named,
            .wait(.zoneNamesCluster(name: "main", hosts: ["i-9.main.example.org."]))),
        StartRow(
            "members of another name in the zone are none of ours",
            view(zone: .seen(namingZone), settings: PlanSettings(clusterName: "other")), named,
            .claim(
                RecordSwap(
                    .founding, store: zoneStore, expected: nil,
                    record: ClusterRecord(
                        owner: ourGroup, generation: 1, token: "other-1-salt", source: .empty,
                        start: [on(1), on(2), on(3)], voters: [on(1), on(2), on(3)])))),
        StartRow(
            "a zone that can't be read says nothing", view(zone: .unavailable("AccessDenied")), named,
            .wait(.zoneNotRead("AccessDenied"))),
        StartRow(
            "a zone needs a name to be asked for",
            view(facts(.seen(group([1, 2, 3].map { instance($0) }, name: "my_group")), all), zone: .seen(emptyZone)),
            named, .wait(.noClusterName(group: "my_group"))),
        StartRow(
            "an empty list of backups is no obstacle", view(backups: .seen(BackupsSeen())), named, founding([1, 2, 3])),
        StartRow(
            "a list that can't be read is not empty", view(backups: .unavailable("403")), named,
            .wait(.backupsNotRead("403"))),
        StartRow(
            "generation restarted beside old backups: their number is passed, though they are all expired",
            view(backups: bucket(highest: 4)), named,
            .claim(
                RecordSwap(
                    .founding, store: zoneStore, expected: nil,
                    record: record([on(1), on(2), on(3)], start: [on(1), on(2), on(3)], generation: 5)))),
        StartRow(
            "a cluster without a leader is not founded beside",
            view(peers: [peer(2, shows: members(2, 3)), refused(3)]),
            named, .wait(.noLeader(among: [peer(2, shows: members(2, 3))]))),
    ]
    + [
        (holds(3), "i-3 holds data"),
        (reporting(3, .unusable("crc")), "i-3 holds data that etcd can't run on: crc"),
        (reporting(3, .unknown("EIO")), "i-3 can't tell what it holds: EIO"),
    ].map { report, doubt in
        StartRow(
            "\(doubt): nothing is founded", view(facts([blank(1), blank(2), report])), named,
            .wait(.reportsMissing([doubt])))
    }
    + [Instance.State.pending, .stopping, .stopped, .shuttingDown, .unknownToEC2, .unclear].map { state in
        StartRow(
            "an instance that is \(state) may hold data", view(facts(group(instance(4, state, "Terminating")), all)),
            named, .wait(.instancesUnsettled([instance(4, state, "Terminating")])))
    }
    + [
        StartRow(
            "one without an address can't be asked",
            view(facts(group(Instance(4, .running, lifecycle: .inService)), all)), named,
            .wait(.instancesUnsettled([Instance(4, .running, lifecycle: .inService)]))),
        StartRow(
            "an instance that is terminated holds nothing",
            view(facts(group(instance(4, .terminated, "Terminating")), all)), named, founding([1, 2, 3])),
        StartRow(
            "a warm instance counts nowhere", view(facts(group(instance(4, .stopped, "Warmed:Stopped")), all)), named,
            founding([1, 2, 3])),
        StartRow(
            "after five minutes a majority is enough", view(facts(.seen(group([1, 2])), [blank(1), blank(2)])),
            impatient,
            founding([1, 2])),
        StartRow(
            "not a moment before", view(facts(.seen(group([1, 2])), [blank(1), blank(2)])), patient,
            .wait(.groupIncomplete(running: 2, wanted: 3))),
        StartRow(
            "then a silent one of our own template is passed over: it runs us",
            view(facts([blank(1), blank(2)], silent: [3])), impatient, founding([1, 2])),
        StartRow(
            "not one of another template, or another version of ours",
            view(
                facts(
                    .seen(group([instance(1), instance(2), instance(3, launchedFrom: "lt-1/6")])),
                    [blank(1), blank(2)],
                    silent: [3])), impatient, .wait(.reportsMissing(["i-3: timeout"]))),
        StartRow(
            "not where nobody knows our own template",
            view(
                facts(
                    .seen(group([1, 2, 3].map { instance($0, launchedFrom: nil) })), [blank(1), blank(2)], silent: [3])),
            impatient, .wait(.reportsMissing(["i-3: timeout"]))),
        StartRow(
            "a minority never founds", view(facts(.seen(group([1])), [blank(1)])), impatient,
            .wait(.groupIncomplete(running: 1, wanted: 2))),
        StartRow(
            "who answers and holds data is never passed over", view(facts([blank(1), blank(2), holds(3)])), impatient,
            .wait(.reportsMissing(["i-3 holds data"]))),
    ]
