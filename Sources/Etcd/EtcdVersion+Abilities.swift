/// What an etcd of one version can be asked to do to a cluster's membership, and what it gets wrong.
extension EtcdVersion {
    /// Whether there are learners at all.
    package var addsLearners: Bool { isAtLeast(3, 4) }

    /// Whether a learner that was promoted stays a voter: from 3.5.1 to 3.5.19 the promotion did not reach the disk.
    /// https://github.com/etcd-io/etcd/issues/19557
    package var learnersAreSound: Bool { isAtLeast(3, 5) ? isFixed(in35: 20, in36: 0) : addsLearners }

    /// Whether a member can be added while a voter is down and the quorum holds all the same. Others refuse every add until
    /// the dead one has been removed. https://github.com/etcd-io/etcd/pull/21669
    package var addsBesideDeadVoters: Bool { isFixed(in35: 30, in36: 11) }

    /// Whether a learner whose peer URL is changed stays a learner (https://github.com/etcd-io/etcd/issues/21694).
    package var updateKeepsLearners: Bool { isFixed(in35: 31, in36: 12) }

    /// Whether it has a fix that came to two series, and to all after them. Each has it from a patch of its own on: 3.6.2 is
    /// later than 3.5.31 and may lack what that one has.
    private func isFixed(in35 patch35: Int, in36 patch36: Int) -> Bool {
        switch (major, minor) {
        case (3, 5): patch >= patch35
        case (3, 6): patch >= patch36
        default: isAtLeast(3, 7)
        }
    }
}
