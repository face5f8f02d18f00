/// What the judges remember: what has been promised to clients, and who has promised it.

import ClusterPlanning

struct Ledger {
    /// The newest entry that a quorum has committed: every write up to it has been acknowledged.
    var tip: EntryID = 0
    /// The generation of the cluster that committed it.
    var generation = 0
    var cluster: ClusterID?
    /// Whether the data that held the tip was lost for good, or the generation of the tip is dead.
    var mayBranch = true
    /// What the next generation has to continue at least.
    var mustSurvive: EntryID = 0
    /// Whether a disk was named a voter's, and is a learner's again after kill -9.
    var promotionForgotten = false
    var turns = 0
    var hooksExpired = 0
    var recoveries = 0
    /// Writes that were acknowledged and are lost with every disk that had them.
    var writesLost = 0
    /// Members that an operator has removed.
    var removedByHand: [MemberID] = []
    /// Disks that an operator has declared gone.
    var declaredGone = false
    /// Whether an operator has gone back to an older state on purpose.
    var goesBack = false
    /// What had been committed when the last disk of a group that is to be empty was let go.
    var emptied: (at: EntryID, generation: Int)?
    var storesOfNewMachines = [0]
}

package struct Violation: CustomStringConvertible {
    package enum Kind: String {
        /// Two lineages of data commit at one time.
        case twoClusters
        /// A cluster was founded while data of another that had had a quorum was still there.
        case foundedBeside
        /// A next generation was made though the last one could still elect.
        case recoveredAlive
        /// A next generation begins with less than the best disk that is held.
        case poorSource
        /// A write was acknowledged, and the cluster goes on without it.
        case writesLost
        /// etcd panicked for something that we have done.
        case panic
        /// There was a quorum before our act, and none after it.
        case quorumSpent
        /// A member was removed whose instance lives, with its data.
        case livingRemoved
        /// Data was set aside of a member that was not removed.
        case livingSetAside
        /// More than one change of membership in one turn.
        case severalChanges
        /// A change while members' data differ.
        case changedWhileCorrupt
        /// etcd was asked for a member ID that is gone for ever.
        case idReused
        /// A voter was entered beside one that has not started.
        case joinedTogether
        /// More members than the group wants, with the one that replaces another.
        case tooMany
        /// A learner where a version does not keep it.
        case unsoundLearner
        /// An instance was let go that still had a vote.
        case letGoTooEarly
        /// Another owner's record was replaced while its cluster could live.
        case ownerReplaced
        /// A generation that is not above every one before.
        case generationBack
        /// A generation begins with a backup, while a disk that the record names has data to be carried on.
        case restoredBeside
        /// A backup was deleted that has to stay.
        case backupLost
        /// The last disk of a group that is to be empty was let go before everything in it was backed up.
        case letGoUnsaved
    }

    var kind: Kind
    var text: String
    var time: Duration

    package var description: String { "\(kind.rawValue) at \(time): \(text)" }
}

extension World {
    func violate(_ kind: Violation.Kind, _ text: @autoclosure () -> String) {
        let text = text()
        note("VIOLATION \(kind.rawValue): \(text)")
        violations.append(Violation(kind: kind, text: text, time: now))
    }

    func generation(of index: Int) -> Int { disk(index).stamp?.generation ?? 0 }

    /// Data that is in its place, on a machine that EC2 has not terminated.
    func heldReplicas() -> [(index: Int, replica: Replica)] {
        machines.indices.compactMap { index in
            guard !machines[index].isTerminated, let replica = replica(index), !disk(index).isCorrupt else {
                return nil
            }
            return (index, replica)
        }
    }

    func isVoter(_ replica: Replica) -> Bool {
        tree.membership(at: replica.commit).voters.contains { $0.id == replica.member }
    }

    /// Whether the disks that are held can elect, by somebody's own list, at the addresses that it gives.
    func canElect(_ held: [(index: Int, replica: Replica)]) -> Bool {
        held.contains { _, own in
            let membership = tree.membership(at: own.commit)
            guard membership.voters.contains(where: { $0.id == own.member }) else { return false }
            let voters = membership.voters.count { voter in
                held.contains { other in
                    other.replica.cluster == own.cluster && other.replica.member == voter.id
                        && voter.peerURLs.contains(machines[other.index].peerURL)
                }
            }
            return voters >= quorum(of: membership.voterCount)
        }
    }
}
