import HTTP

/// Why a call to AWS brought no usable answer: one sentence for a person, and questions for code.
/// It never means anything about what was asked for: an error is no evidence.
package struct AWSError: Error, Sendable, Equatable {
    package enum Cause: Sendable, Equatable {
        /// AWS (or something in between) answered with an error.
        case refused(Refusal)
        /// No complete answer came.
        case noAnswer(HTTPError)
        /// The answer is not what the API reference says; `path` within it where known.
        case unreadable(XMLError, requestID: String?)
        /// There was nothing to sign the request with.
        case credentials(CredentialError)
        /// The request could not be signed as it would have to be sent: a bad URL.
        case unsignable(SigningError)
        /// The call's deadline passed before this attempt could begin.
        case outOfTime
        /// A list pointed back to a page that had been read already.
        case repeatedPage(number: Int)
        /// A list went on after so many pages.
        case tooManyPages(limit: Int)
    }

    /// The service and the operation, e.g. `EC2 DescribeInstances`.
    package var call: String
    /// The base URL that was called.
    package var endpoint: String
    /// How often the request was sent.
    package var attempts: Int
    package var cause: Cause

    package init(call: String, endpoint: String, attempts: Int = 0, cause: Cause) {
        self.call = call
        self.endpoint = endpoint
        self.attempts = attempts
        self.cause = cause
    }
}

extension AWSError {
    /// What AWS said no to, nil where it did not get as far as that.
    package var refusal: Refusal? {
        if case .refused(let refusal) = cause { refusal } else { nil }
    }

    /// AWS's error code, e.g. `NoSuchHostedZone`.
    package var code: String? { refusal?.code }
    package var status: Int? { refusal?.status }

    package var requestID: String? {
        switch cause {
        case .refused(let refusal): refusal.requestID
        case .unreadable(_, let requestID): requestID
        default: nil
        }
    }

    /// Too many requests at the moment; nothing was done.
    package var isThrottling: Bool { refusal?.isThrottling ?? false }
    /// The temporary credentials are no longer valid (F38).
    package var isExpiredCredential: Bool { refusal?.isExpiredCredential ?? false }
    /// This machine's clock and AWS's are too far apart for a signature (F36).
    package var isClockSkew: Bool { refusal?.isClockSkew ?? false }
    /// AWS knows who we are, and the policies do not allow the call.
    package var isAccessDenied: Bool { refusal?.isAccessDenied ?? false }
    /// AWS does not accept the credentials at all, for another reason than time.
    package var isBadCredential: Bool { refusal?.isBadCredential ?? false }
    /// The answer is larger than the call takes.
    package var isTooLarge: Bool {
        if case .noAnswer(let error) = cause { error.kind == .tooLarge } else { false }
    }
    package var isTimeout: Bool {
        switch cause {
        case .noAnswer(let error): error.kind == .timedOut
        case .outOfTime: true
        default: false
        }
    }
}

extension AWSError: CustomStringConvertible {
    package var description: String {
        let times = attempts > 1 ? " after \(attempts) attempts" : ""
        return "\(call) at \(endpoint) failed\(times): \(reason)"
    }

    private var reason: String {
        switch cause {
        case .refused(let refusal): refusal.description
        case .noAnswer(let error): "\(error.kind.rawValue): \(error.detail)"
        case .unreadable(let error, let requestID):
            "the answer can't be read: \(error)" + (requestID.map { " (request ID \($0))" } ?? "")
        case .credentials(let error): "\(error)"
        case .unsignable(let error): "\(error)"
        case .outOfTime: "the time for this call was over before it could be sent"
        case .repeatedPage(let number): "page \(number) of the list points back to a page already read"
        case .tooManyPages(let limit): "the list has more than \(limit) pages"
        }
    }
}
