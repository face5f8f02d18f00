import FoundationEssentials
import HTTP

/// An error answer of AWS, or of a proxy that stands in front of it.
package struct Refusal: Sendable, Equatable {
    /// 200 where S3 came upon the error only after it had begun to answer (`Operation.mayFailLate`).
    package var status: Int
    /// AWS's word for it; nil where the answer is none of AWS's.
    package var code: String?
    /// What AWS said, on one line and cut to a readable length; no secrets.
    package var message: String
    /// The same, message by message: Route 53 has one for each change of a batch that it refuses.
    package var messages: [String]
    package var requestID: String?
    /// What `Retry-After` asked for.
    package var retryAfter: Duration?
    /// AWS's clock less the time that the request was signed with; nil without a usable `Date` header.
    package var clockDifference: Duration?
    /// Where S3 has the bucket.
    package var bucketRegion: Region?

    package init(
        status: Int, code: String?, message: String = "", messages: [String] = [], requestID: String? = nil,
        retryAfter: Duration? = nil, clockDifference: Duration? = nil, bucketRegion: Region? = nil
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.messages = messages
        self.requestID = requestID
        self.retryAfter = retryAfter
        self.clockDifference = clockDifference
        self.bucketRegion = bucketRegion
    }
}

// MARK: Kinds

extension Refusal {
    package var isThrottling: Bool { status == 429 || code.map(Self.throttlingCodes.contains) ?? false }

    /// AWS, or something in between, failed at the call: it may have been carried out.
    package var isServerFailure: Bool {
        status >= 500 || (status == 200 && ["InternalError", "ServiceUnavailable"].contains(code ?? ""))
    }

    package var isExpiredCredential: Bool {
        switch code {
        case "ExpiredToken", "ExpiredTokenException": true
        // EC2 uses one code for an expired token and an old timestamp: the clocks tell which.
        case "RequestExpired": !isFarApart
        default: false
        }
    }

    /// A code alone proves nothing: most of these also mean a wrong key.
    package var isClockSkew: Bool { isFarApart && (code.map(Self.clockCodes.contains) ?? false) }

    package var isAccessDenied: Bool {
        ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation"].contains(code ?? "")
    }

    package var isBadCredential: Bool {
        !isClockSkew && (code.map(Self.credentialCodes.contains) ?? false)
    }

    /// The bucket is in another region: nothing was done, and nothing here is wrong but the address.
    /// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
    package var isWrongRegion: Bool {
        [301, 307].contains(status)
            || ["AuthorizationHeaderMalformed", "IllegalLocationConstraintException"].contains(code ?? "")
            // To HEAD there is no body that could hold a code.
            || (status == 400 && code == nil && bucketRegion != nil)
    }

    /// Refused for a moment, before anything was done: a repetition is safe whatever the operation.
    package var isTransientRefusal: Bool {
        // Route 53 answers the first one while it still applies an earlier change of the zone (F40), S3 the last one
        // where a body came too slowly.
        isThrottling || ["PriorRequestNotComplete", "IDPCommunicationError", "RequestTimeout"].contains(code ?? "")
    }

    /// AWS tolerates five minutes; what is less is not the reason.
    private var isFarApart: Bool { clockDifference.map { abs($0) > .seconds(240) } ?? false }

    /// https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html and the services' lists of errors;
    /// Route 53 sends `Throttling` with HTTP 400, EC2 `RequestLimitExceeded` with 503.
    private static let throttlingCodes: Set = [
        "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
        "RequestLimitExceeded", "TooManyRequestsException", "EC2ThrottledException", "BandwidthLimitExceeded",
        "SlowDown",
    ]

    private static let clockCodes: Set = [
        "RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture", "InvalidSignatureException",
        "SignatureDoesNotMatch", "AuthFailure",
    ]

    private static let credentialCodes: Set = [
        "AuthFailure", "InvalidClientTokenId", "InvalidAccessKeyId", "SignatureDoesNotMatch",
        "InvalidSignatureException", "IncompleteSignature", "UnrecognizedClientException",
        "MissingAuthenticationToken", "MissingAuthenticationTokenException", "OptInRequired", "InvalidToken",
    ]
}

private func abs(_ duration: Duration) -> Duration { duration < .zero ? .zero - duration : duration }

// MARK: Reading

extension HTTPResponse {
    /// What AWS calls the request when it is asked about it; the last spelling is S3's.
    var requestID: String? { headers["x-amzn-RequestId"] ?? headers["x-amz-request-id"] }
}

extension Refusal {
    /// Reads an answer that is not 2xx. It never fails: whatever is there is said.
    ///
    /// - Parameters:
    ///   - response: the answer.
    ///   - signedAt: the time that the request was signed with.
    init(_ response: HTTPResponse, signedAt: Date) {
        let said = ErrorBody.read(response.body)
        status = response.status
        code = said?.code
        messages = (said?.messages ?? [response.text]).map(Self.readable)
        message = Self.readable(said?.messages.joined(separator: " ") ?? response.text)
        requestID = said?.requestID ?? response.requestID
        retryAfter = response.headers["Retry-After"].flatMap { Int64($0) }.map { .seconds(min(max($0, 0), 86_400)) }
        clockDifference = response.headers["Date"].flatMap(Date.init(httpDate:)).map { $0.duration(since: signedAt) }
        // A name that is no region's is none to go to.
        bucketRegion = (response.headers["x-amz-bucket-region"] ?? said?.region).flatMap { try? Region($0) }
    }

    /// `SignatureDoesNotMatch` repeats the canonical request, with the session token in it: what follows the first
    /// sentence is cut off. S3 repeats request and token in elements of their own, which come to light where its answer
    /// can't be read as XML.
    private static func readable(_ text: String) -> String {
        var kept = text.prefix(4000)
        for marker in [
            "The Canonical String", "The String-to-Sign", "Encoded authorization failure message", "<StringToSign",
            "<CanonicalRequest", "<Token",
        ] {
            if let start = kept.firstRange(of: marker)?.lowerBound { kept = kept[..<start] }
        }
        let line = kept.split { $0.isWhitespace }.joined(separator: " ")
        return line.count > 500 ? line.prefix(500) + "…" : line
    }
}

extension Refusal: CustomStringConvertible {
    package var description: String {
        var text = "HTTP \(status)"
        if let code { text += " \(code)" }
        if !message.isEmpty { text += ": \(message)" }
        if let requestID { text += " (request ID \(requestID))" }
        return text + advice
    }

    private var advice: String {
        if isClockSkew, let clockDifference {
            return "; this machine's clock differs from AWS's by \(clockDifference.components.seconds) s: set it (NTP)"
        }
        if isAccessDenied { return "; the role's policy has to allow this call" }
        if isBadCredential { return "; AWS does not accept these credentials" }
        return ""
    }
}
