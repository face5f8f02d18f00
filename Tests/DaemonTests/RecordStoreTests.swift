/// What the zone and the bucket have in common: of those who act on one reading one wins, and nothing but a clear answer counts.

import AWS
import ClusterPlanning
import StubServer
import Testing

@testable import Daemon

@Suite struct RecordStoreTests {
    @Test(arguments: StoreKind.allCases) func whatIsNotThereIsAbsent(kind: StoreKind) async throws {
        let stand = try StoreStand()
        #expect(try await stand.store(kind).read() == nil)
        #expect(stand.aws.takeCalls().last == kind.read)
    }

    @Test(arguments: StoreKind.allCases) func whatIsWrittenIsRead(kind: StoreKind) async throws {
        let stand = try StoreStand()
        let first = try await stand.found(storedRecord("first"), in: kind)
        #expect(first.record == storedRecord("first"))
        let next = first.record.changed { $0.token = "second" }
        #expect(try await stand.swap(first.version, next, in: kind) == .won)
        let second = try await stand.store(kind).read()
        #expect(second?.record == next)
        #expect(second?.version != first.version)
    }

    @Test(arguments: StoreKind.allCases) func theSecondOfTwoFoundersLoses(kind: StoreKind) async throws {
        let stand = try StoreStand()
        let first = try await stand.found(storedRecord("first"), in: kind)
        #expect(try await stand.swap(nil, storedRecord("second"), in: kind) == .lost)
        #expect(try await stand.store(kind).read() == first)
    }

    @Test(arguments: StoreKind.allCases) func whatWasOvertakenIsNotWritten(kind: StoreKind) async throws {
        let stand = try StoreStand()
        let first = try await stand.found(storedRecord("first"), in: kind)
        #expect(try await stand.swap(first.version, storedRecord("second"), in: kind) == .won)
        let second = try await stand.store(kind).read()
        #expect(try await stand.swap(first.version, storedRecord("third"), in: kind) == .lost)
        #expect(try await stand.store(kind).read() == second)
        // Nor is what was taken away meanwhile.
        stand.put(nil, in: kind)
        #expect(try await stand.swap(second?.version, storedRecord("third"), in: kind) == .lost)
        #expect(stand.text(kind) == nil)
    }

    @Test(arguments: StoreKind.allCases, [false, true])
    func ofManyOneWins(kind: StoreKind, isFounding: Bool) async throws {
        let stand = try StoreStand()
        _ = try await stand.store(kind).read()
        let expected = isFounding ? nil : try await stand.found(storedRecord("first"), in: kind).version
        let outcomes = try await withThrowingTaskGroup(of: (String, SwapOutcome).self) { group in
            for number in 1...16 {
                group.addTask {
                    ("t\(number)", try await stand.swap(expected, storedRecord("t\(number)"), in: kind))
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let winners = outcomes.filter { $0.1 == .won }.map(\.0)
        #expect(winners.count == 1)
        #expect(try await stand.store(kind).read()?.record.token == winners.first)
    }

    /// Sent again, the same swap would be refused, and its own success would look like a lost race.
    @Test(arguments: StoreKind.allCases) func aSwapWhoseAnswerIsLostThrowsAndIsNotRepeated(kind: StoreKind) async throws
    {
        let stand = try StoreStand(attempts: 4)
        let first = try await stand.found(storedRecord("first"), in: kind)
        _ = stand.aws.takeCalls()
        stand.aws.change { $0.lostAnswers = [kind.write] }
        let error = try await #require(throws: AWSError.self) {
            try await stand.swap(first.version, storedRecord("second"), in: kind)
        }
        #expect(error.leavesFateOpen)
        #expect(stand.aws.takeCalls() == [kind.write])
        #expect(try await stand.store(kind).read()?.record.token == "second")
    }

    @Test(arguments: StoreKind.allCases) func aRefusedSwapThrows(kind: StoreKind) async throws {
        let stand = try StoreStand()
        let first = try await stand.found(storedRecord("first"), in: kind)
        stand.aws.change { $0.fault = { $0 == kind.write ? .s3("AccessDenied", status: 403) : nil } }
        await #expect(throws: AWSError.self) {
            try await stand.swap(first.version, storedRecord("second"), in: kind)
        }
        #expect(try await stand.store(kind).read() == first)
    }

    @Test(arguments: StoreKind.allCases) func onlyWhatWasReadIsRemoved(kind: StoreKind) async throws {
        let stand = try StoreStand()
        #expect(try await stand.store(kind).remove(ifStill: nil) == .lost)
        let first = try await stand.found(storedRecord("first"), in: kind)
        #expect(try await stand.swap(first.version, storedRecord("second"), in: kind) == .won)
        #expect(try await stand.store(kind).remove(ifStill: first.version) == .lost)
        let second = try await stand.store(kind).read()
        #expect(second?.record.token == "second")
        #expect(try await stand.store(kind).remove(ifStill: second?.version) == .won)
        #expect(try await stand.store(kind).read() == nil)
        // The rest is still there.
        #expect(stand.aws.records(in: "Z0NET").count == 1)
        #expect(stand.aws.objects(in: "backups").keys.sorted() == ["etcd/main/old.db"])
    }

    /// A text that is no record is there, too: who takes it for absent founds a second cluster.
    @Test(arguments: [
        (
            StoreKind.zone, "\"v=spf1 -all\"",
            "TXT _etcd-cluster.main is no record: no record of etcd-cluster: 'v=spf1 -all'"
        ),
        (
            .zone, "\"version=2 x\"",
            "TXT _etcd-cluster.main is no record: of version 2, which is another etcd-cluster's"
        ),
        (.zone, "version=1", "TXT _etcd-cluster.main is no record: TXT value: not in quotes at byte 0"),
        (.bucket, "", "etcd/main.record is no record: no record of etcd-cluster: ''"),
        (.bucket, "version=1 owner=o", "etcd/main.record is no record: it ends where generation= has to stand"),
    ])
    func whatIsNoRecordIsNotAbsent(kind: StoreKind, text: String, reason: String) async throws {
        let stand = try StoreStand()
        stand.put(text, in: kind)
        let readings = try await RecordStores([stand.store(kind)]).read()
        guard case .unavailable(let cause) = readings.first?.answer else {
            Issue.record("read: \(readings)")
            return
        }
        #expect(cause.hasPrefix(reason), "\(cause)")
        // `forget` gets rid of it all the same.
        #expect(try await stand.store(kind).remove(ifStill: nil) == .won)
        #expect(stand.text(kind) == nil)
    }

    @Test(arguments: StoreKind.allCases) func aTextIsWrittenThatAPersonCanRead(kind: StoreKind) async throws {
        let stand = try StoreStand()
        try await stand.found(storedRecord(voters: 1), in: kind)
        let text = try storedRecord(voters: 1).text()
        #expect(stand.text(kind) == (kind == .zone ? "\"\(text)\"" : text + "\n"))
    }
}
