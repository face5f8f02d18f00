/// Whole daemons and a bucket: backups that nobody asked for, and clusters that come back from them without a hand.

import ClusterPlanning
import Etcd
import Foundation
import HTTP
import Testing

@testable import Daemon

private let bucket = ["ETCD_BACKUP_BUCKET": "backups", "ETCD_BACKUP_INTERVAL": "1s"]

extension Machine {
    fileprivate func put(_ key: String) async throws {
        let text = Data(key.utf8).base64EncodedString()
        try await eventually("\(key) is written") {
            (try? await ask("/v3/kv/put", ["key": text, "value": text]))?.status == 200
        }
    }

    /// All of them, by a read through the quorum.
    fileprivate func keys() async throws -> Set<String> {
        struct Answer: Decodable {
            struct Pair: Decodable { var key: Data }
            var kvs: [Pair]?
        }
        let all = Data([0]).base64EncodedString()
        let answer = try await ask("/v3/kv/range", ["key": all, "range_end": all])
        return Set(
            (try JSONDecoder().decode(Answer.self, from: Data(answer.body)).kvs ?? [])
                .map { String(decoding: $0.key, as: UTF8.self) })
    }

    private func ask(_ path: String, _ message: [String: String]) async throws -> HTTPResponse {
        try await http.send(
            HTTPRequest(
                "POST", "http://\(address):2379\(path)", headers: ["Content-Type": "application/json"],
                body: .bytes([UInt8](try JSONEncoder().encode(message)))), deadline: .seconds(10))
    }

    /// What the bucket holds, the best first.
    fileprivate var backups: [Backup] {
        let objects = aws.objects(in: "backups").filter { $0.key.hasPrefix("main/") }
        return BackupsSeen(objects: objects.map { (String($0.key.dropFirst(5)), $0.value.count) }).backups
    }

    /// Waits until everything that was written is in a backup that was proven.
    fileprivate func isSaved() async throws -> Backup {
        let revision = UInt64(try await client.status().revision)
        try await eventually("revision \(revision) is saved: \(log)") {
            backups.first.map { $0.revision >= revision && $0.isProven } ?? false
        }
        return try #require(backups.first)
    }
}

@Suite(.fewAtOnce, .timeLimit(.minutes(5))) struct WholeBackupTests {
    /// A machine whose etcd has been saved with the keys, one backup for each.
    private func withSaved(
        _ keys: [String], _ body: (Machine, [Backup]) async throws -> Void
    ) async throws {
        try await withMachine { machine in
            machine.aws.change { $0.buckets["backups"] = [:] }
            try machine.start(machine.ownFlags + ["--grace=1s"], bucket)
            try await machine.serves()
            var saved: [Backup] = []
            for key in keys {
                try await machine.put(key)
                saved.append(try await machine.isSaved())
            }
            try await body(machine, saved)
        }
    }

    /// Its disk is gone for good, and the group launches another one.
    private func replace(_ machine: Machine) async throws -> Machine {
        try await machine.stop()
        machine.aws.change { world in
            world.groups[0].instances = []
            world.instances["i-0a"]?.state = "terminated"
        }
        return try Machine("i-0b", at: machine.aws)
    }

    private func start(_ machine: Machine, _ body: () async throws -> Void) async throws {
        do {
            try machine.start(machine.ownFlags + ["--grace=1s"], bucket)
            try await body()
        } catch {
            try? await machine.stop()
            throw error
        }
        try await machine.stop()
    }

    @Test func theLeaderSavesWhatChanges() async throws {
        try await withSaved(["a", "b"]) { machine, saved in
            let status = try await machine.client.status()
            #expect(saved.map(\.generation) == [1, 1] && saved[1].revision == saved[0].revision + 1)
            #expect(saved[1].cluster == ClusterID(status.clusterID.rawValue))
            // Nothing has changed since: nothing is written, however many turns go by.
            _ = machine.aws.takeCalls()
            try await machine.turns(15)
            #expect(!machine.aws.takeCalls().contains("PutObject"))
            #expect(machine.place.names(in: "data/etcd-cluster.scratch") == [])
            #expect(!machine.log.contains("level=error"))
        }
    }

    @Test func aBucketThatRefusesDisturbsNothing() async throws {
        try await withSaved(["a"]) { machine, saved in
            machine.aws.change { $0.fault = { $0 == "PutObject" ? .s3("AccessDenied", status: 403) : nil } }
            try await machine.put("b")
            try await machine.says("no backup was made")
            let pid = try #require(machine.etcdPID)
            try await machine.turns(3)
            #expect(machine.etcdPID == pid && machine.backups == saved)
            machine.aws.change { $0.fault = nil }
            #expect(try await machine.isSaved().revision == saved[0].revision + 1)
            #expect(machine.etcdPID == pid)
        }
    }

    /// Every disk is gone at once: the next instance begins a generation with the newest backup, and nobody has to come.
    @Test func theLossOfEveryDiskIsMadeGood() async throws {
        try await withSaved(["a", "b"]) { machine, saved in
            let before = try await machine.client.status()
            let next = try await replace(machine)
            try await start(next) {
                try await next.says("msg=restored")
                try await next.serves()
                #expect(try await next.keys() == ["a", "b"])
                let record = try #require(next.record)
                #expect(record.generation == 2 && record.source == .snapshot(saved[1].name))
                let status = try await next.client.status()
                #expect(status.clusterID != before.clusterID, "it is another cluster, and its clients must see that")
                try await eventually("the stamp is whole") { next.directory.observe().stamp?.member != nil }
                let stamp = try #require(next.directory.observe().stamp)
                #expect(stamp.generation == 2 && stamp.carriedInto == nil && stamp.started)
                #expect(record.mayStart(stamp.disk, on: InstanceID("i-0b")))
                // Its own backups are of its own generation, and outrank the old ones.
                try await next.put("c")
                #expect(try await next.isSaved().generation == 2)
                #expect(Set(saved).isSubset(of: Set(next.backups)))
            }
        }
    }

    /// Bits of the newest have flipped: an older one that is whole is gone back to, and loudly.
    @Test func aSpoiltBackupGivesWayToAnOlderOne() async throws {
        try await withSaved(["a", "b"]) { machine, saved in
            let next = try await replace(machine)
            next.aws.change { world in
                guard let bytes = world.buckets["backups"]?["main/\(saved[1].name)"] else { return }
                world.buckets["backups"]?["main/\(saved[1].name)"]?[bytes.count / 2] ^= 1
            }
            try await start(next) {
                try await next.says("a backup is spoilt, and another one has to do")
                try await next.says("msg=restored")
                try await next.serves()
                #expect(try await next.keys() == ["a"])
                #expect(next.record?.source == .snapshot(saved[0].name))
                #expect(next.log.contains(saved[1].name))
            }
        }
    }

    /// As the older tool did: a group that is launched anew finds its bucket, and begins with what is there.
    @Test func aNewGroupBeginsWithTheBackupsUnderItsName() async throws {
        try await withSaved(["a"]) { machine, saved in
            let next = try await replace(machine)
            next.aws.change { world in
                world.records["Z0NET"] = [:]
                world.groups[0].uuid = "another"
                world.buckets["backups"] = world.buckets["backups"]?.filter { $0.key.hasPrefix("main/") }
            }
            try await start(next) {
                try await next.says("msg=restored")
                try await next.serves()
                #expect(try await next.keys() == ["a"])
                #expect(next.record?.source == .snapshot(saved[0].name))
                #expect((next.record?.generation ?? 0) > saved[0].generation, "nothing of the old one outranks it")
            }
        }
    }

    /// A list that failed is not an empty one: nobody founds an empty cluster beside backups that could not be seen.
    @Test func withoutTheListNothingIsFounded() async throws {
        try await withMachine { machine in
            machine.aws.change { world in
                world.buckets["backups"] = [:]
                world.fault = { $0 == "ListObjectsV2" ? .s3("SlowDown", status: 503) : nil }
            }
            try machine.start(machine.ownFlags + ["--found-after=1s"], bucket)
            try await machine.says("SlowDown")
            try await machine.turns(3, "DescribeInstances")
            #expect(machine.record == nil && machine.etcdPID == nil)
            machine.aws.change { $0.fault = nil }
            try await machine.serves()
        }
    }

    /// The group goes to zero: what the last member has taken is in a backup before its instance may end.
    @Test func theLastOneIsSavedBeforeItGoes() async throws {
        try await withMachine { machine in
            machine.aws.change { $0.buckets["backups"] = [:] }
            try machine.start(machine.ownFlags, bucket.merging(["ETCD_BACKUP_INTERVAL": "24h"]) { $1 })
            try await machine.serves()
            _ = try await machine.isSaved()
            try await machine.put("last")
            let revision = try await machine.client.status().revision
            machine.aws.change { world in
                world.groups[0].desiredCapacity = 0
                world.groups[0].instances[0].lifecycle = "Terminating:Wait"
                world.groups[0].hooks = [.terminating("bye")]
                world.targetState = "Terminated"
            }
            try await machine.says("the last backup is made")
            #expect(machine.backups.first?.revision == UInt64(revision))
            try await eventually("the hook is completed: \(machine.log)") {
                machine.aws.takeActions().contains("CompleteLifecycleAction etcd-cluster-main bye i-0a CONTINUE")
            }
            // Its instance is not held for a proof.
            #expect(machine.backups.first?.isProven == false)
        }
    }
}
