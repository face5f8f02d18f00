/// etcd as far as membership, votes and acknowledged writes go: what one data directory holds, and what runs on it.

import ClusterPlanning

/// One entry of a replicated log.
struct Entry: Sendable {
    indirect enum Change: Sendable {
        case add(Member)
        case remove(MemberID)
        /// A member that has started tells its name and client URL.
        case publish(MemberID, name: String, clientURL: Endpoint)
    }

    enum Kind: Sendable {
        /// A new leader's first entry.
        case noop
        case write
        case change(Change)
    }

    var term: Int
    var kind: Kind
}

/// One member's data: its log, and how much of it is known to be committed. The list of members is this replica's own, as of
/// what it has applied.
struct Replica: Sendable {
    let cluster: ClusterID
    let member: MemberID
    var term = 0
    private(set) var log: [Entry] = []
    /// Known to be committed; forgotten by a process that is killed.
    private(set) var commit = 0
    /// Written down of that: one append behind.
    private(set) var persistedCommit = 0
    private(set) var members: [Member] = []
    private(set) var removed: [MemberID] = []
    /// Acknowledged writes among what is applied.
    private(set) var writes = 0
    private var applied = 0
    /// What a joiner took from a peer, and shows until it has a log.
    private var borrowed: [Member] = []

    init(founding cluster: ClusterID, as member: MemberID, with members: [Member]) {
        self.cluster = cluster
        self.member = member
        log = members.map { Entry(term: 1, kind: .change(.add($0))) }
        term = 1
        persistedCommit = log.count
        learn(commit: log.count)
    }

    init(joining cluster: ClusterID, as member: MemberID, with members: [Member]) {
        self.cluster = cluster
        self.member = member
        borrowed = members
    }

    /// The list on the peer port.
    var shownMembers: [Member] { applied == 0 ? borrowed : members }
    var voters: [Member] { members.filter(\.isVoter) }
    var lastTerm: Int { log.last?.term ?? 0 }

    func isAtLeastAsNew(as other: Replica) -> Bool { (lastTerm, log.count) >= (other.lastTerm, other.log.count) }

    /// Writes in the log, applied or not.
    var writesHeld: Int { log.count { if case .write = $0.kind { true } else { false } } }

    /// Whether a change of membership is on its way.
    var hasPendingChange: Bool {
        log[commit...].contains { entry in
            switch entry.kind {
            case .change(.add), .change(.remove): true
            default: false
            }
        }
    }

    mutating func append(_ kind: Entry.Kind) {
        persistedCommit = commit
        log.append(Entry(term: term, kind: kind))
    }

    /// Takes the leader's log as its own.
    mutating func follow(_ leader: Replica) {
        if log.count != leader.log.count || lastTerm != leader.lastTerm {
            persistedCommit = min(commit, leader.log.count)
            log = leader.log
            if commit > log.count { restart(from: log.count) }
        }
        term = leader.term
    }

    mutating func learn(commit index: Int) {
        guard index > commit else { return }
        commit = min(index, log.count)
        while applied < commit {
            apply(log[applied].kind)
            applied += 1
        }
    }

    /// As if its name had never been published.
    mutating func forgetName(of id: MemberID) {
        let own = log.indices.filter { index in
            if case .change(.publish(id, _, _)) = log[index].kind { true } else { false }
        }
        for index in own { log[index].kind = .noop }
        for index in members.indices where members[index].id == id {
            members[index].name = ""
            members[index].clientURLs = []
        }
    }

    /// What a process knows that starts on this data after one that was killed; one that was asked to stop had written down all.
    mutating func restart(gracefully: Bool) { restart(from: gracefully ? commit : persistedCommit) }

    private mutating func restart(from index: Int) {
        (commit, applied, writes) = (0, 0, 0)
        (members, removed, borrowed) = ([], [], [])
        persistedCommit = index
        learn(commit: index)
    }

    private mutating func apply(_ kind: Entry.Kind) {
        switch kind {
        case .noop: break
        case .write: writes += 1
        case .change(.add(let member)): members.append(member)
        case .change(.remove(let id)):
            members.removeAll { $0.id == id }
            removed.append(id)
        case .change(.publish(let id, let name, let clientURL)):
            guard let index = members.firstIndex(where: { $0.id == id }) else { return }
            members[index].name = name
            members[index].clientURLs = [clientURL]
        }
    }
}

/// A running etcd.
struct Process: Sendable {
    var startedAt: Duration
    /// Whether there was no data before.
    var isFirst: Bool
    var isLeader = false
    /// Until when it was in touch with a leader that had a quorum; nil: not yet, and it does not serve clients before.
    var ledUntil: Duration?
    /// How much of its log each follower has confirmed to this leader.
    var confirmed: [MemberID: Int] = [:]
    /// Stopped in its tracks: it holds its ports and says nothing.
    var hangsUntil = Duration.zero
    /// When it last told its name; it does so until that is in its list.
    var publishedAt: Duration?
}
