/// From what AWS and etcd say to the nouns that plans are made of, and back.

import AWS
import ClusterPlanning
import Etcd

// MARK: etcd

extension Member {
    /// Nil where a URL is none that etcd would accept: then the list can't be trusted to be compared.
    init?(_ member: EtcdMember) {
        let peerURLs = member.peerURLs.compactMap(ClusterPlanning.Endpoint.init(parsing:))
        let clientURLs = member.clientURLs.compactMap(ClusterPlanning.Endpoint.init(parsing:))
        guard peerURLs.count == member.peerURLs.count, clientURLs.count == member.clientURLs.count else { return nil }
        self.init(
            MemberID(member.id), name: member.name, peerURLs: peerURLs, clientURLs: clientURLs,
            isLearner: member.isLearner)
    }
}

extension MemberID {
    init(_ id: EtcdID) { self.init(id.rawValue) }
    var etcdID: EtcdID { EtcdID(rawValue) }
}

extension ClusterID {
    init(_ id: EtcdID) { self.init(id.rawValue) }
}

extension EtcdMemberList {
    /// - Throws: where a member's URL is none that etcd would accept.
    func translated() throws(ObservationError) -> [Member] {
        try members.map { member throws(ObservationError) in
            guard let translated = Member(member) else {
                throw ObservationError(
                    "member \(member.id) has a URL that is none: \(member.peerURLs + member.clientURLs)")
            }
            return translated
        }
    }
}

extension Alarm {
    /// Nil where etcd does not say whose alarm it is, as it does while none is raised.
    init?(_ alarm: EtcdAlarm) {
        guard let member = alarm.memberID.map(MemberID.init) else { return nil }
        switch alarm.kind {
        case .noSpace: self = .noSpace(member)
        case .corrupt: self = .corrupt(member)
        case .unknown(let name): self = .other(member, name)
        }
    }
}

/// Why a look at the world gave nothing usable, for people.
struct ObservationError: Error, Equatable, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}
