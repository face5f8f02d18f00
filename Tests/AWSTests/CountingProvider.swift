import Synchronization

@testable import AWS

/// A source that counts how often it is asked. Not a mock of the chain: a provider as any other, made of a closure.
final class CountingProvider: CredentialProvider {
    let source = "test"
    private let calls = Mutex(0)
    private let body: @Sendable (Int) async throws -> Credentials?

    /// - Parameter body: the credentials of the n-th fetch, counted from 1; nil: not configured.
    init(_ body: @escaping @Sendable (Int) async throws -> Credentials?) { self.body = body }

    var count: Int { calls.withLock { $0 } }

    func fetch() async throws -> CredentialAnswer {
        let number = calls.withLock { count in
            count += 1
            return count
        }
        guard let credentials = try await body(number) else { return .notConfigured(because: "told so") }
        return .found(credentials)
    }
}
