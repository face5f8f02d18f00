/// The record in the hosted zone: Route 53's own ways, and what is shared with the DNS records.

import AWS
import ClusterPlanning
import StubServer
import Testing

@testable import Daemon

@Suite struct ZoneRecordStoreTests {
    /// The text that was read is named in the spelling that it was read in.
    @Test func whatIsSpelledOtherwiseIsReplaced() async throws {
        let stand = try StoreStand()
        let text = try storedRecord().text()
        let respelled = "\"\(text.prefix(10))\"   \"\(text.dropFirst(10).replacing("#", with: #"\043"#))\""
        stand.put(respelled, in: .zone)
        let stored = try await stand.zoneStore.read()
        let read = try #require(stored)
        #expect(read.record == storedRecord())
        #expect(try await stand.swap(read.version, storedRecord("next"), in: .zone) == .won)
        #expect(try await stand.zoneStore.read()?.record.token == "next")
    }

    @Test func aSetOfSeveralValuesIsNoRecord() async throws {
        let stand = try StoreStand()
        let text = "\"\(try storedRecord().text())\""
        stand.aws.change { $0.records["Z0NET"]?[StoreStand.txt] = [text, "\"x\""] }
        let error = try await #require(throws: ObservationError.self) { try await stand.zoneStore.read() }
        #expect(error.description == "TXT _etcd-cluster.main is no record: it has 2 values, a record is one")
        #expect(try await stand.zoneStore.remove(ifStill: nil) == .won)
        #expect(stand.text(.zone) == nil)
    }

    /// Route 53 says `InvalidChangeBatch` of what it does not understand, too: that is no race to be run again.
    @Test(arguments: [false, true]) func aRefusalThatNobodyElseExplainsIsAnError(isFounding: Bool) async throws {
        let stand = try StoreStand()
        _ = try await stand.zoneStore.read()
        let expected = isFounding ? nil : try await stand.found(storedRecord(), in: .zone).version
        stand.aws.change { world in
            world.fault = { call in
                guard call == "ChangeResourceRecordSets" else { return nil }
                return .text(
                    "<InvalidChangeBatch><Messages><Message>TXT is bad</Message></Messages></InvalidChangeBatch>",
                    status: 400)
            }
        }
        let error = try await #require(throws: AWSError.self) {
            try await stand.swap(expected, storedRecord("next"), in: .zone)
        }
        #expect(error.refusedBatch == ["TXT is bad"])
    }

    @Test func whatIsTooLongForAValueIsAnError() async throws {
        let stand = try StoreStand()
        _ = try await stand.zoneStore.read()
        await #expect(throws: Route53.TXTError.self) {
            try await stand.swap(nil, storedRecord(voters: 90), in: .zone)
        }
        #expect(!stand.aws.calls.contains("ChangeResourceRecordSets"))
    }

    @Test func aZoneThatWasMadeAnewIsAnotherStore() async throws {
        let stand = try StoreStand(zone: .name("example.net"))
        _ = try await stand.zoneStore.read()
        let name = await stand.zoneStore.name
        stand.aws.change { $0.zones = [.init(id: "Z0NEW", name: "example.net.", isPrivate: true)] }
        await #expect(throws: AWSError.self) { try await stand.zoneStore.read() }
        let swap = RecordSwap(.founding, store: name, expected: nil, record: storedRecord())
        let error = try await #require(throws: ObservationError.self) { try await stand.zoneStore.swap(swap) }
        #expect(error.description == "the hosted zone is Z0NEW now, and route53:Z0NET was read")
        #expect(stand.aws.records(in: "Z0NEW").isEmpty)
    }

    @Test func itsNameIsTheZonesID() async throws {
        let stand = try StoreStand(zone: .name("example.net"))
        let stores = RecordStores([stand.zoneStore, stand.bucketStore])
        #expect(await stores.names == ["route53:example.net", "s3:backups/etcd/main.record"].map(StoreName.init(_:)))
        _ = try await stores.read()
        #expect(await stores.names == ["route53:Z0NET", "s3:backups/etcd/main.record"].map(StoreName.init(_:)))
    }

    // MARK: Together with the DNS records

    @Test func oneCallServesTheRecordAndTheNames() async throws {
        let stand = try StoreStand()
        try await stand.found(storedRecord(), in: .zone)
        _ = stand.aws.takeCalls()
        _ = try await stand.zoneStore.read()
        #expect(try await stand.zone.zone(forCluster: "main").records.map(\.name) == ["main.example.net."])
        #expect(stand.aws.takeCalls() == ["ListResourceRecordSets"])
    }

    @Test func theRecordIsReadAnewEachTime() async throws {
        let stand = try StoreStand()
        try await stand.found(storedRecord(), in: .zone)
        _ = try await stand.zone.read(forCluster: "main")
        stand.put(nil, in: .zone)
        #expect(try await stand.zoneStore.read() == nil)
    }

    @Test func aSwapLeavesTheNamesKnown() async throws {
        let stand = try StoreStand()
        let first = try await stand.found(storedRecord(), in: .zone)
        #expect(try await stand.swap(first.version, storedRecord("next"), in: .zone) == .won)
        _ = stand.aws.takeCalls()
        #expect(try await stand.zone.zone(forCluster: "main").records.count == 1)
        #expect(stand.aws.takeCalls() == [])
    }
}
