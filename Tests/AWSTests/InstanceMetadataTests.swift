import FoundationEssentials
import HTTP
import StubServer
import Synchronization
import Testing

@testable import AWS

/// The instance metadata service, played by a stub that insists on version 2.
struct InstanceMetadataTests {
    let clock = VirtualClock()

    func metadata(_ server: StubServer, _ more: [String: String] = [:]) throws -> InstanceMetadata {
        let environment = ["AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url + "/"].merging(more) { $1 }
        return try InstanceMetadata(environment: environment, http: Stand.http, timing: .virtual(clock))
    }

    /// A service that hands out numbered tokens and answers only to the latest.
    func service(_ documents: [String: String]) throws -> (server: StubServer, tokens: MetadataStub) {
        let stub = MetadataStub(documents)
        return (try StubServer { stub.answer($0) }, stub)
    }

    @Test func tellsWhoThisInstanceIs() async throws {
        let document = String(decoding: try Fixture.bytes("answers/identity-document.json"), as: UTF8.self)
        let (server, _) = try service(["dynamic/instance-identity/document": document])
        let metadata = try metadata(server)
        let identity = try await metadata.identityDocument()
        #expect(identity.instanceID == EC2.InstanceID("i-0123456789abcdef0"))
        #expect(identity.region == "eu-central-1" && identity.availabilityZone == "eu-central-1a")
        #expect(identity.accountID == "123456789012" && identity.privateIP == "10.0.1.7")
        #expect(identity.imageID == "ami-0abcdef1234567890" && identity.instanceType == "m5.large")
        #expect(identity.architecture == "x86_64")
        #expect(server.requests.map(\.method) == ["PUT", "GET"])
        #expect(server.requests.first?.header("X-aws-ec2-metadata-token-ttl-seconds") == "21600")
        #expect(server.requests.first?.path == "/latest/api/token")
    }

    @Test func asksForATokenOnceInSixHours() async throws {
        let (server, stub) = try service(["meta-data/ami-id": "ami-1"])
        let metadata = try metadata(server)
        for _ in 1...5 { #expect(try await metadata.text("meta-data/ami-id") == "ami-1") }
        #expect(stub.tokens == 1)
        clock.advance(by: .seconds(21_400))
        _ = try await metadata.text("meta-data/ami-id")
        #expect(stub.tokens == 2)
    }

    @Test func asksForOneTokenForManyQuestionsAtOnce() async throws {
        let (server, stub) = try service(["meta-data/ami-id": "ami-1"])
        let metadata = try metadata(server)
        try await withThrowingTaskGroup(of: String?.self) { group in
            for _ in 1...20 { group.addTask { try await metadata.text("meta-data/ami-id") } }
            for try await text in group { #expect(text == "ami-1") }
        }
        #expect(stub.tokens == 1)
    }

    @Test func replacesATokenThatTheServiceForgot() async throws {
        let (server, stub) = try service(["meta-data/ami-id": "ami-1"])
        let metadata = try metadata(server)
        _ = try await metadata.text("meta-data/ami-id")
        stub.forget()
        #expect(try await metadata.text("meta-data/ami-id") == "ami-1")
        #expect(stub.tokens == 2)
    }

    @Test func tellsAbsentFromRefused() async throws {
        let (server, _) = try service([:])
        #expect(try await metadata(server).text("meta-data/spot/instance-action") == nil)
        let closed = try StubServer { _ in .status(403) }
        let error = MetadataError.refused(path: "api/token", status: 403)
        let metadata = try metadata(closed)
        await #expect(throws: error) { try await metadata.text("meta-data/ami-id") }
        #expect("\(error)".contains("HttpEndpoint=disabled"))
        #expect(closed.requests.count == 1)
    }

    @Test func givesUpOnATokenThatTheServiceRefusesAtOnceAgain() async throws {
        let server = try StubServer { $0.method == "PUT" ? .text("t") : .status(401) }
        let metadata = try metadata(server)
        await #expect(throws: MetadataError.refused(path: "x", status: 401)) { try await metadata.text("x") }
        #expect(server.requests.map(\.method) == ["PUT", "GET", "PUT", "GET"])
    }

    @Test func bridgesTheRestartOfTheService() async throws {
        let script = Script([
            .status(503), .truncated(200, claimed: 9, body: [116]), .text("token"), .status(500), .status(429),
            .text("ami-1"),
        ])
        let server = try StubServer { _ in script.next() }
        #expect(try await metadata(server).text("meta-data/ami-id") == "ami-1")
        #expect(clock.pauses.count == 4)
    }

    /// F37: behind the hop limit the PUT's answer never comes.
    @Test func hintsAtTheHopLimitWhenNoTokenComes() async throws {
        let server = try StubServer { _ in .hang }
        let metadata = try metadata(server)
        let error = try await #require(#expect(throws: MetadataError.self) { try await metadata.identityDocument() })
        guard case .noToken(let cause) = error, cause.kind == .timedOut else { throw error }
        for hint in ["HttpPutResponseHopLimit=2", "host's network", "--instance-id", "--region"] {
            #expect("\(error)".contains(hint))
        }
        #expect(server.requests.count == 3)
    }

    @Test func sendsNothingWhenItIsSwitchedOff() async throws {
        let (server, _) = try service(["meta-data/ami-id": "ami-1"])
        let metadata = try metadata(server, ["AWS_EC2_METADATA_DISABLED": "TRUE"])
        await #expect(throws: MetadataError.disabled) { try await metadata.text("meta-data/ami-id") }
        #expect(server.requests.isEmpty)
    }

    @Test(arguments: [
        (["AWS_EC2_METADATA_SERVICE_ENDPOINT": "169.254.169.254"], "AWS_EC2_METADATA_SERVICE_ENDPOINT"),
        (["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv5"], "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"),
    ])
    func refusesASettingThatNamesNoService(environment: [String: String], variable: String) throws {
        let error = try #require(
            #expect(throws: MetadataError.self) { try InstanceMetadata(environment: environment, http: Stand.http) })
        guard case .invalidSetting(variable, _) = error else { throw error }
    }

    @Test(arguments: [
        ("{}", "holds no instanceId"), ("<html>", "holds no JSON"), ("{\"instanceId\": 7}", "something unexpected"),
    ])
    func saysWhatAnIdentityDocumentLacks(document: String, reason: String) async throws {
        let (server, _) = try service(["dynamic/instance-identity/document": document])
        let metadata = try metadata(server)
        let error = try await #require(#expect(throws: MetadataError.self) { try await metadata.identityDocument() })
        #expect("\(error)".contains(reason))
    }

    // MARK: What is to come

    static let target = "meta-data/autoscaling/target-lifecycle-state"
    static let spot = "meta-data/spot/instance-action"

    @Test(arguments: ["InService", "Terminated", "Warmed:Stopped", "Standby\n"])
    func tellsTheStateThatTheGroupWants(state: String) async throws {
        let (server, _) = try service([Self.target: state])
        #expect(try await metadata(server).targetLifecycleState() == state.replacing("\n", with: ""))
        #expect(server.requests.last?.path == "/latest/meta-data/autoscaling/target-lifecycle-state")
    }

    @Test(arguments: ["", " ", "Sign in to the network", String(repeating: "x", count: 65)])
    func takesOnlyAWordForAState(text: String) async throws {
        let (server, _) = try service([Self.target: text])
        let metadata = try metadata(server)
        await #expect(throws: MetadataError.unreadable(path: Self.target, because: "is not one word")) {
            try await metadata.targetLifecycleState()
        }
    }

    @Test(arguments: [
        (#"{"action": "terminate", "time": "2026-03-01T12:02:00Z"}"#, SpotNotice.Action.terminate, 120.0 as Double?),
        (#"{"time": "2026-03-01T12:00:00.5Z", "action": "stop"}"#, .stop, 0.5),
        (#"{"action": "hibernate"}"#, .hibernate, nil),
        (#"{"action": "rebalance", "time": "soon"}"#, .other("rebalance"), nil),
    ])
    func tellsWhatBecomesOfASpotInstance(
        notice: String, action: SpotNotice.Action, seconds: Double?
    ) async throws {
        let (server, _) = try service([Self.spot: notice])
        #expect(
            try await metadata(server).spotNotice()
                == SpotNotice(action: action, time: seconds.map { noon.addingTimeInterval($0) }))
    }

    @Test func tellsThatNothingIsToCome() async throws {
        let (server, _) = try service([:])
        let metadata = try metadata(server)
        #expect(try await metadata.targetLifecycleState() == nil)
        #expect(try await metadata.spotNotice() == nil)
    }

    /// No notice is a fact; an answer that can't be read, or none, is not.
    @Test func takesNothingElseForNoNotice() async throws {
        for text in ["", "{}", "<html>", #"{"action": 7}"#] {
            let (server, _) = try service([Self.spot: text])
            let metadata = try metadata(server)
            let error = await #expect(throws: MetadataError.self) { try await metadata.spotNotice() }
            guard case .unreadable(Self.spot, _) = error else { throw try #require(error) }
        }
        let closed = try StubServer { $0.method == "PUT" ? .text("t") : .status(403) }
        let metadata = try metadata(closed)
        await #expect(throws: MetadataError.refused(path: Self.spot, status: 403)) {
            try await metadata.spotNotice()
        }
    }

    // MARK: The instance's role

    static let role = "meta-data/iam/security-credentials/"

    @Test func handsOutTheRolesCredentials() async throws {
        let document = #"""
            {"Code": "Success", "LastUpdated": "2026-03-01T11:00:00Z", "Type": "AWS-HMAC", "AccessKeyId": "ASIAROLE",
             "SecretAccessKey": "s", "Token": "t", "Expiration": "2026-03-01T17:00:00Z"}
            """#
        let (server, _) = try service([Self.role: "etcd\n", Self.role + "etcd": document])
        let answer = try await InstanceProfileCredentials(metadata(server)).fetch()
        #expect(
            answer
                == .found(
                    Credentials(
                        accessKeyID: "ASIAROLE", secretAccessKey: Secret("s"), sessionToken: Secret("t"),
                        expiration: noon.addingTimeInterval(5 * 3600))))
    }

    @Test func isNoSourceWithoutARole() async throws {
        let (server, _) = try service([:])
        let answer = try await InstanceProfileCredentials(metadata(server)).fetch()
        #expect(answer == .notConfigured(because: "this instance has no role"))
        let off = try metadata(server, ["AWS_EC2_METADATA_DISABLED": "true"])
        guard case .notConfigured = try await InstanceProfileCredentials(off).fetch() else {
            Issue.record("switched off, and yet a source")
            return
        }
    }

    @Test func saysWhyTheRoleCannotBeAssumed() async throws {
        let (server, _) = try service([
            Self.role: "etcd", Self.role + "etcd": #"{"Code": "AssumeRoleUnauthorizedAccess", "Message": "no"}"#,
        ])
        let provider = InstanceProfileCredentials(try metadata(server))
        let error = try await #require(#expect(throws: CredentialError.self) { try await provider.fetch() })
        #expect("\(error)".hasSuffix("security-credentials/etcd says AssumeRoleUnauthorizedAccess, not Success"))
        #expect(error.source == "instance profile")
    }
}

/// What the metadata service knows, and the token that it answers to.
final class MetadataStub: Sendable {
    private let documents: [String: String]
    private let state = Mutex((issued: 0, valid: ""))

    init(_ documents: [String: String]) { self.documents = documents }

    /// How many tokens were handed out.
    var tokens: Int { state.withLock { $0.issued } }

    /// From now on the latest token is unknown.
    func forget() { state.withLock { $0.valid = "" } }

    func answer(_ request: StubRequest) -> StubReply {
        if request.method == "PUT", request.path == "/latest/api/token" {
            return .text(
                state.withLock { state in
                    state.issued += 1
                    state.valid = "token-\(state.issued)"
                    return state.valid
                })
        }
        let token = request.header("X-aws-ec2-metadata-token") ?? ""
        guard !token.isEmpty, token == state.withLock({ $0.valid }) else { return .status(401) }
        return documents[String(request.path.dropFirst("/latest/".count))].map { .text($0) } ?? .status(404)
    }
}
