/// Turns that fail again and again: tried less often, and not told each time.

import Testing

@testable import Daemon

@Suite struct FailuresTests {
    @Test func theFirstOnesAreSaidAndTriedAtOnce() {
        #expect(said(["AccessDenied", "AccessDenied", "AccessDenied", "AccessDenied"]) == [true, true, true, true])
        #expect(!failing(4).areMany)
        #expect(failing(5).areMany)
    }

    @Test func manyOfAKindAreSaidSeldom() {
        let later: [Int] = [10, 299, 304, 305]
        var failures = failing(5)
        let said = later.map { failures.isWorthSaying("no answer in \(1000 + $0) ms (ID a\($0)-c)", .seconds($0)) }
        #expect(said == [false, false, true, false])
    }

    @Test func anotherOneIsSaidAtOnce() {
        var failures = failing(9)
        let isSaid = failures.isWorthSaying("AccessDenied", .seconds(10))
        #expect(isSaid)
    }

    private func said(_ texts: [String]) -> [Bool] {
        var failures = Failures()
        return texts.map { failures.isWorthSaying($0, .seconds(4)) }
    }

    private func failing(_ times: Int) -> Failures {
        var failures = Failures()
        for _ in 0..<times { _ = failures.isWorthSaying("no answer in 1000 ms (ID 4-f0)", .seconds(4)) }
        return failures
    }
}
