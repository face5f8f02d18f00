import Simulation
import Testing

extension Schedule: CustomTestStringConvertible {
    package var testDescription: String { name }
}

@Suite struct ScheduleTests {
    @Test(arguments: Schedule.all)
    func endsAsItHasTo(schedule: Schedule) {
        let faults = schedule.faults()
        #expect(faults.isEmpty, "\(faults.isEmpty ? "" : schedule.story().joined(separator: "\n"))")
    }

    @Test func eachHasItsName() {
        #expect(Set(Schedule.all.map(\.name)).count == Schedule.all.count)
    }
}
