import FoundationEssentials
import HTTP

/// One endpoint of etcd and how JSON is exchanged with it: what the client port and the peer port have in common.
struct Exchange: Sendable {
    let http: any HTTPClient
    /// Scheme, host and port, without a slash at the end.
    let endpoint: String

    /// The largest answer that is read. A member list of a hundred members is under 32 KiB.
    private static let answerLimit = 1 << 20

    init(http: any HTTPClient, endpoint: String) {
        self.http = http
        self.endpoint = String(endpoint.reversed().drop { $0 == "/" }.reversed())
    }

    func get(_ path: String, deadline: Duration) async throws -> Answer {
        try await send("GET", path, body: .none, deadline: deadline)
    }

    func post(
        _ path: String, _ message: some Encodable, isRepeatable: Bool = true, deadline: Duration
    ) async throws -> Answer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let body = HTTPRequest.Body.bytes([UInt8](try encoder.encode(message)))
        return try await send("POST", path, body: body, isRepeatable: isRepeatable, deadline: deadline)
    }

    private func send(
        _ method: String, _ path: String, body: HTTPRequest.Body, isRepeatable: Bool = true, deadline: Duration
    ) async throws -> Answer {
        let call = "\(method) \(path)"
        let headers: HTTPHeaders = body == .none ? [:] : ["Content-Type": "application/json"]
        var request = HTTPRequest(
            method, endpoint + path, headers: headers, body: body, sink: .memory(limit: Self.answerLimit))
        request.isRepeatable = isRepeatable
        do {
            return Answer(
                call: call, endpoint: endpoint, response: try await http.send(request, deadline: deadline))
        } catch let error as HTTPError {
            throw EtcdError(call: call, endpoint: endpoint, status: nil, reason: .notAnswered(error))
        }
    }
}

/// A complete HTTP answer, and what it answers: not yet judged.
struct Answer: Sendable {
    var call: String
    var endpoint: String
    var response: HTTPResponse

    /// The body as a `Message`.
    ///
    /// - Throws: `EtcdError`: a refusal where etcd refuses, else that this is no answer of etcd.
    func decode<Message: Decodable>(_: Message.Type) throws(EtcdError) -> Message {
        if let failure { throw failure }
        return try decodeWhateverStatus(Message.self)
    }

    /// As `decode(_:)`, for `/health` alone, where 503 is an answer like any other.
    func decodeWhateverStatus<Message: Decodable>(_: Message.Type) throws(EtcdError) -> Message {
        do {
            return try JSONDecoder().decode(Message.self, from: Data(response.body))
        } catch {
            throw undecodable("\(Self.summary(of: error)) in \(excerpt)")
        }
    }

    func undecodable(_ detail: String) -> EtcdError {
        EtcdError(call: call, endpoint: endpoint, status: response.status, reason: .undecodable(detail: detail))
    }

    /// What an answer other than 200 says: etcd's refusal, if it is one; nil for a 200.
    var failure: EtcdError? {
        if response.status == 200 { return nil }
        // What does not decode is no refusal of etcd, which is what the caller is then told.
        guard let refusal = try? JSONDecoder().decode(WireRefusal.self, from: Data(response.body)) else {
            return undecodable(excerpt)
        }
        let reason = EtcdError.Reason.refused(refusal.code, message: refusal.message)
        return EtcdError(call: call, endpoint: endpoint, status: response.status, reason: reason)
    }

    /// The start of the body, on one line, for people.
    private var excerpt: String {
        guard !response.body.isEmpty else { return "an empty body" }
        let start = String(decoding: response.body.prefix(160), as: UTF8.self)
        let line = String(start.map { $0.isNewline || $0.unicodeScalars.allSatisfy { $0.value < 0x20 } ? " " : $0 })
        return "\"\(line)\"" + (response.body.count > 160 ? " (\(response.body.count) bytes)" : "")
    }

    private static func summary(of error: any Error) -> String {
        switch error as? DecodingError {
        case .keyNotFound(let key, _): "no \(key.stringValue)"
        case .typeMismatch(_, let context), .valueNotFound(_, let context): context.debugDescription
        case .dataCorrupted(let context): context.debugDescription
        default: "\(error)"
        }
    }
}

/// An error as the gateway writes it: with `error` and `message` up to 3.5, with `message` alone from 3.6.
private struct WireRefusal: Decodable {
    var code: GRPCCode
    var message: String

    private enum CodingKeys: String, CodingKey {
        case code, message, error
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        code = GRPCCode(rawValue: try container.decode(Int.self, forKey: .code)) ?? .unknown
        message =
            try container.decodeIfPresent(String.self, forKey: .message)
            ?? container.decode(String.self, forKey: .error)
    }
}
