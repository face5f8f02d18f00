import FoundationEssentials
import HTTP

/// The endpoint that ECS and EKS Pod Identity give to containers.
/// https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
package struct ContainerCredentials: CredentialProvider {
    package let source = "container endpoint"
    private static let relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
    private static let full = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
    private static let tokenFile = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
    private static let token = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
    /// The endpoint is on this machine; a second try bridges its restart.
    private static let timeout: Duration = .seconds(2)
    private static let attempts = 3

    private let environment: [String: String]
    private let http: any HTTPClient
    private let timing: Timing

    /// - Parameter http: has to go past every proxy.
    package init(_ environment: [String: String], http: any HTTPClient, timing: Timing = .system) {
        self.environment = environment.filter { !$0.value.isEmpty }
        self.http = http
        self.timing = timing
    }

    package func fetch() async throws -> CredentialAnswer {
        guard let url = try url() else {
            return .notConfigured(because: "neither \(Self.relative) nor \(Self.full) is set")
        }
        var request = HTTPRequest("GET", url, sink: .memory(limit: 1 << 20))
        if let token = try authorization() { request.headers["Authorization"] = token.plainText }
        let response = try await send(request)
        guard response.status == 200 else {
            throw CredentialError(
                source, .refused(endpoint: Self.host(of: url), status: response.status, message: Self.line(response)))
        }
        do {
            let document = try JSONDecoder().decode(CredentialDocument.self, from: Data(response.body))
            if let credentials = document.credentials { return .found(credentials) }
            throw invalid("the endpoint's answer", "says \(document.code), not Success")
        } catch let error as DecodingError {
            throw invalid("the endpoint's answer", "holds \(jsonDefect(error))")
        }
    }

    // MARK: Where

    private func url() throws(CredentialError) -> String? {
        if let path = environment[Self.relative] {
            guard path.hasPrefix("/") else { throw invalid(Self.relative, "does not begin with a slash") }
            return "http://169.254.170.2" + path
        }
        guard let url = environment[Self.full] else { return nil }
        // Where a host begins behind a user name is something that readers of URLs disagree about.
        guard !url.contains(where: { $0 == "@" || $0 == "\\" }) else {
            throw invalid(Self.full, "holds an @ or a backslash")
        }
        if url.lowercased().hasPrefix("https://") { return url }
        guard url.lowercased().hasPrefix("http://") else { throw invalid(Self.full, "is no http or https URL") }
        // In the clear only where no network is between: whoever reads the answer has the credentials.
        guard Self.isLocal(host: Self.host(of: url)) else {
            throw invalid(Self.full, "is plain http to a host other than loopback, ECS's or EKS's own: use https")
        }
        return url
    }

    /// Without port or brackets.
    private static func host(of url: String) -> String {
        let rest = url[(url.firstRange(of: "://")?.upperBound ?? url.startIndex)...]
        let authority = rest.prefix { !"/?#".contains($0) }
        if authority.hasPrefix("[") { return String(authority.dropFirst().prefix { $0 != "]" }) }
        return String(authority.prefix { $0 != ":" })
    }

    private static func isLocal(host: String) -> Bool {
        let host = host.lowercased()
        if ["localhost", "::1", "169.254.170.2", "169.254.170.23", "fd00:ec2::23"].contains(host) { return true }
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false)
        return numbers.count == 4 && numbers.first == "127" && numbers.allSatisfy { UInt8($0) != nil }
    }

    // MARK: How

    /// The file is read each time: EKS replaces its content every few hours.
    private func authorization() throws(CredentialError) -> Secret? {
        guard let path = environment[Self.tokenFile] else {
            return try environment[Self.token].map { text throws(CredentialError) in try header(text, Self.token) }
        }
        return try header(readFile(path, named: Self.tokenFile, source: source), Self.tokenFile)
    }

    private func header(_ text: String, _ name: String) throws(CredentialError) -> Secret {
        guard !text.utf8.contains(where: { $0 < 0x20 }) else { throw invalid(name, "holds a line break") }
        return Secret(text)
    }

    private func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        for _ in 1..<Self.attempts {
            do {
                let response = try await http.send(request, deadline: Self.timeout)
                if response.status < 500 { return response }
            } catch is HTTPError {
                // The last attempt's error is the one that is thrown.
            }
            try await timing.clock.sleep(for: .milliseconds(200) * (0.5 + timing.random()))
        }
        do {
            return try await http.send(request, deadline: Self.timeout)
        } catch let error as HTTPError {
            throw CredentialError(source, .noAnswer(error))
        }
    }

    private static func line(_ response: HTTPResponse) -> String {
        String(response.text.prefix(200).map { $0.isNewline ? " " : $0 })
    }

    private func invalid(_ what: String, _ reason: String) -> CredentialError {
        CredentialError(source, .invalid(what: what, because: reason))
    }
}
