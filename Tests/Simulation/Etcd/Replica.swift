/// What one data directory holds of etcd, and the process that runs on it.

import ClusterPlanning

/// One member's data. Its list of members is its own: as of what it has applied.
struct Replica {
    let cluster: ClusterID
    let member: MemberID
    var term = 0
    /// The last entry of its log.
    var head: EntryID = 0
    /// Known to be committed, and applied; what of it was not written down is forgotten by a process that is killed.
    private(set) var commit: EntryID = 0
    /// Written down of that: one append behind.
    private(set) var persistedCommit: EntryID = 0
    /// What a joiner took from a peer, and shows until it has a log.
    var borrowed: [Member] = []

    init(_ cluster: ClusterID, as member: MemberID) {
        self.cluster = cluster
        self.member = member
    }

    /// Puts an entry, or a leader's log, at its end: with it goes what was known to be committed before.
    mutating func write(_ head: EntryID, term: Int) {
        persistedCommit = commit
        self.head = head
        self.term = term
    }

    mutating func learn(commit: EntryID) { self.commit = commit }

    /// The process has ended: one that was asked to stop has written down what it knew.
    mutating func endProcess(gracefully: Bool) {
        if gracefully { persistedCommit = commit } else { commit = persistedCommit }
    }

    /// What `--force-new-cluster` does first: everything that is not written down as committed goes.
    mutating func cutToPersisted() {
        head = persistedCommit
        commit = persistedCommit
    }

    /// Written, committed and known to be so: how a data directory begins.
    mutating func begin(at entry: EntryID, term: Int) {
        head = entry
        commit = entry
        persistedCommit = entry
        self.term = term
    }
}

/// A running etcd.
struct Process {
    enum Purpose { case world, loopback }

    var purpose = Purpose.world
    var startedAt: Duration
    /// Whether there was no data before.
    var isFirst: Bool
    var isLeader = false
    /// The leader that it hears.
    var leader: MemberID?
    /// Since when that leader has not been heard.
    var leaderLostAt: Duration?
    /// Whether it ever knew one: it does not serve clients before.
    var hasServed = false
    /// How much of its log each follower has confirmed to this leader.
    var confirmed: [(member: MemberID, head: EntryID)] = []
    /// Stopped in its tracks: it holds its ports and says nothing.
    var hangsUntil = Duration.zero
    /// When it last asked for its name to be published; it does so until that is in its list.
    var publishedAt: Duration?

    func confirmedHead(of member: MemberID) -> EntryID? { confirmed.first { $0.member == member }?.head }

    mutating func confirm(_ head: EntryID, by member: MemberID) {
        if let index = confirmed.firstIndex(where: { $0.member == member }) {
            confirmed[index].head = head
        } else {
            confirmed.append((member, head))
        }
    }
}

/// How an etcd of some version judges a change of membership.
enum EtcdFamily: Sendable, CaseIterable {
    /// 3.4: learners are sound; every voter has to have been connected for five seconds.
    case v34
    /// 3.5.1 to 3.5.19: the same check, and a promoted learner may be one again after a restart.
    case early35
    /// 3.5.30, 3.6.11 and later: the quorum has to hold with the new one down.
    case late35

    var abilities: EtcdAbilities {
        switch self {
        case .v34: EtcdAbilities(learnersAreSound: true, addsBesideDeadVoters: false)
        case .early35: EtcdAbilities(learnersAreSound: false, addsBesideDeadVoters: false)
        case .late35: EtcdAbilities(learnersAreSound: true, addsBesideDeadVoters: true)
        }
    }
}
