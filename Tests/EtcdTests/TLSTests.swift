import Etcd
import Foundation
import HTTP
import Testing

/// Real etcd that speaks TLS on both ports and demands certificates.
@Suite(.needsEtcd) struct TLSTests {
    @Test func bothPortsAnswerOverMutualTLS() async throws {
        try await TestCluster.with(1, tls: "serverAuth,clientAuth") { cluster in
            let member = cluster.members[0]
            #expect(member.client.endpoint.hasPrefix("https://"))
            let list = try await member.client.linearizableMembers()
            #expect(list.members.map(\.clientURLs) == [[member.urls.client]])
            #expect(try await member.peer.members() == list)
            let (added, _) = try await member.client.addLearner(peerURLs: ["https://127.55.0.1:2380"])
            #expect(try await member.client.removeMember(added.id) == list)
        }
    }

    @Test func withoutACertificateNeitherPortAnswers() async throws {
        try await TestCluster.with(1, tls: "serverAuth,clientAuth") { cluster in
            let member = cluster.members[0]
            let stranger = try #require(member.tls?.strangerClient)
            let client = EtcdClient(http: stranger, endpoint: member.urls.client)
            let peer = EtcdPeer(http: stranger, peerURL: member.urls.peer)
            for error in [
                try await refusal { _ = try await client.members() },
                try await refusal { _ = try await peer.members() },
            ] {
                guard case .notAnswered(let cause) = error.reason else { return #expect(Bool(false), "\(error)") }
                #expect(cause.kind == .tls, "\(cause)")
            }
        }
    }

    @Test func etcdctlSavesAndHashesOverMutualTLS() async throws {
        try await TestCluster.with(1, tls: "serverAuth,clientAuth") { cluster in
            let member = cluster.members[0]
            let credentials = try #require(member.tls?.memberCredentials)
            let file = FileManager.default.temporaryDirectory.appending(path: "etcd-tests-\(UUID()).db").path
            defer { try? FileManager.default.removeItem(atPath: file) }
            let save = SnapshotTool.saveArguments(
                endpoint: member.urls.client, to: file, within: 20, as: credentials)
            _ = try runBlocking(["etcdctl"] + save)
            #expect(FileManager.default.fileExists(atPath: file))
            let hash = SnapshotTool.hashArguments(
                endpoint: member.urls.client, revision: 0, within: 20, as: credentials)
            #expect(try EtcdHashKV(json: Array(try runBlocking(["etcdctl"] + hash).utf8)).currentRevision == 1)
        }
    }

    /// The gateway reaches its own server with the server's certificate, which must therefore be a client's too.
    @Test func aServerCertificateThatIsNoClientsStopsTheGatewayAlone() async throws {
        try await TestCluster.with(1, tls: "serverAuth") { cluster in
            let member = cluster.members[0]
            let error = try await refusal { _ = try await member.client.members() }
            #expect(error.code == .unavailable, "\(error)")
            #expect(try await member.client.version().server == RealEtcd.version)
            #expect(try await member.client.health().isHealthy)
            #expect(try await member.peer.members().members.count == 1)
        }
    }
}
