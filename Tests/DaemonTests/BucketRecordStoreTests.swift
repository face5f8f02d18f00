/// The record in a bucket: which of S3's refusals says what; and what lies there of backups.

import AWS
import ClusterPlanning
import StubServer
import Testing

@testable import Daemon

@Suite struct BucketRecordStoreTests {
    @Test(arguments: [("", "main"), ("/", "main"), ("etcd", "etcd/main"), ("/a//b/", "a/b/main")])
    func theRecordStandsBesideTheBackups(prefix: String, place: String) {
        let bucket = BucketPlace(bucket: "b", prefix: prefix, cluster: "main")
        #expect(bucket.recordKey == "\(place).record")
        #expect(bucket.backupsPrefix == "\(place)/")
        #expect(bucket.storeName == StoreName("s3:b/\(place).record"))
    }

    /// Without `s3:ListBucket` a missing object is answered like a forbidden one.
    @Test func aDeniedAccessIsNotAbsent() async throws {
        let stand = try StoreStand()
        stand.aws.change { $0.mayListBuckets = false }
        let readings = try await RecordStores([stand.bucketStore]).read()
        guard case .unavailable(let cause) = readings.first?.answer else {
            Issue.record("read: \(readings)")
            return
        }
        #expect(cause.contains("this does not mean that there is none; without s3:ListBucket on backups"))
        #expect(cause.contains("403"))
    }

    @Test func aBucketThatDoesNotExistIsNotAbsent() async throws {
        let stand = try StoreStand()
        stand.aws.change { $0.buckets = [:] }
        let error = try await #require(throws: AWSError.self) { try await stand.bucketStore.read() }
        #expect(error.isAbsentBucket)
        await #expect(throws: AWSError.self) { try await stand.swap(nil, storedRecord(), in: .bucket) }
    }

    @Test func aConflictMeansThatNothingWasWritten() async throws {
        let stand = try StoreStand()
        stand.aws.change { $0.fault = { _ in .s3("ConditionalRequestConflict", status: 409) } }
        #expect(try await stand.swap(nil, storedRecord(), in: .bucket) == .lost)
    }

    @Test func bytesThatAreNoTextAreNoRecord() async throws {
        let stand = try StoreStand()
        stand.aws.change { $0.buckets["backups"]?[StoreStand.key] = [0xff, 0xfe] }
        let error = try await #require(throws: ObservationError.self) { try await stand.bucketStore.read() }
        #expect(error.description == "etcd/main.record is no record: not UTF-8")
    }

    // MARK: Backups

    private func store(_ stand: StoreStand) throws -> BackupStore {
        BackupStore(aws: try stand.aws.client(), place: stand.bucketStore.place, encryption: .aes256)
    }

    @Test func backupsAreCountedOverAllPages() async throws {
        let stand = try StoreStand()
        try await stand.found(storedRecord(), in: .bucket)
        stand.aws.change { world in
            world.pageSize = 2
            for number in 1...5 {
                let key = "etcd/main/\(number)-8e9e05c52164694d-100-20260131T120000Z.db"
                world.buckets["backups"]?[key] = [1]
            }
            // Of another cluster, whose name begins alike.
            world.buckets["backups"]?["etcd/main-b/9-8e9e05c52164694d-100-20260131T120000Z.db"] = [1]
        }
        let seen = try await store(stand).list()
        #expect(seen.backups.map(\.generation) == [5, 4, 3, 2, 1])
        #expect(seen.backups.map(\.size) == [1, 1, 1, 1, 1])
        // One was there that an older tool has left.
        #expect(seen.strangers == ["old.db"])
        #expect(stand.aws.takeCalls().filter { $0 == "ListObjectsV2" }.count == 4)
    }

    @Test func anEmptyListIsEmptyAndAnErrorIsNot() async throws {
        let stand = try StoreStand()
        stand.aws.change { $0.buckets["backups"] = [:] }
        #expect(try await store(stand).list() == BackupsSeen())
        stand.aws.change { $0.mayListBuckets = false }
        await #expect(throws: AWSError.self) { try await store(stand).list() }
        stand.aws.change { $0.buckets = [:] }
        await #expect(throws: AWSError.self) { try await store(stand).list() }
    }

    @Test func whatEtcdAWSKeptAtThePrefixIsSeen() async throws {
        let stand = try StoreStand()
        stand.aws.change { $0.buckets["backups"] = ["etcd": [1]] }
        #expect(try await store(stand).list() == BackupsSeen([], strangers: ["etcd"]))
        stand.aws.change { $0.fault = { $0 == "ListObjectsV2" ? .status(403) : nil } }
        await #expect(throws: AWSError.self) { try await store(stand).list() }
    }
}
