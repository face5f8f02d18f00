import Etcd
import HTTP
import StubServer
import Testing

/// The peer port's own spelling, and what is no list of it.
@Suite struct EtcdPeerTests {
    static let body = """
        [{"id":18446744073709551615,"peerURLs":["http://10.0.0.2:2380"],"name":"i-2",
        "clientURLs":["http://10.0.0.2:2379"]},{"id":7,"peerURLs":["http://10.0.0.1:2380"],"isLearner":true}]
        """

    @Test func readsTheListAndTheClusterID() async throws {
        let server = try StubServer { _ in .text(Self.body, headers: [("X-Etcd-Cluster-ID", "8e9e05c52164694d")]) }
        defer { server.stop() }
        let expected = EtcdMemberList(
            clusterID: EtcdID(0x8e9e_05c5_2164_694d),
            members: [
                EtcdMember(
                    id: EtcdID(7), name: "", peerURLs: ["http://10.0.0.1:2380"], clientURLs: [], isLearner: true),
                EtcdMember(
                    id: EtcdID(.max), name: "i-2", peerURLs: ["http://10.0.0.2:2380"],
                    clientURLs: ["http://10.0.0.2:2379"]),
            ])
        let list = try await EtcdPeer(http: http, peerURL: server.url + "/").members()
        #expect(list == expected)
        #expect(list.members.map(\.hasStarted) == [false, true])
        #expect(server.requests.map(\.target) == ["/members"])
    }

    @Test(
        arguments: [
            (body, nil), (body, "0x1"), (body, ""), (body, "8e9e05c52164694d0"), ("[]", "1"), ("{}", "1"), ("", "1"),
            (String(body.dropLast(3)), "1"), ("404 page not found", "1"),
        ] as [(String, String?)])
    func takesNothingElseForAList(_ body: String, _ clusterID: String?) async throws {
        let server = try StubServer { _ in .text(body, headers: clusterID.map { [("X-Etcd-Cluster-ID", $0)] } ?? []) }
        defer { server.stop() }
        let error = try await refusal { _ = try await EtcdPeer(http: http, peerURL: server.url).members() }
        guard case .undecodable = error.reason else { return #expect(Bool(false), "\(error)") }
        #expect(error.call == "GET /members")
    }

    @Test func endsInTime() async throws {
        let server = try StubServer { _ in .hang }
        defer { server.stop() }
        let peer = EtcdPeer(http: http, peerURL: server.url)
        #expect(try await refusal { _ = try await peer.members(deadline: .milliseconds(200)) }.isTimedOut)
    }
}
