/// Every entry that any etcd of this world ever wrote, as one tree. A log is named by its last entry: what two logs share
/// is stored once, following a leader copies a number, and whether one log continues another can be told exactly.

import ClusterPlanning

/// The last entry of a log; 0 is the empty log.
typealias EntryID = Int

/// What an entry of the log says.
enum EntryKind {
    /// A new leader's first entry.
    case noop
    case write
    case add(Member)
    case remove(MemberID)
    case promote(MemberID)
    case move(MemberID, to: Endpoint)
    /// A member that has started tells its name and client URL.
    case publish(MemberID, name: String, clientURL: Endpoint)
    /// What etcd's tools begin with where they make data of a backup: none of the members that were.
    case restore(Member)
}

struct LogTree {
    struct Entry {
        var parent: EntryID
        var index: Int
        var term: Int
        /// Which of `memberships` holds once this entry is applied.
        var membership: Int
        /// How many writes this log holds.
        var writes: Int
        var isChange: Bool
    }

    /// A member list, with the IDs that are gone for ever.
    struct Membership {
        var members: [Member] = []
        var removed: [MemberID] = []
        var voterCount = 0
    }

    private(set) var entries = [Entry(parent: 0, index: 0, term: 0, membership: 0, writes: 0, isChange: false)]
    private(set) var memberships = [Membership()]

    subscript(_ id: EntryID) -> Entry { entries[id] }

    func membership(at id: EntryID) -> Membership { memberships[entries[id].membership] }

    mutating func append(_ kind: EntryKind, after parent: EntryID, term: Int) -> EntryID {
        var entry = entries[parent]
        entry.parent = parent
        entry.index += 1
        entry.term = term
        entry.isChange = kind.isChange
        if case .write = kind { entry.writes += 1 }
        if let membership = memberships[entry.membership].after(kind) {
            memberships.append(membership)
            entry.membership = memberships.count - 1
        }
        entries.append(entry)
        return entries.count - 1
    }

    /// Whether the log that ends with `start` is the beginning of the one that ends with `end`.
    func isBeginning(_ start: EntryID, of end: EntryID) -> Bool {
        var id = end
        while entries[id].index > entries[start].index { id = entries[id].parent }
        return id == start
    }

    /// Whether a log holds every write of another one that it continues, or is a part of.
    func hasSameWrites(_ log: EntryID, upTo other: EntryID) -> Bool {
        isBeginning(other, of: log) || (isBeginning(log, of: other) && entries[log].writes == entries[other].writes)
    }

    /// The part of a log up to `index`.
    func prefix(of end: EntryID, upTo index: Int) -> EntryID {
        var id = end
        while entries[id].index > index { id = entries[id].parent }
        return id
    }

    /// Whether a change of membership lies between the two.
    func hasChange(after start: EntryID, upTo end: EntryID) -> Bool {
        var id = end
        while entries[id].index > entries[start].index {
            if entries[id].isChange { return true }
            id = entries[id].parent
        }
        return false
    }

    /// As raft compares logs in an election.
    func isAtLeastAsNew(_ left: EntryID, as right: EntryID) -> Bool {
        (entries[left].term, entries[left].index) >= (entries[right].term, entries[right].index)
    }
}

extension EntryKind {
    fileprivate var isChange: Bool {
        switch self {
        case .noop, .write, .publish, .move: false
        case .add, .remove, .promote, .restore: true
        }
    }
}

extension LogTree.Membership {
    var voters: [Member] { members.filter(\.isVoter) }

    /// Nil where nothing changes.
    fileprivate func after(_ kind: EntryKind) -> Self? {
        var next = self
        switch kind {
        case .noop, .write: return nil
        case .add(let member): next.members.append(member)
        case .restore(let member): next.members = [member]
        case .remove(let id):
            next.members.removeAll { $0.id == id }
            next.removed.append(id)
        case .promote(let id): next.alter(id) { $0.isLearner = false }
        case .move(let id, let endpoint): next.alter(id) { $0.peerURLs = [endpoint] }
        case .publish(let id, let name, let clientURL):
            next.alter(id) {
                $0.name = name
                $0.clientURLs = [clientURL]
            }
        }
        next.voterCount = next.members.count(where: \.isVoter)
        return next
    }

    private mutating func alter(_ id: MemberID, _ change: (inout Member) -> Void) {
        if let index = members.firstIndex(where: { $0.id == id }) { change(&members[index]) }
    }
}
