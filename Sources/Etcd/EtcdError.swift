import HTTP

/// Why a call to etcd brought no answer of use. Cancellation is not among it: that stays `CancellationError`.
package struct EtcdError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Reason: Sendable, Equatable {
        /// etcd said no, in gRPC's terms.
        case refused(GRPCCode, message: String)
        /// Something answered, but not as etcd does: HTML, nothing, half an answer, fields of another kind.
        case undecodable(detail: String)
        /// No complete answer came. Whether a change was made is then unknown: list before trying again (F10).
        case notAnswered(HTTPError)
    }

    /// What was asked, as method and path: `POST /v3/cluster/member/add`.
    package var call: String
    /// Whom: `http://10.0.0.1:2379`.
    package var endpoint: String
    /// The HTTP status of the answer, nil where none came. etcd's meaning is in `reason` alone.
    package var status: Int?
    package var reason: Reason

    package init(call: String, endpoint: String, status: Int?, reason: Reason) {
        self.call = call
        self.endpoint = endpoint
        self.status = status
        self.reason = reason
    }

    package var description: String {
        switch reason {
        case .refused(let code, let message): "\(call) at \(endpoint): \(message) (\(code))"
        case .undecodable(let detail):
            "\(call) at \(endpoint): not an answer of etcd (HTTP \(status ?? 0)): \(detail)"
        case .notAnswered(let error): "\(call) at \(endpoint): \(error.kind.rawValue): \(error.detail)"
        }
    }
}

/// The refusals that callers tell apart, by the end of etcd's text: one code stands for many of them (`promote` knows
/// three with code 9). Texts: https://github.com/etcd-io/etcd/blob/main/api/v3rpc/rpctypes/error.go
extension EtcdError {
    /// The ID is in no member list, or no longer; also an add that computed the ID of a member removed within the same
    /// second.
    package var isMemberNotFound: Bool { says("member not found") }
    /// A member of this ID is there already: the same peer URLs were added within the same second.
    package var isMemberIDExists: Bool { says("member ID already exist") }
    /// Another member has one of the peer URLs.
    package var isPeerURLExists: Bool { says("Peer URLs already exists") }
    /// Some voter is down, or has been connected for less than five seconds: no add, and no removal of a live one.
    package var isUnhealthyCluster: Bool { says("unhealthy cluster") }
    /// The change would leave fewer started voters than a quorum.
    package var isNotEnoughStarted: Bool { says("re-configuration failed due to not enough started members") }
    /// There are as many learners as `--max-learners` allows; one by default.
    package var isTooManyLearners: Bool { says("too many learner members in cluster") }
    /// The learner is still behind the leader; ask again (F12).
    package var isLearnerNotReady: Bool { says("can only promote a learner member which is in sync with leader") }
    /// The member to promote is a voter already.
    package var isNotLearner: Bool { says("can only promote a learner member") }
    /// A learner was asked for what only voters do.
    package var isNotSupportedForLearner: Bool { says("rpc not supported for learner") }
    /// The member knows of no leader.
    package var isNoLeader: Bool { says("no leader") }
    /// Only the leader does this.
    package var isNotLeader: Bool { says("not leader") }
    /// Leadership cannot go to that member: unknown, or a learner.
    package var isBadLeaderTransferee: Bool { says("bad leader transferee") }
    /// etcd wants a user and was told none, or a token that it does not know.
    package var isUnauthenticated: Bool { code == .unauthenticated || says("user name is empty") }
    /// The user is known and may not do this.
    package var isPermissionDenied: Bool { code == .permissionDenied }
    /// The cluster holds a CORRUPT alarm and refuses writes (F21).
    package var isCorrupt: Bool { code == .dataLoss }
    /// What the store was at the revision asked for is gone.
    package var isCompacted: Bool { says("required revision has been compacted") }
    /// The database is at its quota.
    package var isNoSpace: Bool { says("database space exceeded") }
    /// etcd itself gave up waiting for the quorum; the change may still be made.
    package var isTimedOut: Bool {
        switch reason {
        case .refused(let code, let message): code == .deadlineExceeded || message.contains("request timed out")
        case .notAnswered(let error): error.kind == .timedOut
        case .undecodable: false
        }
    }

    /// gRPC's code; nil where etcd did not refuse.
    package var code: GRPCCode? {
        guard case .refused(let code, _) = reason else { return nil }
        return code
    }

    func says(_ text: String) -> Bool {
        guard case .refused(_, let message) = reason else { return false }
        return message.hasSuffix(text)
    }
}
