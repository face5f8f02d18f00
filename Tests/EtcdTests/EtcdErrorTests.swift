import Etcd
import HTTP
import StubServer
import Testing

/// No answer but etcd's own is ever taken for one: whatever else comes is an error that says what came.
@Suite struct EtcdErrorTests {
    /// Each row is what a broken path in between, or a half-started etcd, has been seen to answer.
    @Test(arguments: [
        (StubReply.text("<html><body>Welcome to nginx!</body></html>"), 200, "Welcome to nginx!"),
        (.text(""), 200, "an empty body"),
        (.text("", status: 502), 502, "an empty body"),
        (.text(#"{"header":{"cluster_id":"1","member_id":"2"},"members":[{"ID":"3"#), 200, "cluster_id"),
        (.text("{}"), 200, "no header"),
        (.text("null"), 200, "null"),
        (.text("[]"), 200, "[]"),
        (.text(#"{"header":{},"members":[{"ID":"3"}]}"#), 200, "no cluster_id"),
        (.text(#"{"header":{"cluster_id":"0","member_id":"2"},"members":[{"ID":"3"}]}"#), 200, "no cluster_id"),
        (.text(#"{"header":{"cluster_id":"1","member_id":"2"}}"#), 200, "without members"),
        (.text(#"{"header":{"cluster_id":"1","member_id":"2"},"members":[]}"#), 200, "without members"),
        (.text(#"{"header":{"cluster_id":"1","member_id":"2"},"members":[{"name":"a"}]}"#), 200, "no id"),
        (.text(#"{"header":{"cluster_id":"1","member_id":"2"},"members":[{"ID":"x"}]}"#), 200, "not an integer"),
        (.text(#"{"header":{"cluster_id":"1","member_id":"2"},"members":[{"ID":"-1"}]}"#), 200, "not an integer"),
        (.text(#"{"header":{"cluster_id":"1","member_id":"2"},"members":[{"ID":"3"}]}"#, status: 201), 201, "members"),
        (.text(#"{"message":"upstream is away"}"#, status: 503), 503, "upstream is away"),
        (.text(#"{"code":"5","message":"a code that is no number"}"#, status: 404), 404, "no number"),
        (.text("404 page not found\n", status: 404), 404, "404 page not found "),
        (.text("moved", status: 302, headers: [("Location", "/v3")]), 302, "moved"),
    ])
    func takesNothingElseForAMemberList(_ reply: StubReply, _ status: Int, _ detail: String) async throws {
        let (server, client) = try stubGateway("3.5.9", ["/cluster/member/list": reply])
        defer { server.stop() }
        let error = try await refusal { _ = try await client.members() }
        guard case .undecodable(let found) = error.reason else { return #expect(Bool(false), "\(error)") }
        #expect(found.contains(detail))
        #expect(!found.contains("\n"))
        #expect(error.status == status)
        #expect(error.endpoint == server.url)
        #expect(error.call == "POST /v3/cluster/member/list")
        #expect(error.code == nil)
        #expect(!error.isMemberNotFound && !error.isTimedOut)
    }

    @Test func quotesOnlyTheStartOfALongAnswer() async throws {
        let (server, client) = try stubGateway(
            "3.5.9", ["/maintenance/status": .text(String(repeating: "x", count: 5000))])
        defer { server.stop() }
        let text = try await refusal { _ = try await client.status() }.description
        #expect(text.utf8.count < 500)
        #expect(text.contains("(5000 bytes)"))
    }

    @Test func anAdditionWithoutTheNewMemberIsNoAnswer() async throws {
        let (server, client) = try stubGateway("3.5.9", ["/cluster/member/add": .text(GatewayAnswerTests.list)])
        defer { server.stop() }
        let error = try await refusal { _ = try await client.addMember(peerURLs: ["http://a:1"]) }
        guard case .undecodable = error.reason else { return #expect(Bool(false), "\(error)") }
    }

    @Test(arguments: [
        (StubReply.hang, HTTPError.Kind.timedOut), (.close, .brokenOff), (.reset, .brokenOff),
        (.truncated(200, claimed: 100, body: Array("{".utf8)), .brokenOff),
        (.streamed(200, headers: [], length: 8 << 20), .tooLarge),
    ])
    func tellsAnAbsentAnswerFromABadOne(_ reply: StubReply, _ kind: HTTPError.Kind) async throws {
        let (server, client) = try stubGateway("3.5.9", ["/maintenance/status": reply])
        defer { server.stop() }
        // Short only where its end is what is awaited.
        let deadline = Duration.milliseconds(kind == .timedOut ? 700 : 30_000)
        let error = try await refusal { _ = try await client.status(deadline: deadline) }
        guard case .notAnswered(let cause) = error.reason else { return #expect(Bool(false), "\(error)") }
        #expect(cause.kind == kind)
        #expect(error.status == nil)
        #expect(error.isTimedOut == (kind == .timedOut))
    }

    @Test func theQuestionForTheVersionCountsTowardsTheDeadline() async throws {
        let server = try StubServer { request in
            guard request.target == "/version" else { return .hang }
            return .delayed(.milliseconds(1500), .text(#"{"etcdserver":"3.5.9","etcdcluster":"3.5.0"}"#))
        }
        defer { server.stop() }
        let client = EtcdClient(http: http, endpoint: server.url)
        let start = ContinuousClock.now
        let error = try await refusal { _ = try await client.status(deadline: .seconds(2)) }
        #expect(error.isTimedOut)
        #expect(error.call == "POST /v3/maintenance/status")
        // It would be 3.5 s if each of the two had been given the whole; with room for a busy machine.
        #expect(ContinuousClock.now - start < .milliseconds(3200))
    }

    @Test func cancellationIsNoError() async throws {
        let (server, client) = try stubGateway("3.5.9", ["/maintenance/status": .hang])
        defer { server.stop() }
        let task = Task { try await client.status(deadline: .seconds(60)) }
        _ = try await server.requests(atLeast: 2)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func aRefusedConnectionNamesTheEndpoint() async throws {
        let port = try freePorts(1, on: "127.55.0.9")[0]
        let client = EtcdClient(http: http, endpoint: "http://127.55.0.9:\(port)/")
        let text = try await refusal { _ = try await client.members() }.description
        #expect(text.hasPrefix("GET /version at http://127.55.0.9:\(port): connection refused: "))
    }

    /// The texts of etcd's own table, as gateways up to 3.5 and from 3.6 write them.
    @Test(
        arguments: [
            (5, "member not found", \EtcdError.isMemberNotFound), (9, "member ID already exist", \.isMemberIDExists),
            (9, "Peer URLs already exists", \.isPeerURLExists), (14, "unhealthy cluster", \.isUnhealthyCluster),
            (9, "re-configuration failed due to not enough started members", \.isNotEnoughStarted),
            (9, "too many learner members in cluster", \.isTooManyLearners),
            (9, "can only promote a learner member which is in sync with leader", \.isLearnerNotReady),
            (9, "can only promote a learner member", \.isNotLearner),
            (14, "rpc not supported for learner", \.isNotSupportedForLearner), (14, "no leader", \.isNoLeader),
            (9, "not leader", \.isNotLeader), (9, "bad leader transferee", \.isBadLeaderTransferee),
            (3, "user name is empty", \.isUnauthenticated), (16, "invalid auth token", \.isUnauthenticated),
            (7, "permission denied", \.isPermissionDenied), (15, "corrupt cluster", \.isCorrupt),
            (8, "mvcc: database space exceeded", \.isNoSpace), (14, "request timed out", \.isTimedOut),
            (14, "request timed out, possibly due to connection lost", \.isTimedOut),
        ] as [(Int, String, KeyPath<EtcdError, Bool> & Sendable)])
    func isExactlyWhatEtcdsTextSays(
        _ code: Int, _ text: String, _ predicate: (KeyPath<EtcdError, Bool> & Sendable)
    ) async throws {
        let message = "etcdserver: \(text)"
        for body in [
            #"{"error":"\#(message)","message":"\#(message)","code":\#(code)}"#,
            #"{"error":"\#(message)","code":\#(code)}"#, #"{"code":\#(code),"message":"\#(message)","details":[]}"#,
        ] {
            let (server, client) = try stubGateway("3.6.11", ["/maintenance/status": .text(body, status: 400)])
            defer { server.stop() }
            let error = try await refusal { _ = try await client.status() }
            #expect(Self.predicates.filter { error[keyPath: $0] } == [predicate])
            #expect(error.code?.rawValue == code)
            #expect(error.description.hasSuffix("\(message) (gRPC code \(code))"))
        }
    }

    @Test func aCodeThatGRPCDoesNotKnowIsStillARefusal() async throws {
        let body = #"{"code":99,"message":"etcdserver: something new"}"#
        let (server, client) = try stubGateway("3.6.11", ["/maintenance/status": .text(body, status: 500)])
        defer { server.stop() }
        let error = try await refusal { _ = try await client.status() }
        #expect(error.reason == .refused(.unknown, message: "etcdserver: something new"))
    }

    /// Permission is judged after the quorum has been heard, so its refusal is the proof that was asked for.
    @Test(arguments: [
        (7, "permission denied", true), (3, "user name is empty", true), (16, "invalid auth token", false),
    ])
    func aRefusalForWantOfPermissionProvesTheQuorum(_ code: Int, _ text: String, _ isProof: Bool) async throws {
        let body = #"{"code":\#(code),"message":"etcdserver: \#(text)"}"#
        let (server, client) = try stubGateway("3.6.11", ["/kv/range": .text(body, status: 403)])
        defer { server.stop() }
        let isProven = (try? await client.linearizableRead()) != nil
        #expect(isProven == isProof)
    }

    static let predicates: [KeyPath<EtcdError, Bool> & Sendable] = [
        \.isMemberNotFound, \.isMemberIDExists, \.isPeerURLExists, \.isUnhealthyCluster, \.isNotEnoughStarted,
        \.isTooManyLearners, \.isLearnerNotReady, \.isNotLearner, \.isNotSupportedForLearner, \.isNoLeader,
        \.isNotLeader, \.isBadLeaderTransferee, \.isUnauthenticated, \.isPermissionDenied, \.isCorrupt, \.isNoSpace,
        \.isTimedOut,
    ]
}
