import FoundationEssentials

/// Credentials for every request: the first source that is configured, cached, fetched anew before they expire.
///
/// However many callers ask at once, one fetch is under way. Where fetching anew fails while the old credentials are
/// still good they stay in use, and `lastFailure` tells why they are old.
package actor CredentialChain {
    /// Credentials are fetched anew at a random moment between ten and five minutes before they expire: a fleet that
    /// booted together does not ask together, and none of them expires during a request (F38).
    static let earliest: Duration = .seconds(600)
    static let latest: Duration = .seconds(300)
    /// Between two attempts to replace credentials that are still good.
    static let pause: Duration = .seconds(60)

    private let providers: [any CredentialProvider]
    private let timing: Timing
    private let flight = SingleFlight<Credentials>()
    private var cached: Credentials?
    /// When to fetch again; nil: never, the credentials do not expire.
    private var due: Date?
    /// Why credentials that are still good could not be replaced; nil after a success.
    package private(set) var lastFailure: CredentialError?

    /// - Parameter providers: the first one that is configured is used; what it throws is the answer.
    package init(_ providers: [any CredentialProvider], timing: Timing = .system) {
        self.providers = providers
        self.timing = timing
    }

    /// Credentials that have not expired.
    /// - Throws: `CredentialError`; `CancellationError`.
    package func credentials() async throws -> Credentials {
        guard let cached, !isExpired(cached) else { return try await fetch() }
        guard let due, due <= timing.now() else { return cached }
        do {
            return try await fetch()
        } catch let error as CredentialError {
            lastFailure = error
            self.due = timing.now().adding(Self.pause)
            return cached
        }
    }

    /// Credentials other than `refused`, which AWS did not accept: cached ones if they have been replaced meanwhile, else
    /// fetched. A source of long-lived ones may hand out the same again.
    /// - Throws: `CredentialError`; `CancellationError`.
    package func credentials(replacing refused: Credentials) async throws -> Credentials {
        if let cached, cached != refused, !isExpired(cached) { return cached }
        return try await fetch()
    }

    private func isExpired(_ credentials: Credentials) -> Bool {
        credentials.expiration.map { $0 <= timing.now() } ?? false
    }

    private func fetch() async throws -> Credentials {
        let providers = providers
        return try await flight.value {
            let (credentials, source) = try await Self.firstConfigured(of: providers)
            return try await self.adopt(credentials, from: source)
        }
    }

    private func adopt(_ fetched: Credentials, from source: String) throws(CredentialError) -> Credentials {
        guard !isExpired(fetched) else { throw CredentialError(source, .expired) }
        let margin = Self.latest + (Self.earliest - Self.latest) * timing.random()
        cached = fetched
        due = fetched.expiration.map { max($0.adding(.zero - margin), timing.now().adding(Self.pause)) }
        lastFailure = nil
        return fetched
    }

    private static func firstConfigured(of providers: [any CredentialProvider]) async throws -> (Credentials, String) {
        var reasons: [String] = []
        for provider in providers {
            switch try await provider.fetch() {
            case .found(let credentials): return (credentials, provider.source)
            case .notConfigured(let reason): reasons.append("\(provider.source): \(reason)")
            }
        }
        throw CredentialError("any source", .none(reasons))
    }
}
