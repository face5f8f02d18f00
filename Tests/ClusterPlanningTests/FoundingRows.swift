/// When `planStart` founds a cluster, and when it follows others who do.

import ClusterPlanning

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
