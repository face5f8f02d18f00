import Foundation
import HTTP
import Testing

@testable import AWS

/// Signatures that others computed: AWS's published suite, and botocore. Where they come from is in
/// `Fixtures/sigv4/README.md`.
struct SigV4VectorTests {
    /// A request, and every step of its signature.
    struct Vector: CustomTestStringConvertible {
        var name: String
        var request: HTTPRequest
        var payload = SigV4.Payload.body
        var signer: SigV4
        var credentials: Credentials
        var date: Date
        var canonicalRequest: String
        var stringToSign: String
        var authorization: String
        /// Every header that the signature adds, where the source tells them.
        var addedHeaders: HTTPHeaders?

        var testDescription: String { name }
        var signature: Substring { authorization.suffix(64) }
    }

    @Test func everyVectorIsThere() {
        #expect(awsTestSuite.count == 38)
        #expect(botocore.count == 200)
        #expect(Set(botocore.map(\.signer.service)) == ["ec2", "autoscaling", "route53", "s3"])
        #expect(botocore.contains { $0.payload == .unsigned })
    }

    @Test(arguments: awsTestSuite)
    func agreesWithTheTestSuiteOfAWS(vector: Vector) throws {
        try check(vector)
    }

    @Test(arguments: botocore)
    func agreesWithBotocore(vector: Vector) throws {
        try check(vector)
    }

    private func check(_ vector: Vector) throws {
        let signer = vector.signer
        let time = SigningTime(vector.date)
        var added = try signer.sign(
            vector.request, payload: vector.payload, with: vector.credentials, at: vector.date)
        #expect(added["Authorization"] == vector.authorization)
        if let expected = vector.addedHeaders { #expect(added == expected) }

        added["Authorization"] = nil
        let hash = String(vector.canonicalRequest.split(separator: "\n").last ?? "")
        let canonical = try signer.canonicalRequest(vector.request, adding: added, payloadHash: hash)
        #expect(canonical.text == vector.canonicalRequest)
        let stringToSign = signer.stringToSign(canonical, at: time)
        #expect(stringToSign == vector.stringToSign)
        #expect(
            signer.signature(of: stringToSign, with: vector.credentials.secretAccessKey, at: time) == vector.signature)
    }
}

private let awsTestSuite = load("sigv4/aws-test-suite.json") { (file: SuiteFile) in file.vector }
private let botocore = load("sigv4/botocore.json") { (file: BotocoreFile) in file.vector }

/// Test arguments cannot throw: a file that cannot be read leaves no vectors, which `everyVectorIsThere` notices.
private func load<File: Decodable>(
    _ path: String, _ vector: (File) -> SigV4VectorTests.Vector
) -> [SigV4VectorTests.Vector] {
    do {
        return try Fixture.json(path, as: [File].self).map(vector)
    } catch {
        Issue.record(error, "\(path)")
        return []
    }
}

private func headers(_ fields: [[String]]) -> HTTPHeaders {
    HTTPHeaders(fields.map { (name: $0[0], value: $0[1]) })
}

private struct SuiteFile: Decodable {
    var name, method, target, body, accessKeyID, secretAccessKey, region, service, timestamp: String
    var headers: [[String]]
    var sessionToken: String?
    var omitsSessionToken, normalize, signsBody: Bool
    var canonicalRequest, stringToSign, signature, authorization: String

    var vector: SigV4VectorTests.Vector {
        var request = HTTPRequest(
            method, "https://example.amazonaws.com" + target, headers: AWSTests.headers(headers),
            body: .bytes(Array(body.utf8)))
        // One header is folded over several lines; what reads a request unfolds it (RFC 9112, 5.2).
        request.headers = HTTPHeaders(
            request.headers.fields.map { (name: $0.name, value: $0.value.replacing("\n", with: " ")) })
        // A token that is sent but not signed is one that the signature knows nothing of.
        let token = omitsSessionToken ? nil : sessionToken
        return SigV4VectorTests.Vector(
            name: name, request: request,
            signer: SigV4(
                region: region, service: service,
                rules: SigV4.Rules(
                    normalizesPath: normalize, encodesPathAgain: true, sendsPayloadHash: signsBody,
                    signsEveryHeader: true)),
            credentials: Credentials(
                accessKeyID: accessKeyID, secretAccessKey: Secret(secretAccessKey), sessionToken: token.map(Secret.init)
            ),
            date: (try? Date(timestamp, strategy: .iso8601)) ?? .distantPast,
            canonicalRequest: canonicalRequest, stringToSign: stringToSign, authorization: authorization)
    }
}

private struct BotocoreFile: Decodable {
    var name, method, url, body, accessKeyID, secretAccessKey, region, service: String
    var headers: [[String]]
    var sessionToken: String?
    var unsignedPayload: Bool
    var secondsSince1970: Int
    var canonicalRequest, stringToSign: String
    var addedHeaders: [[String]]

    var vector: SigV4VectorTests.Vector {
        SigV4VectorTests.Vector(
            name: name,
            request: HTTPRequest(method, url, headers: AWSTests.headers(headers), body: .bytes(Array(body.utf8))),
            payload: unsignedPayload ? .unsigned : .body,
            signer: SigV4(region: region, service: service, rules: service == "s3" ? .s3 : .standard),
            credentials: Credentials(
                accessKeyID: accessKeyID, secretAccessKey: Secret(secretAccessKey),
                sessionToken: sessionToken.map(Secret.init)),
            date: Date(timeIntervalSince1970: Double(secondsSince1970)),
            canonicalRequest: canonicalRequest, stringToSign: stringToSign,
            authorization: AWSTests.headers(addedHeaders)["Authorization"] ?? "",
            addedHeaders: AWSTests.headers(addedHeaders))
    }
}
