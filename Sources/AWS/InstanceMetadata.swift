import FoundationEssentials
import HTTP

/// The instance metadata service, version 2 only: who this instance is, before anything else is known.
/// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
///
/// Each question needs a session token, fetched by a PUT whose answer the hop limit may swallow (F37). Version 1 is never
/// asked: it would answer anybody who can make this process send a GET.
package actor InstanceMetadata {
    /// How long a session token is good for; six hours is the longest.
    private static let tokenLifetime: Duration = .seconds(21_600)
    /// The service is a hop away: it answers within milliseconds or not at all.
    private static let timeout: Duration = .seconds(1)
    private static let attempts = 3
    private static let pause: Duration = .milliseconds(200)

    private struct Token {
        let secret: Secret
        let age: @Sendable () -> Duration
    }

    private let http: any HTTPClient
    private let endpoint: String?
    private let timing: Timing
    private let flight = SingleFlight<Secret>()
    private var token: Token?

    /// - Parameters:
    ///   - environment: `AWS_EC2_METADATA_SERVICE_ENDPOINT`, `AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE` (`IPv4` or
    ///     `IPv6`) and `AWS_EC2_METADATA_DISABLED` are read.
    ///   - http: has to go past every proxy: the address means this machine, and a proxy would answer for its own.
    /// - Throws: `MetadataError.invalidSetting`.
    package init(environment: [String: String], http: any HTTPClient, timing: Timing = .system) throws(MetadataError) {
        self.http = http
        self.timing = timing
        endpoint = try Self.endpoint(environment)
    }

    /// What stands at `path`, e.g. `meta-data/placement/region`; nil where nothing does.
    /// - Throws: `MetadataError`; `CancellationError`.
    package func text(_ path: String) async throws -> String? {
        let response = try await get(path)
        if response.status == 404 { return nil }
        guard response.status == 200 else { throw MetadataError.refused(path: path, status: response.status) }
        return response.text
    }

    /// Who this instance is.
    /// - Throws: `MetadataError`; `CancellationError`.
    package func identityDocument() async throws -> InstanceIdentity {
        let path = "dynamic/instance-identity/document"
        return try Self.decode(InstanceIdentity.self, from: try await text(path), path)
    }

    /// The credentials of the instance's role; nil where it has none.
    /// - Throws: `MetadataError`; `CancellationError`.
    package func roleCredentials() async throws -> Credentials? {
        let path = "meta-data/iam/security-credentials/"
        guard let role = try await text(path)?.split(whereSeparator: \.isNewline).first, !role.isEmpty else {
            return nil
        }
        let answer = try Self.decode(CredentialDocument.self, from: try await text(path + role), path + role)
        guard let credentials = answer.credentials else {
            throw MetadataError.unreadable(path: path + role, because: "says \(answer.code), not Success")
        }
        return credentials
    }

    // MARK: Tokens

    /// A token that the service no longer knows (it restarted, the instance was stopped) is replaced once.
    private func get(_ path: String) async throws -> HTTPResponse {
        let response = try await get(path, token: try await currentToken())
        guard response.status == 401 else { return response }
        token = nil
        return try await get(path, token: try await currentToken())
    }

    private func get(_ path: String, token: Secret) async throws -> HTTPResponse {
        let request = HTTPRequest(
            "GET", "\(try base())/latest/\(path)", headers: ["X-aws-ec2-metadata-token": token.plainText],
            sink: .memory(limit: 1 << 20))
        do {
            return try await send(request)
        } catch let error as HTTPError {
            throw MetadataError.noAnswer(error)
        }
    }

    private func currentToken() async throws -> Secret {
        if let token, token.age() < Self.tokenLifetime - .seconds(300) { return token.secret }
        let age = timing.stopwatch()
        let secret = try await flight.value { try await self.fetchToken() }
        token = Token(secret: secret, age: age)
        return secret
    }

    private func fetchToken() async throws -> Secret {
        let request = HTTPRequest(
            "PUT", "\(try base())/latest/api/token",
            headers: ["X-aws-ec2-metadata-token-ttl-seconds": "\(Self.tokenLifetime.components.seconds)"],
            sink: .memory(limit: 4096))
        do {
            let response = try await send(request)
            guard response.status == 200, !response.body.isEmpty else {
                throw MetadataError.refused(path: "api/token", status: response.status)
            }
            return Secret(response.text)
        } catch let error as HTTPError {
            throw MetadataError.noToken(error)
        }
    }

    // MARK: -

    /// Sends, and sends again where no answer came or the service failed: it is restarted now and then, and it limits
    /// the rate.
    private func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        for _ in 1..<Self.attempts {
            do {
                let response = try await http.send(request, deadline: Self.timeout)
                if response.status < 500, response.status != 429 { return response }
            } catch let error as HTTPError where error.kind != .invalidRequest && error.kind != .tooLarge {
                // The last attempt's error is the one that is thrown.
            }
            try await timing.clock.sleep(for: Self.pause * (0.5 + timing.random()))
        }
        return try await http.send(request, deadline: Self.timeout)
    }

    private func base() throws(MetadataError) -> String {
        guard let endpoint else { throw .disabled }
        return endpoint
    }

    /// Where the environment says that the service is; nil where it is switched off there.
    /// - Throws: `MetadataError.invalidSetting`.
    package static func endpoint(_ environment: [String: String]) throws(MetadataError) -> String? {
        if environment["AWS_EC2_METADATA_DISABLED"]?.lowercased() == "true" { return nil }
        let variable = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
        if let endpoint = environment[variable], !endpoint.isEmpty {
            do {
                return try baseURL(endpoint, variable: variable)
            } catch {
                throw .invalidSetting(variable: variable, because: "can't be used: \(error)")
            }
        }
        switch environment[variable + "_MODE"]?.lowercased() {
        case nil, "", "ipv4": return "http://169.254.169.254"
        case "ipv6": return "http://[fd00:ec2::254]"
        default: throw .invalidSetting(variable: variable + "_MODE", because: "is neither IPv4 nor IPv6")
        }
    }

    static func decode<Value: Decodable>(
        _ type: Value.Type, from text: String?, _ path: String
    ) throws(MetadataError) -> Value {
        guard let text else { throw .refused(path: path, status: 404) }
        do {
            return try JSONDecoder().decode(type, from: Data(text.utf8))
        } catch {
            throw .unreadable(path: path, because: "holds \(jsonDefect(error))")
        }
    }
}
