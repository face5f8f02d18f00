/// Every case that a plan can take, so that a new one without a row is found: the switches here stop compiling, and once
/// they are completed, the tests that list what was reached fail.

import ClusterPlanning

enum StartKind: CaseIterable {
    case resume, found, join, inspect, force, restore, save, setAside, claim, act, wait

    init(_ plan: StartPlan) {
        switch plan {
        case .start(let launch): self = Self(launch.kind)
        case .setAside: self = .setAside
        case .claim: self = .claim
        case .act: self = .act
        case .wait: self = .wait
        }
    }

    private init(_ kind: Launch.Kind) {
        switch kind {
        case .resume: self = .resume
        case .found: self = .found
        case .join: self = .join
        case .inspect: self = .inspect
        case .force: self = .force
        case .restore: self = .restore
        case .save: self = .save
        }
    }
}

enum WaitKind: CaseIterable {
    case dataDirectoryUnusable, volumeMissing, dataOfAnotherInstance, movedVolume, movedVolumeWithoutLeader
    case dataNotInCluster, dataWithoutStampElsewhere, dataOfEarlierGeneration, carriedHalfway, startsFromOtherSource
    case corruptData, groupNotRead, notInGroup, notInDuty, ownStateNotRunning, recordNotRead, recordsConflict
    case recordOfOther, severalClusters, peersSilent, instancesUnsettled, reportsMissing, storesDiffer
    case noLeader, foundersDiffer, foundingWithoutUs, groupIncomplete, groupMayChange, zoneNotRead
    case zoneNamesCluster, backupsNotRead, backupsExist, backupsNotOurs, backupsSpoilt, backupsOutrank, savedToTheEnd
    case backupsShareGeneration
    case noClusterName, ownDataLost, generationUnknown
    case generationPending, generationQuorate, generationLed, generationHeld, dataUnusable, otherMemberJoining
    case otherAnnounced
    case clusterFull, quorumAtRisk, ownEntryNeeded, ownEntryAlive, ownEntryMoved, ownEntryOfLostData, programUnfit,
        askedToJoin
    case peersLagging, addTooSoon

    init(_ reason: WaitReason) {
        switch reason {
        case .dataDirectoryUnusable: self = .dataDirectoryUnusable
        case .volumeMissing: self = .volumeMissing
        case .dataOfAnotherInstance: self = .dataOfAnotherInstance
        case .movedVolume: self = .movedVolume
        case .movedVolumeWithoutLeader: self = .movedVolumeWithoutLeader
        case .dataNotInCluster: self = .dataNotInCluster
        case .dataWithoutStampElsewhere: self = .dataWithoutStampElsewhere
        case .dataOfEarlierGeneration: self = .dataOfEarlierGeneration
        case .carriedHalfway: self = .carriedHalfway
        case .startsFromOtherSource: self = .startsFromOtherSource
        case .corruptData: self = .corruptData
        case .groupNotRead: self = .groupNotRead
        case .notInGroup: self = .notInGroup
        case .notInDuty: self = .notInDuty
        case .ownStateNotRunning: self = .ownStateNotRunning
        case .recordNotRead: self = .recordNotRead
        case .recordsConflict: self = .recordsConflict
        case .recordOfOther: self = .recordOfOther
        case .severalClusters: self = .severalClusters
        case .peersSilent: self = .peersSilent
        case .instancesUnsettled: self = .instancesUnsettled
        case .reportsMissing: self = .reportsMissing
        case .storesDiffer: self = .storesDiffer
        case .noLeader: self = .noLeader
        case .foundersDiffer: self = .foundersDiffer
        case .foundingWithoutUs: self = .foundingWithoutUs
        case .groupIncomplete: self = .groupIncomplete
        case .groupMayChange: self = .groupMayChange
        case .zoneNotRead: self = .zoneNotRead
        case .zoneNamesCluster: self = .zoneNamesCluster
        case .backupsNotRead: self = .backupsNotRead
        case .backupsExist: self = .backupsExist
        case .backupsNotOurs: self = .backupsNotOurs
        case .backupsSpoilt: self = .backupsSpoilt
        case .backupsShareGeneration: self = .backupsShareGeneration
        case .backupsOutrank: self = .backupsOutrank
        case .savedToTheEnd: self = .savedToTheEnd
        case .noClusterName: self = .noClusterName
        case .ownDataLost: self = .ownDataLost
        case .generationUnknown: self = .generationUnknown
        case .generationPending: self = .generationPending
        case .generationQuorate: self = .generationQuorate
        case .generationLed: self = .generationLed
        case .generationHeld: self = .generationHeld
        case .dataUnusable: self = .dataUnusable
        case .otherMemberJoining: self = .otherMemberJoining
        case .otherAnnounced: self = .otherAnnounced
        case .clusterFull: self = .clusterFull
        case .quorumAtRisk: self = .quorumAtRisk
        case .ownEntryNeeded: self = .ownEntryNeeded
        case .ownEntryAlive: self = .ownEntryAlive
        case .ownEntryMoved: self = .ownEntryMoved
        case .ownEntryOfLostData: self = .ownEntryOfLostData
        case .askedToJoin: self = .askedToJoin
        case .programUnfit: self = .programUnfit
        case .peersLagging: self = .peersLagging
        case .addTooSoon: self = .addTooSoon
        }
    }
}

enum DeferralKind: CaseIterable {
    case notLeader, corrupt, noSpace, groupNotRead, notInGroup, instancesNotRead, recordNotRead
    case recordsConflict, recordOfOther, recordBehind, overtaken, recordLacksUs, quorumAtRisk
    case oneChangePerTurn, ownDiskGone, reachedThoughGone, tooWeak, removalNotAllowed, fateUnknown
    case outsideGroup, unhealthyButRunning, notAnInstance, orphanInGrace, drainHeld, promotionRisksQuorum, learnerBehind
    case memberMissing, spare, joinHeld, addRisksQuorum, hookNotOurs, hooksNotRead, nobodyToLead, zoneNotRead
    case nobodyForDNS, unnameable, recordNotOurs, noClusterName, backupsNotRead, backupsNeedRecord, nobodyToSave
    case backupsOutrank, backupsShareGeneration

    init(_ deferral: Deferral) {
        switch deferral {
        case .notLeader: self = .notLeader
        case .corrupt: self = .corrupt
        case .noSpace: self = .noSpace
        case .groupNotRead: self = .groupNotRead
        case .notInGroup: self = .notInGroup
        case .instancesNotRead: self = .instancesNotRead
        case .recordNotRead: self = .recordNotRead
        case .recordsConflict: self = .recordsConflict
        case .recordOfOther: self = .recordOfOther
        case .recordBehind: self = .recordBehind
        case .overtaken: self = .overtaken
        case .recordLacksUs: self = .recordLacksUs
        case .quorumAtRisk: self = .quorumAtRisk
        case .oneChangePerTurn: self = .oneChangePerTurn
        case .ownDiskGone: self = .ownDiskGone
        case .reachedThoughGone: self = .reachedThoughGone
        case .tooWeak: self = .tooWeak
        case .removalNotAllowed: self = .removalNotAllowed
        case .fateUnknown: self = .fateUnknown
        case .outsideGroup: self = .outsideGroup
        case .unhealthyButRunning: self = .unhealthyButRunning
        case .notAnInstance: self = .notAnInstance
        case .orphanInGrace: self = .orphanInGrace
        case .drainHeld: self = .drainHeld
        case .learnerBehind: self = .learnerBehind
        case .promotionRisksQuorum: self = .promotionRisksQuorum
        case .memberMissing: self = .memberMissing
        case .spare: self = .spare
        case .joinHeld: self = .joinHeld
        case .addRisksQuorum: self = .addRisksQuorum
        case .hookNotOurs: self = .hookNotOurs
        case .hooksNotRead: self = .hooksNotRead
        case .nobodyToLead: self = .nobodyToLead
        case .zoneNotRead: self = .zoneNotRead
        case .nobodyForDNS: self = .nobodyForDNS
        case .unnameable: self = .unnameable
        case .recordNotOurs: self = .recordNotOurs
        case .noClusterName: self = .noClusterName
        case .backupsNotRead: self = .backupsNotRead
        case .backupsNeedRecord: self = .backupsNeedRecord
        case .backupsShareGeneration: self = .backupsShareGeneration
        case .nobodyToSave: self = .nobodyToSave
        case .backupsOutrank: self = .backupsOutrank
        }
    }
}

enum StepKind: CaseIterable {
    case swapRecord, removeMember, addMember, promote, updatePeerURL, moveLeader, changeDNS, heartbeat
    case completeHook, backUp, deleteBackups, publish

    init(_ step: ReconcilePlan.Step) {
        switch step {
        case .swapRecord: self = .swapRecord
        case .removeMember: self = .removeMember
        case .addMember: self = .addMember
        case .promote: self = .promote
        case .updatePeerURL: self = .updatePeerURL
        case .moveLeader: self = .moveLeader
        case .changeDNS: self = .changeDNS
        case .heartbeat: self = .heartbeat
        case .completeHook: self = .completeHook
        case .backUp: self = .backUp
        case .deleteBackups: self = .deleteBackups
        case .publish: self = .publish
        }
    }
}
