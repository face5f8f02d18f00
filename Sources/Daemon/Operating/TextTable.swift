/// What commands print is mostly of two shapes: lines of a word and a sentence, and columns.

/// Lines of a word and a sentence, the sentences below each other.
func sentences(_ lines: [(topic: String, sentence: String)]) -> String {
    lines.map { line in
        line.topic + String(repeating: " ", count: max(1, 11 - line.topic.count)) + line.sentence + "\n"
    }.joined()
}

/// Rows of cells, each column as wide as its widest one.
func columns(_ rows: [[String]]) -> String {
    let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].utf8.count }.max() ?? 0 }
    return rows.map { row in
        let padded = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.utf8.count) }
        return padded.joined(separator: "  ").trimmed + "\n"
    }.joined()
}

extension String {
    /// Without the blanks at its end.
    fileprivate var trimmed: String { String(reversed().drop { $0 == " " }.reversed()) }
}
