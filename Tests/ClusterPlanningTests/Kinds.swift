/// Every case that a plan can take, so that a new one without a row is found: the switches here stop compiling, and once
/// they are completed, the tests that list what was reached fail.

import ClusterPlanning

enum StartKind: CaseIterable {
    case resume, found, join, setAside, removeOwnEntry, addSelf, wait

    init(_ plan: StartPlan) {
        switch plan {
        case .start(let launch):
            switch launch.kind {
            case .resume: self = .resume
            case .found: self = .found
            case .join: self = .join
            }
        case .setAside: self = .setAside
        case .removeOwnEntry: self = .removeOwnEntry
        case .addSelf: self = .addSelf
        case .wait: self = .wait
        }
    }
}

enum WaitKind: CaseIterable {
    case dataDirectoryUnusable, dataOfAnotherInstance, dataNotInCluster, groupNotRead, notInGroup, notInDuty
    case ownStateNotRunning, severalClusters, peersSilent, instancesUnsettled, noLeader, foundersDiffer
    case foundingWithoutUs, groupIncomplete, groupMayChange, zoneNotRead, zoneNamesCluster, noClusterName, ownDataLost
    case clusterNotAnswering, otherMemberJoining, clusterFull, quorumAtRisk, ownEntryNeeded, ownEntryAlive,
        peersLagging, addTooSoon

    init(_ reason: WaitReason) {
        switch reason {
        case .dataDirectoryUnusable: self = .dataDirectoryUnusable
        case .dataOfAnotherInstance: self = .dataOfAnotherInstance
        case .dataNotInCluster: self = .dataNotInCluster
        case .groupNotRead: self = .groupNotRead
        case .notInGroup: self = .notInGroup
        case .notInDuty: self = .notInDuty
        case .ownStateNotRunning: self = .ownStateNotRunning
        case .severalClusters: self = .severalClusters
        case .peersSilent: self = .peersSilent
        case .instancesUnsettled: self = .instancesUnsettled
        case .noLeader: self = .noLeader
        case .foundersDiffer: self = .foundersDiffer
        case .foundingWithoutUs: self = .foundingWithoutUs
        case .groupIncomplete: self = .groupIncomplete
        case .groupMayChange: self = .groupMayChange
        case .zoneNotRead: self = .zoneNotRead
        case .zoneNamesCluster: self = .zoneNamesCluster
        case .noClusterName: self = .noClusterName
        case .ownDataLost: self = .ownDataLost
        case .clusterNotAnswering: self = .clusterNotAnswering
        case .otherMemberJoining: self = .otherMemberJoining
        case .clusterFull: self = .clusterFull
        case .quorumAtRisk: self = .quorumAtRisk
        case .ownEntryNeeded: self = .ownEntryNeeded
        case .ownEntryAlive: self = .ownEntryAlive
        case .peersLagging: self = .peersLagging
        case .addTooSoon: self = .addTooSoon
        }
    }
}

enum DeferralKind: CaseIterable {
    case notLeader, corrupt, noSpace, groupNotRead, notInGroup, instancesNotRead, quorumAtRisk, oneRemovalPerTurn
    case ownInstanceTerminated, instanceUnknownToEC2, instanceLeaving, outsideGroup, unhealthyButRunning, notAnInstance
    case orphanInGrace, memberMissing, zoneNotRead, nobodyForDNS, unnameable, recordNotOurs, noClusterName

    init(_ deferral: Deferral) {
        switch deferral {
        case .notLeader: self = .notLeader
        case .corrupt: self = .corrupt
        case .noSpace: self = .noSpace
        case .groupNotRead: self = .groupNotRead
        case .notInGroup: self = .notInGroup
        case .instancesNotRead: self = .instancesNotRead
        case .quorumAtRisk: self = .quorumAtRisk
        case .oneRemovalPerTurn: self = .oneRemovalPerTurn
        case .ownInstanceTerminated: self = .ownInstanceTerminated
        case .instanceUnknownToEC2: self = .instanceUnknownToEC2
        case .instanceLeaving: self = .instanceLeaving
        case .outsideGroup: self = .outsideGroup
        case .unhealthyButRunning: self = .unhealthyButRunning
        case .notAnInstance: self = .notAnInstance
        case .orphanInGrace: self = .orphanInGrace
        case .memberMissing: self = .memberMissing
        case .zoneNotRead: self = .zoneNotRead
        case .nobodyForDNS: self = .nobodyForDNS
        case .unnameable: self = .unnameable
        case .recordNotOurs: self = .recordNotOurs
        case .noClusterName: self = .noClusterName
        }
    }
}
