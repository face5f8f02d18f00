/// Backups in a bucket: written once and in order, listed whole, deleted so that no name is left for nothing.

import AWS
import ClusterPlanning
import Foundation
import StubServer
import Synchronization
import Testing

@testable import Daemon

@Suite struct BackupStoreTests {
    private let backup = someBackup(7)

    // MARK: Writing

    @Test(arguments: [
        ("AES256", ["x-amz-server-side-encryption": "AES256"]),
        (
            "aws:kms:alias/etcd",
            [
                "x-amz-server-side-encryption": "aws:kms",
                "x-amz-server-side-encryption-aws-kms-key-id": "alias/etcd",
            ]
        ),
        ("bucket", [:]),
    ])
    func theBackupIsWrittenThenWhatIsKnownOfIt(_ encryption: String, _ headers: [String: String]) async throws {
        let stand = try BackupStand(["--backup-encryption", encryption])
        let file = try stand.place.write("a snapshot", to: "s.db")
        let steps = Mutex<[Int64]>([])
        try await stand.store.upload(file, as: backup, someDescription(backup)) { done, total in
            steps.withLock { $0 += [done, total] }
        }
        #expect(stand.puts.map(\.name) == ["2-1a-7-20260131T120000Z.db", "2-1a-7-20260131T120000Z.json"])
        for (name, request) in stand.puts {
            #expect(request.header("If-None-Match") == "*", "\(name)")
            let sent = request.headers.filter { $0.name.lowercased().hasPrefix("x-amz-server-side") }
            let named = sent.map { ($0.name.lowercased(), $0.value) }
            #expect(Dictionary(named) { first, _ in first } == headers, "\(name)")
        }
        #expect(stand.objects[backup.name] == Array("a snapshot".utf8))
        #expect(steps.withLock { $0 } == [10, 10])
        #expect(try await stand.store.description(of: backup) == someDescription(backup))
    }

    @Test func whatIsKnownOfItReads() throws {
        #expect(
            String(decoding: try someDescription(backup).json(), as: UTF8.self) == """
                {
                  "cluster" : "1a",
                  "compactRevision" : -1,
                  "etcdVersion" : "3.4.23",
                  "generation" : 2,
                  "hash" : 7,
                  "keys" : 3,
                  "keysHash" : 9,
                  "revision" : 7,
                  "size" : 4096,
                  "takenBy" : "i-0a",
                  "takenFrom" : "i-0b",
                  "time" : "2026-01-31T12:00:00Z",
                  "version" : 1,
                  "voters" : [
                    "i-0a",
                    "i-0b"
                  ]
                }

                """)
    }

    @Test func nothingIsWrittenOver() async throws {
        let stand = try BackupStand()
        stand.put([1], as: backup.name)
        let file = try stand.place.write("another", to: "s.db")
        let error = await #expect(throws: AWSError.self) {
            try await stand.store.upload(file, as: backup, someDescription(backup))
        }
        #expect(error?.isPreconditionFailed == true)
        #expect(stand.objects == [backup.name: [1]])
    }

    /// The answer to the first attempt was lost: what is there is ours.
    @Test func aDescriptionThatIsThereAlreadyWillDo() async throws {
        let stand = try BackupStand()
        stand.put([2], as: backup.descriptionName)
        try await stand.store.upload(
            try stand.place.write("it", to: "s.db"), as: backup, someDescription(backup))
        #expect(stand.objects == [backup.name: Array("it".utf8), backup.descriptionName: [2]])
    }

    @Test func anUploadWhoseAnswerWasLostIsFoundAgain() async throws {
        let stand = try BackupStand()
        stand.aws.change { $0.lostAnswers = ["PutObject"] }
        try await stand.store.upload(try stand.place.write("it", to: "s.db"), as: backup.name)
        #expect(stand.objects == [backup.name: Array("it".utf8)])
        #expect(stand.aws.calls == ["PutObject", "HeadObject"])
    }

    @Test func aProofIsANoteBesideIt() async throws {
        let stand = try BackupStand()
        stand.put([1], as: backup.name)
        #expect(try await stand.store.list().backups.map(\.isProven) == [false])
        let note = BackupProofNote(
            time: "2026-01-31T12:00:09Z", revision: 7, keys: 3, isHashCompared: true, provenBy: "i-0a")
        try await stand.store.note(note, of: backup)
        #expect(try await stand.store.list().backups.map(\.isProven) == [true])
        let kept = try #require(stand.objects["2-1a-7-20260131T120000Z.proof.json"])
        #expect(try JSONDecoder().decode(BackupProofNote.self, from: Data(kept)) == note)
        try await stand.store.note(note, of: backup)
    }

    /// Two may have tried it: then it is not to be relied on.
    @Test func aRefutationOutweighsAProof() async throws {
        let stand = try BackupStand()
        for name in [backup.name, backup.proofName, backup.refutationName] { stand.put([1], as: name) }
        #expect(try await stand.store.list().backups.map(\.verdict) == [.refuted])
    }

    // MARK: Reading

    @Test func withoutADescriptionThereIsNone() async throws {
        let stand = try BackupStand()
        #expect(try await stand.store.description(of: backup) == nil)
        // Who may not list is told nothing of what is not there.
        stand.aws.change { $0.mayListBuckets = false }
        let error = await #expect(throws: AWSError.self) { try await stand.store.description(of: backup) }
        #expect(error?.status == 403)
    }

    @Test(arguments: [
        ("{", "2-1a-7-20260131T120000Z.json is no description of a backup"),
        (#"{"version":1}"#, "2-1a-7-20260131T120000Z.json is no description of a backup"),
        ("", "2-1a-7-20260131T120000Z.json is in form 2, of another etcd-cluster"),
    ])
    func aDescriptionThatCantBeReadIsNoneOfOurs(_ text: String, _ words: String) async throws {
        let stand = try BackupStand()
        var other = someDescription(backup)
        other.version = 2
        stand.put(text.isEmpty ? try other.json() : Array(text.utf8), as: backup.descriptionName)
        let error = await #expect(throws: ObservationError.self) { try await stand.store.description(of: backup) }
        #expect(error.map { "\($0)" } == words)
    }

    @Test func whatIsTooLargeIsNoDescription() async throws {
        let stand = try BackupStand()
        stand.put(Array(repeating: 32, count: S3.smallObjectLimit + 1), as: backup.descriptionName)
        await #expect(throws: ObservationError("\(backup.descriptionName) is too large for a description")) {
            try await stand.store.description(of: backup)
        }
    }

    @Test func aBackupIsReadByItsNameOrFromAnywhere() async throws {
        let stand = try BackupStand()
        stand.put(Array("ours".utf8), as: backup.name)
        stand.aws.change { $0.buckets["other"] = ["a/b.db": Array("theirs".utf8)] }
        try await stand.store.download(backup.name, to: stand.place["ours"])
        try await stand.store.download("s3://other/a/b.db", to: stand.place["theirs"])
        #expect(stand.place.text(of: "ours") == "ours" && stand.place.text(of: "theirs") == "theirs")
        await #expect(throws: ObservationError("s3://other is no s3://bucket/key")) {
            try await stand.store.download("s3://other", to: stand.place["no"])
        }
        let error = await #expect(throws: AWSError.self) {
            try await stand.store.download("s3://other/none", to: stand.place["no"])
        }
        #expect(error?.isAbsentObject == true && !stand.place.exists("no"))
    }

    // MARK: The list

    @Test func theListIsWholeOrNone() async throws {
        let stand = try BackupStand()
        let names = [
            "1-1a-900-20260131T120000Z.db", "2-1a-7-20260131T120000Z.db", "2-1a-7-20260131T120000Z.json",
            "2-1a-9-20260131T130000Z.db.gz", "2-1a-9-20260131T130000Z.proof.json", "3-1b-1-20260131T140000Z.json",
            "imported/x.db", "notes.txt",
        ]
        for name in names { stand.put([1, 2, 3], as: name) }
        stand.aws.change { world in
            world.pageSize = 3
            world.buckets["backups"]?["etcd/main.record"] = [1]
            world.buckets["backups"]?["etcd/mainly/1-1a-1-20260131T120000Z.db"] = [1]
        }
        let seen = try await stand.store.list()
        #expect(seen.backups.map { "\($0.generation)/\($0.revision)" } == ["2/9", "2/7", "1/900"])
        #expect(seen.backups.map(\.isProven) == [true, false, false])
        #expect(seen.backups.allSatisfy { $0.size == 3 })
        #expect(seen.strangers == ["notes.txt"])
        // A description whose backup is gone still says that there was such a generation.
        #expect(seen.highestGeneration == 3)
        // Three pages, and a look for the older tool's.
        #expect(stand.aws.takeCalls().count { $0 == "ListObjectsV2" } == 4)

        let lists = Mutex(0)
        stand.aws.change { world in
            world.fault = { call in
                guard call == "ListObjectsV2" else { return nil }
                return lists.withLock { lists in
                    lists += 1
                    return lists == 3 ? .status(500) : nil
                }
            }
        }
        await #expect(throws: AWSError.self) { try await stand.store.list() }
        #expect(lists.withLock { $0 } == 3)
    }

    /// etcd-aws wrote one object, at the very key that is our prefix.
    @Test func theOlderToolsBackupIsAStranger() async throws {
        let stand = try BackupStand()
        #expect(try await stand.store.list().isEmpty)
        stand.aws.change { $0.buckets["backups"]?["etcd"] = [1] }
        #expect(try await stand.store.list().strangers == ["etcd"])
        stand.aws.change { $0.fault = { $0 == "ListObjectsV2" ? .status(403) : nil } }
        await #expect(throws: AWSError.self) { try await stand.store.list() }
    }

    @Test func aBucketThatIsNotThereIsNoEmptyOne() async throws {
        let stand = try BackupStand()
        stand.aws.change { $0.buckets = [:] }
        let error = await #expect(throws: AWSError.self) { try await stand.store.list() }
        #expect(error?.status == 404)
    }

    // MARK: Deleting

    /// Whatever it breaks off at: what is left is a backup, or nothing; and one that was refuted still says so.
    @Test func theBackupGoesLastButForItsRefutation() async throws {
        let stand = try BackupStand()
        let other = someBackup(9)
        stand.put([1], as: other.name)
        let all = [backup.name, backup.descriptionName, backup.proofName, backup.refutationName]
        let lefts = [
            all, [backup.name, backup.descriptionName, backup.refutationName], [backup.name, backup.refutationName],
            [backup.refutationName],
        ]
        for (successes, left) in lefts.enumerated() {
            for name in all { stand.put([1], as: name) }
            let calls = Mutex(0)
            stand.aws.change { world in
                world.fault = { _ in
                    calls.withLock { calls in
                        calls += 1
                        return calls > successes ? .status(500) : nil
                    }
                }
            }
            await #expect(throws: AWSError.self) { try await stand.store.delete([backup]) }
            #expect(Set(stand.objects.keys) == Set(left + [other.name]))
        }
        stand.aws.change { $0.fault = nil }
        try await stand.store.delete([backup])
        #expect(Set(stand.objects.keys) == [other.name])
        // What is gone already is no error.
        try await stand.store.delete([backup, other])
        #expect(stand.objects.isEmpty)
    }
}
