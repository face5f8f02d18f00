/// What a person's command comes to: steps to agree to, nothing, or a refusal that says what to do instead.

/// What `recover`, `adopt` and `forget` decide on: the look of a start, our own instance seen from outside like every other
/// one, and each store's own answer.
package struct OperatorView: Equatable, Sendable {
    package var start: StartView
    /// One for each configured store, the hosted zone first.
    package var readings: [StoreReading]

    package init(_ start: StartView, readings: [StoreReading]) {
        self.start = start
        self.readings = readings
    }
}

/// One step of a command. Leaves nothing to decide.
package enum OperatorStep: Equatable, Sendable {
    /// End an instance, and wait until EC2 says that it has ended.
    case terminate(InstanceID, Instance.State)
    /// Write the record, if it is still what was read.
    case swapRecord(RecordSwap)
    /// Remove what a store holds.
    ///
    /// - Parameter version: only this; nil: whatever is there, readable or not.
    case removeRecord(from: StoreName, version: String?)
    /// One change batch.
    case changeDNS([RecordChange])
    /// Read a backup to its end, before anything is given up for it.
    case checkBackup(String)
    /// Check a snapshot in a file, and bring it into the bucket.
    case importSnapshot(file: String, as: String)
}

package enum OperatorPlan: Equatable, Sendable {
    /// These, in this order, once the person agrees.
    ///
    /// - Parameter then: what follows from it by itself, or has to be known before one agrees; sentences.
    case act([OperatorStep], then: [String])
    /// Nothing is to be done; the text says why.
    case nothing(String)
    case refuse(Refusal)
}

/// What the next generation is to begin with, in a person's choice.
package enum Beginning: Equatable, Sendable {
    /// The best disk that is held, or that of one instance.
    case member(InstanceID?)
    case snapshot(BackupChoice)
    case empty
}

/// What a person asks of `recover`.
package struct RecoverRequest: Equatable, Sendable {
    /// Instances whose disks are lost for good.
    package var declaredGone: [InstanceID]
    package var from: Beginning?
    /// Whether declared instances that EC2 still knows are to be terminated.
    package var terminates: Bool
    /// Whether such an instance may be declared gone all the same.
    package var evenIfItReturns: Bool
    /// Whether the person accepts what `Refusal.wouldLose` names.
    package var acceptsLoss: Bool
    /// Who asks, for the record.
    package var teller: String

    package init(
        declaredGone: [InstanceID] = [], from: Beginning? = nil, terminates: Bool = false,
        evenIfItReturns: Bool = false, acceptsLoss: Bool = false, teller: String = ""
    ) {
        self.declaredGone = declaredGone
        self.from = from
        self.terminates = terminates
        self.evenIfItReturns = evenIfItReturns
        self.acceptsLoss = acceptsLoss
        self.teller = teller
    }
}

/// What a person asks of `forget`.
package struct ForgetRequest: Equatable, Sendable {
    /// The one store whose record goes; nil: every one.
    package var store: StoreName?
    package var evenIfAlive: Bool

    package init(store: StoreName? = nil, evenIfAlive: Bool = false) {
        self.store = store
        self.evenIfAlive = evenIfAlive
    }
}

/// Why a command does not do what it was asked for. Each has its sentence in `OperatorSentences.swift`.
package enum Refusal: Error, Equatable, Sendable {
    /// What has to be seen first can't be seen.
    case blind(String)
    /// Neither zone nor bucket.
    case noRecordKept
    case noRecord
    case recordsConflict([StoreReading])
    case recordOfOther(String)
    case recordExists(generation: Int, owner: String)
    case storeUnknown(StoreName, known: [StoreName])
    case clusterAnswers(ClusterID)
    case nobodyAnswers
    case severalClusters([ClusterID])
    /// What nobody may pass over, a person neither.
    case waits(WaitReason)
    /// The record names no disk of this instance.
    case notInRecord(InstanceID, known: [InstanceID])
    /// The disk that is to be gone is there.
    case diskReported(of: InstanceID, by: [InstanceID])
    /// Its disk may come back with it.
    case instanceExists(InstanceID, Instance.State)
    /// It may serve at this very moment.
    case instanceRuns(InstanceID, Instance.State)
    /// There is no such backup; the text says why.
    case noBackup(String)
    case nothingHeld
    case notASource(InstanceID, String)
    case notTheBest(InstanceID, commit: UInt64, best: InstanceID, bestCommit: UInt64)
    case wouldLose([String])
    case ownDisk(String)
    case stillAlive(String)

    /// Whether another look may see what this one did not.
    package var isBlind: Bool { if case .blind = self { true } else { false } }
}

extension OperatorView {
    /// The group, if it was read whole: an answer without the one who asks is a wrong one.
    func group() throws(Refusal) -> Group {
        switch start.facts.group {
        case .notAsked: throw .blind(WaitReason.groupNotRead("not asked yet").description)
        case .unavailable(let cause): throw .blind(WaitReason.groupNotRead(cause).description)
        case .seen(let group):
            guard group.instance(start.identity.instance) != nil else {
                throw .blind(WaitReason.notInGroup(group: group.name, listed: group.instances.count).description)
            }
            return group
        }
    }

    /// A plan, or the refusal that was met on the way to it.
    func planning(_ plan: () throws(Refusal) -> OperatorPlan) -> OperatorPlan {
        do throws(Refusal) { return try plan() } catch { return .refuse(error) }
    }
}
