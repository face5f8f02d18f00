import ClusterPlanning
import Testing

extension Schedule: CustomTestStringConvertible {
    var testDescription: String { closedBy.map { "\(name) (closed by \($0.rawValue))" } ?? name }
}

@Suite struct ScheduleTests {
    @Test(arguments: Schedule.all)
    func endsAsItHasTo(schedule: Schedule) {
        let faults = schedule.faults(of: .product)
        #expect(faults.isEmpty, "\(schedule.story(of: .product))")
    }

    @Test func eachHasItsName() {
        #expect(Set(Schedule.all.map(\.name)).count == Schedule.all.count)
    }
}
