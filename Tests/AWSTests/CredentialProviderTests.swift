import FoundationEssentials
import HTTP
import StubServer
import Testing

@testable import AWS

/// Each source by itself, and the order in which they are asked.
struct CredentialProviderTests {
    static func failure(_ provider: some CredentialProvider) async throws -> CredentialError {
        try await #require(#expect(throws: CredentialError.self) { try await provider.fetch() })
    }

    // MARK: Environment

    @Test func theEnvironmentGivesAKey() throws {
        let key = ["AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": ""]
        let expected = Credentials(accessKeyID: "AKID", secretAccessKey: Secret("s"))
        #expect(try EnvironmentCredentials(key).fetch() == .found(expected))
        let temporary = key.merging(["AWS_SESSION_TOKEN": "t"]) { $1 }
        guard case .found(let credentials) = try EnvironmentCredentials(temporary).fetch() else {
            Issue.record("nothing found")
            return
        }
        #expect(credentials.sessionToken == Secret("t"))
    }

    @Test(arguments: [("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID")])
    func halfAKeyIsAnError(present: String, missing: String) async throws {
        let error = try await Self.failure(EnvironmentCredentials([present: "x"]))
        #expect(error == CredentialError("environment", .incomplete(missing: missing)))
    }

    // MARK: Container

    static let document = #"""
        {"RoleArn": "arn:aws:iam::1:role/etcd", "AccessKeyId": "ASIATASK", "SecretAccessKey": "hunter2", "Token": "t",
         "Expiration": "2026-03-01T13:00:00Z"}
        """#

    func container(_ environment: [String: String]) -> ContainerCredentials {
        ContainerCredentials(environment, http: Stand.http, timing: .virtual(VirtualClock()))
    }

    @Test func aContainerEndpointGivesTheTasksRole() async throws {
        let server = try StubServer { _ in .text(Self.document) }
        try await withTemporaryDirectory { directory in
            try "fresh token\n".write(to: directory.appending(path: "token"), atomically: false, encoding: .utf8)
            let answer = try await container([
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url + "/creds?x=1",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": "old token",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": directory.appending(path: "token").path,
            ]).fetch()
            guard case .found(let credentials) = answer else { throw CredentialError("test", .none([])) }
            #expect(credentials.accessKeyID == "ASIATASK" && credentials.sessionToken == Secret("t"))
            #expect(credentials.expiration == noon.addingTimeInterval(3600))
        }
        #expect(server.requests.map(\.target) == ["/creds?x=1"])
        #expect(server.requests.first?.header("Authorization") == "fresh token")
    }

    @Test func aContainerEndpointIsAskedAgainWhenItFails() async throws {
        let script = Script([.status(500), .text(Self.document)])
        let server = try StubServer { _ in script.next() }
        _ = try await container(["AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url]).fetch()
        #expect(server.requests.count == 2)
    }

    @Test(arguments: [
        ("https://anywhere.example.org/x", true), ("http://127.0.0.1:1/", true), ("http://127.8.9.1/", true),
        ("http://localhost:1/", true), ("http://[::1]:1/", true), ("http://169.254.170.2/v2", true),
        ("http://169.254.170.23/v1", true), ("http://[fd00:ec2::23]/v1", true), ("http://10.0.0.1/", false),
        ("http://169.254.169.254/", false), ("http://127.0.0.1.evil.org/", false),
        ("http://localhost.evil.org/", false),
        ("http://localhost@evil.org/", false), ("http://evil.org?localhost", false), ("ftp://localhost/", false),
        ("http://evil.org:80@127.0.0.1/", false), (#"http://evil.org\@127.0.0.1/"#, false), ("", true),
    ])
    func aContainerEndpointInTheClearIsOnThisMachine(url: String, isAllowed: Bool) async throws {
        // A client that sends nothing: what is allowed fails to connect, what is not never gets as far.
        let provider = ContainerCredentials(
            ["AWS_CONTAINER_CREDENTIALS_FULL_URI": url], http: NoNetwork(), timing: .virtual(VirtualClock()))
        if url.isEmpty {
            guard case .notConfigured = try await provider.fetch() else { throw CredentialError("test", .none([])) }
            return
        }
        let error = try await Self.failure(provider)
        switch error.problem {
        case .noAnswer: #expect(isAllowed)
        case .invalid(what: "AWS_CONTAINER_CREDENTIALS_FULL_URI", _): #expect(!isAllowed)
        default: throw error
        }
    }

    @Test func aRelativeURIMeansTheEndpointOfECS() async throws {
        let provider = ContainerCredentials(
            ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/x"], http: NoNetwork(), timing: .virtual(VirtualClock()))
        let error = try await Self.failure(provider)
        #expect("\(error)".contains("GET http://169.254.170.2/v2/x"))
        let evil = container(["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "@evil.org/"])
        #expect("\(try await Self.failure(evil))".contains("does not begin with a slash"))
    }

    @Test(arguments: [
        (StubReply.text("no such task", status: 404), "answered HTTP 404: no such task"),
        (.text("{\"SecretAccessKey\": \"hunter2\"}"), "holds no AccessKeyId"),
        (.text("hunter2"), "holds no JSON"),
        (.text("{\"Code\": \"Failed\", \"SecretAccessKey\": \"hunter2\"}"), "says Failed, not Success"),
    ])
    func aContainerEndpointThatFailsIsAnError(reply: StubReply, reason: String) async throws {
        let server = try StubServer { _ in reply }
        let error = try await Self.failure(container(["AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url]))
        #expect(error.source == "container endpoint")
        #expect("\(error)".contains(reason))
        #expect(!"\(error)".contains("hunter2"))
    }

    @Test func aTokenCannotAddHeaders() async throws {
        let error = try await Self.failure(
            container([
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": "hunter2\r\nX-Evil: 1",
            ]))
        #expect(
            "\(error)" == "no credentials from container endpoint: AWS_CONTAINER_AUTHORIZATION_TOKEN holds a line break"
        )
    }

    // MARK: Web identity

    @Test func aTokenInAFileGivesARole() async throws {
        let stand = try Stand(.fixture("AssumeRoleWithWebIdentity.xml"), providers: [])
        try await withTemporaryDirectory { directory in
            let file = directory.appending(path: "token")
            try "ey.J+/=\n".write(to: file, atomically: false, encoding: .utf8)
            let answer = try await WebIdentityCredentials(
                [
                    "AWS_WEB_IDENTITY_TOKEN_FILE": file.path, "AWS_ROLE_ARN": "arn:aws:iam::1:role/etcd",
                    "AWS_ROLE_SESSION_NAME": "me",
                ], sts: stand.client
            ).fetch()
            guard case .found(let credentials) = answer else { throw CredentialError("test", .none([])) }
            #expect(credentials.accessKeyID == "ASIAWEBEXAMPLE")
            #expect(credentials.expiration == noon.addingTimeInterval(3600))
        }
        let request = try #require(stand.server.requests.first)
        #expect(request.header("Authorization") == nil)
        #expect(
            request.text
                == "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fetcd"
                + "&RoleSessionName=me&WebIdentityToken=ey.J%2B%2F%3D")
    }

    @Test func aWebIdentityWithoutRoleOrFileIsAnError() async throws {
        let stand = try Stand(.status(500), providers: [])
        let file = ["AWS_WEB_IDENTITY_TOKEN_FILE": "/nonexistent/token"]
        #expect(
            try await Self.failure(WebIdentityCredentials(file, sts: stand.client))
                == CredentialError("web identity", .incomplete(missing: "AWS_ROLE_ARN")))
        let both = file.merging(["AWS_ROLE_ARN": "arn:x"]) { $1 }
        #expect(
            "\(try await Self.failure(WebIdentityCredentials(both, sts: stand.client)))"
                == "no credentials from web identity: AWS_WEB_IDENTITY_TOKEN_FILE names /nonexistent/token, which does not exist"
        )
        #expect(stand.server.requests.isEmpty)
    }

    @Test func aRefusedWebIdentityNamesItsSourceAndSTS() async throws {
        let stand = try Stand(.error("AccessDenied", "Not authorized", status: 403), providers: [])
        try await withTemporaryDirectory { directory in
            let file = directory.appending(path: "token")
            try "hunter2".write(to: file, atomically: false, encoding: .utf8)
            let environment = ["AWS_WEB_IDENTITY_TOKEN_FILE": file.path, "AWS_ROLE_ARN": "arn:x"]
            let error = try await Self.failure(WebIdentityCredentials(environment, sts: stand.client))
            #expect(
                "\(error)".hasPrefix(
                    "no credentials from web identity: STS AssumeRoleWithWebIdentity at http://127.0.0.1:"))
            #expect("\(error)".contains("HTTP 403 AccessDenied: Not authorized"))
            #expect(!"\(error)".contains("hunter2"))
        }
    }

    // MARK: The standard order

    /// Everything is configured; source after source is taken away.
    @Test func sourcesAreAskedInTheStandardOrder() async throws {
        let server = try StubServer { request in
            if request.text.contains("WebIdentity") {
                return (try? .fixture("AssumeRoleWithWebIdentity.xml")) ?? .status(500)
            }
            if request.path == "/container" { return .text(Self.document) }
            if request.method == "PUT" { return .text("t") }
            return .text(
                request.path.hasSuffix("/") ? "etcd" : Self.document.replacing("ASIATASK", with: "ASIAINSTANCE"))
        }
        try await withTemporaryDirectory { home in
            let token = home.appending(path: "token")
            try "jwt".write(to: token, atomically: false, encoding: .utf8)
            let files = home.appending(path: ".aws")
            try FileManager.default.createDirectory(at: files, withIntermediateDirectories: true)
            try "[default]\naws_access_key_id=AKIAFILE\naws_secret_access_key=s".write(
                to: files.appending(path: "credentials"), atomically: false, encoding: .utf8)
            var environment = [
                "AWS_ACCESS_KEY_ID": "AKIAENVIRONMENT", "AWS_SECRET_ACCESS_KEY": "s",
                "AWS_WEB_IDENTITY_TOKEN_FILE": token.path, "AWS_ROLE_ARN": "arn:aws:iam::1:role/etcd",
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url + "/container", "AWS_ENDPOINT_URL": server.url,
                "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url,
            ]
            let steps = [
                ("AKIAENVIRONMENT", "AWS_ACCESS_KEY_ID"), ("ASIAWEBEXAMPLE", "AWS_WEB_IDENTITY_TOKEN_FILE"),
                ("AKIAFILE", ".aws"), ("ASIATASK", "AWS_CONTAINER_CREDENTIALS_FULL_URI"), ("ASIAINSTANCE", ""),
            ]
            for (key, next) in steps {
                #expect(try await standardChain(environment, home.path).credentials().accessKeyID == key)
                environment[next] = nil
                if next == "AWS_ACCESS_KEY_ID" { environment["AWS_SECRET_ACCESS_KEY"] = nil }
                if next == ".aws" { try FileManager.default.removeItem(at: files) }
            }
        }
    }

    private func standardChain(_ environment: [String: String], _ home: String) throws -> CredentialChain {
        let timing = Timing.virtual(VirtualClock())
        return CredentialChain.standard(
            environment: environment, home: home, http: Stand.http, direct: Stand.http,
            endpoints: try Endpoints(region: Region("eu-central-1"), environment: environment),
            metadata: try InstanceMetadata(environment: environment, http: Stand.http, timing: timing), timing: timing)
    }
}

/// A machine without a network: what the system would say, without asking it.
private struct NoNetwork: HTTPClient {
    func send(_ request: HTTPRequest, deadline: Duration) throws -> HTTPResponse {
        throw HTTPError(.notConnected, request: "\(request.method) \(request.url)", detail: "no network")
    }
}

/// Runs `body` with an empty directory, which is gone afterwards.
func withTemporaryDirectory(_ body: (URL) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "aws-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    try await body(directory)
}
