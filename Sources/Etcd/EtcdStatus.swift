/// What one member says of itself (`Maintenance.Status`).
/// https://etcd.io/docs/v3.5/dev-guide/api_reference_v3/#message-statusresponse-apietcdserverpbrpcproto
package struct EtcdStatus: Sendable, Equatable {
    package var clusterID: EtcdID
    /// The member that answered.
    package var memberID: EtcdID
    package var version: EtcdVersion
    /// Of the key-value store, as far as this member has applied.
    package var revision: Int64
    package var raftTerm: UInt64
    /// The leader that this member follows, or itself; nil while it knows of none.
    package var leader: EtcdID?
    /// The last entry in this member's log that it knows to be committed.
    package var raftIndex: UInt64
    /// Zero below 3.4, which does not tell.
    package var appliedIndex: UInt64
    /// False below 3.4, which has no learners.
    package var isLearner: Bool
    /// Bytes of the database file.
    package var dbSize: Int64
    /// Bytes of it that hold data; the rest a defragmentation would free. Zero below 3.4.
    package var dbSizeInUse: Int64
    /// Alarms and a missing leader, in etcd's words; empty below 3.4.
    package var errors: [String]

    package init(
        clusterID: EtcdID, memberID: EtcdID, version: EtcdVersion, revision: Int64 = 0, raftTerm: UInt64 = 0,
        leader: EtcdID? = nil, raftIndex: UInt64 = 0, appliedIndex: UInt64 = 0, isLearner: Bool = false,
        dbSize: Int64 = 0, dbSizeInUse: Int64 = 0, errors: [String] = []
    ) {
        self.clusterID = clusterID
        self.memberID = memberID
        self.version = version
        self.revision = revision
        self.raftTerm = raftTerm
        self.leader = leader
        self.raftIndex = raftIndex
        self.appliedIndex = appliedIndex
        self.isLearner = isLearner
        self.dbSize = dbSize
        self.dbSizeInUse = dbSizeInUse
        self.errors = errors
    }

    /// Whether the member that answered believes that it leads; only a linearizable read proves that it does.
    package var isLeader: Bool { leader == memberID }
}

extension EtcdStatus: Decodable {
    private enum CodingKeys: String, CodingKey {
        case header, version, dbSize, leader, raftIndex, raftTerm, raftAppliedIndex, errors, dbSizeInUse, isLearner
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let header = try container.decode(WireHeader.self, forKey: .header)
        clusterID = header.clusterID
        memberID = header.memberID
        revision = header.revision
        let text = try container.decode(String.self, forKey: .version)
        guard let version = EtcdVersion(text) else {
            throw DecodingError.dataCorruptedError(
                forKey: .version, in: container, debugDescription: "\"\(text)\" is not a version")
        }
        self.version = version
        raftTerm = try container.integer(.raftTerm)
        leader = try container.id(.leader)
        raftIndex = try container.integer(.raftIndex)
        appliedIndex = try container.integer(.raftAppliedIndex)
        isLearner = try container.decodeIfPresent(Bool.self, forKey: .isLearner) ?? false
        dbSize = try container.integer(.dbSize)
        dbSizeInUse = try container.integer(.dbSizeInUse)
        errors = try container.decodeIfPresent([String].self, forKey: .errors) ?? []
    }
}
