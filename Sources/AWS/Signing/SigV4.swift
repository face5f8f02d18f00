import FoundationEssentials
import HTTP

/// AWS's Signature Version 4, in headers: who sends a request, proven by a keyed hash of what is sent.
///
///     request -> canonical request -> string to sign -> signature -> Authorization header
///
/// A pure function of its arguments: no clock and no state. Each step is a method of its own, so that a
/// `SignatureDoesNotMatch` can be compared with what AWS expected, line by line.
/// https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
///
/// The key derived for a day, region and service is not cached: deriving it takes a few microseconds,
/// and a cache would be one more place that holds a secret.
package struct SigV4: Sendable, Equatable {
    /// What differs from service to service.
    package struct Rules: Sendable, Equatable {
        /// Resolve dots and doubled slashes of the path.
        package var normalizesPath: Bool
        /// Percent-encode the path, as it is on the wire, once more.
        package var encodesPathAgain: Bool
        /// Send the payload's hash along, as `X-Amz-Content-SHA256`.
        package var sendsPayloadHash: Bool
        /// Sign every header given. Otherwise only `Host`, `Content-Type`, `If-Match`, `If-None-Match` and `X-Amz-*`: what
        /// a client or a proxy changes or adds on the way does no harm then.
        package var signsEveryHeader: Bool

        package init(
            normalizesPath: Bool, encodesPathAgain: Bool, sendsPayloadHash: Bool, signsEveryHeader: Bool = false
        ) {
            self.normalizesPath = normalizesPath
            self.encodesPathAgain = encodesPathAgain
            self.sendsPayloadHash = sendsPayloadHash
            self.signsEveryHeader = signsEveryHeader
        }

        /// Every service but S3.
        package static let standard = Rules(normalizesPath: true, encodesPathAgain: true, sendsPayloadHash: false)
        /// S3, whose keys may hold dots and doubled slashes: the path is signed as it is on the wire, so it must be
        /// there as `URIEncoding.encodePath` writes it.
        package static let s3 = Rules(normalizesPath: false, encodesPathAgain: false, sendsPayloadHash: true)
    }

    /// What the signature says of the body.
    package enum Payload: Sendable, Equatable {
        /// It is in memory: the signer hashes it.
        case body
        /// Its SHA-256 in lower-case hexadecimal, for a file that was hashed before.
        case hash(String)
        /// Nothing: S3 over TLS only. Implies `X-Amz-Content-SHA256`.
        case unsigned
    }

    /// The region of the credential scope, e.g. `eu-central-1`; `us-east-1` for Route 53 outside China and GovCloud.
    package var region: String
    /// The service's signing name, e.g. `ec2`, `autoscaling`, `route53`, `s3`.
    package var service: String
    package var rules: Rules

    package init(region: String, service: String, rules: Rules = .standard) {
        self.region = region
        self.service = service
        self.rules = rules
    }

    /// Signs a request.
    ///
    /// - Parameters:
    ///   - request: complete, as it will be sent. `Host` is taken from the URL, with a port that is not the scheme's
    ///     own, unless a header says otherwise.
    ///   - payload: what to say of the body.
    ///   - credentials: whose signature it is.
    ///   - date: now, by AWS's clock; AWS refuses more than five minutes of difference (some services fifteen).
    /// - Returns: the headers to set on the request, replacing any of the same name: `X-Amz-Date`, `Authorization`, and
    ///   `X-Amz-Security-Token` and `X-Amz-Content-SHA256` where they apply.
    /// - Throws: `SigningError` where the request cannot be signed as it would be sent.
    package func sign(
        _ request: HTTPRequest, payload: Payload = .body, with credentials: Credentials, at date: Date
    ) throws(SigningError) -> HTTPHeaders {
        let time = SigningTime(date)
        let hash = try hash(of: payload, in: request)
        var added: HTTPHeaders = ["X-Amz-Date": time.timestamp]
        if let token = credentials.sessionToken { added.append("X-Amz-Security-Token", token.plainText) }
        if rules.sendsPayloadHash || payload == .unsigned { added.append("X-Amz-Content-SHA256", hash) }

        let canonical = try canonicalRequest(request, adding: added, payloadHash: hash)
        let signature = signature(
            of: stringToSign(canonical, at: time), with: credentials.secretAccessKey, at: time)
        added.append(
            "Authorization",
            authorization(
                credentials.accessKeyID, signedHeaders: canonical.signedHeaders, signature: signature, at: time))
        return added
    }

    /// Step 1: the request in the one form that both sides can compute.
    package func canonicalRequest(
        _ request: HTTPRequest, adding added: HTTPHeaders, payloadHash: String
    ) throws(SigningError) -> CanonicalRequest {
        var headers = request.headers
        for (name, value) in added.fields { headers[name] = value }
        return try CanonicalRequest(
            method: request.method, url: request.url, headers: headers, payloadHash: payloadHash, rules: rules)
    }

    /// Step 2: the canonical request's hash, bound to a time, a region and a service.
    package func stringToSign(_ canonical: CanonicalRequest, at time: SigningTime) -> String {
        let hash = Hex.encode(SHA256.hash(canonical.text.utf8))
        return "\(Self.algorithm)\n\(time.timestamp)\n\(scope(at: time))\n\(hash)"
    }

    /// Step 3: the string to sign under a key that is good for one day, region and service.
    package func signature(of stringToSign: String, with secret: Secret, at time: SigningTime) -> String {
        var key = Array("AWS4\(secret.plainText)".utf8)
        for part in [time.day, region, service, Self.terminator] {
            key = HMAC.sha256(key: key, message: part.utf8)
        }
        return Hex.encode(HMAC.sha256(key: key, message: stringToSign.utf8))
    }

    /// Step 4: the value of the `Authorization` header.
    package func authorization(
        _ accessKeyID: String, signedHeaders: String, signature: String, at time: SigningTime
    ) -> String {
        "\(Self.algorithm) Credential=\(accessKeyID)/\(scope(at: time)), SignedHeaders=\(signedHeaders), "
            + "Signature=\(signature)"
    }

    private static let algorithm = "AWS4-HMAC-SHA256"
    private static let terminator = "aws4_request"

    private func scope(at time: SigningTime) -> String {
        "\(time.day)/\(region)/\(service)/\(Self.terminator)"
    }

    private func hash(of payload: Payload, in request: HTTPRequest) throws(SigningError) -> String {
        switch (payload, request.body) {
        case (.hash(let hash), _): hash
        case (.unsigned, _): "UNSIGNED-PAYLOAD"
        case (.body, .none): Hex.encode(SHA256.hash([]))
        case (.body, .bytes(let bytes)): Hex.encode(SHA256.hash(bytes))
        case (.body, .file): throw .bodyNotInMemory
        }
    }
}
