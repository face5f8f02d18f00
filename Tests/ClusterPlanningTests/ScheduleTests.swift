/// The schedules that broke earlier rules: each has rows that show its decisive moment, whose claims begin with its name.

import Testing

@Suite struct ScheduleTests {
    static let names = [
        "amnesiac founder", "slow founder", "founders dead before formation", "stale survivor", "two of two",
        "survivor dies before its exec", "removal ahead of the record", "learner's window", "forced exec crashes",
        "late volume", "moved volume, one and all", "cloned volume, baked image", "replace root volume",
        "reboot with tmpfs", "weekend zero", "EC2 forgets one of three", "launch before terminate",
        "drain beside a dead voter", "last voter's drain", "address reuse", "exec that fails before its first WAL",
        "store switched", "half-rolled template", "swap applied after its timeout",
        "older cluster behind a security group", "another owner", "generation restarted beside old backups",
        "abandoned timeline", "leader blind to AWS", "hidden healthy member",
    ]

    static let claims =
        startRows.map(\.claim) + runningRows.map(\.claim) + reconcileRows.map(\.claim) + generationRows.map(\.claim)
        + (fateRows + volumeFateRows + unnamedFateRows).map(\.claim) + stampRows.map(\.claim)
        + StampTests.needed.map(\.claim)

    @Test(arguments: names)
    func everyScheduleHasARow(name: String) {
        #expect(Self.claims.contains { $0.hasPrefix("\(name): ") })
    }

    @Test func noClaimIsMadeTwice() {
        let tables = [startRows.map(\.claim), reconcileRows.map(\.claim), generationRows.map(\.claim)]
        for table in tables {
            let doubles = Dictionary(grouping: table, by: \.self).filter { $0.value.count > 1 }.keys.sorted()
            // A schedule may have several moments that one sentence tells.
            #expect(doubles.isEmpty, "\(doubles)")
        }
    }
}
