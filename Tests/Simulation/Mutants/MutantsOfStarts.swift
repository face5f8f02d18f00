/// The rules of founding, of disks and of recovery, each taken out.

import ClusterPlanning

extension Policy {
    static let mutantsOfFounding: [Policy] = [
        .mutant("silence is an empty disk", missedIn: "older cluster behind a security group") { policy in
            policy.seeing { view in
                for instance in view.facts.group.value?.instances ?? [] where instance.state == .running {
                    guard case .silent? = view.facts.reports[instance.id], let address = instance.address else {
                        continue
                    }
                    view.facts.reports[instance.id] = .report(
                        Report(
                            instance.id, Endpoint(.http, address, 2380), owner: view.facts.owner, stores: view.stores,
                            disk: DiskID("d-guess-\(instance.id)"), holding: .none))
                }
            }
        },
        .mutant("stores may differ", missedIn: "half-rolled template") { policy in
            policy.seeing { view in
                let stores = view.stores
                view.facts.alterReports { $0.stores = stores }
            }
        },
        .mutant("backups are nothing", missedIn: "another tool's backups and no record") { policy in
            policy.seeing { $0.backups = .notAsked }
        },
        .mutant("generations begin at one", missedIn: "generation restarted beside old backups") { policy in
            policy.seeing {
                if case .seen(let seen) = $0.backups {
                    $0.backups = .seen(BackupsSeen(seen.backups, strangers: seen.strangers))
                }
            }
        },
        .mutant("another owner's record is ours", missedIn: "another owner that lives") { policy in
            policy.seeing { view in
                if let owner = view.facts.owner { view.record.alter { $0.owner = owner } }
            }
        },
        .mutant("another owner is gone unasked", missedIn: "another owner that lives") { policy in
            policy.seeing { if $0.facts.otherOwner != .notAsked { $0.facts.otherOwner = .seen(.isGone) } }
        },
        .mutant("any disk of a founder may found", missedIn: "amnesiac founder") { policy in
            policy.seeing { view in
                guard case .empty(let stamp?) = view.disk else { return }
                view.record.alter { record in
                    for index in record.start.indices where record.start[index].instance == stamp.instance {
                        record.start[index].disk = stamp.disk
                    }
                    for index in record.voters.indices where record.voters[index].instance == stamp.instance {
                        record.voters[index].disk = stamp.disk
                    }
                }
            }
        },
        .mutant("no founder is late", missedIn: "slow founder") { policy in
            policy.instead { plan, view in
                if case .start(let launch) = plan, case .found = launch.kind, let cluster = view.clusters.first {
                    return .wait(.askedToJoin(cluster.id))
                }
                return plan
            }
        },
        .mutant("founders need not agree", missedIn: "without a record, one reading of two") { policy in
            policy.seeing { view in
                guard case .notConfigured = view.record else { return }
                let instances = (view.facts.group.value?.instances ?? []).map { instance in
                    InitialMember(instance.id.rawValue, Endpoint(.http, instance.address ?? "", 2380))
                }
                let wanted = Array(instances.prefix(view.facts.group.value?.desiredCapacity ?? 0))
                view.facts.alterReports { $0.founders = wanted }
            }
        },
        .mutant("who is entered waits for a leader", missedIn: "one, two, three, without sound learners") { policy in
            policy.instead { plan, view in
                if case .start(let launch) = plan, case .join = launch.kind, view.clusters.isEmpty {
                    return .wait(.noLeader(among: view.peers))
                }
                return plan
            }
        },
    ]

    static let mutantsOfDisks: [Policy] = [
        .mutant("a missing mount is an empty disk", missedIn: "late volume") { policy in
            policy.seeing { view in
                if case .unusable = view.disk {
                    view.disk = .empty(Stamp(disk: DiskID("d-new"), instance: view.identity.instance))
                }
                view.facts.alterReports { report in
                    if case .unknown = report.holding {
                        report.holding = .none
                        report.disk = DiskID("d-new")
                        report.isMountPoint = true
                    }
                }
            }
            policy.seeingTurns { view in
                view.facts.alterReports { report in
                    if case .unknown = report.holding {
                        report.holding = .none
                        report.disk = DiskID("d-new")
                        report.isMountPoint = true
                    }
                }
            }
        },
        .mutant("any directory is a mount point", missedIn: "late volume, unannounced") { policy in
            policy.seeing { view in
                view.isMountPoint = true
                view.facts.alterReports { $0.isMountPoint = true }
            }
            policy.seeingTurns { $0.facts.alterReports { $0.isMountPoint = true } }
        },
        .mutant("all data here is ours", missedIn: "cloned volume") { policy in
            policy.atOnce = { identity, disk, exit in
                guard case .data(var stamp?) = disk else { return planAtOnce(identity, disk: disk, lastExit: exit) }
                stamp.instance = identity.instance
                return planAtOnce(identity, disk: .data(stamp), lastExit: exit)
            }
        },
        .mutant("data without a stamp is ours", missedIn: "baked image") { policy in
            policy.instead { plan, view in view.disk == .data(nil) ? view.resumed : plan }
        },
        .mutant("the entry of lost data is used again", missedIn: "replace root volume") { policy in
            policy.instead { plan, view in
                guard case .wait(.ownEntryOfLostData(let entry)) = plan, let cluster = view.clusters.first else {
                    return plan
                }
                let list = cluster.members.flatMap { member in
                    member.peerURLs.map { InitialMember(member.name, $0) }
                }
                return .start(Launch(.join(cluster.id, entry.id), view.identity, initialCluster: list))
            }
        },
        .mutant("who was removed stays", missedIn: "removed by hand") { policy in
            policy.instead { plan, view in
                if case .setAside(.removedFromCluster) = plan { view.resumed } else { plan }
            }
        },
        .mutant("what can't be run on goes", missedIn: "two of three can't be run on") { policy in
            policy.instead { plan, _ in
                if case .wait(.corruptData(let cause, _)) = plan { .setAside(.corrupt(cause)) } else { plan }
            }
        },
    ]

    static let mutantsOfRecovery: [Policy] = [
        .mutant("who is unknown is gone", missedIn: "older cluster is taken over") { policy in
            policy.seeing { view in
                let known = view.facts.reports.filter { if case .report = $0.value { true } else { false } }.keys
                view.record.alter { record in record.voters.removeAll { !known.contains($0.instance) } }
            }
        },
        .mutant("a quorum that is held is none", missedIn: "removal ahead of the record") { policy in
            policy.seeing { view in
                view.facts.alterReports { report in
                    guard let members = report.etcd.members, !members.isEmpty else { return }
                    let dead = (1...6).map { number in
                        Member(
                            MemberID(UInt64(number)), name: "dead",
                            peerURLs: [Endpoint(.http, "10.9.9.\(number)", 2380)])
                    }
                    report.etcd = EtcdState(
                        isRunning: report.etcd.isRunning, leader: report.etcd.leader, members: members + dead,
                        commitIndex: report.etcd.commitIndex)
                }
            }
        },
        .mutant("the record's list is everybody's", by: 139) { policy in
            policy.seeing { view in
                view.facts.alterReports { report in
                    guard let members = report.etcd.members else { return }
                    let voters = members.map { member in
                        var member = member
                        member.isLearner = false
                        return member
                    }
                    report.etcd = EtcdState(
                        isRunning: report.etcd.isRunning, leader: report.etcd.leader, members: voters,
                        commitIndex: report.etcd.commitIndex)
                }
            }
        },
        .mutant("the first disk is as good as the best", missedIn: "the better of two disks") { policy in
            policy.seeing { view in
                view.facts.alterReports { report in if report.etcd.commitIndex != nil { report.etcd.commitIndex = 1 } }
            }
        },
        .mutant("earlier generations are forgotten at once", missedIn: "survivor dies before its exec") { policy in
            policy.instead { plan, _ in
                guard case .claim(var swap) = plan, case .recovery = swap.reason else { return plan }
                swap.record.former = []
                return .claim(swap)
            }
            policy.insteadWhileRunning { plan in
                guard case .claim(var swap) = plan, case .recovery = swap.reason else { return plan }
                swap.record.former = []
                return .claim(swap)
            }
        },
        .mutant("an empty generation is as good", missedIn: "two of two") { policy in
            policy.instead { plan, _ in
                guard case .claim(var swap) = plan, case .recovery = swap.reason else { return plan }
                swap.record.source = .empty
                return .claim(swap)
            }
        },
        .mutant("nobody holds instead of recovering", missedIn: "hold instead of recover") { policy in
            policy.seeing { $0.settings.onLoss = .recover }
        },
        .mutant("nobody recovers", missedIn: "two of two") { policy in
            policy.seeing { $0.settings.onLoss = .hold }
        },
        .mutant("what can't be run on is no doubt", missedIn: "the last disk can't be run on") { policy in
            policy.seeing { view in
                view.facts.alterReports { report in
                    if case .unusable = report.holding {
                        report.holding = .none
                        report.disk = DiskID("d-\(report.instance)")
                    }
                }
            }
        },
        .mutant("an etcd that runs is left alone", missedIn: "two of two") { policy in
            policy.insteadWhileRunning { plan in if case .stop = plan { .stay(nil) } else { plan } }
        },
        .mutant("data of an earlier generation is resumed") { policy in
            policy.instead { plan, view in
                switch plan {
                case .wait(.dataOfEarlierGeneration), .setAside(.ofEarlierGeneration): view.resumed
                default: plan
                }
            }
        },
    ]
}
