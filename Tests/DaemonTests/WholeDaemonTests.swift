/// The whole daemon, in this process: a group of one on a stub AWS, with a real etcd. What happens between machines is
/// shown by `GenerationTests` and by the end-to-end tests.

import ClusterPlanning
import Etcd
import Foundation
import Glibc
import HTTP
import StubServer
import Supervision
import Testing

@testable import Daemon

@Suite(.fewAtOnce) struct WholeDaemonTests {
    /// One life: found, serve, DNS once, stop, resume without AWS.
    @Test func aGroupOfOneFoundsServesAndResumes() async throws {
        try await withMachine { machine in
            try machine.start()
            try await machine.serves()
            let first = try await machine.client.status()
            try await eventually("DNS: \(machine.log)") { machine.aws.records(in: "Z0NET").count == 7 }
            let records = machine.aws.records(in: "Z0NET")
            #expect(records[.init(name: "main.example.net.", type: "A")] == [machine.address])
            #expect(records[.init(name: "i-0a.main.example.net.", type: "A")] == [machine.address])
            #expect(
                records[.init(name: "_etcd-client._tcp.main.example.net.", type: "SRV")] == [
                    "1 1 2379 i-0a.main.example.net."
                ])

            // Many turns later nothing more was changed, and nothing was read but the group.
            try await eventually("idle turns: \(machine.log)") {
                _ = machine.aws.takeCalls()
                try await machine.turns(5)
                return Set(machine.aws.takeCalls()) == ["DescribeAutoScalingGroups"]
            }

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
            let record = try #require(machine.record)
            #expect(record.voters.map(\.instance.rawValue) == ["i-0a"])
            #expect(
                machine.directory.observe()
                    == .data(
                        Stamp(
                            disk: try #require(record.voters.first?.disk), instance: InstanceID("i-0a"),
                            owner: record.owner, generation: 1, cluster: ClusterID(first.clusterID.rawValue),
                            member: MemberID(first.memberID.rawValue), started: true,
                            etcdVersion: "\(first.version.major).\(first.version.minor)")))
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
            #expect(machine.place.names(in: "data") == ["etcd-cluster.json", "etcd-cluster.lock"])
            #expect(machine.record == nil)
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
            try await eventually("the stamp is taken back") { machine.directory.observe().stamp?.started == false }
            let disk = machine.record?.voters.first?.disk
            #expect(machine.directory.observe().stamp?.disk == disk)
            try tools.write(
                "#!/bin/sh\nexec \(try findExecutable("etcd", searchPath: searchPath)) \"$@\"\n", to: "etcd",
                executable: true)
            try await machine.serves()
            #expect(machine.record?.voters.first?.disk == disk, "the same disk, however often it was tried")
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
