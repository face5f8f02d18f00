/// How far long work has come: a bar for who watches, one line for a log.

import Synchronization

/// One piece of work of known size. May be told from any thread.
final class ProgressBar: Sendable {
    private let what: String
    private let terminal: Terminal
    private let state = Mutex(State())

    private struct State {
        var began = ContinuousClock.now
        /// When all of it was done.
        var ended: ContinuousClock.Instant?
        var shownAt: ContinuousClock.Instant?
        var total: Int64 = 0
        var isOver = false
    }

    private static let width = 30
    /// What takes no longer needs no words.
    private let patience: Duration

    init(_ what: String, _ terminal: Terminal, patience: Duration = .seconds(1)) {
        self.what = what
        self.terminal = terminal
        self.patience = patience
    }

    /// - Parameter done: zero where the work only begins now: what came before was other work.
    func show(_ done: Int64, of total: Int64) {
        let took: Duration? = state.withLock { state in
            if done == 0 { state.began = .now }
            state.ended = done >= total ? .now : nil
            state.total = total
            let took = state.began.duration(to: .now)
            guard terminal.isWatched, isTime(took, since: state.shownAt) else { return nil }
            state.shownAt = .now
            return took
        }
        if let took { terminal.say("\r" + line(done, of: total, in: took)) }
    }

    private func isTime(_ took: Duration, since last: ContinuousClock.Instant?) -> Bool {
        guard let last else { return took >= patience }
        return last.duration(to: .now) >= .milliseconds(100)
    }

    /// The last word, where it took long enough to be worth one. Said once.
    func end() {
        let (wasOver, wasShown, total, took) = state.withLock { state in
            defer { state.isOver = true }
            return (state.isOver, state.shownAt != nil, state.total, state.began.duration(to: state.ended ?? .now))
        }
        // Of what was never begun there is nothing to say.
        if wasOver || total == 0 { return }
        if wasShown { terminal.say("\r\(line(total, of: total, in: took))\n") }
        if !wasShown, took >= patience {
            terminal.say("\(what): \(size(total)) in \(took.components.seconds) s\n")
        }
    }

    private func line(_ done: Int64, of total: Int64, in took: Duration) -> String {
        // What grew while it was sent is none the fuller.
        let part = total > 0 ? min(1, max(0, Double(done) / Double(total))) : 1
        let filled = Int(part * Double(Self.width))
        let bar = String(repeating: "#", count: filled) + String(repeating: " ", count: Self.width - filled)
        let seconds = Double(took.components.seconds)
        let speed = seconds >= 1 ? ", \(size(Int64(Double(done) / seconds)))/s" : ""
        return "\(what) [\(bar)] \(Int(part * 100))% of \(size(total))\(speed)  "
    }
}

/// Bytes for people, in powers of ten: `4.2 GB`.
func size(_ bytes: Int64) -> String {
    for (unit, factor) in [("GB", Int64(1_000_000_000)), ("MB", 1_000_000), ("kB", 1000)] where bytes >= factor {
        let tenths = bytes / (factor / 10)
        return "\(tenths / 10).\(tenths % 10) \(unit)"
    }
    return "\(bytes) B"
}
