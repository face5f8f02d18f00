import ClusterPlanning
import Testing

private let one = StoreReading.Stored(record(), version: "v1")
private let two = StoreReading.Stored(record(generation: 2), version: "v2")
private let others = StoreReading.Stored(record(generation: 2, owner: "arn:other"), version: "v3")
private let conflicting = [StoreReading(zoneStore, .stored(one)), StoreReading(bucketStore, .stored(others))]

@Suite struct RecordTests {
    static let readings: [(claim: String, readings: [StoreReading], expected: RecordReading)] = [
        ("neither zone nor bucket", [], .notConfigured),
        ("a store that is empty", [StoreReading(zoneStore, .absent)], .absent(zoneStore)),
        (
            "the first of two empty ones is where a new record goes",
            [StoreReading(zoneStore, .absent), StoreReading(bucketStore, .absent)], .absent(zoneStore)
        ),
        (
            "store switched: a record found in either is the record",
            [StoreReading(zoneStore, .stored(one)), StoreReading(bucketStore, .absent)], .found(one, in: zoneStore)
        ),
        (
            "also in the second", [StoreReading(zoneStore, .absent), StoreReading(bucketStore, .stored(one))],
            .found(one, in: bucketStore)
        ),
        (
            "a store that can't be read is not empty",
            [StoreReading(zoneStore, .absent), StoreReading(bucketStore, .unavailable("403"))],
            .unknown("s3:bucket/main: 403")
        ),
        (
            "one that can't be read may hold the later record",
            [StoreReading(zoneStore, .stored(one)), StoreReading(bucketStore, .unavailable("403"))],
            .unknown("s3:bucket/main: 403")
        ),
        (
            "of two of one owner the later generation counts",
            [StoreReading(zoneStore, .stored(one)), StoreReading(bucketStore, .stored(two))],
            .found(two, in: bucketStore)
        ),
        ("two owners are a person's business", conflicting, .conflicting(conflicting)),
        (
            "so are two of one generation",
            [StoreReading(zoneStore, .stored(one)), StoreReading(bucketStore, .stored(one))],
            .conflicting([StoreReading(zoneStore, .stored(one)), StoreReading(bucketStore, .stored(one))])
        ),
    ]

    @Test(arguments: readings)
    func storesAreReadTogether(claim: String, readings: [StoreReading], expected: RecordReading) {
        #expect(RecordReading(readings) == expected, "\(claim)")
    }

    @Test func aSwapIsMadeFromExactlyWhatWasRead() {
        let swap = RecordReading.found(two, in: bucketStore).swap(.upkeep) { $0.voters = [on(1)] }
        #expect(swap?.expected == "v2" && swap?.store == bucketStore && swap?.record.changes == 2)
        for reading in [RecordReading.notConfigured, .unknown("503"), .absent(zoneStore), .conflicting(conflicting)] {
            #expect(reading.swap(.upkeep) { $0.voters = [] } == nil)
        }
    }

    @Test func whatNoEntryNamesIsForgotten() {
        let gone = [1, 3].map { ClusterRecord.GoneDisk(disk($0), evidence: "", time: "", teller: "Ada") }
        let changed = record(start: [on(1), on(3)], gone: gone).changed { $0.voters = [on(2), on(1)] }
        // A founder that is late starts with the list that the others started with: another one would be another cluster's.
        #expect(changed.start == [on(1), on(3)] && changed.voters == [on(1), on(2)])
        #expect(changed.gone.map(\.disk) == [disk(1)])
    }

    @Test func onlyTheVeryDiskMayStart() {
        let record = claimed(1, 2)
        #expect(record.mayStart(disk(1), on: 1))
        #expect(!record.mayStart(disk(11), on: 1))
        #expect(!record.mayStart(disk(1), on: 2))
        #expect(!record.changed { $0.voters = [on(2)] }.mayStart(disk(1), on: 1), "it was removed since")
    }
}
