/// The one document on which founding and recovery rest: who may start a generation, and who may hold its data.

/// The record of a cluster. It is changed only by compare-and-swap, so that of two who act on one reading one loses and
/// follows the winner.
package struct ClusterRecord: Equatable, Sendable {
    /// A disk of the current generation.
    package struct Entry: Hashable, Sendable {
        package var instance: InstanceID
        package var peerURL: Endpoint
        /// Nil until a report has named it: of a member that an older tool has made.
        package var disk: DiskID?
        /// `+`: asked for, and nothing is known to be on it yet. Additions are written down before they are made.
        package var isJoining: Bool

        package init(_ instance: InstanceID, _ peerURL: Endpoint, disk: DiskID?, isJoining: Bool = false) {
            self.instance = instance
            self.peerURL = peerURL
            self.disk = disk
            self.isJoining = isJoining
        }
    }

    /// A disk of an earlier generation that may still be needed.
    package struct FormerEntry: Hashable, Sendable {
        package var entry: Entry
        package var generation: Int

        package init(_ entry: Entry, generation: Int) {
            self.entry = entry
            self.generation = generation
        }
    }

    /// A disk that is known to be lost: kept only as long as an entry names it.
    package struct GoneDisk: Hashable, Sendable {
        package var disk: DiskID
        /// Why, in words.
        package var evidence: String
        /// When it was written down, in UTC, as `2026-01-31T12:00:00Z`.
        package var time: String
        /// The instance, or the person's words, that said so.
        package var teller: String

        package init(_ disk: DiskID, evidence: String, time: String, teller: String) {
            self.disk = disk
            self.evidence = evidence
            self.time = time
            self.teller = teller
        }
    }

    /// What a generation's data begins with.
    package enum Source: Hashable, Sendable {
        case empty
        /// The key of a backup below the cluster's prefix, or `s3://bucket/key`.
        case snapshot(String)
        /// What this member's disk holds.
        case member(MemberID)
    }

    /// What generations and changes can be: far above any real one, and far below where adding to one would trap.
    package static let counts = 1...1_000_000_000

    /// The ARN of the group, or the ID of the stack, whose cluster this is.
    package var owner: String
    /// One life of the cluster's data: 1, 2, ...
    package var generation: Int
    /// Of this generation alone. A forced cluster keeps its ID all the same: compare IDs only together with the generation.
    package var token: String
    package var source: Source
    /// Who may start this generation. Sorted by instance. It stays whole: a founder that comes late starts with the list that
    /// the others started with, or it would be another cluster's.
    package var start: [Entry]
    /// Who may hold its data now. Sorted by instance.
    package var voters: [Entry]
    package var former: [FormerEntry]
    package var gone: [GoneDisk]
    /// How often it was changed.
    package var changes: Int

    package init(
        owner: String, generation: Int, token: String, source: Source, start: [Entry] = [], voters: [Entry] = [],
        former: [FormerEntry] = [], gone: [GoneDisk] = [], changes: Int = 1
    ) {
        self.owner = owner
        self.generation = generation
        self.token = token
        self.source = source
        self.start = start.sorted(by: ClusterRecord.precedes)
        self.voters = voters.sorted(by: ClusterRecord.precedes)
        self.former = former
        self.gone = gone
        self.changes = changes
    }

    /// Whether this very disk may start the generation: `start` and `voters` both name it.
    package func mayStart(_ disk: DiskID, on instance: InstanceID) -> Bool {
        [start, voters].allSatisfy { entries in entries.contains { $0.disk == disk && $0.instance == instance } }
    }

    /// The entry of one instance among those that may hold data now.
    package func voter(_ instance: InstanceID) -> Entry? { voters.first { $0.instance == instance } }

    /// The entry that stands for a member: by address and name, and by the address alone where the member has no name yet, or where
    /// its disk has moved and it has not told its new name. A joiner at a dead member's address does not stand for that one.
    func entry(for member: Member) -> Entry? {
        let here = voters.filter { member.peerURLs.contains($0.peerURL) }
        if let named = here.first(where: { $0.instance == member.instanceID }) { return named }
        if member.instanceID == nil { return here.first }
        return here.first { !$0.isJoining && $0.disk != nil }
    }

    /// The member of a cluster that stands for a disk: whose data is on it where its own stamp can't tell, as no leader ever told
    /// it its ID.
    func member(on disk: DiskID, of cluster: RunningCluster) -> Member? {
        cluster.members.first { entry(for: $0)?.disk == disk }
    }

    /// Every instance that the record names, each once, sorted.
    package var instances: [InstanceID] {
        Set((start + voters + former.map(\.entry)).map(\.instance)).sorted()
    }

    /// The same with something changed, in the one order that there is, and counted.
    package func changed(_ change: (inout ClusterRecord) -> Void) -> ClusterRecord {
        var next = self
        change(&next)
        next.start.sort(by: Self.precedes)
        next.voters.sort(by: Self.precedes)
        let marked = Set((next.voters + next.former.map(\.entry)).map(\.markedDisk))
        next.gone.removeAll { !marked.contains($0.disk) }
        next.changes += 1
        return next
    }

    private static func precedes(_ left: Entry, _ right: Entry) -> Bool {
        (left.instance, left.peerURL) < (right.instance, right.peerURL)
    }
}

/// Where a record is kept: the hosted zone, or a bucket.
package struct StoreName: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    /// `route53:Z0123456789ABC` or `s3:bucket/key`.
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }
    package init(_ rawValue: String) { self.rawValue = rawValue }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    package var description: String { rawValue }
}

/// One change of the record: written only if the store still holds what was read.
package struct RecordSwap: Equatable, Sendable {
    package enum Reason: Equatable, Sendable {
        case founding
        case recovery
        case adoption
        case joining(InstanceID)
        case moving(InstanceID)
        case upkeep
        /// The backup that the generation was to begin with can't be restored.
        case otherBackup(than: String)
        case byOperator(String)
    }

    package var store: StoreName
    /// The store's own name of what was read; nil: there must be nothing.
    package var expected: String?
    package var record: ClusterRecord
    package var reason: Reason

    package init(_ reason: Reason, store: StoreName, expected: String?, record: ClusterRecord) {
        self.reason = reason
        self.store = store
        self.expected = expected
        self.record = record
    }
}
