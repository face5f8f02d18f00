/// One disk's data becomes a cluster of one member, with everything that was acknowledged, wherever it is interrupted.

import ClusterPlanning
import Etcd
import Foundation
import Supervision
import Synchronization
import Testing

@testable import Daemon

private struct Injected: Error {}

@Suite(.fewAtOnce, .timeLimit(.minutes(5))) struct ForcedStartTests {
    /// Starts a plain etcd on forced data: it has to lead alone, with all keys.
    private func expectAlone(
        _ directory: DataDirectory, _ cluster: StoppedCluster, at peerURL: Endpoint? = nil, keys: Int = 20,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try FileManager.default.createSymbolicLink(
            atPath: cluster.place["i-0z"], withDestinationPath: directory.path)
        defer { try? FileManager.default.removeItem(atPath: cluster.place["i-0z"]) }
        let etcd = RealEtcd("i-0z", in: cluster.place)
        do {
            try await etcd.start()
            try await etcd.leads()
            let list = try await etcd.client.linearizableMembers()
            #expect(list.members.map(\.id) == [cluster.first.etcdID], sourceLocation: sourceLocation)
            let address = (peerURL ?? cluster.members[0].peerURL).description
            #expect(list.members.map(\.peerURLs) == [[address]], sourceLocation: sourceLocation)
            #expect(try await etcd.count() == keys, sourceLocation: sourceLocation)
        } catch {
            await etcd.end()
            throw error
        }
        await etcd.stop()
    }

    private func forcedStart(on directory: DataDirectory) throws -> ForcedStart {
        ForcedStart(directory: directory, etcd: try LoopbackEtcd(on: directory))
    }

    /// What is in the files of a tree.
    private func contents(_ path: String) throws -> [String: Data] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: path)
        return Dictionary(
            uniqueKeysWithValues: names.compactMap { name in
                FileManager.default.contents(atPath: "\(path)/\(name)").map { (name, $0) }
            })
    }

    @Test func oneOfThreeGoesOnAloneWithAllThatWasAcknowledged() async throws {
        let cluster = try await StoppedCluster(3)
        let before = try contents(cluster.place["i-00/member"])
        try await forcedStart(on: cluster.directory).run(cluster.launch(.force(cluster.first)), time: 7)
        #expect(try contents(cluster.place["i-00/aside-7-copy-g2"]) == before)
        #expect(try processes(on: cluster.directory) == [])
        try await expectAlone(cluster.directory, cluster)
    }

    /// A volume that was moved: the member's address is where it is now.
    @Test func theAddressIsTheIdentitys() async throws {
        let cluster = try await StoppedCluster(1)
        let address = Endpoint(.https, "10.9.8.7", 2380)
        try await forcedStart(on: cluster.directory).run(cluster.launch(.force(cluster.first), at: address))
        try await expectAlone(cluster.directory, cluster, at: address)
    }

    /// Below 3.5.22 a forced start leaves learners that are in the snapshot where they are.
    @Test func learnersAreRemovedToo() async throws {
        let cluster = try await StoppedCluster(1, snapshotCount: 10) { member in
            _ = try await member.client.addLearner(peerURLs: ["http://127.1.1.1:2380"])
            try await member.write(20)
        }
        try await forcedStart(on: cluster.directory).run(cluster.launch(.force(cluster.first)))
        try await expectAlone(cluster.directory, cluster)
    }

    /// After every step etcd is killed, and the attempt ends; the next one goes through, and the copy is of the first state.
    @Test func itMayBeRepeatedAfterACrashAtEveryStep() async throws {
        let cluster = try await StoppedCluster(3)
        let before = try contents(cluster.place["i-00/member"])
        let launch = cluster.launch(.force(cluster.first))
        var steps = 0
        while true {
            let directory = try cluster.copy("crash-\(steps)")
            var start = try forcedStart(on: directory)
            let left = Mutex(steps)
            start.reached = { _, child in
                let isNow = left.withLock { left in
                    left -= 1
                    return left < 0
                }
                guard isNow else { return }
                child?.send(.kill)
                throw Injected()
            }
            do {
                try await start.run(launch, time: 7)
                break
            } catch is Injected {
            } catch LoopbackEtcdError.ended {
            }
            #expect(try processes(on: directory) == [])
            try await forcedStart(on: directory).run(launch, time: 8)
            #expect(try directory.asides().map(\.path) == ["\(directory.path)/aside-7-copy-g2"])
            #expect(try contents("\(directory.path)/aside-7-copy-g2") == before)
            try await expectAlone(directory, cluster)
            steps += 1
        }
        #expect(steps >= 6, "copied, running, leading, addressed, verified, stopped")
    }

    /// Several attempts in a row that end everywhere, on the same data.
    @Test func attemptsThatFailOneAfterTheOther() async throws {
        let cluster = try await StoppedCluster(3)
        let launch = cluster.launch(.force(cluster.first))
        for steps in 0..<6 {
            var start = try forcedStart(on: cluster.directory)
            let left = Mutex(steps)
            start.reached = { _, child in
                guard
                    left.withLock({ left in
                        left -= 1
                        return left < 0
                    })
                else { return }
                child?.send(.kill)
                throw Injected()
            }
            await #expect(throws: (any Error).self) { try await start.run(launch) }
        }
        try await forcedStart(on: cluster.directory).run(launch)
        try await expectAlone(cluster.directory, cluster)
    }

    @Test func anotherMembersDataAreLeftAlone() async throws {
        let cluster = try await StoppedCluster(1)
        let error = await #expect(throws: ForcedStartError.self) {
            try await forcedStart(on: cluster.directory).run(cluster.launch(.force(MemberID(1))))
        }
        #expect(error == .otherMember(cluster.first.etcdID, wanted: MemberID(1)))
    }

    @Test func whereNoDataIsNothingIsForced() async throws {
        let cluster = try await StoppedCluster(1)
        let empty = DataDirectory(cluster.place["empty"])
        try empty.prepare()
        await #expect(throws: DataDirectoryError("copy \(empty.path)/member", "there is no data")) {
            try await forcedStart(on: empty).run(cluster.launch(.force(cluster.first)))
        }
        #expect(cluster.place.names(in: "empty") == [])
    }

    /// etcd of another minor version has been here.
    @Test func newerDataAreNotForcedByAnOlderEtcd() async throws {
        let cluster = try await StoppedCluster(1)
        try cluster.directory.write(
            Stamp(disk: DiskID("d-1"), instance: InstanceID("i-00"), started: true, etcdVersion: "9.1"))
        let error = await #expect(throws: ObservationError.self) {
            try await forcedStart(on: cluster.directory).run(cluster.launch(.force(cluster.first)))
        }
        #expect(error?.description.contains("etcd 9.1 has run on this data") == true)
    }

    @Test func cancellationEndsEtcdFirst() async throws {
        let cluster = try await StoppedCluster(1)
        var start = try forcedStart(on: cluster.directory)
        start.reached = { step, _ in if step == .running { try await Task.sleep(for: .seconds(60)) } }
        let (forced, launch) = (start, cluster.launch(.force(cluster.first)))
        let task = Task { try await forced.run(launch) }
        try await eventually("etcd runs") { try !processes(on: cluster.directory).isEmpty }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try processes(on: cluster.directory) == [])
    }
}
