import ClusterPlanning
import Testing

@Suite struct SicknessTests {
    private static let settings = PlanSettings(replaceSickAfter: .seconds(600))
    private static func ill(
        _ clusters: [RunningCluster], settings: PlanSettings = settings, record: RecordReading = found(record())
    ) -> StartView {
        view(disk: .data(stamped()), record: record, clusters: clusters, settings: settings)
    }

    static let replacements: [(claim: String, view: StartView, sickFor: Int, due: Bool)] = [
        ("ill for long beside a quorum", ill([cluster(members(1, 2, 3), ill: [1])]), 600, true),
        ("not for long enough", ill([cluster(members(1, 2, 3), ill: [1])]), 599, false),
        ("nobody asked for it", ill([cluster(members(1, 2, 3), ill: [1])], settings: PlanSettings()), 9999, false),
        ("the others are no quorum", ill([cluster(members(1, 2, 3), ill: [1, 2])]), 600, false),
        ("nobody answers", ill([]), 600, false),
        ("two clusters answer", ill([cluster(members(1, 2, 3), ill: [1]), cluster(members(4), id: 0xc2)]), 600, false),
        ("we are no voter of theirs", ill([cluster(members(2, 3, 4))]), 600, false),
        (
            "it is of another generation than the record's",
            ill([cluster(members(1, 2, 3), ill: [1])], record: found(record(generation: 2))), 600, false
        ),
    ]

    @Test(arguments: replacements)
    func replacementIsDue(claim: String, view: StartView, sickFor: Int, due: Bool) {
        #expect(isReplacementDue(view, sickFor: .seconds(sickFor)) == due, "\(claim)")
    }

    private static func waiting(
        _ word: String = "Pending:Wait", clusters: [RunningCluster] = [], names: [String] = []
    ) -> StartView {
        view(
            facts(.seen(group([instance(1, .running, word), instance(2)])), [blank(1), blank(2)]), clusters: clusters,
            settings: PlanSettings(lifecycleHooks: names))
    }
    private static let incomplete = StartPlan.wait(.groupIncomplete(running: 2, wanted: 3))
    private static let other = LifecycleHook("other", .launching, heartbeatTimeout: .seconds(60))

    static let hooks: [(claim: String, view: StartView, plan: StartPlan, hooks: [LifecycleHook], expected: String?)] = [
        (
            "while nobody leads, who waits for others lets them come", waiting(), incomplete, [startHook, endHook],
            "etcd-start"
        ),
        ("not who waits for itself", waiting(), .wait(.dataDirectoryUnusable("EIO")), [startHook], nil),
        ("nor who starts", waiting(), resume, [startHook], nil),
        ("nor who is held by no hook", waiting("InService"), incomplete, [startHook], nil),
        (
            "where a cluster answers, its leader sees to it", waiting(clusters: [cluster(members(2))]), incomplete,
            [startHook], nil
        ),
        ("of several hooks none is ours unless it is named", waiting(), incomplete, [startHook, other], nil),
        ("one that is named is", waiting(names: ["other"]), incomplete, [startHook, other], "other"),
        ("none that is not", waiting(names: ["third"]), incomplete, [startHook], nil),
    ]

    @Test(arguments: hooks)
    func hookIsCompleted(
        claim: String, view: StartView, plan: StartPlan, hooks: [LifecycleHook], expected: String?
    ) {
        #expect(ownHookToComplete(view, plan, hooks: hooks) == expected, "\(claim)")
    }
}
