/// For what a start waits, for how long, and when that is worth a line in the log.

import ClusterPlanning

/// For what a start waits, and since when.
struct Waiting {
    private var kind: String?
    private var saidText = ""
    private var saidAt = Duration.zero
    private(set) var since = Duration.zero

    private static let repetition = Duration.seconds(300)
    /// The same but for its numbers: milliseconds that a call took, its request ID.
    private static let variation = Duration.seconds(60)
    /// Causes that come and go by turns should not fill the log.
    private static let leastPause = Duration.seconds(5)

    /// Takes note of a reason; whether it is worth a line in the log.
    mutating func begin(_ reason: WaitReason, _ now: Duration) -> Bool {
        let text = reason.description
        let kind = String(text.prefix { $0 != ":" })
        if kind != self.kind {
            self.kind = kind
            since = now
        } else if now - saidAt < pause(before: text) {
            return false
        }
        saidText = text
        saidAt = now
        return true
    }

    private func pause(before text: String) -> Duration {
        if text == saidText { return Self.repetition }
        return Self.withoutNumbers(text) == Self.withoutNumbers(saidText) ? Self.variation : Self.leastPause
    }

    private static func withoutNumbers(_ text: String) -> [Substring] {
        text.split(separator: " ").filter { word in !word.contains { ("0"..."9").contains($0) } }
    }
}
