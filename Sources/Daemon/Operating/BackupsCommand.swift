/// `backups`: what the bucket holds, as a table or as JSON.

import ClusterPlanning
import FoundationEssentials
import HTTP

/// - Returns: the exit code: 0, or 70 where the list can't be read: that is never an empty list.
func printBackups(_ configuration: Configuration, _ format: PlanFormat) async -> Int32 {
    do {
        let loop = try CurlLoop()
        let table = try await LongLook(over: loop).during { try await BackupTable.now(configuration, loop) }
        print(format == .json ? try table.json() : table.text(at: secondsNow()), terminator: "")
        return 0
    } catch {
        writeToStandardError("etcd-cluster: no list of backups: \(error)\n")
        return 70
    }
}

/// The list, with what the descriptions add.
struct BackupTable {
    struct Row: Codable, Equatable {
        var name: String
        var generation: Int
        var time: String
        var revision: UInt64
        /// In bytes, as it is stored.
        var size: Int
        /// Nil where its description does not tell.
        var keys: Int64?
        var isProven: Bool
        /// Whether its proof has failed.
        var isRefuted: Bool

        private enum CodingKeys: String, CodingKey {
            case name, generation, time, revision, size, keys
            case isProven = "proven"
            case isRefuted = "refuted"
        }

        /// For people.
        var verdict: String { isRefuted ? "REFUTED" : isProven ? "yes" : "no" }
    }

    var rows: [Row] = []
    var strangers: [String]

    static func now(_ configuration: Configuration, _ loop: CurlLoop) async throws -> BackupTable {
        let surroundings = try await Surroundings(configuration, loop: loop)
        let group = try await surroundings.group.group()
        guard let name = group.clusterName(configured: configuration.clusterName) else {
            throw ObservationError("the cluster has no name to look for: set --cluster-name")
        }
        guard let store = await surroundings.backups.store(for: name) else {
            throw ObservationError("no bucket is configured")
        }
        return try await BackupTable(try await store.list(), of: store)
    }

    init(_ seen: BackupsSeen, of store: BackupStore) async throws {
        strangers = seen.strangers
        let keys = try await inParallel(seen.backups) { backup throws(CancellationError) in
            try await observed { try await store.description(of: backup)?.keys }
        }
        rows = zip(seen.backups, keys).map { Row($0, keys: $1.value ?? nil) }
    }

    /// For tests.
    init(rows: [Row], strangers: [String] = []) {
        self.rows = rows
        self.strangers = strangers
    }

    func json() throws -> String {
        String(decoding: try prettyJSON(rows), as: UTF8.self)
    }

    /// - Parameter now: seconds since 1970.
    func text(at now: Int) -> String {
        if rows.isEmpty, strangers.isEmpty { return "no backups\n" }
        let head = ["GENERATION", "TIME", "REVISION", "SIZE", "KEYS", "PROVEN", "NAME"]
        let cells = rows.map { row in
            [
                "\(row.generation)", row.time, "\(row.revision)", size(Int64(row.size)),
                row.keys.map(String.init) ?? "?", row.verdict, row.name,
            ]
        }
        return (rows.isEmpty ? "" : columns([head] + cells)) + summary(now)
            + strangers.map { "not a backup of ours: \($0)\n" }.joined()
    }

    private func summary(_ now: Int) -> String {
        guard let proven = rows.first(where: \.isProven), let time = UTCTime(proven.time) else {
            return rows.isEmpty ? "" : "none of them was proven\n"
        }
        return "the newest proven one is \(max(0, now - time.seconds)) s old\n"
    }
}

extension BackupTable.Row {
    init(_ backup: Backup, keys: Int64?) {
        self.init(
            name: backup.name, generation: backup.generation, time: backup.time.description, revision: backup.revision,
            size: backup.size, keys: keys, isProven: backup.isProven, isRefuted: backup.isRefuted)
    }
}
