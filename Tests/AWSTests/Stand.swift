import FoundationEssentials
import HTTP
import StubServer
import Synchronization
import Testing

@testable import AWS

/// A client of ours and an AWS of one stub server: real HTTP, time that takes none.
struct Stand {
    static let credentials = Credentials(
        accessKeyID: "AKIDEXAMPLE", secretAccessKey: Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        sessionToken: Secret("session//token=="))
    /// One thread of libcurl for all tests.
    static let http: CurlClient = {
        do { return CurlClient(loop: try CurlLoop(), proxy: .none) } catch { fatalError("\(error)") }
    }()

    let server: StubServer
    let clock = VirtualClock()
    let client: AWSClient

    /// - Parameter replies: the first for the first request and so on; the last one again and again.
    init(
        _ replies: StubReply..., region: String = "eu-central-1", policy: RetryPolicy = RetryPolicy(),
        providers: [any CredentialProvider] = [StaticCredentials(Stand.credentials)]
    ) throws {
        let script = Script(replies)
        try self.init(region: region, policy: policy, providers: providers) { _ in script.next() }
    }

    init(
        region: String = "eu-central-1", policy: RetryPolicy = RetryPolicy(),
        providers: [any CredentialProvider] = [StaticCredentials(Stand.credentials)],
        handler: @escaping @Sendable (StubRequest) -> StubReply
    ) throws {
        server = try StubServer(handler: handler)
        let timing = Timing.virtual(clock)
        client = AWSClient(
            http: Stand.http,
            endpoints: try Endpoints(region: Region(region), environment: ["AWS_ENDPOINT_URL": server.url]),
            credentials: CredentialChain(providers, timing: timing), policy: policy, userAgent: "etcd-cluster/1.2.3",
            timing: timing)
    }

    /// The error of a call that must fail.
    func failure<Output: Sendable>(
        of operation: Operation<Output>, deadline: Duration = .seconds(10)
    ) async throws -> AWSError {
        try #require(
            await #expect(throws: AWSError.self) { _ = try await client.send(operation, deadline: deadline) })
    }
}

/// Replies in order; the last one again and again.
final class Script: Sendable {
    private let replies: Mutex<[StubReply]>

    init(_ replies: [StubReply]) { self.replies = Mutex(replies) }

    func next() -> StubReply {
        replies.withLock { $0.count > 1 ? $0.removeFirst() : $0.first ?? .status(500) }
    }
}

extension StubReply {
    static func fixture(_ name: String, status: Int = 200, headers: [(String, String)] = []) throws -> StubReply {
        .answer(status, headers: headers, body: try Fixture.bytes("answers/\(name)"))
    }

    /// An error as AutoScaling, STS and Route 53 write it.
    static func error(_ code: String, _ message: String = "No.", status: Int, headers: [(String, String)] = []) -> Self
    {
        .text(
            """
            <ErrorResponse><Error><Type>Sender</Type><Code>\(code)</Code><Message>\(message)</Message></Error>\
            <RequestId>req-1</RequestId></ErrorResponse>
            """, status: status, headers: headers)
    }
}

extension Operation where Output == Page<EC2.Instance> {
    static var example: Operation { describeInstances(matching: [EC2.Filter("vpc-id", ["vpc-1"])]) }
}

/// Whether the request bears the signature that these credentials give it, recomputed from what arrived.
func isSigned(
    _ request: StubRequest, at server: StubServer, by credentials: Credentials, region: String, service: String
) throws -> Bool {
    let authorization = try #require(request.header("Authorization"))
    let timestamp = try #require(request.header("X-Amz-Date"))
    let parts = [(0, 4, "-"), (4, 6, "-"), (6, 11, ":"), (11, 13, ":"), (13, 16, "")].map { start, end, mark in
        timestamp.dropFirst(start).prefix(end - start) + mark
    }
    let date = try #require(Date(iso8601: parts.joined()))
    let received = HTTPRequest(
        request.method, server.url + request.target,
        headers: HTTPHeaders(request.headers.map { (name: $0.name, value: $0.value) }), body: .bytes(request.body))
    let signer = SigV4(region: region, service: service, rules: service == "s3" ? .s3 : .standard)
    let again = try signer.sign(received, with: credentials, at: date)
    return again["Authorization"] == authorization
        && request.header("X-Amz-Security-Token") == credentials.sessionToken?.plainText
}
