/// Machines of a group: daemons in this process, with a real etcd each, at one stub AWS.

import AWS
import ClusterPlanning
import Etcd
import Foundation
import Glibc
import HTTP
import StubServer
import Supervision
import Testing

@testable import Daemon

/// A group `etcd-cluster-main` with the zone `Z0NET`, in which nobody is yet.
func machinesWorld(desired: Int = 1) -> AWSWorld {
    var world = AWSWorld()
    world.groups = [.init("etcd-cluster-main", desired: desired, stack: "etcd-cluster-main", [])]
    world.zones = [.init(id: "Z0NET", name: "example.net.", isPrivate: false)]
    world.records["Z0NET"] = [:]
    return world
}

/// One machine: an address, a data directory, and daemons that come and go.
final class Machine {
    let id: String
    let aws: StubAWS
    let place: TemporaryDirectory
    let address = loopbackAddress()
    let writes = Writes()
    private let etcd: String?
    private var running: Task<Void, any Error>?

    /// Is launched: the group lists it, and EC2 knows its address.
    init(_ id: String = "i-0a", at aws: StubAWS, etcd: String? = nil) throws {
        self.id = id
        self.aws = aws
        self.etcd = etcd
        place = try TemporaryDirectory()
        aws.change { [address] world in
            world.groups[0].instances.append((id, "InService"))
            world.instances[id] = .init(address: address)
            world.identity = world.identity ?? (id, address, "eu-central-1")
        }
    }

    var data: String { place["data"] }
    var directory: DataDirectory { DataDirectory(data) }
    var client: EtcdClient { EtcdClient(http: http, endpoint: "http://\(address):2379") }
    var log: String { writes.text }
    /// The process number of the etcd that runs, as its record names it.
    var etcdPID: pid_t? {
        guard case .child(let child)? = try? ChildRecord(path: data + "/etcd-cluster.child").read() else { return nil }
        return child.pid
    }

    /// - Parameter variables: beside and over the usual ones.
    func start(_ arguments: [String] = [], _ variables: [String: String] = [:]) throws {
        let environment = aws.environment.merging([
            "PATH": searchPath, "HOSTED_ZONE": "Z0NET", "ETCD_CLUSTER_INTERVAL": "200ms",
            "ETCD_LISTEN_CLIENT_URLS": "http://\(address):2379", "ETCD_LISTEN_PEER_URLS": "http://\(address):2380",
            "ETCD_LISTEN_METRICS_URLS": "http://\(address):2381", "ETCD_LOG_OUTPUTS": place["etcd.log"],
        ]) { $1 }.merging(variables) { $1 }
        let parsed = try parseCommand(
            arguments: ["--data-dir", data] + (etcd.map { ["--etcd", $0] } ?? []) + arguments,
            environment: environment)
        guard case .run(let configuration) = parsed else { throw NeverHappened(description: "run") }
        let daemon = Daemon(configuration, logger: writes.logger(), spawner: Built.spawner)
        running = Task { try await daemon.run(SignalSequence([])) }
    }

    /// The flags of a machine that the metadata service does not speak for.
    var ownFlags: [String] { ["--instance-id", id, "--address", address, "--region", "eu-central-1"] }

    /// Stops the daemon as SIGTERM does, and waits for its end.
    func stop() async throws {
        running?.cancel()
        try await running?.value
        running = nil
    }

    func serves(leading: Bool = true) async throws {
        try await eventually("etcd of \(id) serves: \(log)") {
            guard let status = try? await client.status() else { return false }
            return leading ? status.isLeader : status.leader != nil
        }
    }

    /// Waits until that many further calls of one kind were made.
    func turns(_ count: Int, _ call: String = "DescribeAutoScalingGroups") async throws {
        let target = aws.calls.filter { $0 == call }.count + count
        try await eventually("\(count) turns: \(log)") { aws.calls.filter { $0 == call }.count >= target }
    }

    func says(_ text: String) async throws {
        try await eventually("the log of \(id) says \(text): \(log)") { log.contains(text) }
    }

    /// The report as another instance gets it.
    func report() async throws -> Report {
        let observer = ReportObserver(
            http: http, own: InstanceID("i-0"), port: ReportServer.defaultPort, deadline: .seconds(10))
        let asked = ReportObserver.Asked(instance: InstanceID(id), address: address)
        guard case .report(let report)? = try await observer.ask([asked])[asked.instance] else {
            throw NeverHappened(description: "a report of \(id)")
        }
        return report
    }

    /// The cluster's record, where the zone holds one.
    var record: ClusterRecord? {
        let key = AWSWorld.RecordKey(name: "_etcd-cluster.main.example.net.", type: "TXT")
        guard let value = aws.records(in: "Z0NET")[key]?.first else { return nil }
        return try? ClusterRecord(parsing: Route53.TXTValue.read(value))
    }

    func put(_ record: ClusterRecord) throws {
        let value = try Route53.TXTValue.write(record.text())
        aws.change {
            $0.records["Z0NET"]?[.init(name: "_etcd-cluster.main.example.net.", type: "TXT")] = [value]
        }
    }
}

/// Gives machines to a test and stops what runs on them whatever happens.
func withMachines(
    _ count: Int, desired: Int? = nil, etcd: String? = nil, _ body: ([Machine]) async throws -> Void
) async throws {
    let aws = try StubAWS(machinesWorld(desired: desired ?? count))
    let machines = try (0..<count).map { try Machine("i-0\(["a", "b", "c"][$0])", at: aws, etcd: etcd) }
    do {
        try await body(machines)
    } catch {
        // The test's own error is the one that counts.
        for machine in machines { try? await machine.stop() }
        throw error
    }
    for machine in machines { try await machine.stop() }
}

func withMachine(desired: Int = 1, etcd: String? = nil, _ body: (Machine) async throws -> Void) async throws {
    try await withMachines(1, desired: desired, etcd: etcd) { try await body($0[0]) }
}
