import FoundationEssentials

/// Why an etcd ended by itself, as far as its last words tell.
package enum EtcdFailure: Sendable, Equatable, CustomStringConvertible {
    /// It can't run on this data, and won't the next time; in its own words (F20).
    case corruptData(String)
    /// Its data and its peers' are not the same. Whose are wrong it can't tell (F21).
    case differsFromPeers(String)
    /// Another process listens where it would.
    case addressInUse(String)
    /// Anything else: a wrong flag, no peers to join, a full disk, missing permissions. Empty where it said nothing.
    case other(String)

    package var description: String {
        switch self {
        case .corruptData(let words), .differsFromPeers(let words), .addressInUse(let words), .other(let words): words
        }
    }
}

/// What etcd writes on its error output before it ends.
package enum EtcdOutput {
    /// Judges an end by the first thing that was bad enough to end etcd: what follows it are its consequences.
    ///
    /// Only words that etcd, its log or its database use for data that can't be read make data corrupt. A disk that is full
    /// or that refuses comes in the same sentences, so that is looked for first; what is not known is not corrupt.
    ///
    /// - Parameter lines: of an etcd that has ended by itself; the last ones will do.
    package static func classify(_ lines: [String]) -> EtcdFailure {
        let severe = lines.compactMap(SevereLine.init)
        guard let first = severe.first else { return .other(lines.last.map(shortened) ?? "") }
        for words in severe.map(\.words) {
            let lower = words.lowercased()
            if lower.contains("address already in use") { return .addressInUse(shortened(words)) }
            if lower.contains("inconsistency with peers") { return .differsFromPeers(shortened(words)) }
            if machineTroubles.contains(where: lower.contains) { return .other(shortened(words)) }
        }
        for words in severe.map(\.words) where isCorruption(words.lowercased()) {
            return .corruptData(shortened(words))
        }
        if let function = placeOfFault(lines), dataPackages.contains(where: function.contains) {
            return .corruptData(shortened("\(first.words), in \(function.prefix { $0 != "(" })"))
        }
        return .other(shortened(first.words))
    }

    private static let faults = [
        "unexpected fault address", "panic: runtime error: slice bounds out of range",
        "panic: runtime error: index out of range",
    ]

    /// The function in which Go itself stopped etcd for a wrong address or index. The database is mapped into memory and read
    /// without checks, so damage there shows as that, and only the trace tells of what.
    private static func placeOfFault(_ lines: [String]) -> String? {
        guard let fault = lines.firstIndex(where: { line in faults.contains(where: line.hasPrefix) }),
            let trace = lines[fault...].firstIndex(where: { $0.hasPrefix("goroutine ") })
        else { return nil }
        return lines[trace...].dropFirst().first { frame in
            !frame.hasPrefix("\t") && !frame.hasPrefix("runtime.") && !frame.hasPrefix("panic(")
        }
    }

    /// What reads files: bbolt, the store of keys on top of it, the log.
    private static let dataPackages = ["bbolt.", "/mvcc", "/wal.", "/wal/"]

    private static func shortened(_ words: String) -> String { String(words.prefix(300)) }

    /// The machine's, not the data's.
    private static let machineTroubles = [
        "no space left on device", "disk quota exceeded", "permission denied", "operation not permitted",
        "read-only file system", "input/output error", "too many open files", "cannot allocate memory", "out of memory",
        "already locked", "resource temporarily unavailable",
    ]

    /// Each entry is a set of words that occur together.
    private static let corruptions: [[String]] = [
        // The write-ahead log, by the errors of its package.
        ["crc mismatch"], ["max entry size limit exceeded"], ["wal: conflicting metadata"], ["wal: file not found"],
        ["wal: snapshot mismatch"], ["wal: snapshot not found"], ["wal: slice bounds out of range"],
        ["wal: file sequence numbers"], ["failed to read wal", "cannot be repaired"],
        ["wal error", "cannot be repaired"],
        ["unmarshal should never fail"], ["proto: "],
        // Raft, which finds that its log lacks what it has promised to have.
        ["tocommit(", "is out of range"], ["state.commit", "is out of range"], ["applied(", "is out of range"],
        ["missing log entry"], ["out of bound ["], ["cannot use none as id"],
        // Snapshots, and the database that belongs to one.
        ["failed to recover v3 backend from snapshot"], ["failed to recover from snapshot"],
        ["of the backend is missing"], ["does not match with snapshot"], ["snap: empty snapshot"],
        // The database, by the errors and panics of bbolt.
        ["failed to open database", "invalid database"], ["failed to open database", "checksum error"],
        ["failed to open database", "version mismatch"], ["failed to open database", "file size too small"],
        ["freepages: "], ["freelist page"], ["invalid page type"], ["already freed"], ["page ", "invalid type"],
        ["page ", "out of bounds"], ["page expected to be"],
        // What is in it.
        ["failed to unmarshal"], ["cannot unmarshal"], ["put with unexpected smaller revision"],
        ["range failed to find revision pair"], ["range cannot find rev"],
    ]

    private static func isCorruption(_ lower: String) -> Bool {
        corruptions.contains { words in words.allSatisfy(lower.contains) }
    }
}

/// A line with which etcd, or the Go runtime for it, gives up.
private struct SevereLine {
    var words: String

    /// Nil for any other line.
    init?(_ line: String) {
        guard let words = Self.words(of: line.drop { $0 == "\t" || $0 == " " }) else { return nil }
        self.words = words
    }

    private static func words(of text: Substring) -> String? {
        if text.hasPrefix("{") { return words(of: Data(text.utf8)) }
        for prefix in ["panic: ", "fatal error: "] where text.hasPrefix(prefix) {
            return String(text.dropFirst(prefix.count))
        }
        for beginning in ["unexpected fault address", "flag provided but not defined"] where text.hasPrefix(beginning) {
            return String(text)
        }
        // The form that 3.4 has by default: `2026-01-31 12:00:00.000000 C | etcdmain: words`, with C for critical.
        return text.firstRange(of: " C | ").map { String(text[$0.upperBound...]) }
    }

    private struct Entry: Decodable {
        var level: String
        var msg: String
        var error: String?
    }

    /// zap's form: from 3.5 the only one.
    private static func words(of json: Data) -> String? {
        // What does not decode is no line of the log.
        guard let entry = try? JSONDecoder().decode(Entry.self, from: json), ["fatal", "panic"].contains(entry.level)
        else { return nil }
        return entry.msg + (entry.error.map { ": \($0)" } ?? "")
    }
}
