import FoundationEssentials

/// What etcd says of its log when it starts on data that is there.
package struct EtcdRestart: Sendable, Equatable {
    /// How far the log is known to be committed; nil: it has not come to that yet.
    package var commitIndex: UInt64?
    /// The last entry that the snapshot holds; nil where there is no snapshot.
    package var snapshotIndex: UInt64?

    /// - Parameter lines: at zap's level `info`, or as etcd 3.3 writes them.
    package init(_ lines: [String]) {
        for line in lines {
            if let entry = try? JSONDecoder().decode(Entry.self, from: Data(line.utf8)) {  // else it is of another form
                if entry.msg == "restarting local member" { commitIndex = entry.commitIndex }
                if entry.msg.hasPrefix("recovered v2 store from snapshot") { snapshotIndex = entry.snapshotIndex }
            } else if let index = Self.number(in: line, after: " at commit index ") {
                commitIndex = index
            } else if let index = Self.number(in: line, after: "recovered store from snapshot at index ") {
                snapshotIndex = index
            }
        }
    }

    private struct Entry: Decodable {
        var msg: String
        var commitIndex: UInt64?
        var snapshotIndex: UInt64?

        private enum CodingKeys: String, CodingKey {
            case msg
            case commitIndex = "commit-index"
            case snapshotIndex = "snapshot-index"
        }
    }

    private static func number(in line: String, after words: String) -> UInt64? {
        line.firstRange(of: words).flatMap { UInt64(line[$0.upperBound...].prefix { $0.isNumber }) }
    }
}
