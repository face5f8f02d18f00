import Simulation
import Testing

extension Schedule: CustomTestStringConvertible {
    package var testDescription: String { gap.map { "\(name) (a gap: \($0))" } ?? name }
}

@Suite struct ScheduleTests {
    @Test(arguments: Schedule.all)
    func endsAsItHasTo(schedule: Schedule) {
        let faults = schedule.faults()
        if let gap = schedule.gap {
            // Whoever closes it takes the word for it away.
            #expect(!faults.isEmpty, "closed: \(gap)")
        } else {
            #expect(faults.isEmpty, "\(faults.isEmpty ? "" : schedule.story().joined(separator: "\n"))")
        }
    }

    @Test func eachHasItsName() {
        #expect(Set(Schedule.all.map(\.name)).count == Schedule.all.count)
    }
}
