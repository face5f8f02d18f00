import HTTP

/// Why there are no credentials, with the name of the source: one that applies but fails is never passed over in
/// silence, since the next one may be another identity.
package struct CredentialError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Problem: Sendable, Equatable {
        /// Nothing is configured anywhere; one reason for each source asked.
        case none([String])
        /// A setting is missing that another one requires.
        case incomplete(missing: String)
        /// A setting that would work with AWS's own tools, and does not here.
        case unsupported(setting: String, instead: String)
        /// A setting, a file or an answer that is not what it should be. The value is not repeated.
        case invalid(what: String, because: String)
        /// The instance metadata service could not be asked.
        case metadata(MetadataError)
        /// An endpoint gave no answer.
        case noAnswer(HTTPError)
        /// An endpoint answered with an error.
        case refused(endpoint: String, status: Int, message: String)
        /// STS said no, or nothing: the sentence of its `AWSError`.
        case sts(String)
        /// What the source handed out has expired already.
        case expired
        case timedOut(after: Duration)
    }

    /// E.g. `environment`, `instance profile`.
    package var source: String
    package var problem: Problem

    package init(_ source: String, _ problem: Problem) {
        self.source = source
        self.problem = problem
    }

    package var description: String { "no credentials from \(source): \(reason)" }

    private var reason: String {
        switch problem {
        case .none(let reasons): reasons.joined(separator: "; ")
        case .incomplete(let missing): "\(missing) is missing"
        case .unsupported(let setting, let instead): "\(setting) is not supported; \(instead)"
        case .invalid(let what, let reason): "\(what) \(reason)"
        case .metadata(let error): "\(error)"
        case .noAnswer(let error): "\(error)"
        case .refused(let endpoint, let status, let message): "\(endpoint) answered HTTP \(status): \(message)"
        case .sts(let reason): reason
        case .expired: "what it handed out has expired; is this machine's clock right?"
        case .timedOut(let limit): "nothing came within \(limit)"
        }
    }
}
