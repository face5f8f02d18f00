/// One place where credentials may come from. It caches nothing: `CredentialChain` does.
package protocol CredentialProvider: Sendable {
    /// The source's name in errors.
    var source: String { get }

    /// Fetches credentials, or says why this source is none here.
    /// - Throws: `CredentialError` where it is configured and fails; `CancellationError`.
    func fetch() async throws -> CredentialAnswer
}

package enum CredentialAnswer: Sendable, Equatable {
    case found(Credentials)
    /// The source is not configured: the next one is asked.
    case notConfigured(because: String)
}

/// Credentials that are known already, as a source.
package struct StaticCredentials: CredentialProvider {
    package let source: String
    private let credentials: Credentials

    package init(_ credentials: Credentials, source: String = "static credentials") {
        self.source = source
        self.credentials = credentials
    }

    package func fetch() -> CredentialAnswer { .found(credentials) }
}
