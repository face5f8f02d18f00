/// Whole daemons between machines and generations: found together, carry on, make way, keep what a person has to judge.

import ClusterPlanning
import Etcd
import Foundation
import Glibc
import HTTP
import Supervision
import Testing

@testable import Daemon

@Suite(.fewAtOnce, .timeLimit(.minutes(5))) struct GenerationTests {
    /// Waits until each sees the same cluster of all of them.
    private func together(_ machines: [Machine]) async throws {
        try await eventually("one cluster of \(machines.count): \(machines.map(\.log))") {
            var lists: [EtcdMemberList] = []
            for machine in machines {
                guard let list = try? await machine.client.linearizableMembers() else { return false }
                lists.append(list)
            }
            return Set(lists.map(\.clusterID)).count == 1
                && lists.allSatisfy { $0.members.count(where: \.hasStarted) == machines.count }
        }
    }

    /// Whoever of them wins the swap names all of them, and everybody starts `new` with that list.
    @Test func aGroupFoundsTogetherByTheRecord() async throws {
        try await withMachines(3) { machines in
            for machine in machines { try machine.start(machine.ownFlags) }
            try await together(machines)
            let record = try #require(machines[0].record)
            #expect(record.generation == 1)
            #expect(record.start.map(\.instance.rawValue) == ["i-0a", "i-0b", "i-0c"])
            for machine in machines {
                let stamp = try #require(machine.directory.observe().stamp)
                #expect(record.mayStart(stamp.disk, on: InstanceID(machine.id)))
                #expect(machine.log.contains("found a cluster of 3, token \(record.token)"))
                #expect(!machine.log.contains("join cluster"))
            }
        }
    }

    /// Each keeps to the founders that it has named, and goes on telling them once its own etcd runs.
    @Test func aGroupFoundsTogetherWithoutARecord() async throws {
        try await withMachines(2) { machines in
            // The last one to name the founders has heard of the others already, and starts at once.
            for machine in machines.reversed() {
                try machine.start(machine.ownFlags + ["--without-record"], ["HOSTED_ZONE": ""])
                try await machine.says("msg=waiting")
            }
            try await together(machines)
            for machine in machines {
                #expect(machine.log.contains("found a cluster of 2, token etcd-cluster-i-0a"))
                #expect(try await machine.report().founders?.map(\.name) == ["i-0a", "i-0b"])
            }
        }
    }

    /// A spare instance asks, the leader writes it down, enters it, and gives it its vote once it has caught up.
    @Test func aJoinerAsksAndTheLeaderEntersIt() async throws {
        try await withMachine { first in
            try first.start(first.ownFlags + ["--interval=5s"])
            try await first.serves()
            let joiner = try Machine("i-0b", at: first.aws)
            first.aws.change { $0.groups[0].desiredCapacity = 2 }
            do {
                try joiner.start(joiner.ownFlags)
                try await together([first, joiner])
                try await eventually("the record is whole: \(first.log)") {
                    first.record?.voters.map(\.isJoining) == [false, false]
                }
                #expect(joiner.log.contains("asked the leader of cluster"))
                let steps = first.writes.all.filter { $0.contains("msg=acting") }.joined()
                let order = ["write into the record that i-0b is to join", "add i-0b at", "keep the record true"]
                let places = order.compactMap { steps.firstRange(of: $0)?.lowerBound }
                #expect(places.count == 3 && places == places.sorted(), "\(steps)")
                let disk = joiner.directory.observe().stamp?.disk
                #expect(first.record?.voter(InstanceID("i-0b"))?.disk == disk)
                #expect(try await joiner.client.linearizableMembers().members.allSatisfy { !$0.isLearner })
            } catch {
                try? await joiner.stop()
                throw error
            }
            try await joiner.stop()
        }
    }

    /// F6: the group must not wait for a founding that waits for the group.
    @Test func anInstanceThatWaitsForOthersCompletesItsOwnHook() async throws {
        try await withMachine(desired: 3) { machine in
            machine.aws.change { world in
                world.groups[0].instances[0].lifecycle = "Pending:Wait"
                world.groups[0].hooks = [.launching("hello"), .terminating("bye")]
            }
            try machine.start()
            try await machine.says("the group may go on; what is waited for is not this instance")
            try await machine.turns(2, "DescribeInstances")
            #expect(
                machine.aws.takeActions() == ["CompleteLifecycleAction etcd-cluster-main hello i-0a CONTINUE"])
        }
    }

    /// SCHEDULES, "two of two": the survivor's etcd runs, and knows no leader any more.
    @Test func aSurvivorClaimsTheNextGenerationAndCarriesItsDataOn() async throws {
        try await withMachines(2) { machines in
            let (survivor, lost) = (machines[0], machines[1])
            for machine in machines { try machine.start(machine.ownFlags + ["--grace=1s"]) }
            try await together(machines)
            try await put("kept", at: survivor)
            let before = try await survivor.client.status()
            try await lost.stop()
            survivor.aws.change { world in
                world.groups[0].instances.removeAll { $0.id == "i-0b" }
                world.instances["i-0b"]?.state = "terminated"
            }
            try await survivor.says("claim the recovery: generation 2 begins with the disk of member")
            try await survivor.says("data carried over")
            try await survivor.serves()
            let after = try await survivor.client.status()
            #expect(after.memberID == before.memberID && after.clusterID == before.clusterID)
            #expect(try await survivor.client.linearizableMembers().members.map(\.name) == ["i-0a"])
            #expect(try await value(at: survivor) == "kept")
            let record = try #require(survivor.record)
            #expect(record.generation == 2)
            #expect(record.source == .member(MemberID(before.memberID.rawValue)))
            #expect(survivor.directory.observe().stamp?.generation == 2)
            #expect(try survivor.directory.asides().map(\.reason) == ["copy-g2"])
            #expect(try processes(on: survivor.directory).count == 1)
        }
    }

    /// The record knows a later generation: this data makes way once that one answers, and shows what it holds until then.
    @Test func aLaterGenerationIsMadeWayFor() async throws {
        try await withMachine { machine in
            try machine.start()
            try await machine.serves()
            try await eventually("the stamp is whole") { machine.directory.observe().stamp?.member != nil }
            let first = try #require(machine.record)
            try await machine.stop()
            // Somebody went on without it, on another instance.
            let other = RealEtcd("i-0b", in: try TemporaryDirectory())
            let entry = ClusterRecord.Entry(InstanceID("i-0b"), other.peerURL, disk: DiskID("d-b"))
            try machine.put(
                first.changed {
                    ($0.generation, $0.token, $0.start, $0.voters) = (2, "second", [entry], [entry])
                    $0.former = first.voters.map { .init($0, generation: 1) }
                })
            machine.aws.change { [address = other.address] world in
                world.groups[0].instances.append(("i-0b", "InService"))
                world.groups[0].desiredCapacity = 2
                world.instances["i-0b"] = .init(address: address)
            }
            try machine.start()
            try await machine.says("etcd has to stop")
            try await machine.says("the data was looked at")
            try await machine.says("the data here is of generation 1; generation 2 has begun, and nobody of it answers")
            try await eventually("nothing runs on it") { try processes(on: machine.directory) == [] }
            let report = try await machine.report()
            #expect(report.etcd.members?.map(\.name) == ["i-0a"])
            #expect((report.etcd.commitIndex ?? 0) > 0)
            #expect(
                report.holding
                    == .data(
                        HeldData(
                            cluster: machine.directory.observe().stamp?.cluster,
                            member: machine.directory.observe().stamp?.member,
                            generation: 1)))
            do {
                try await makeWay(machine, for: other, first.owner)
            } catch {
                await other.end()
                throw error
            }
            await other.end()
        }
    }

    private func makeWay(_ machine: Machine, for other: RealEtcd, _ owner: String) async throws {
        try await other.start()
        try await other.leads()
        let leader = MemberID(try await other.client.status().memberID.rawValue)
        let supervisor = try StubSupervisor("i-0b", at: other.address) {
            $0.owner = owner
            $0.disk = DiskID("d-b")
            $0.holding = .data(HeldData(member: leader, generation: 2))
            $0.etcd = EtcdState(isRunning: true, leader: leader)
        }
        try await machine.says("data set aside")
        let aside = try #require(try machine.directory.asides().first)
        #expect(aside.reason == "generation-1")
        #expect(machine.place.names(in: "data/\((aside.path as NSString).lastPathComponent)/wal").isEmpty == false)
        // Then as without data: its leader has a supervisor of ours, and is asked.
        try await machine.says("asked the leader of cluster")
        #expect(try await machine.report().asksToJoin)
        #expect(supervisor.asked.all > 0)
    }

    /// F20: alone, what is left may be all that there is. It is said, reported, and kept.
    ///
    /// - Parameter isLogElsewhere: whether the operator has etcd's last words written into a file.
    @Test(arguments: [false, true]) func aLoneMembersDamagedLogIsSaidAndKept(_ isLogElsewhere: Bool) async throws {
        try await withMachine { machine in
            try machine.start()
            try await machine.serves()
            try await put("kept", at: machine)
            try await machine.stop()
            let log = machine.data + "/member/wal/" + (try #require(machine.place.names(in: "data/member/wal").first))
            let written = try #require(FileManager.default.contents(atPath: log)?.lastIndex { $0 != 0 })
            try damage(log, at: written / 2, count: 4)
            let before = FileManager.default.contents(atPath: log)
            try machine.start([], isLogElsewhere ? [:] : ["ETCD_LOG_OUTPUTS": ""])
            try await machine.says("etcd can't run on the data here")
            try await machine.says("and it stays: no cluster answers that has its quorum without it")
            let report = try await machine.report()
            guard case .unusable(let words) = report.holding else {
                Issue.record("\(report.holding)")
                return
            }
            #expect(words.contains("crc mismatch"), "\(words)")
            #expect(report.waitingFor?.contains(words) == true)
            #expect(FileManager.default.contents(atPath: log) == before)
            #expect(try machine.directory.asides() == [])
            #expect(try processes(on: machine.directory) == [])
        }
    }

    // MARK: -

    private func put(_ text: String, at machine: Machine) async throws {
        let answer = try await ask(
            "/v3/kv/put", ["key": "YQ==", "value": Data(text.utf8).base64EncodedString()], machine)
        try #require(answer.status == 200, "\(answer)")
    }

    private func value(at machine: Machine) async throws -> String? {
        struct Answer: Decodable {
            struct Pair: Decodable { var value: Data }
            var kvs: [Pair]?
        }
        let answer = try await ask("/v3/kv/range", ["key": "YQ=="], machine)
        return try JSONDecoder().decode(Answer.self, from: Data(answer.body)).kvs?.first
            .map { String(decoding: $0.value, as: UTF8.self) }
    }

    private func ask(_ path: String, _ message: [String: String], _ machine: Machine) async throws -> HTTPResponse {
        try await http.send(
            HTTPRequest(
                "POST", "http://\(machine.address):2379\(path)", headers: ["Content-Type": "application/json"],
                body: .bytes([UInt8](try JSONEncoder().encode(message)))), deadline: .seconds(10))
    }
}
