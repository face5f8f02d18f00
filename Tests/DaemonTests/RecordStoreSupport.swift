/// A store of each kind, in an AWS of its own.

import AWS
import ClusterPlanning
import Testing

@testable import Daemon

/// Where the record is kept.
enum StoreKind: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case zone, bucket
    var testDescription: String { rawValue }

    /// The call that writes.
    var write: String { self == .zone ? "ChangeResourceRecordSets" : "PutObject" }
    var read: String { self == .zone ? "ListResourceRecordSets" : "GetObject" }
}

/// A zone `Z0NET` and a bucket `backups`, and stores in them.
struct StoreStand: Sendable {
    static let txt = AWSWorld.RecordKey(name: "_etcd-cluster.main.example.net.", type: "TXT")
    static let key = "etcd/main.record"

    let aws: StubAWS
    let zone: ZoneObserver
    let zoneStore: ZoneRecordStore
    let bucketStore: BucketRecordStore

    init(attempts: Int = 1, zone: Configuration.HostedZone = .id("Z0NET")) throws {
        var world = AWSWorld()
        world.zones = [.init(id: "Z0NET", name: "example.net.", isPrivate: true)]
        world.records["Z0NET"] = [.init(name: "main.example.net.", type: "A"): ["10.0.0.1"]]
        world.buckets["backups"] = ["etcd/main/old.db": [1]]
        aws = try StubAWS(world)
        let client = try aws.client(attempts: attempts)
        self.zone = ZoneObserver(aws: client, zone: zone, type: nil)
        zoneStore = ZoneRecordStore(self.zone, cluster: "main")
        bucketStore = BucketRecordStore(
            aws: client, place: BucketPlace(bucket: "backups", prefix: "/etcd/", cluster: "main"))
    }

    func store(_ kind: StoreKind) -> any RecordStore { kind == .zone ? zoneStore : bucketStore }

    /// What the store holds, as text; nil: nothing.
    func text(_ kind: StoreKind) -> String? {
        switch kind {
        case .zone: aws.records(in: "Z0NET")[Self.txt]?.joined(separator: "\n")
        case .bucket: aws.objects(in: "backups")[Self.key].map { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// Puts a text there, past the store.
    func put(_ text: String?, in kind: StoreKind) {
        aws.change { world in
            switch kind {
            case .zone: world.records["Z0NET"]?[Self.txt] = text.map { [$0] }
            case .bucket: world.buckets["backups"]?[Self.key] = text.map { Array($0.utf8) }
            }
        }
    }

    /// Finds the zone and writes a first record.
    @discardableResult
    func found(_ record: ClusterRecord, in kind: StoreKind) async throws -> StoreReading.Stored {
        _ = try await store(kind).read()
        #expect(try await swap(nil, record, in: kind) == .won)
        let stored = try await store(kind).read()
        return try #require(stored)
    }

    func swap(_ expected: String?, _ record: ClusterRecord, in kind: StoreKind) async throws -> SwapOutcome {
        let store = store(kind)
        return try await store.swap(
            RecordSwap(.upkeep, store: await store.name, expected: expected, record: record))
    }
}

func storedRecord(_ token: String = "t", voters: Int = 3) -> ClusterRecord {
    let entries = (1...voters).map { number in
        ClusterRecord.Entry(
            InstanceID("i-\(number)"), Endpoint(.http, "10.0.0.\(number)", 2380), disk: DiskID("d\(number)"))
    }
    return ClusterRecord(
        owner: "arn:group", generation: 1, token: token, source: .empty, start: entries, voters: entries)
}
