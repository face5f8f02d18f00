/// What is known of a backup, as the JSON beside it says.

import ClusterPlanning
import FoundationEssentials

/// Written once, right after the backup itself. Nothing that is decided rests on it: it is for people, and for whoever restores
/// to compare.
struct BackupDescription: Codable, Equatable, Sendable {
    var version = 1
    var generation: Int
    /// In hex, as etcd prints it.
    var cluster: String
    var revision: UInt64
    /// `2026-01-31T12:00:00Z`
    var time: String
    /// What `snapshot status` calls the hash: over all that the database holds.
    var hash: UInt32
    /// Of the database, in bytes, not compressed.
    var size: Int64
    /// Keys that could be read at that revision; nil where etcd wants a user to count them.
    var keys: Int64?
    /// Over the keys with their history, as `endpoint hashkv` tells it at the snapshot's own revision.
    var keysHash: UInt32?
    var compactRevision: Int64?
    var etcdVersion: String
    /// The names of the members that voted.
    var voters: [String]
    /// The member that was asked.
    var takenFrom: String
    /// The instance that asked.
    var takenBy: String

    func json() throws -> [UInt8] { try prettyJSON(self) }

    /// - Throws: `ObservationError` of anything but such a text.
    init(json bytes: [UInt8], named name: String) throws {
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(bytes))
        } catch {
            throw ObservationError("\(name) is no description of a backup")
        }
        guard version == 1 else { throw ObservationError("\(name) is in form \(version), of another etcd-cluster") }
    }

    init(
        _ backup: Backup, hash: UInt32, size: Int64, keys: Int64?, keysHash: UInt32?, compactRevision: Int64?,
        etcdVersion: String, voters: [String], takenFrom: String, takenBy: String
    ) {
        generation = backup.generation
        cluster = backup.cluster.description
        revision = backup.revision
        time = backup.time.description
        self.hash = hash
        self.size = size
        self.keys = keys
        self.keysHash = keysHash
        self.compactRevision = compactRevision
        self.etcdVersion = etcdVersion
        self.voters = voters
        self.takenFrom = takenFrom
        self.takenBy = takenBy
    }
}

/// The note that a backup was proven, or refuted: that it is there, under the one name or the other, is what counts.
struct BackupProofNote: Codable, Equatable, Sendable {
    var time: String
    /// Of the store that came back; nil where none did.
    var revision: Int64?
    /// Why it is no backup; nil where it is one.
    var refutation: String?
    var keys: Int64?
    /// Whether the keys' hash was compared with the source's.
    var isHashCompared: Bool
    var provenBy: String

    func json() throws -> [UInt8] { try prettyJSON(self) }
}
