/// For what a start waits, for how long, and when that is worth a line in the log.

import ClusterPlanning

/// For what a start waits, and since when.
struct Waiting {
    private var kind: String?
    private var repetition = Repetition()
    private(set) var since: Duration

    /// - Parameter since: where there is no reason yet: monotonic, since the supervisor's start.
    init(since: Duration) { self.since = since }

    /// Takes note of a reason; whether it is worth a line in the log.
    mutating func begin(_ reason: WaitReason, _ now: Duration) -> Bool {
        let text = reason.description
        let kind = String(text.prefix { $0 != ":" })
        if kind != self.kind {
            self.kind = kind
            since = now
            repetition = Repetition()
        }
        return repetition.isWorthSaying(text, now)
    }
}

/// Something that is said again and again, and how seldom it has to be written down.
struct Repetition {
    private var said: (text: String, at: Duration)?

    private static let same = Duration.seconds(300)
    /// The same but for its numbers: milliseconds that a call took, its request ID.
    private static let variation = Duration.seconds(60)
    /// Causes that come and go by turns should not fill the log.
    private static let other = Duration.seconds(5)

    /// Takes note of a text; whether it is worth a line in the log.
    mutating func isWorthSaying(_ text: String, _ now: Duration) -> Bool {
        if let said, now - said.at < pause(from: said.text, to: text) { return false }
        said = (text, now)
        return true
    }

    private func pause(from last: String, to text: String) -> Duration {
        if text == last { return Self.same }
        return Self.withoutNumbers(text) == Self.withoutNumbers(last) ? Self.variation : Self.other
    }

    /// A text less what is nothing but a number in it.
    static func withoutFigures(_ text: String) -> [Substring] {
        text.split(separator: " ").filter { Double($0) == nil }
    }

    private static func withoutNumbers(_ text: String) -> [Substring] {
        text.split(separator: " ").filter { word in !word.contains { ("0"..."9").contains($0) } }
    }
}
