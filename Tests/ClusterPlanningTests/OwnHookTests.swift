/// What an instance says for itself to the hook that holds it.

import ClusterPlanning
import Testing

@Suite struct OwnHookTests {
    private static func held(
        _ word: String = "Pending:Wait", disk: Disk = .empty(fresh()),
        etcd: OwnEtcd = OwnEtcd(), clusters: [RunningCluster] = [], reports: [Report] = [blank(1), blank(2)],
        names: [String] = []
    ) -> StartView {
        view(
            disk: disk, etcd: etcd, facts(.seen(group([instance(1, .running, word), instance(2)])), reports),
            clusters: clusters,
            settings: PlanSettings(lifecycleHooks: names))
    }
    private static let incomplete = StartPlan.wait(.groupIncomplete(running: 2, wanted: 3))
    private static let other = LifecycleHook("other", .launching, heartbeatTimeout: .seconds(60))
    private static let goOn = [OwnHookStep.complete(hook: "etcd-start")]
    private static let moreTime = [OwnHookStep.heartbeat(hook: "etcd-end", every: endHook.heartbeatTimeout / 3)]

    static let rows:
        [(claim: String, view: StartView, plan: StartPlan?, hooks: [LifecycleHook], steps: [OwnHookStep])] = [
            (
                "while nobody leads, who waits for others lets them come", held(), incomplete, [startHook, endHook],
                goOn
            ),
            ("not who waits for itself", held(), .wait(.dataDirectoryUnusable("EIO")), [startHook], []),
            ("nor who starts", held(), resume, [startHook], []),
            ("nor whose etcd runs", held(), nil, [startHook], []),
            ("nor who is held by no hook", held("InService"), incomplete, [startHook], []),
            (
                "where the leader has a supervisor of ours, that one sees to it",
                held(clusters: [cluster(members(2))], reports: [blank(1), holds(2)]), incomplete, [startHook], []
            ),
            (
                "where it has none, nobody else does", held(clusters: [cluster(members(2))]), incomplete, [startHook],
                goOn
            ),
            ("of several hooks none is ours unless it is named", held(), incomplete, [startHook, other], []),
            (
                "one that is named is", held(names: ["other"]), incomplete, [startHook, other],
                [.complete(hook: "other")]
            ),
            ("none that is not", held(names: ["third"]), incomplete, [startHook], []),
            (
                "data that may be all that is left asks for more time",
                held("Terminating:Wait", disk: .data(stamped())),
                nil, [startHook, endHook], moreTime
            ),
            (
                "so does the last member while it is backed up",
                held("Terminating:Wait", disk: .data(stamped())), launch(.save, generation: 1), [endHook], moreTime
            ),
            (
                "and lets the group go on once it is, to the last change",
                held("Terminating:Wait", disk: .data(stamped())), .wait(.savedToTheEnd(revision: 9)),
                [startHook, endHook], [.complete(hook: "etcd-end")]
            ),
            (
                "by a hook that is named, where there are several",
                held("Terminating:Wait", disk: .data(stamped()), names: ["etcd-end"]),
                .wait(.savedToTheEnd(revision: 9)),
                [endHook, LifecycleHook("z", .terminating, heartbeatTimeout: .zero)],
                [.complete(hook: "etcd-end")]
            ),
            (
                "who waits for backups to be mended lets the others come",
                held(), .wait(.backupsOutrank(generation: 7, record: 1)), [startHook], goOn
            ),
            ("an instance without data does not", held("Terminating:Wait"), incomplete, [endHook], []),
            (
                "nor one beside a cluster that answers",
                held("Terminating:Wait", disk: .data(stamped()), clusters: [cluster(members(2))]), nil, [endHook], []
            ),
        ]

    @Test(arguments: rows)
    func theHookIsAnswered(
        claim: String, view: StartView, plan: StartPlan?, hooks: [LifecycleHook], steps: [OwnHookStep]
    ) {
        #expect(planOwnHooks(view, plan, hooks: hooks) == steps, "\(claim)")
        #expect(isHookOurBusiness(view, plan) || steps.isEmpty, "\(claim)")
    }
}
