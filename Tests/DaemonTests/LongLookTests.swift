/// What is said while a look takes its time: who has not answered, to a terminal alone, and not for long.

import Synchronization
import Testing

@testable import Daemon

@Suite struct LongLookTests {
    private final class Said: Sendable {
        let texts = Mutex<[String]>([])
        var all: [String] { texts.withLock { $0 } }
    }

    private func longLook(
        watched: Bool = true, patience: Duration = .zero, _ unanswered: @escaping @Sendable () -> [String] = { ["x"] }
    ) -> (LongLook, Said) {
        let said = Said()
        let terminal = Terminal(
            isErrorWatched: watched, writeError: { text in said.texts.withLock { $0.append(text) } })
        return (LongLook(terminal: terminal, unanswered: unanswered, patience: patience), said)
    }

    @Test(arguments: [
        ([], "2 s, still looking"), (["10.0.0.7"], "2 s, still waiting for 10.0.0.7"),
        (["ec2.eu-west-1.amazonaws.com", "10.0.0.7"], "2 s, still waiting for ec2.eu-west-1.amazonaws.com and 1 more"),
        (["a", "b", "c", "d"], "2 s, still waiting for a and 3 more"),
    ])
    func theLineNamesWhoWasAskedFirst(_ unanswered: [String], _ line: String) {
        #expect(LongLook.line(unanswered, after: .milliseconds(2900)) == line)
    }

    @Test func whoWatchesSeesALineAndThenNoMore() async throws {
        let name = Mutex("10.0.0.7")
        let (longLook, said) = longLook { name.withLock { [$0] } }
        let found = try await longLook.during {
            try await eventually("a line") { !said.all.isEmpty }
            name.withLock { $0 = "b" }
            try await eventually("the next one") { said.all.last?.contains("waiting for b") == true }
            return 7
        }
        #expect(found == 7)
        #expect(said.all.first?.hasSuffix(" s, still waiting for 10.0.0.7") == true)
        #expect(said.all.allSatisfy { $0.hasPrefix("\r") } && said.all.last?.hasSuffix("\r") == true)
        #expect(said.all.last?.allSatisfy { $0 == " " || $0 == "\r" } == true, "nothing is left")
        for (before, after) in zip(said.all, said.all.dropFirst()) {
            let width = before.reversed().drop { $0 == " " }.count
            #expect(after.count >= width, "all that stood there is covered")
        }
    }

    @Test func aLineNeverBreaks() async throws {
        let (longLook, said) = longLook { [String(repeating: "x", count: 200)] }
        try await longLook.during { try await eventually("a line") { !said.all.isEmpty } }
        #expect(said.all.first?.count == 80 && said.all.last?.count == 81, "and what returns to its beginning")
    }

    @Test func aQuickLookNeedsNoWords() async throws {
        let (longLook, said) = longLook(patience: .seconds(600))
        #expect(try await longLook.during { 7 } == 7)
        #expect(said.all == [])
    }

    @Test func whereNobodyWatchesNothingIsSaid() async throws {
        let (longLook, said) = longLook(watched: false)
        try await longLook.during { try await Task.sleep(for: .milliseconds(50)) }
        #expect(said.all == [])
    }

    @Test func aFailureTakesTheLineBackToo() async throws {
        let (longLook, said) = longLook()
        await #expect(throws: NeverHappened.self) {
            try await longLook.during {
                try await eventually("a line") { !said.all.isEmpty }
                throw NeverHappened(description: "on purpose")
            }
        }
        #expect(said.all.last?.hasSuffix(" \r") == true)
    }
}
