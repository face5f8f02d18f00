/// One entry of a cluster's member list.
package struct EtcdMember: Sendable, Hashable {
    package var id: EtcdID
    /// Empty until the member has started for the first time; see `hasStarted`.
    package var name: String
    /// As the member was added: two spellings of one place are possible (F13b).
    package var peerURLs: [String]
    /// Empty until the member has started for the first time; see `hasStarted`.
    package var clientURLs: [String]
    package var isLearner: Bool

    package init(id: EtcdID, name: String, peerURLs: [String], clientURLs: [String], isLearner: Bool = false) {
        self.id = id
        self.name = name
        self.peerURLs = peerURLs
        self.clientURLs = clientURLs
        self.isLearner = isLearner
    }

    /// Whether the member has ever started, as far as the one that was asked has applied the log: a member tells its
    /// name and client URLs through the log. One that was killed and restarted without a quorum has applied less than
    /// it had before, so its list may show a long-started member as never started.
    package var hasStarted: Bool { !clientURLs.isEmpty }
}

extension EtcdMember: Decodable {
    private enum CodingKeys: String, CodingKey {
        /// The gateway's spelling.
        case gatewayID = "ID"
        /// The peer port's spelling.
        case peerID = "id"
        case name, peerURLs, clientURLs, isLearner
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.id(.gatewayID) ?? container.requiredID(.peerID)
        name = try container.decodeIfPresent(String.self, forKey: .name) ?? ""
        peerURLs = try container.decodeIfPresent([String].self, forKey: .peerURLs) ?? []
        clientURLs = try container.decodeIfPresent([String].self, forKey: .clientURLs) ?? []
        isLearner = try container.decodeIfPresent(Bool.self, forKey: .isLearner) ?? false
    }
}

/// A cluster's members as one of them knows them.
package struct EtcdMemberList: Sendable, Equatable {
    package var clusterID: EtcdID
    /// Never empty; ordered by ID.
    package var members: [EtcdMember]

    package init(clusterID: EtcdID, members: [EtcdMember]) {
        self.clusterID = clusterID
        self.members = members.sorted { $0.id < $1.id }
    }
}
