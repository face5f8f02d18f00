/// The record as one supervisor knows it: what is remembered, for how long, and what never is.

import AWS
import ClusterPlanning
import StubServer
import Testing

@testable import Daemon

private let name = "etcd-main"
private let age = Duration.seconds(600)

@Suite struct RecordKeeperTests {
    private let aws: StubAWS
    private let world = groupWorld(("i-0a", "running", "10.0.0.1"))

    init() throws { aws = try StubAWS(world) }

    private func keeper(
        zone: Bool = true, bucket: Bool = false, isWithoutRecord: Bool = false
    ) throws -> RecordKeeper {
        let client = try aws.client()
        return RecordKeeper(
            aws: client,
            places: RecordPlaces(
                zone: zone ? ZoneObserver(aws: client, zone: .id("Z0NET"), type: nil) : nil,
                bucket: bucket ? "backups" : nil, prefix: "etcd", isWithoutRecord: isWithoutRecord))
    }

    private func founding(_ keeper: RecordKeeper, _ record: ClusterRecord) async throws -> RecordSwap {
        guard case .absent(let store) = try await keeper.read(for: name).reading else {
            throw NeverHappened(description: "an absent record")
        }
        return RecordSwap(.founding, store: store, expected: nil, record: record)
    }

    private let record = groupRecord(("i-0a", "10.0.0.1", "d1"))

    @Test func withoutAStoreThereIsNothingToRead() async throws {
        for keeper in [try keeper(zone: false), try keeper(bucket: true, isWithoutRecord: true)] {
            #expect(!keeper.isConfigured)
            #expect(keeper.unread == .notConfigured)
            let (reading, isFresh) = try await keeper.read(for: name)
            #expect(reading == .notConfigured && isFresh)
            #expect(await keeper.names(for: name) == [])
        }
        #expect(aws.takeCalls() == [])
    }

    @Test func withoutANameThereIsNoKnowing() async throws {
        let keeper = try keeper()
        #expect(keeper.unread == .unknown("it was not read yet"))
        #expect(
            try await keeper.read(for: nil).reading
                == .unknown("the cluster has no name to look for: set --cluster-name"))
        #expect(await keeper.names(for: nil) == [])
        #expect(aws.takeCalls() == [])
    }

    @Test func bothStoresAreReadAndTheZoneComesFirst() async throws {
        let keeper = try keeper(bucket: true)
        let reading = try await keeper.read(for: name).reading
        #expect(reading == .absent(StoreName("route53:Z0NET")))
        #expect(
            await keeper.names(for: name) == [
                StoreName("route53:Z0NET"), StoreName("s3:backups/etcd/etcd-main.record"),
            ])
        #expect(Set(aws.takeCalls()) == ["GetHostedZone", "ListResourceRecordSets", "GetObject"])
    }

    /// A leader whose cluster is at rest reads it no more than every ten minutes; whoever acts on it reads it now.
    @Test func whatWasReadLatelyWillDoWhereAnAgeIsGiven() async throws {
        let keeper = try keeper(zone: false, bucket: true)
        #expect(keeper.maximumAge == age)
        #expect(try await keeper.read(for: name, notOlderThan: age).isFresh)
        for _ in 1...3 {
            let (reading, isFresh) = try await keeper.read(for: name, notOlderThan: age)
            #expect(!isFresh)
            #expect(reading == .absent(StoreName("s3:backups/etcd/etcd-main.record")))
        }
        #expect(aws.takeCalls() == ["GetObject"])
        #expect(try await keeper.read(for: name).isFresh)
        #expect(try await keeper.read(for: name, notOlderThan: .zero).isFresh)
        #expect(try await keeper.read(for: "another", notOlderThan: age).isFresh, "of another name nothing is known")
        #expect(aws.takeCalls().count == 3)
        // A leader that was none until now has not seen what the last one wrote.
        _ = try await keeper.read(for: name)
        await keeper.forget()
        #expect(try await keeper.read(for: name, notOlderThan: age).isFresh)
    }

    /// F33: an answer that is missing is asked for again each time.
    @Test func whatIsNotKnownIsNotRemembered() async throws {
        let keeper = try keeper(zone: false, bucket: true)
        aws.change { $0.fault = { _ in .s3("SlowDown", status: 503) } }
        for _ in 1...2 {
            let (reading, isFresh) = try await keeper.read(for: name, notOlderThan: age)
            guard case .unknown(let cause) = reading else {
                Issue.record("\(reading)")
                return
            }
            #expect(isFresh)
            #expect(cause.contains("SlowDown"))
        }
        aws.change { $0.fault = nil }
        #expect(try await keeper.read(for: name, notOlderThan: age).reading.record == nil)
        // Nor does what was known before outlive a failure.
        _ = try await keeper.read(for: name)
        aws.change { $0.fault = { _ in .s3("SlowDown", status: 503) } }
        _ = try await keeper.read(for: name)
        aws.change { $0.fault = nil }
        #expect(try await keeper.read(for: name, notOlderThan: age).isFresh)
    }

    @Test func aSwapIsReadBackWhateverCameOfIt() async throws {
        let keeper = try keeper()
        let first = try await founding(keeper, record)
        #expect(try await keeper.swap(first) == .won)
        var (reading, isFresh) = try await keeper.read(for: name, notOlderThan: age)
        #expect(isFresh)
        #expect(reading.record == record)
        #expect(try await keeper.swap(first) == .lost)
        isFresh = try await keeper.read(for: name, notOlderThan: age).isFresh
        #expect(isFresh)
        // Carried out, though nobody was told: SCHEDULES, "swap applied after its timeout".
        let next = try #require(reading.swap(.upkeep) { $0.token = "next" })
        aws.change { $0.lostAnswers = ["ChangeResourceRecordSets"] }
        await #expect(throws: AWSError.self) { try await keeper.swap(next) }
        (reading, isFresh) = try await keeper.read(for: name, notOlderThan: age)
        #expect(isFresh)
        #expect(reading.record?.token == "next")
    }

    /// Two loops share it: what one of them was reading while the other wrote is not what is there.
    @Test func whatWasReadDuringASwapIsNotRemembered() async throws {
        let keeper = try keeper(zone: false, bucket: true)
        let swap = try await founding(keeper, record)
        let reads = Counter()
        aws.change { world in
            world.fault = { call in
                // The answer was given before the swap, and arrives after it.
                guard call == "GetObject", reads.next() == 1 else { return nil }
                return .delayed(.milliseconds(500), .s3("NoSuchKey", status: 404))
            }
        }
        async let slow = keeper.read(for: name)
        _ = try await aws.server.requests(atLeast: 2)
        #expect(try await keeper.swap(swap) == .won)
        #expect(try await slow.reading == .absent(swap.store))
        let (reading, isFresh) = try await keeper.read(for: name, notOlderThan: age)
        #expect(isFresh)
        #expect(reading.record == record)
    }

    @Test func aRecordThatWasNeverReadIsNotWritten() async throws {
        let swap = RecordSwap(.upkeep, store: StoreName("route53:Z0NET"), expected: nil, record: record)
        let keeper = try keeper()
        let error = try await #require(throws: ObservationError.self) { try await keeper.swap(swap) }
        #expect(error.description == "the record was never read")
        await #expect(throws: ObservationError.self) { try await keeper.remove(from: swap.store, ifStill: nil) }
        #expect(aws.takeCalls() == [])
    }

    @Test func whatIsRemovedIsGone() async throws {
        let keeper = try keeper(zone: false, bucket: true)
        let swap = try await founding(keeper, record)
        #expect(try await keeper.swap(swap) == .won)
        #expect(try await keeper.remove(from: swap.store, ifStill: nil) == .won)
        #expect(try await keeper.read(for: name, notOlderThan: age).reading == .absent(swap.store))
    }
}
