import Testing

@testable import ClusterPlanning

@Suite struct EvidenceTests {
    @Test(arguments: fateRows + volumeFateRows + unnamedFateRows)
    func fate(row: FateRow) { #expect(row.evidence.fate(of: row.entry) == row.expected) }

    @Test(arguments: generationRows)
    func generation(row: GenerationRow) { #expect(row.evidence.state(of: row.record) == row.expected) }

    /// How long an instance is away, by looks at these seconds, of which some had no answer or showed it.
    static let absences: [(claim: String, looks: [(second: Int, facts: Facts)], absence: Duration?)] = [
        ("the first look counts from itself", [(5, away)], .zero),
        ("looks add up", [(0, away), (60, away), (120, away)], .seconds(120)),
        ("a failed look ends nothing", [(0, away), (60, failed), (120, away)], .seconds(120)),
        ("nor does one that asks nobody", [(0, away), (60, facts()), (120, away)], .seconds(120)),
        ("after too long without an answer it starts anew", [(0, away), (301, away)], .zero),
        ("who is seen is not away", [(0, away), (60, back), (120, back)], nil),
        ("and starts anew", [(0, away), (60, back), (120, away)], .zero),
        ("nor is who is listed", [(0, away), (60, listed)], nil),
    ]
    private static let away = facts(.seen(group([1, 2])), asked: [asked(3, .unknownToEC2)])
    private static let back = facts(.seen(group([1, 2])), asked: [asked(3, .running)])
    private static let listed = facts(asked: [asked(3, .unknownToEC2)])
    private static let failed = Facts(owner: ourGroup, group: .unavailable("503"), asked: .unavailable("503"))

    @Test(arguments: absences)
    func absenceIsMeasuredByLooks(claim: String, looks: [(second: Int, facts: Facts)], absence: Duration?) {
        var memory = AbsenceMemory()
        for look in looks { memory.remember(look.facts, .seconds(look.second), grace: .seconds(300)) }
        let now = Duration.seconds(looks.last?.second ?? 0)
        #expect(memory.absence(of: 3, now) == absence, "\(claim)")
    }

    @Test func theOtherOwnersEndIsMeasuredTheSameWay() {
        var memory = AbsenceMemory()
        memory.remember(facts(otherOwner: .seen(.isGone)), .zero, grace: .seconds(300))
        memory.remember(facts(otherOwner: .unavailable("503")), .seconds(30), grace: .seconds(300))
        memory.remember(facts(otherOwner: .seen(.isGone)), .seconds(60), grace: .seconds(300))
        #expect(memory.ownerAbsence(.seconds(60)) == .seconds(60))
        memory.remember(facts(otherOwner: .seen(.exists)), .seconds(90), grace: .seconds(300))
        #expect(memory.ownerAbsence(.seconds(90)) == nil)
    }
}
