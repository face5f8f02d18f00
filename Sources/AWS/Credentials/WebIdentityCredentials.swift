import HTTP

/// A role assumed by a token in a file, as Kubernetes provides it (IRSA).
/// https://docs.aws.amazon.com/sdkref/latest/guide/access-assume-role-web.html
package struct WebIdentityCredentials: CredentialProvider {
    package let source = "web identity"
    private static let file = "AWS_WEB_IDENTITY_TOKEN_FILE"
    private static let role = "AWS_ROLE_ARN"
    private static let session = "AWS_ROLE_SESSION_NAME"

    private let environment: [String: String]
    private let sts: AWSClient

    /// - Parameter sts: calls STS in its own region; it needs no credentials.
    package init(_ environment: [String: String], sts: AWSClient) {
        self.environment = environment.filter { !$0.value.isEmpty }
        self.sts = sts
    }

    package func fetch() async throws -> CredentialAnswer {
        guard let path = environment[Self.file] else { return .notConfigured(because: "\(Self.file) is not set") }
        guard let role = environment[Self.role] else {
            throw CredentialError(source, .incomplete(missing: Self.role))
        }
        // Read each time: the token lives for hours, its file for as long as we do.
        let token = try readFile(path, named: Self.file, source: source)
        let session = STS.Session(roleARN: role, name: environment[Self.session] ?? "etcd-cluster")
        do {
            return .found(try await sts.send(.assumeRole(session, webIdentityToken: Secret(token))))
        } catch let error as AWSError {
            throw CredentialError(source, .sts("\(error)"))
        }
    }
}
