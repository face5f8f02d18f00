/// Who this instance is: by configuration, by the metadata service, by both; and what is missing is named.

import AWS
import ClusterPlanning
import StubServer
import Testing

@testable import Daemon

@Suite struct SurroundingsTests {
    private func surroundings(
        _ aws: StubAWS, _ arguments: [String], _ environment: [String: String] = [:]
    ) async throws -> Surroundings {
        let parsed = try parse(arguments, aws.environment.merging(environment) { _, mine in mine })
        guard case .run(let configuration) = parsed else { throw NeverHappened(description: "run") }
        return try await Surroundings(configuration, loop: curlLoop)
    }

    @Test func aConfiguredIdentityNeedsNoMetadataService() async throws {
        let aws = try StubAWS()
        let here = try await surroundings(
            aws, ["--instance-id=i-0a", "--region=eu-central-1", "--address=127.0.0.9", "--peer-port=7001"])
        #expect(
            here.identity
                == Identity(
                    instance: InstanceID("i-0a"), peerURL: Endpoint(.http, "127.0.0.9", 7001),
                    clientURL: Endpoint(.http, "127.0.0.9", 2379)))
        #expect(here.zone == nil)
        #expect(aws.server.requests.isEmpty)
    }

    @Test func whatIsNotConfiguredTheMetadataServiceTells() async throws {
        var world = AWSWorld()
        world.identity = ("i-0fe", "10.0.0.7", "eu-west-1")
        let aws = try StubAWS(world)
        let told = try await surroundings(aws, [])
        #expect(told.identity.instance == InstanceID("i-0fe"))
        #expect(told.identity.peerURL == Endpoint(.http, "10.0.0.7", 2380))
        let partly = try await surroundings(aws, ["--address", "10.0.0.8"])
        #expect(partly.identity.instance == InstanceID("i-0fe"))
        #expect(partly.identity.clientURL == Endpoint(.http, "10.0.0.8", 2379))
        let named = try await surroundings(aws, ["--hosted-zone=example.org"], ["AWS_REGION": "us-east-1"])
        #expect(named.zone != nil)
    }

    @Test func certificatesMakeTheURLsHTTPS() async throws {
        let here = try await surroundings(
            try StubAWS(), ["--instance-id=i-0a", "--region=eu-central-1", "--address=127.0.0.9"],
            ["ETCD_CERT_FILE": "/c", "ETCD_KEY_FILE": "/k", "ETCD_PEER_CERT_FILE": "/c", "ETCD_PEER_KEY_FILE": "/k"])
        #expect(here.identity.clientURL == Endpoint(.https, "127.0.0.9", 2379))
        #expect(here.identity.peerURL == Endpoint(.https, "127.0.0.9", 2380))
    }

    @Test func withoutAMetadataServiceWhatToDoIsSaid() async throws {
        let error = try await #require(throws: MetadataError.self) {
            try await surroundings(try StubAWS(), ["--instance-id=i-0a"])
        }
        #expect(error.description.contains("instance metadata"))
    }

    @Test func theCallsGoWhereTheEnvironmentSays() async throws {
        var world = AWSWorld()
        world.groups = [.init("main", desired: 1, [("i-0a", "InService")])]
        let aws = try StubAWS(world)
        let here = try await surroundings(
            aws, ["--instance-id=i-0a", "--region=eu-central-1", "--address=127.0.0.9"])
        #expect(try await here.group.group().name == "main")
        #expect(aws.takeCalls() == ["DescribeAutoScalingInstances", "DescribeAutoScalingGroups"])
        let authorization = aws.server.requests.last?.header("Authorization") ?? ""
        #expect(authorization.contains("Credential=AKIDEXAMPLE/"))
        #expect(authorization.contains("/eu-central-1/autoscaling/aws4_request"))
        #expect(aws.server.requests.last?.header("User-Agent") == "etcd-cluster/\(version)")
    }
}
