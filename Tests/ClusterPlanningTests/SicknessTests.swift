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
        #expect(isReplacementDue(view, sickFor: .seconds(sickFor), sinceAsked: nil) == due, "\(claim)")
    }

    @Test(arguments: [(599, false), (600, true)])
    func theGroupIsNotAskedAgainForTenMinutes(sinceAsked: Int, due: Bool) {
        let view = Self.ill([cluster(members(1, 2, 3), ill: [1])])
        #expect(isReplacementDue(view, sickFor: .seconds(9999), sinceAsked: .seconds(sinceAsked)) == due)
        #expect(mayReplacementBeDue(view.settings, sickFor: .seconds(9999), sinceAsked: .seconds(sinceAsked)) == due)
    }
}
