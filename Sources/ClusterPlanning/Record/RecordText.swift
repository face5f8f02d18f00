/// The record as one line of text, as the stores keep it and as a person can read it there, and back.

// version=1 owner=arn:aws:… generation=2 changes=7 token=main-2-x source=member:8e9e05c52164694d
//   start=i-0a=http://10.0.1.7:2380#m-0c voters=i-0a=http://10.0.1.7:2380#m-0c,+i-0b=http://10.0.1.8:2380#0d
//   former=i-09=http://10.0.1.6:2380#?@1 gone=0e|2026-01-31T12:00:00Z|i-0a|EC2+says+terminated
//
// On one line, every field once and in this order. `+` is an entry that is still joining, `#?` a disk that nobody has named.

/// Why a text is no record, or a record no text.
package struct RecordTextError: Error, Equatable, Sendable, CustomStringConvertible {
    package var description: String

    init(_ description: String) { self.description = description }
}

extension ClusterRecord {
    /// The form that is written, and the only one that is read.
    private static let version = "1"

    /// The most bytes that are looked at: more than any store takes.
    private static let byteLimit = 64 << 10

    /// Writes the record.
    ///
    /// - Throws: where it could not be read back as it is: such a text would stop everybody.
    package func text() throws(RecordTextError) -> String {
        let fields = [
            ("version", Self.version), ("owner", PlainText.word(owner)), ("generation", String(generation)),
            ("changes", String(changes)), ("token", PlainText.word(token)), ("source", source.text),
            ("start", joined(start.map(\.text))), ("voters", joined(voters.map(\.text))),
            ("former", joined(former.map(\.text))), ("gone", joined(gone.map(\.text))),
        ]
        let text = fields.map { "\($0)=\($1)" }.joined(separator: " ")
        guard try ClusterRecord(parsing: text) == self else {
            throw RecordTextError("the record would be read back as another one: \(text)")
        }
        return text
    }

    /// Reads a record.
    ///
    /// - Throws: what is wrong, for any text that is not of this form. Nothing is guessed, left out or taken twice.
    package init(parsing text: String) throws(RecordTextError) {
        guard text.utf8.count <= Self.byteLimit else { throw RecordTextError("longer than \(Self.byteLimit) bytes") }
        var fields = try RecordFields(text)
        let version = try fields.next("version")
        guard version == Self.version else {
            throw RecordTextError("of version \(excerpt(version)), which is another etcd-cluster's: this one reads 1")
        }
        let owner = try fields.nextWord("owner")
        let generation = try fields.nextNumber("generation")
        let changes = try fields.nextNumber("changes")
        let token = try fields.nextWord("token")
        let source = try Source(parsing: fields.next("source"))
        let start = try fields.nextList("start") { text throws(RecordTextError) in try Entry(parsing: text) }
        let voters = try fields.nextList("voters") { text throws(RecordTextError) in try Entry(parsing: text) }
        let former = try fields.nextList("former") { text throws(RecordTextError) in try FormerEntry(parsing: text) }
        let gone = try fields.nextList("gone") { text throws(RecordTextError) in try GoneDisk(parsing: text) }
        try fields.end()
        self.init(
            owner: owner, generation: generation, token: token, source: source, start: start, voters: voters,
            former: former, gone: gone, changes: changes)
    }
}

// MARK: The parts

extension ClusterRecord.Source {
    fileprivate var text: String {
        switch self {
        case .empty: "empty"
        case .snapshot(let key): "snapshot:\(PlainText.word(key))"
        case .member(let member): "member:\(member)"
        }
    }

    fileprivate init(parsing text: Substring) throws(RecordTextError) {
        if text == "empty" {
            self = .empty
        } else if text.hasPrefix("snapshot:"), text.utf8.count > 9 {
            self = .snapshot(try PlainText.reading(text.dropFirst(9), as: "source"))
        } else if text.hasPrefix("member:"), let member = number(text.dropFirst(7), radix: 16, as: UInt64.self) {
            self = .member(MemberID(member))
        } else {
            throw RecordTextError("source=\(excerpt(text)) is neither empty nor snapshot:KEY nor member:ID")
        }
    }
}

extension ClusterRecord.Entry {
    fileprivate var text: String {
        "\(isJoining ? "+" : "")\(PlainText.word(instance.rawValue))=\(peerURL)#\(disk.map { PlainText.word($0.rawValue) } ?? "?")"
    }

    fileprivate init(parsing text: Substring) throws(RecordTextError) {
        let isJoining = text.hasPrefix("+")
        let parts = (isJoining ? text.dropFirst() : text).split(
            separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let place = parts.last?.split(separator: "#", omittingEmptySubsequences: false) ?? []
        guard parts.count == 2, place.count == 2, !parts[0].isEmpty, !place[1].isEmpty,
            let peerURL = Endpoint(parsing: String(place[0]))
        else { throw RecordTextError("'\(excerpt(text))' is no entry: instance=peerURL#disk") }
        self.init(
            InstanceID(try PlainText.reading(parts[0], as: "an instance")), peerURL,
            disk: place[1] == "?" ? nil : DiskID(try PlainText.reading(place[1], as: "a disk")), isJoining: isJoining)
    }
}

extension ClusterRecord.FormerEntry {
    fileprivate var text: String { "\(entry.text)@\(generation)" }

    fileprivate init(parsing text: Substring) throws(RecordTextError) {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, let generation = number(parts[1], radix: 10, as: Int.self) else {
            throw RecordTextError("'\(excerpt(text))' is no former entry: instance=peerURL#disk@generation")
        }
        self.init(try ClusterRecord.Entry(parsing: parts[0]), generation: generation)
    }
}

extension ClusterRecord.GoneDisk {
    fileprivate var text: String {
        [disk.rawValue, time, teller, evidence].map(PlainText.words).joined(separator: "|")
    }

    fileprivate init(parsing text: Substring) throws(RecordTextError) {
        let parts = text.split(separator: "|", omittingEmptySubsequences: false)
        guard parts.count == 4, !parts[0].isEmpty else {
            throw RecordTextError("'\(excerpt(text))' is no lost disk: disk|time|teller|evidence")
        }
        var words: [String] = []
        for part in parts { words.append(try PlainText.reading(part, as: "gone", blanks: true)) }
        self.init(DiskID(words[0]), evidence: words[3], time: words[1], teller: words[2])
    }
}

// MARK: Fields

/// `name=value` between blanks, taken one after the other. A line feed is a blank, too: editors put one at the end.
private struct RecordFields {
    private var rest: ArraySlice<Substring>

    init(_ text: String) throws(RecordTextError) {
        rest = text.split { $0 == " " || $0.isNewline }[...]
        guard text.unicodeScalars.allSatisfy({ (" "..."~").contains($0) || $0 == "\n" || $0 == "\r" }),
            rest.first?.hasPrefix("version=") == true
        else {
            throw RecordTextError("no record of etcd-cluster: '\(excerpt(text[...]))'")
        }
    }

    mutating func next(_ name: String) throws(RecordTextError) -> Substring {
        guard let field = rest.popFirst() else { throw RecordTextError("it ends where \(name)= has to stand") }
        guard field.hasPrefix("\(name)=") else {
            throw RecordTextError("\(name)= has to stand where '\(excerpt(field))' is")
        }
        return field.dropFirst(name.count + 1)
    }

    mutating func nextWord(_ name: String) throws(RecordTextError) -> String {
        let word = try PlainText.reading(try next(name), as: name)
        guard !word.isEmpty else { throw RecordTextError("\(name) is empty") }
        return word
    }

    mutating func nextNumber(_ name: String) throws(RecordTextError) -> Int {
        let text = try next(name)
        guard let number = number(text, radix: 10, as: Int.self), ClusterRecord.counts.contains(number) else {
            throw RecordTextError("\(name)=\(excerpt(text)) is no number above zero")
        }
        return number
    }

    mutating func nextList<Item>(
        _ name: String, _ read: (Substring) throws(RecordTextError) -> Item
    ) throws(RecordTextError) -> [Item] {
        let text = try next(name)
        guard !text.isEmpty else { return [] }
        var items: [Item] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) { items.append(try read(part)) }
        return items
    }

    func end() throws(RecordTextError) {
        if let field = rest.first { throw RecordTextError("nothing has to stand where '\(excerpt(field))' is") }
    }
}

private func joined(_ items: [String]) -> String { items.joined(separator: ",") }

/// Digits alone: no sign, which Swift's own reading would take.
private func number<Number: FixedWidthInteger>(_ text: Substring, radix: Int, as _: Number.Type) -> Number? {
    guard text.utf8.first != UInt8(ascii: "+"), text.utf8.first != UInt8(ascii: "-") else { return nil }
    return Number(text, radix: radix)
}

/// Short and harmless enough for a message.
func excerpt(_ text: Substring) -> String {
    let beginning = String(text.unicodeScalars.prefix(80).map { (" "..."~").contains($0) ? Character($0) : "?" })
    return text.unicodeScalars.count > 80 ? beginning + "..." : beginning
}
