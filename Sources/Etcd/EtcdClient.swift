import HTTP
import Synchronization

/// The client port of one member, by etcd's JSON gateway: gRPC's calls as HTTP POST of JSON
/// (https://etcd.io/docs/v3.5/dev-guide/api_grpc_gateway/).
///
/// One value is one member's endpoint; which member to ask, and whom next, is the caller's to say. Every call ends by
/// its deadline. All throw `EtcdError`, or `CancellationError` where the task was cancelled.
///
/// With client certificates required (`--client-cert-auth`), the member's server certificate must allow client
/// authentication too: the gateway reaches its own server with it, and otherwise refuses every call with code 14.
package struct EtcdClient: Sendable {
    private let exchange: Exchange
    private let lastVersion = LastVersion()

    /// - Parameters:
    ///   - http: how; the TLS settings live there.
    ///   - endpoint: one of the member's client URLs, such as `http://10.0.0.1:2379`.
    package init(http: any HTTPClient, endpoint: String) {
        exchange = Exchange(http: http, endpoint: endpoint)
    }

    package var endpoint: String { exchange.endpoint }

    /// `GET /version`: served without a quorum and without authentication.
    package func version(deadline: Duration = .seconds(2)) async throws -> EtcdServerVersion {
        try await exchange.get("/version", deadline: deadline).decode(EtcdServerVersion.self)
    }

    /// `GET /health`, where an unhealthy member is an answer, not an error.
    package func health(deadline: Duration = .seconds(2)) async throws -> EtcdHealth {
        try await exchange.get("/health", deadline: deadline).decodeWhateverStatus(EtcdHealth.self)
    }

    /// Posts to the gateway, under the path that the server's version has.
    ///
    /// The version is asked for once and again after any failure, since what answers at an address may have been
    /// replaced meanwhile.
    ///
    /// - Parameters:
    ///   - path: below the prefix, such as `/cluster/member/list`.
    ///   - message: the fields of the request as JSON.
    ///   - isRepeatable: whether it does no harm that the member gets it twice, as where a connection dies on the way.
    ///   - deadline: for all of it, the question for the version included.
    func post(
        _ path: String, _ message: [String: WireValue], isRepeatable: Bool = true, deadline: Duration
    ) async throws -> Answer {
        let deadline = Deadline(in: deadline)
        let prefix = try await serverVersion(deadline: deadline.remaining).gatewayPrefix
        do {
            let answer = try await exchange.post(
                prefix + path, message, isRepeatable: isRepeatable, deadline: deadline.remaining)
            if answer.response.status != 200 { lastVersion.forget() }
            return answer
        } catch {
            lastVersion.forget()
            throw error
        }
    }

    /// The version that the server last told, else what it tells now.
    func serverVersion(deadline: Duration) async throws -> EtcdVersion {
        if let known = lastVersion.known { return known }
        let version = try await version(deadline: deadline).server
        lastVersion.remember(version)
        return version
    }
}

/// The version that the endpoint last told, shared by the copies of one client.
private final class LastVersion: Sendable {
    private let value = Mutex<EtcdVersion?>(nil)

    var known: EtcdVersion? { value.withLock { $0 } }
    func remember(_ version: EtcdVersion) { value.withLock { $0 = version } }
    func forget() { value.withLock { $0 = nil } }
}

/// A field of a request to the gateway.
enum WireValue: Encodable {
    case string(String)
    case strings([String])
    case id(EtcdID)
    case flag(Bool)

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .string(let value): try container.encode(value)
        case .strings(let values): try container.encode(values)
        case .id(let id): try container.encode(id)
        case .flag(let value): try container.encode(value)
        }
    }
}
