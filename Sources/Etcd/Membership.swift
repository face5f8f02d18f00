/// Who belongs to the cluster, asked and changed through one member
/// (https://etcd.io/docs/v3.5/dev-guide/api_reference_v3/#service-cluster-apietcdserverpbrpcproto).
///
/// A change that ends without an answer may have been made all the same: list before asking again (F10).
extension EtcdClient {
    /// The member list as this member has it. It needs no quorum and may be old, by as long as the member was cut off:
    /// never evidence that a member was removed.
    package func members(deadline: Duration = .seconds(2)) async throws -> EtcdMemberList {
        try await list(linearizable: false, deadline: deadline)
    }

    /// The member list as of some moment after the call began: every change acknowledged before the call is in it.
    ///
    /// A linearizable read comes first, which succeeds only after this member has learnt from the leader, which has
    /// heard from a quorum, how far the log is committed, and has applied it to there, membership changes included. The
    /// list that the same member then gives from its own memory can be no older. From 3.5 the list is also asked for as
    /// linearizable, so that the answer proves itself; up to 3.4 it is always a local one, and a member that is
    /// replaced behind its address between the two requests is the one gap left.
    ///
    /// It fails without a quorum, on a learner, and on a member that has been removed.
    package func linearizableMembers(deadline: Duration = .seconds(2)) async throws -> EtcdMemberList {
        let deadline = Deadline(in: deadline)
        try await linearizableRead(deadline: deadline.remaining)
        return try await list(linearizable: true, deadline: deadline.remaining)
    }

    /// Adds a voter. The quorum grows at once, before the new member has started.
    ///
    /// - Parameter peerURLs: at least one, in canonical form.
    /// - Returns: the new member, and the whole list with it: exactly what the new member's `--initial-cluster` must
    ///   name (F7).
    package func addMember(
        peerURLs: [String], deadline: Duration = .seconds(5)
    ) async throws -> (added: EtcdMember, list: EtcdMemberList) {
        try await add(["peerURLs": .strings(peerURLs)], deadline: deadline)
    }

    /// Adds a learner, which does not vote until promoted, and so costs no quorum (F8). From 3.4.
    ///
    /// - Parameter peerURLs: at least one, in canonical form.
    package func addLearner(
        peerURLs: [String], deadline: Duration = .seconds(5)
    ) async throws -> (added: EtcdMember, list: EtcdMemberList) {
        try await add(["peerURLs": .strings(peerURLs), "isLearner": .flag(true)], deadline: deadline)
    }

    /// Makes a learner a voter. Refused with `isLearnerNotReady` until it has nearly all of the leader's log (F12).
    package func promoteMember(_ id: EtcdID, deadline: Duration = .seconds(5)) async throws -> EtcdMemberList {
        try await members(after: "promote", ["ID": .id(id)], deadline: deadline)
    }

    /// Removes a member for good: its ID is never accepted again.
    package func removeMember(_ id: EtcdID, deadline: Duration = .seconds(5)) async throws -> EtcdMemberList {
        try await members(after: "remove", ["ID": .id(id)], deadline: deadline)
    }

    /// Replaces a member's peer URLs. On a learner this makes a voter of it below 3.5.31 and 3.6.12 (F14,
    /// https://github.com/etcd-io/etcd/issues/21694).
    ///
    /// - Parameter peerURLs: at least one, in canonical form.
    package func updateMember(
        _ id: EtcdID, peerURLs: [String], deadline: Duration = .seconds(5)
    ) async throws -> EtcdMemberList {
        try await members(after: "update", ["ID": .id(id), "peerURLs": .strings(peerURLs)], deadline: deadline)
    }

    private func list(linearizable: Bool, deadline: Duration) async throws -> EtcdMemberList {
        let deadline = Deadline(in: deadline)
        var message: [String: WireValue] = [:]
        if linearizable, try await serverVersion(deadline: deadline.remaining).isAtLeast(3, 5) {
            message["linearizable"] = .flag(true)
        }
        return try await members(after: "list", message, deadline: deadline.remaining)
    }

    /// The member list that answers the membership call of that name.
    private func members(
        after call: String, _ message: [String: WireValue], deadline: Duration
    ) async throws -> EtcdMemberList {
        let answer = try await post("/cluster/member/\(call)", message, deadline: deadline)
        return try answer.decode(WireMembers.self).list(in: answer)
    }

    private func add(
        _ message: [String: WireValue], deadline: Duration
    ) async throws -> (added: EtcdMember, list: EtcdMemberList) {
        let answer = try await post("/cluster/member/add", message, isRepeatable: false, deadline: deadline)
        let addition = try answer.decode(WireMembers.self)
        guard let added = addition.member else { throw answer.undecodable("no member in the answer") }
        return (added, try addition.list(in: answer))
    }
}

/// The answer to every membership call.
private struct WireMembers: Decodable {
    var header: WireHeader
    /// In the answer to an add alone.
    var member: EtcdMember?
    var members: [EtcdMember]?

    /// A cluster has at least the member that answers, so an empty list is a broken answer and no evidence of anything.
    func list(in answer: Answer) throws(EtcdError) -> EtcdMemberList {
        guard let members, !members.isEmpty else { throw answer.undecodable("a member list without members") }
        return EtcdMemberList(clusterID: header.clusterID, members: members)
    }
}
