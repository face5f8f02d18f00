import FoundationEssentials

/// The two ways in which AWS writes a moment.
extension Date {
    /// ISO 8601 in answers: `2026-03-01T12:00:00Z`, with or without fractions of a second.
    init?(iso8601 text: String) {
        // Why it is no date helps nobody: the caller reports the text itself.
        guard let date = try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)) else {
            return nil
        }
        self = date
    }

    /// The `Date` header: `Tue, 15 Nov 1994 08:12:31 GMT` (RFC 9110, 5.6.7; the two obsolete forms are not read).
    init?(httpDate text: String) {
        let parts = text.split(separator: " ")
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard parts.count == 6, parts[5] == "GMT", parts[1].count == 2,
            let month = months.firstIndex(of: String(parts[2]))
        else { return nil }
        self.init(iso8601: "\(parts[3])-\(month < 9 ? "0" : "")\(month + 1)-\(parts[1])T\(parts[4])Z")
    }

    /// How long after `other` this is; negative before it.
    func duration(since other: Date) -> Duration { .seconds(timeIntervalSince(other)) }

    func adding(_ duration: Duration) -> Date { addingTimeInterval(duration / .seconds(1)) }
}

extension XMLNode {
    /// The moment at `path` below this element.
    /// - Throws: `XMLError.unreadable` where it is none; `XMLError.missing` and others as `text`.
    func date(_ path: String) throws(XMLError) -> Date {
        let text = try text(path)
        guard let date = Date(iso8601: text) else {
            throw .unreadable(path: "\(self.path)/\(path)", text: String(text.prefix(64)), expected: "a date")
        }
        return date
    }
}
