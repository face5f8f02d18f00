import HTTP

/// The peer port of one member: what members tell each other before they are a cluster.
///
/// It answers without a quorum, without etcd's user authentication, and while the client port is not served yet. With
/// peer TLS the `HTTPClient` needs a peer's certificate; if that names addresses, etcd takes it from those alone
/// (https://etcd.io/docs/v3.5/op-guide/security/#notes-for-tls-authentication).
///
/// What it tells is this member's own view, and no evidence of who is missing. An etcd that has just started answers
/// while it still reads its log, so that its list grows from itself alone to all members within moments; and after a
/// crash without a quorum it ends at the last entry that the disk had marked as committed.
package struct EtcdPeer: Sendable {
    private let exchange: Exchange

    /// - Parameters:
    ///   - http: how; the TLS settings live there.
    ///   - peerURL: one of the member's peer URLs, such as `http://10.0.0.1:2380`.
    package init(http: any HTTPClient, peerURL: String) {
        exchange = Exchange(http: http, endpoint: peerURL)
    }

    package var peerURL: String { exchange.endpoint }

    /// `GET /members`: the member list as this member has it, and in the header `X-Etcd-Cluster-ID` of which cluster.
    /// https://github.com/etcd-io/etcd/blob/main/server/etcdserver/api/etcdhttp/peer.go
    ///
    /// - Throws: `EtcdError`; `CancellationError` where the task was cancelled.
    package func members(deadline: Duration = .seconds(2)) async throws -> EtcdMemberList {
        let answer = try await exchange.get("/members", deadline: deadline)
        let members = try answer.decode([EtcdMember].self)
        guard let clusterID = answer.response.headers["X-Etcd-Cluster-ID"].flatMap(EtcdID.init(hexadecimal:)) else {
            throw answer.undecodable("no X-Etcd-Cluster-ID in its head")
        }
        guard !members.isEmpty else { throw answer.undecodable("a member list without members") }
        return EtcdMemberList(clusterID: clusterID, members: members)
    }

    /// `GET /version`.
    ///
    /// - Throws: `EtcdError`; `CancellationError` where the task was cancelled.
    package func version(deadline: Duration = .seconds(2)) async throws -> EtcdServerVersion {
        try await exchange.get("/version", deadline: deadline).decode(EtcdServerVersion.self)
    }
}
