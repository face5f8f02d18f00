/// The rules of backups, of restores, and of the last member's leave, each taken out.

import ClusterPlanning

extension Policy {
    static let mutantsOfRestores: [Policy] = [
        .choosing("the highest revision counts, whatever its generation", missedIn: "abandoned timeline") {
            $0.max { $0.revision < $1.revision }
        },
        .choosing("the first backup is as good as the newest", missedIn: "total loss with backups") { $0.last },
        .choosing("only what is proven is restored", missedIn: "the newest was never proven") { backups in
            backups.first(where: \.isProven)
        },
        .choosing("what was refuted is as good as any", missedIn: "refuted newest") { $0.first },
        .mutant("spoilt backups are tried for ever", missedIn: "spoilt newest") { policy in
            policy.seeing { $0.spoiltBackups = [] }
        },
        .mutant("the newest takes a spoilt one's place", missedIn: "going back by hand, to what is spoilt") { policy in
            policy.instead { plan, view in
                guard case .claim(var swap) = plan, case .otherBackup = swap.reason,
                    let newest = view.backups.value?.backups.first(where: { !view.spoiltBackups.contains($0.name) })
                else { return plan }
                swap.record.source = .snapshot(newest.name)
                return .claim(swap)
            }
        },
        .mutant("a list that failed is an empty one", missedIn: "total loss, and the list of backups fails") { policy in
            policy.seeing { if case .unavailable = $0.backups { $0.backups = .seen(BackupsSeen()) } }
        },
        .mutant("nothing is restored", missedIn: "total loss with backups") { policy in
            policy.claiming { swap, _ in
                if case .snapshot = swap.record.source { swap.record.source = .empty }
            }
        },
        .mutant("beside a backup, silence is loss", missedIn: "one of three disks unknown beside a backup") { policy in
            policy.seeing { view in
                guard view.backups.value?.isEmpty == false else { return }
                let known = view.facts.reports.filter { if case .report = $0.value { true } else { false } }.keys
                view.record.alter { record in record.voters.removeAll { !known.contains($0.instance) } }
            }
        },
        .mutant(
            "generations go by the record alone", missedIn: "forget, then a new group with the old prefix"
        ) { policy in
            policy.claiming { swap, view in swap.record.generation = (view.record.record?.generation ?? 0) + 1 }
        },
        .mutant("everybody restores", missedIn: "weekend zero with backups") { policy in
            policy.claiming { swap, view in
                guard case .snapshot = swap.record.source else { return }
                for case .report(let report) in view.facts.reports.values {
                    guard report.instance != view.identity.instance, case .none = report.holding,
                        swap.record.voter(report.instance) == nil
                    else { continue }
                    let entry = ClusterRecord.Entry(report.instance, report.peerURL, disk: report.disk)
                    swap.record.start.append(entry)
                    swap.record.voters.append(entry)
                }
            }
        },
        .mutant("what is half restored runs", missedIn: "restore crashes, before raiseStamp") { policy in
            policy.atOnce = { identity, disk, exit in
                guard case .data(var stamp?) = disk else { return planAtOnce(identity, disk: disk, lastExit: exit) }
                stamp.carriedInto = nil
                return planAtOnce(identity, disk: .data(stamp), lastExit: exit)
            }
        },
        .mutant("what is half restored stays so", missedIn: "restore crashes, before raiseStamp") { policy in
            policy.instead { plan, view in
                guard case .data(let stamp?) = view.disk, let generation = stamp.carriedInto else { return plan }
                return .wait(.carriedHalfway(into: generation))
            }
        },
        .mutant("who restores is not waited for", missedIn: "restore crashes, before place") { policy in
            policy.seeing { view in
                view.record.alter { record in if case .snapshot = record.source { record.start = [] } }
            }
        },
        .mutant("nobody goes back", missedIn: "going back by hand beside a living cluster") { policy in
            policy.insteadWhileRunning { plan in
                if case .stop(.start(let launch)) = plan, case .restore = launch.kind { .stay(nil) } else { plan }
            }
        },
    ]

    static let mutantsOfLeaves: [Policy] = [
        .mutant("the last one goes unsaved", missedIn: "weekend zero with backups") { policy in
            policy.seeingTurns { $0.settings.backups = nil }
        },
        .mutant("the last backup is taken for made", missedIn: "weekend zero with backups") { policy in
            policy.seeing { $0.etcd.savedRevision = $0.etcd.savedRevision ?? 0 }
        },
        .mutant("the last one's etcd is not stopped", missedIn: "weekend zero with backups") { policy in
            policy.altering { plan, _ in plan.isLastToLeave = false }
        },
        .mutant("the last one goes where the record is away", missedIn: "the record is away when the last one leaves") {
            policy in
            policy.seeingTurns { if case .unknown = $0.record { $0.settings.backups = nil } }
        },
        .mutant("who is saved serves on", missedIn: "the last one is slow to go") { policy in
            policy.instead { plan, view in
                guard case .wait(.savedToTheEnd) = plan else { return plan }
                let lifecycle = view.facts.group.value?.instance(view.identity.instance)?.lifecycle
                return lifecycle == .terminatingWait ? plan : view.resumed
            }
        },
        .mutant("who is saved never serves again", missedIn: "saved, and wanted again") { policy in
            policy.instead { plan, view in
                guard let revision = view.etcd.savedRevision else { return plan }
                return .wait(.savedToTheEnd(revision: revision))
            }
        },
    ]

    static let mutantsOfBackups: [Policy] = [
        .mutant("no backups", missedIn: "total loss with backups") { policy in
            policy.dropping { if case .backUp = $0 { true } else { false } }
        },
        .mutant("the first backup waits until it is due", missedIn: "total loss soon after the founding") { policy in
            policy.dropping { if case .backUp(let order) = $0, order.reason == .first { true } else { false } }
        },
        .mutant("the first backup is enough", missedIn: "an idle cluster is backed up once") { policy in
            policy.dropping { if case .backUp(let order) = $0, order.reason != .first { true } else { false } }
        },
        .mutant("none before a voter goes", missedIn: "a backup before a voter goes") { policy in
            policy.dropping { if case .backUp(let order) = $0, order.reason == .beforeRemoval { true } else { false } }
        },
        .mutant("what has not changed is backed up again", missedIn: "an idle cluster is backed up once") { policy in
            policy.seeingTurns { view in view.revision = view.revision.map { $0 + 1 } }
        },
        .mutant("a proof that fails is no failure", missedIn: "every proof fails") { policy in
            policy.seeingTurns { $0.backupWork = BackupWork(isRunning: $0.backupWork.isRunning) }
        },
        .mutant("the same member is asked again and again", missedIn: "neither follower can be saved") { policy in
            policy.seeingTurns { $0.backupWork.failedOf = nil }
        },
        .mutant("nothing is ever deleted", missedIn: "what is kept") { policy in
            policy.dropping { if case .deleteBackups = $0 { true } else { false } }
        },
        .deleting("the newest goes too", missedIn: "what is kept") { own, _ in own.first },
        .deleting("the newest proven one goes too", missedIn: "what is kept") { own, _ in
            own.first(where: \.isProven).flatMap { $0 == own.first ? nil : $0 }
        },
        .deleting("other generations go too", missedIn: "what is kept of an earlier generation") { own, all in
            all.first { !own.contains($0) }
        },
    ]

    /// Another backup is chosen to begin with.
    private static func choosing(
        _ name: String, missedIn schedule: String, _ choose: @escaping @Sendable ([Backup]) -> Backup?
    ) -> Policy {
        .mutant(name, missedIn: schedule) { policy in
            policy.claiming { swap, view in
                guard case .snapshot = swap.record.source, let chosen = choose(view.backups.value?.backups ?? []) else {
                    return
                }
                swap.record.source = .snapshot(chosen.name)
            }
        }
    }

    /// One more is deleted, of those of the cluster's own generation and of all.
    private static func deleting(
        _ name: String, missedIn schedule: String, _ choose: @escaping @Sendable ([Backup], [Backup]) -> Backup?
    ) -> Policy {
        .mutant(name, missedIn: schedule) { policy in
            policy.altering { plan, view in
                guard let seen = view.backups.value, let generation = view.ownGeneration,
                    let backup = choose(seen.of(generation), seen.backups)
                else { return }
                plan.steps.append(.deleteBackups([backup]))
            }
        }
    }

    /// The same, that begins the next generation otherwise.
    private mutating func claiming(_ change: @escaping @Sendable (inout RecordSwap, StartView) -> Void) {
        instead { plan, view in
            guard case .claim(var swap) = plan, swap.reason.isNewGeneration else { return plan }
            change(&swap, view)
            return .claim(swap)
        }
    }
}
