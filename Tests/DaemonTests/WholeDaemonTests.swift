/// The whole daemon, in this process: a group of one on a stub AWS, with a real etcd. What happens between machines is
/// shown by the end-to-end tests.

import ClusterPlanning
import Etcd
import Foundation
import Glibc
import HTTP
import StubServer
import Supervision
import Testing

@testable import Daemon

/// One machine: an address, a data directory, an AWS, and daemons that come and go.
private final class Machine {
    let aws: StubAWS
    let place: TemporaryDirectory
    let address = loopbackAddress()
    let writes = Writes()
    private var running: Task<Void, any Error>?

    /// - Parameter others: instances that the group lists besides, none of which runs anything.
    init(desired: Int = 1, etcd: String? = nil) throws {
        place = try TemporaryDirectory()
        var world = AWSWorld()
        world.groups = [
            .init("etcd-cluster-main", desired: desired, stack: "etcd-cluster-main", [("i-0a", "InService")])
        ]
        world.instances["i-0a"] = .init(address: address)
        world.zones = [.init(id: "Z0NET", name: "example.net.", isPrivate: false)]
        world.identity = ("i-0a", address, "eu-central-1")
        aws = try StubAWS(world)
        self.etcd = etcd
    }

    private let etcd: String?

    var data: String { place["data"] }
    var client: EtcdClient { EtcdClient(http: http, endpoint: "http://\(address):2379") }
    var log: String { writes.text }
    /// The process number of the etcd that runs, as its record names it.
    var etcdPID: pid_t? {
        guard case .child(let child)? = try? ChildRecord(path: data + "/etcd-cluster.child").read() else { return nil }
        return child.pid
    }

    func start(_ arguments: [String] = []) throws {
        let environment = aws.environment.merging([
            "PATH": searchPath, "HOSTED_ZONE": "Z0NET", "ETCD_CLUSTER_INTERVAL": "200ms",
            "ETCD_LISTEN_CLIENT_URLS": "http://\(address):2379", "ETCD_LISTEN_PEER_URLS": "http://\(address):2380",
            "ETCD_LISTEN_METRICS_URLS": "http://\(address):2381", "ETCD_LOG_OUTPUTS": place["etcd.log"],
        ]) { _, mine in mine }
        let parsed = try parseCommand(
            arguments: ["--data-dir", data] + (etcd.map { ["--etcd", $0] } ?? []) + arguments,
            environment: environment)
        guard case .run(let configuration) = parsed else { throw NeverHappened(description: "run") }
        let daemon = Daemon(configuration, logger: writes.logger(), spawner: Built.spawner)
        running = Task { try await daemon.run(SignalSequence([])) }
    }

    /// Stops the daemon as SIGTERM does, and waits for its end.
    func stop() async throws {
        running?.cancel()
        try await running?.value
        running = nil
    }

    func serves() async throws {
        try await eventually("etcd serves: \(log)") {
            guard let status = try? await client.status() else { return false }
            return status.isLeader
        }
    }

    /// Waits until that many further calls of one kind were made.
    func turns(_ count: Int, _ call: String = "DescribeAutoScalingGroups") async throws {
        let target = aws.calls.filter { $0 == call }.count + count
        try await eventually("\(count) turns: \(log)") { aws.calls.filter { $0 == call }.count >= target }
    }

    func says(_ text: String) async throws {
        try await eventually("the log says \(text): \(log)") { log.contains(text) }
    }
}

/// Gives a machine to a test and stops what runs on it whatever happens.
private func withMachine(
    desired: Int = 1, etcd: String? = nil, _ body: (Machine) async throws -> Void
) async throws {
    let machine = try Machine(desired: desired, etcd: etcd)
    do {
        try await body(machine)
    } catch {
        try? await machine.stop()
        throw error
    }
    try await machine.stop()
}

@Suite struct WholeDaemonTests {
    /// One life: found, serve, DNS once, stop, resume without AWS.
    @Test func aGroupOfOneFoundsServesAndResumes() async throws {
        try await withMachine { machine in
            try machine.start()
            try await machine.serves()
            let first = try await machine.client.status()
            try await eventually("DNS: \(machine.log)") { machine.aws.records(in: "Z0NET").count == 6 }
            let records = machine.aws.records(in: "Z0NET")
            #expect(records[.init(name: "main.example.net.", type: "A")] == [machine.address])
            #expect(records[.init(name: "i-0a.main.example.net.", type: "A")] == [machine.address])
            #expect(
                records[.init(name: "_etcd-client._tcp.main.example.net.", type: "SRV")] == [
                    "1 1 2379 i-0a.main.example.net."
                ])

            // Many turns later nothing more was changed, and nothing was read but the group.
            try await machine.turns(2)
            _ = machine.aws.takeCalls()
            try await machine.turns(5)
            #expect(Set(machine.aws.takeCalls()) == ["DescribeAutoScalingGroups"])

            // AWS is down: etcd is untouched, and the log says why nothing is done.
            let pid = try #require(machine.etcdPID)
            machine.aws.change { $0.fault = { _ in .status(503) } }
            try await machine.says("nobody is removed: the autoscaling group could not be read")
            #expect(machine.log.contains("AutoScaling DescribeAutoScalingGroups at http://"))
            try await machine.turns(3)
            #expect(machine.etcdPID == pid)
            #expect(try await machine.client.status().memberID == first.memberID)

            // Stopped and started with AWS still down: a resume asks nobody.
            try await machine.stop()
            #expect(machine.log.contains("etcd stopped"))
            #expect(machine.etcdPID == nil)
            #expect(kill(pid, 0) != 0)
            try machine.start()
            try await machine.serves()
            let second = try await machine.client.status()
            #expect(second.clusterID == first.clusterID)
            #expect(second.memberID == first.memberID)
            #expect(machine.log.contains("resume on the data that is here"))
            #expect(
                DataDirectory(machine.data).observe()
                    == .data(
                        Stamp(
                            instance: InstanceID("i-0a"), cluster: ClusterID(first.clusterID.rawValue),
                            member: MemberID(first.memberID.rawValue), started: true)))
        }
    }

    @Test func anEtcdThatIsKilledServesAgain() async throws {
        try await withMachine { machine in
            try machine.start()
            try await machine.serves()
            let before = try await machine.client.status()
            let pid = try #require(machine.etcdPID)
            #expect(kill(pid, SIGKILL) == 0)
            try await eventually("another etcd: \(machine.log)") { machine.etcdPID.map { $0 != pid } ?? false }
            try await machine.serves()
            #expect(try await machine.client.status().memberID == before.memberID)
            #expect(machine.log.contains("etcd ended by itself"))
            #expect(machine.log.contains("SIGKILL"))
        }
    }

    @Test func anIncompleteGroupIsWaitedForByName() async throws {
        try await withMachine(desired: 3) { machine in
            try machine.start()
            try await machine.says("1 instance of the group runs, 3 are wanted to found")
            try await machine.turns(3, "DescribeInstances")
            #expect(machine.etcdPID == nil)
            #expect(machine.place.names(in: "data").sorted() == ["etcd-cluster.lock"])
            // Said once, not with every look.
            #expect(machine.log.components(separatedBy: "are wanted to found").count == 2)
            #expect(!machine.aws.calls.contains("ChangeResourceRecordSets"))
        }
    }

    @Test func anotherSupervisorOnTheDirectoryIsWaitedFor() async throws {
        try await withMachine { machine in
            try DataDirectory(machine.data).prepare()
            var lock: DirectoryLock? = try DirectoryLock(machine.data, name: "etcd-cluster.lock", holder: "somebody")
            try machine.start()
            try await machine.says("\(machine.data) is in use by")
            #expect(machine.aws.calls == [])
            withExtendedLifetime(lock) {}
            lock = nil
            try await machine.serves()
        }
    }

    @Test func aMissingMetadataServiceIsWaitedFor() async throws {
        try await withMachine { machine in
            machine.aws.change { $0.identity = nil }
            try machine.start()
            try await machine.says("msg=waiting for=\"who this instance is\" reason=\"instance metadata")
            machine.aws.change { [address = machine.address] in $0.identity = ("i-0a", address, "eu-central-1") }
            try await machine.serves()
        }
    }

    /// A first start that got nowhere is no life of the disk: the next one founds all the same.
    @Test func anEtcdThatCantBeStartedIsTriedAgain() async throws {
        let tools = try TemporaryDirectory()
        try await withMachine(etcd: tools["etcd"]) { machine in
            try machine.start()
            try await machine.says("etcd can't be started")
            #expect(machine.log.contains(tools["etcd"]))
            try tools.write("#!/bin/sh\necho etcd Version: 3.4.23\nexit 1\n", to: "etcd", executable: true)
            try await machine.says("tells no version but 'etcd Version: 3.4.23'")
            // One that tells its version and ends at once.
            try tools.write(
                "#!/bin/sh\ntest \"$1\" = --version && echo etcd Version: 3.4.23 && exit\nexit 3\n", to: "etcd",
                executable: true)
            try await machine.says("exited with code 3")
            try await eventually("the stamp is taken back") {
                DataDirectory(machine.data).observe() == .empty(Stamp(instance: InstanceID("i-0a")))
            }
            try tools.write(
                "#!/bin/sh\nexec \(try findExecutable("etcd", searchPath: searchPath)) \"$@\"\n", to: "etcd",
                executable: true)
            try await machine.serves()
        }
    }

    /// F19: a cluster of which this member is no part any more. Nothing is deleted.
    @Test func aRemovedMemberSetsItsDataAsideAndJoinsAnew() async throws {
        let other = RealEtcd("i-0b", in: try TemporaryDirectory())
        do {
            try await other.start()
            try await other.leads()
            try await withMachine(desired: 2) { machine in
                machine.aws.change { world in
                    world.groups[0].instances.append(("i-0b", "InService"))
                    world.instances["i-0b"] = .init(address: other.address)
                }
                try machine.start()
                try await eventually("joined: \(machine.log)") {
                    (try? await other.client.members().members.count(where: \.hasStarted)) == 2
                }
                let own = try #require(try await other.client.members().members.first { $0.name == "i-0a" })
                try await eventually("removed") {
                    (try? await other.client.removeMember(own.id)) != nil
                }
                try await machine.says("data set aside")
                try await eventually("joined anew: \(machine.log)") {
                    let members = try? await other.client.members().members
                    return members?.contains { $0.name == "i-0a" && $0.id != own.id } == true
                }
                let aside = machine.place.names(in: "data").filter {
                    $0.hasPrefix("aside-") && $0.hasSuffix("-removed")
                }
                #expect(aside.count == 1)
                #expect(machine.place.names(in: "data/\(aside.first ?? "")/wal").contains { $0.hasSuffix(".wal") })
            }
        } catch {
            await other.end()
            throw error
        }
        await other.end()
    }

    /// F10: the entry was made and we were not told. It is found again and used, not made twice.
    @Test func anEntryWhoseAnswerWasLostIsUsed() async throws {
        let other = RealEtcd("i-0b", in: try TemporaryDirectory())
        let proxy = try EtcdProxy(to: other) { request, answer in
            request.path == "/v3/cluster/member/add" ? .close : answer
        }
        do {
            try await other.start(advertising: proxy.server.url)
            try await other.leads()
            try await withMachine(desired: 2) { machine in
                machine.aws.change { world in
                    world.groups[0].instances.append(("i-0b", "InService"))
                    world.instances["i-0b"] = .init(address: other.address)
                }
                try machine.start()
                try await eventually("joined: \(machine.log)") {
                    (try? await other.client.members().members.count(where: \.hasStarted)) == 2
                }
                #expect(machine.log.contains("step failed; looking again"))
                let changes = proxy.server.requests.filter { $0.path.hasPrefix("/v3/cluster/member/") }.map(\.path)
                #expect(changes.filter { $0.hasSuffix("/add") }.count == 1, "\(changes) \(machine.log)")
                #expect(!changes.contains { $0.hasSuffix("/remove") })
            }
        } catch {
            await other.end()
            throw error
        }
        await other.end()
    }
}
