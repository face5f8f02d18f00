/// A line for who watches while a look takes its time: it may be tens of seconds where AWS does not answer.

import HTTP

/// Says on standard error's terminal, and nowhere else, who has not answered yet; the line is gone once the look is over.
struct LongLook: Sendable {
    let terminal: Terminal
    /// Who has not answered, the one that was asked first in front.
    let unanswered: @Sendable () -> [String]
    /// What takes no longer needs no words.
    var patience: Duration = .seconds(2)

    /// No terminal is narrower, and a line that breaks can't be taken back.
    private static let width = 79

    func during<Value>(_ look: () async throws -> Value) async throws -> Value {
        guard terminal.isErrorWatched else { return try await look() }
        // What was shown is taken back before this returns.
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await tell() }
            defer { group.cancelAll() }
            return try await look()
        }
    }

    /// Until it is cancelled.
    private func tell() async {
        let began = ContinuousClock.now
        var pause = patience
        var shown = ""
        while (try? await Task.sleep(for: pause)) != nil {
            let line = String(Self.line(unanswered(), after: began.duration(to: .now)).prefix(Self.width))
            terminal.writeError("\r" + line + blank(shown.count - line.count))
            shown = line
            pause = .seconds(1)
        }
        if !shown.isEmpty { terminal.writeError("\r" + blank(shown.count) + "\r") }
    }

    private func blank(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }

    /// Nobody's answer is missing between two attempts, and while something is given time to change.
    static func line(_ unanswered: [String], after took: Duration) -> String {
        guard let first = unanswered.first else { return "\(took.components.seconds) s, still looking" }
        let others = unanswered.count > 1 ? " and \(unanswered.count - 1) more" : ""
        return "\(took.components.seconds) s, still waiting for \(first)\(others)"
    }
}

extension LongLook {
    /// - Parameter loop: carries whatever is asked.
    init(over loop: CurlLoop) { self.init(terminal: Terminal(), unanswered: { loop.unanswered }) }
}
