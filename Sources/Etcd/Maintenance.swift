/// How one member fares, and the one command that moves leadership
/// (https://etcd.io/docs/v3.5/dev-guide/api_reference_v3/#service-maintenance-apietcdserverpbrpcproto).
extension EtcdClient {
    /// What this member says of itself. Needs no quorum while the member runs; one that was restarted without a quorum
    /// does not serve its client port at all.
    package func status(deadline: Duration = .seconds(2)) async throws -> EtcdStatus {
        try await post("/maintenance/status", [:], deadline: deadline).decode(EtcdStatus.self)
    }

    /// The alarms in force in the whole cluster, as this member has applied them.
    package func alarms(deadline: Duration = .seconds(2)) async throws -> [EtcdAlarm] {
        try await post("/maintenance/alarm", ["action": .string("GET")], deadline: deadline)
            .decode(WireAlarms.self).alarms ?? []
    }

    /// Hands leadership over and returns once the other leads. Must be asked of the leader itself, else `isNotLeader`.
    ///
    /// - Parameter id: a started voter.
    package func moveLeader(to id: EtcdID, deadline: Duration = .seconds(5)) async throws {
        _ = try await post("/maintenance/transfer-leadership", ["targetID": .id(id)], deadline: deadline)
            .decode(WireEmpty.self)
    }

    /// Reads through the quorum, and returns only if that succeeded: the cluster has a leader that a quorum follows,
    /// and this member has caught up with it.
    ///
    /// What is read is the number of keys of one byte zero. Where etcd has authentication switched on, its refusal
    /// proves as much, since permission is judged after the quorum has been heard (as `etcdctl endpoint health` has it).
    package func linearizableRead(deadline: Duration = .seconds(2)) async throws {
        // "AA==" is the byte zero, the smallest key there is.
        let answer = try await post(
            "/kv/range", ["key": .string("AA=="), "count_only": .flag(true)], deadline: deadline)
        if answer.failure?.isJudgedAfterTheRead == true { return }
        _ = try answer.decode(WireRange.self)
    }

    /// How many keys there are, as this member has applied them: no quorum is asked.
    ///
    /// - Parameter revision: as they were then; zero: now. What is before the last compaction is refused: `isCompacted`.
    package func keyCount(revision: Int64 = 0, deadline: Duration = .seconds(10)) async throws -> Int64 {
        // From the smallest key on, and an end of one byte zero stands for all that follow.
        let answer = try await post(
            "/kv/range",
            [
                "key": .string("AA=="), "range_end": .string("AA=="), "count_only": .flag(true),
                "serializable": .flag(true), "revision": .string(String(revision)),
            ], deadline: deadline)
        return try answer.decode(WireRange.self).count
    }
}

extension EtcdError {
    /// Whether etcd refuses for want of a permission, which it looks at only once the quorum has answered.
    fileprivate var isJudgedAfterTheRead: Bool { isPermissionDenied || says("user name is empty") }
}

private struct WireAlarms: Decodable {
    var alarms: [EtcdAlarm]?
}

private struct WireRange: Decodable {
    var header: WireHeader
    var count: Int64

    private enum CodingKeys: String, CodingKey { case header, count }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        header = try container.decode(WireHeader.self, forKey: .header)
        count = try container.integer(.count)
    }
}

/// An answer whose arrival is all that counts; it is a JSON object all the same.
private struct WireEmpty: Decodable {}
