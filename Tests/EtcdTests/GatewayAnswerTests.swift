import Etcd
import HTTP
import StubServer
import Testing

/// What other versions answer, and what no etcd would: over a real socket, from a server that says what it is told.
@Suite struct GatewayAnswerTests {
    @Test func asksUnderThePathOfTheServersVersionAndAsksForItOnce() async throws {
        for (version, prefix) in [("3.2.32", "/v3alpha"), ("3.3.27", "/v3beta"), ("3.5.9", "/v3"), ("3.6.1", "/v3")] {
            let (server, client) = try stubGateway(version, ["/maintenance/status": .text(Self.status)])
            defer { server.stop() }
            _ = try await client.status()
            _ = try await client.status()
            #expect(
                server.requests.map(\.path) == [
                    "/version", "\(prefix)/maintenance/status", "\(prefix)/maintenance/status",
                ])
        }
    }

    @Test func asksForTheVersionAnewAfterAFailure() async throws {
        let (server, client) = try stubGateway("3.5.9", ["/maintenance/status": .text(Self.status)])
        defer { server.stop() }
        await #expect(throws: EtcdError.self) { try await client.alarms() }
        _ = try await client.status()
        #expect(
            server.requests.map(\.path) == ["/version", "/v3/maintenance/alarm", "/version", "/v3/maintenance/status"])
    }

    @Test func readsAStatusOf36() async throws {
        let (server, client) = try stubGateway("3.6.11", ["/maintenance/status": .text(Self.status)])
        defer { server.stop() }
        let expected = EtcdStatus(
            clusterID: EtcdID(17_237_436_991_929_493_444), memberID: EtcdID(9_372_538_179_322_589_801),
            version: EtcdVersion(3, 6, 11), revision: 9_007_199_254_740_993, raftTerm: 7,
            leader: EtcdID(10_501_334_649_042_878_790), raftIndex: 1234, appliedIndex: 1233, isLearner: true,
            dbSize: 25_165_824, dbSizeInUse: 16_384, errors: ["memberID:1 alarm:NOSPACE "])
        #expect(try await client.status() == expected)
        #expect(!expected.isLeader)
    }

    @Test func takesWhatIsLeftOutAsZero() async throws {
        let body = #"{"header":{"cluster_id":"1","member_id":"2"},"version":"3.5.9"}"#
        let (server, client) = try stubGateway("3.5.9", ["/maintenance/status": .text(body)])
        defer { server.stop() }
        let status = try await client.status()
        #expect(status == EtcdStatus(clusterID: EtcdID(1), memberID: EtcdID(2), version: EtcdVersion(3, 5, 9)))
        #expect(status.leader == nil)
    }

    @Test(arguments: [#""18446744073709551615""#, "18446744073709551615"])
    func readsIDsAsStringsAndAsNumbers(_ id: String) async throws {
        let list =
            #"{"header":{"cluster_id":\#(id),"member_id":\#(id)},"members":[{"ID":\#(id),"peerURLs":["http://a:1"]}]}"#
        let (server, client) = try stubGateway("3.5.9", ["/cluster/member/list": .text(list)])
        defer { server.stop() }
        let member = EtcdMember(id: EtcdID(.max), name: "", peerURLs: ["http://a:1"], clientURLs: [])
        #expect(try await client.members() == EtcdMemberList(clusterID: EtcdID(.max), members: [member]))
        #expect(member.id.description == "ffffffffffffffff")
    }

    @Test func ordersMembersByID() async throws {
        let list = #"{"header":{"cluster_id":"1","member_id":"3"},"members":[{"ID":"3"},{"ID":"20"},{"ID":"1"}]}"#
        let (server, client) = try stubGateway("3.5.9", ["/cluster/member/list": .text(list)])
        defer { server.stop() }
        #expect(try await client.members().members.map(\.id.rawValue) == [1, 3, 20])
    }

    @Test(arguments: [("3.4.23", "{}"), ("3.5.0", #"{"linearizable":true}"#), ("3.6.11", #"{"linearizable":true}"#)])
    func readsThroughTheQuorumBeforeItListsForSure(_ version: String, _ body: String) async throws {
        let (server, client) = try stubGateway(
            version, ["/kv/range": .text(Self.header), "/cluster/member/list": .text(Self.list)])
        defer { server.stop() }
        _ = try await client.linearizableMembers()
        #expect(server.requests.map(\.path) == ["/version", "/v3/kv/range", "/v3/cluster/member/list"])
        #expect(server.requests.map(\.text) == ["", #"{"count_only":true,"key":"AA=="}"#, body])
        _ = try await client.members()
        #expect(server.requests.last?.text == "{}")
    }

    @Test func doesNotListWhereTheQuorumDidNotAnswer() async throws {
        let refusal = #"{"code":14,"message":"etcdserver: request timed out","details":[]}"#
        let (server, client) = try stubGateway(
            "3.6.11", ["/kv/range": .text(refusal, status: 503), "/cluster/member/list": .text(Self.list)])
        defer { server.stop() }
        #expect(try await EtcdTests.refusal { _ = try await client.linearizableMembers() }.isTimedOut)
        #expect(server.requests.map(\.path) == ["/version", "/v3/kv/range"])
    }

    @Test func sendsIDsAsDecimalStringsAndURLsAsTheyAre() async throws {
        let added =
            #"{"header":{"cluster_id":"1","member_id":"3"},"member":{"ID":"4"},"members":[{"ID":"3"},{"ID":"4"}]}"#
        let (server, client) = try stubGateway(
            "3.5.9",
            [
                "/cluster/member/add": .text(added), "/cluster/member/promote": .text(Self.list),
                "/cluster/member/remove": .text(Self.list), "/cluster/member/update": .text(Self.list),
                "/maintenance/transfer-leadership": .text(Self.header), "/maintenance/alarm": .text("{}"),
            ])
        defer { server.stop() }
        let id = EtcdID(.max)
        #expect(try await client.addMember(peerURLs: ["http://[::1]:1"]).added.id == EtcdID(4))
        #expect(try await client.addLearner(peerURLs: ["http://a:1", "http://b:1"]).list.members.count == 2)
        _ = try await client.promoteMember(id)
        _ = try await client.removeMember(id)
        _ = try await client.updateMember(id, peerURLs: ["http://a:1"])
        try await client.moveLeader(to: id)
        #expect(try await client.alarms() == [])
        #expect(
            server.requests.dropFirst().map(\.text) == [
                #"{"peerURLs":["http://[::1]:1"]}"#, #"{"isLearner":true,"peerURLs":["http://a:1","http://b:1"]}"#,
                #"{"ID":"18446744073709551615"}"#, #"{"ID":"18446744073709551615"}"#,
                #"{"ID":"18446744073709551615","peerURLs":["http://a:1"]}"#,
                #"{"targetID":"18446744073709551615"}"#, #"{"action":"GET"}"#,
            ])
    }

    @Test(arguments: [
        (#"{"memberID":"1","alarm":"NOSPACE"}"#, EtcdAlarm(memberID: EtcdID(1), kind: .noSpace)),
        (#"{"memberID":"1","alarm":"CORRUPT"}"#, EtcdAlarm(memberID: EtcdID(1), kind: .corrupt)),
        (#"{"memberID":1,"alarm":2}"#, EtcdAlarm(memberID: EtcdID(1), kind: .corrupt)),
        (#"{"memberID":"1","alarm":7}"#, EtcdAlarm(memberID: EtcdID(1), kind: .unknown("7"))),
        (#"{"memberID":"1","alarm":"NEWER"}"#, EtcdAlarm(memberID: EtcdID(1), kind: .unknown("NEWER"))),
        (#"{"alarm":"CORRUPT"}"#, EtcdAlarm(memberID: nil, kind: .corrupt)),
        (#"{"memberID":"1"}"#, EtcdAlarm(memberID: EtcdID(1), kind: .unknown("NONE"))),
    ])
    func readsAlarmsByNameAndByNumber(_ alarm: String, _ expected: EtcdAlarm) async throws {
        let (server, client) = try stubGateway("3.6.11", ["/maintenance/alarm": .text(#"{"alarms":[\#(alarm)]}"#)])
        defer { server.stop() }
        #expect(try await client.alarms() == [expected])
    }

    @Test(arguments: [
        (#"{"health":"true"}"#, 200, EtcdHealth(isHealthy: true)),
        (#"{"health":"false"}"#, 503, EtcdHealth(isHealthy: false)),
        (#"{"health":"true","reason":""}"#, 200, EtcdHealth(isHealthy: true)),
        (#"{"health":true}"#, 200, EtcdHealth(isHealthy: true)),
        (#"{"health":"false","reason":"ALARM NOSPACE"}"#, 503, EtcdHealth(isHealthy: false, reason: "ALARM NOSPACE")),
    ])
    func readsHealthWhateverTheStatus(_ body: String, _ status: Int, _ health: EtcdHealth) async throws {
        let server = try StubServer { _ in .text(body, status: status) }
        defer { server.stop() }
        #expect(try await EtcdClient(http: http, endpoint: server.url + "/").health() == health)
        #expect(server.requests.map(\.target) == ["/health"])
    }

    @Test(arguments: [("3.5.0", EtcdVersion(3, 5, 0)), ("not_decided", nil)])
    func readsTheVersionsOfServerAndCluster(_ text: String, _ cluster: EtcdVersion?) async throws {
        let body = #"{"etcdserver":"3.6.1","etcdcluster":"\#(text)","storage":"3.6.0"}"#
        let server = try StubServer { _ in .text(body) }
        defer { server.stop() }
        let expected = EtcdServerVersion(server: EtcdVersion(3, 6, 1), cluster: cluster)
        #expect(try await EtcdClient(http: http, endpoint: server.url).version() == expected)
        #expect(try await EtcdPeer(http: http, peerURL: server.url).version() == expected)
    }

    static let header = #"{"header":{"cluster_id":"1","member_id":"3","raft_term":"2"}}"#
    static let list = #"{"header":{"cluster_id":"1","member_id":"3","raft_term":"2"},"members":[{"ID":"3"}]}"#
    static let status = """
        {"header":{"cluster_id":"17237436991929493444","member_id":"9372538179322589801",
        "revision":"9007199254740993","raft_term":"7"},"version":"3.6.11","dbSize":"25165824",
        "leader":"10501334649042878790","raftIndex":"1234","raftTerm":"7","raftAppliedIndex":"1233",
        "errors":["memberID:1 alarm:NOSPACE "],"dbSizeInUse":"16384","isLearner":true,
        "storageVersion":"3.6.0","dbSizeQuota":"2147483648","downgradeInfo":{"enabled":false}}
        """
}

/// A server that says it is an etcd of `version` and answers the gateway's paths, each without its prefix.
func stubGateway(_ version: String, _ replies: [String: StubReply]) throws -> (StubServer, EtcdClient) {
    let server = try StubServer { request in
        if request.target == "/version" { return .text(#"{"etcdserver":"\#(version)","etcdcluster":"\#(version)"}"#) }
        let path = "/" + request.path.split(separator: "/").dropFirst().joined(separator: "/")
        return replies[path] ?? .text("404 page not found\n", status: 404)
    }
    return (server, EtcdClient(http: http, endpoint: server.url))
}
