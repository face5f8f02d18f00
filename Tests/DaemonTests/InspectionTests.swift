/// What an etcd without its peers shows of its data, and that looking changes nothing.

import ClusterPlanning
import Etcd
import Foundation
import HTTP
import StubServer
import Supervision
import Testing

@testable import Daemon

@Suite(.fewAtOnce, .timeLimit(.minutes(4))) struct InspectionTests {
    @Test func membersAndCommitIndexAreThoseOfTheData() async throws {
        let cluster = try await StoppedCluster(3)
        let inspection = Inspection(etcd: try LoopbackEtcd(on: cluster.directory))
        let shown = try await inspection.run(cluster.launch(.inspect))
        #expect(!shown.isRunning && shown.leader == nil)
        #expect(shown.members?.count == 3)
        #expect(
            shown.members?.contains { $0.id == cluster.first && $0.peerURLs == [cluster.members[0].peerURL] } == true)
        #expect(shown.members?.allSatisfy(\.isStarted) == true, "told through the log, near its beginning")
        #expect(try #require(shown.commitIndex) >= cluster.committed)
        // However often.
        for _ in 0..<2 { #expect(try await inspection.run(cluster.launch(.inspect)) == shown) }
        #expect(try processes(on: cluster.directory) == [])
    }

    /// The last entry of the log is the one that makes the list.
    @Test func theListIsReadWhenTheLogIs() async throws {
        let cluster = try await StoppedCluster(1, writes: 300) { member in
            _ = try await member.client.addMember(peerURLs: ["http://127.1.1.1:2380"])
        }
        let inspection = Inspection(etcd: try LoopbackEtcd(on: cluster.directory))
        for _ in 0..<5 { #expect(try await inspection.run(cluster.launch(.inspect)).members?.count == 2) }
    }

    /// Alone it could lead, and each term would leave an entry in the log.
    @Test func aSingleMemberIsNotMadeALeader() async throws {
        let cluster = try await StoppedCluster(1)
        let inspection = Inspection(etcd: try LoopbackEtcd(on: cluster.directory))
        // Three times as long as it takes one that is alone to make itself the leader.
        try await inspection.etcd.run(cluster.launch(.inspect), within: .seconds(30)) { etcd in
            let end = ContinuousClock.now + .seconds(3)
            while ContinuousClock.now < end {
                // Until it listens it does not answer.
                if let reading = try? await etcd.metrics.read() { #expect(reading.hasLeader == false) }
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        for _ in 0..<2 {
            #expect(try await inspection.run(cluster.launch(.inspect)).commitIndex == cluster.committed)
        }
    }

    /// Everything is in the snapshot, so nothing is applied, and the metric stays at zero.
    @Test func aLogThatEndsAtItsSnapshot() async throws {
        func file(_ member: RealEtcd) -> String { "\(NSTemporaryDirectory())\(member.address).db" }
        let cluster = try await StoppedCluster(1) { member in
            let output = try await Built.spawner.capture(
                etcdctl("--endpoints", member.clientURL.description, "snapshot", "save", file(member)),
                deadline: .seconds(30))
            try #require(output.status.isSuccess, "\(output.text)")
        }
        let file = file(cluster.members[0])
        defer { try? FileManager.default.removeItem(atPath: file) }
        let directory = DataDirectory(cluster.place["restored"])
        let addresses = (0..<3).map { Endpoint(.http, "127.1.1.1", 2380 + $0) }
        let list = addresses.enumerated().map { "i-0\($0)=\($1)" }.joined(separator: ",")
        let output = try await Built.spawner.capture(
            etcdctl(
                "snapshot", "restore", file, "--data-dir", directory.path, "--name", "i-00", "--initial-cluster", list,
                "--initial-advertise-peer-urls", "http://127.1.1.1:2380"), deadline: .seconds(30))
        try #require(output.status.isSuccess, "\(output)")
        let shown = try await Inspection(etcd: try LoopbackEtcd(on: directory)).run(cluster.launch(.inspect))
        #expect(shown.members?.flatMap(\.peerURLs).sorted() == addresses)
        #expect(shown.commitIndex == 3)
    }

    @Test func corruptDataIsSaidInEtcdsWords() async throws {
        let cluster = try await StoppedCluster(1)
        let log = try #require(cluster.place.names(in: "i-00/member/wal").first { $0.hasSuffix(".wal") })
        try damage(cluster.place["i-00/member/wal/\(log)"], at: 300, count: 4)
        let error = await #expect(throws: LoopbackEtcdError.self) {
            try await Inspection(etcd: try LoopbackEtcd(on: cluster.directory)).run(cluster.launch(.inspect))
        }
        #expect(error?.corruption?.isEmpty == false, "\(String(describing: error))")
        #expect(try processes(on: cluster.directory) == [])
    }

    /// Not before etcd has ended.
    @Test func cancellationEndsEtcdFirst() async throws {
        let cluster = try await StoppedCluster(1)
        let etcd = try LoopbackEtcd(on: cluster.directory)
        let launch = cluster.launch(.inspect)
        let task = Task {
            try await etcd.run(launch, within: .seconds(60)) { etcd in
                try await etcd.poll("what never comes") { () -> Bool? in nil }
            }
        }
        try await eventually("etcd runs") { try !processes(on: cluster.directory).isEmpty }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try processes(on: cluster.directory) == [])
    }

    @Test func whatNeverComesIsNotWaitedForForEver() async throws {
        let cluster = try await StoppedCluster(1)
        let error = await #expect(throws: LoopbackEtcdError.self) {
            try await LoopbackEtcd(on: cluster.directory).run(cluster.launch(.inspect), within: .milliseconds(300)) {
                try await $0.poll("what never comes") { () -> Bool? in nil }
            }
        }
        #expect(error == .late("what never comes", after: .milliseconds(300), last: "not yet"))
        #expect(try processes(on: cluster.directory) == [])
    }

    /// The members that the data name are dialled through the proxy of the environment: where that one is a dead end, they
    /// are out of reach. Members on loopback are dialled directly, so a name that nobody has stands for the others.
    @Test func peersAreDialledThroughTheProxyAlone() async throws {
        let cluster = try await StoppedCluster(1) { member in
            _ = try await member.client.addMember(peerURLs: ["http://203.0.113.7:2380"])
        }
        let proxy = try StubServer { _ in .status(502) }
        let ports = try LoopbackPorts()
        let program = try LoopbackEtcd(on: cluster.directory).program
        var command = try await program.command(for: cluster.launch(.inspect), on: ports)
        #expect(command.environment["HTTP_PROXY"] == ports.deadEndURL)
        #expect(command.environment["HTTPS_PROXY"] == ports.deadEndURL)
        command.environment["HTTP_PROXY"] = proxy.url
        let (child, output) = try await Built.spawner.spawnKeepingOutput(command, isForwarded: false)
        let requests = try await proxy.requests(atLeast: 2)
        await child.terminate()
        _ = try await output.finish()
        #expect(requests.allSatisfy { $0.target.hasPrefix("http://203.0.113.7:2380/") } && requests.count >= 2)
    }

    /// Whoever has the port, etcd does not get it, and another is chosen.
    @Test func aPortThatIsTakenIsNoEndOfIt() async throws {
        let ports = try LoopbackPorts()
        let urls = [ports.clientURL, ports.peerURL, ports.metricsURL, ports.deadEndURL]
        #expect(Set(urls).count == 4)
        await #expect(throws: HTTPError.self) {
            try await http.send(HTTPRequest("GET", ports.deadEndURL), deadline: .seconds(5))
        }
        let cluster = try await StoppedCluster(1)
        let directory = cluster.directory
        let taken = try StubServer { _ in .close }
        let program = try LoopbackEtcd(on: directory).program
        var command = try await program.command(for: cluster.launch(.inspect), on: ports)
        command.arguments = command.arguments.map { $0.replacing(ports.peerURL, with: taken.url) }
        let (child, output) = try await Built.spawner.spawnKeepingOutput(command, isForwarded: false)
        _ = try await child.exit
        guard case .addressInUse = EtcdOutput.classify(try await output.finish()) else {
            Issue.record("\(output.lines)")
            return
        }
    }
}

private func etcdctl(_ arguments: String...) -> Supervision.Command {
    Supervision.Command("etcdctl", arguments, environment: ["PATH": searchPath, "ETCDCTL_API": "3"])
}

/// Turns over bits where they are.
func damage(_ path: String, at offset: Int, count: Int) throws {
    let file = try FileHandle(forUpdating: URL(filePath: path))
    defer { try? file.close() }
    try file.seek(toOffset: UInt64(offset))
    let bytes = try #require(try file.read(upToCount: count))
    try file.seek(toOffset: UInt64(offset))
    try file.write(contentsOf: Data(bytes.map { $0 ^ 0xff }))
}
