/// What people see of backups: the list, as text and as JSON, and how far long work has come.

import ClusterPlanning
import Foundation
import StubServer
import Synchronization
import Testing

@testable import Daemon

@Suite struct BackupTableTests {
    private let table = BackupTable(
        rows: [
            .init(proven(someBackup(1234, generation: 12), size: 4_294_967_296), keys: 100_000),
            .init(sized(someBackup(7, compressed: true), 4128), keys: nil),
        ], strangers: ["notes.txt"])

    private static func sized(_ backup: Backup, _ size: Int) -> Backup {
        var backup = backup
        backup.size = size
        return backup
    }

    private static func proven(_ backup: Backup, size: Int) -> Backup {
        var backup = sized(backup, size)
        backup.verdict = .proven
        return backup
    }

    @Test func theTableReads() {
        #expect(
            table.text(at: 1_769_860_800 + 90) == """
                GENERATION  TIME                  REVISION  SIZE    KEYS    PROVEN  NAME
                12          2026-01-31T12:00:00Z  1234      4.2 GB  100000  yes     12-1a-1234-20260131T120000Z.db
                2           2026-01-31T12:00:00Z  7         4.1 kB  ?       no      2-1a-7-20260131T120000Z.db.gz
                the newest proven one is 90 s old
                not a backup of ours: notes.txt

                """)
    }

    @Test func theJSONReads() throws {
        #expect(
            try table.json() == """
                [
                  {
                    "generation" : 12,
                    "keys" : 100000,
                    "name" : "12-1a-1234-20260131T120000Z.db",
                    "proven" : true,
                    "refuted" : false,
                    "revision" : 1234,
                    "size" : 4294967296,
                    "time" : "2026-01-31T12:00:00Z"
                  },
                  {
                    "generation" : 2,
                    "name" : "2-1a-7-20260131T120000Z.db.gz",
                    "proven" : false,
                    "refuted" : false,
                    "revision" : 7,
                    "size" : 4128,
                    "time" : "2026-01-31T12:00:00Z"
                  }
                ]

                """)
    }

    @Test func whereThereIsNoneItSaysSo() throws {
        #expect(BackupTable(rows: []).text(at: 0) == "no backups\n")
        #expect(try BackupTable(rows: []).json() == "[\n\n]\n")
        #expect(BackupTable(rows: [], strangers: ["x"]).text(at: 0) == "not a backup of ours: x\n")
        let unproven = BackupTable(rows: [table.rows[1]])
        #expect(unproven.text(at: 0).hasSuffix("none of them was proven\n"))
        // A clock that was set back makes nothing younger than new.
        #expect(BackupTable(rows: [table.rows[0]]).text(at: 5).hasSuffix("the newest proven one is 0 s old\n"))
    }

    /// A description that can't be read costs the table one cell.
    @Test func theDescriptionsTellTheKeys() async throws {
        let stand = try BackupStand()
        for revision in 7...9 { stand.put([1, 2], as: someBackup(UInt64(revision)).name) }
        stand.put(try someDescription(someBackup(9)).json(), as: someBackup(9).descriptionName)
        stand.put([1], as: someBackup(8).descriptionName)
        let table = try await BackupTable(try await stand.store.list(), of: stand.store)
        #expect(table.rows.map(\.revision) == [9, 8, 7] && table.rows.map(\.keys) == [3, nil, nil])
        #expect(table.rows.allSatisfy { $0.size == 2 && !$0.isProven } && table.strangers == [])
    }

    // MARK: How far it has come

    private func bar(_ patience: Duration, watched: Bool) -> (ProgressBar, Said) {
        let said = Said()
        let terminal = Terminal(isWatched: watched, write: { text in said.texts.withLock { $0.append(text) } })
        return (ProgressBar("uploading", terminal, patience: patience), said)
    }

    private final class Said: Sendable {
        let texts = Mutex<[String]>([])
        var all: [String] { texts.withLock { $0 } }
    }

    @Test func whoWatchesSeesABar() async throws {
        let (bar, said) = bar(.zero, watched: true)
        bar.show(500_000, of: 2_000_000)
        #expect(said.all == ["\ruploading [#######                       ] 25% of 2.0 MB  "])
        // No more than ten of them a second.
        bar.show(500_001, of: 2_000_000)
        #expect(said.all.count == 1)
        try await eventually("the next one") {
            bar.show(1_000_000, of: 2_000_000)
            return said.all.count == 2
        }
        #expect(said.all[1].hasPrefix("\ruploading [###############               ] 50% of 2.0 MB"))
        bar.end()
        #expect(said.all[2].hasPrefix("\ruploading [##############################] 100% of 2.0 MB"))
        #expect(said.all[2].hasSuffix("\n") && said.all.count == 3)
    }

    @Test(arguments: [(5, 2, 100), (-1, 2, 0), (0, 0, 100)] as [(Int64, Int64, Int)])
    func noNumberIsTooStrangeForIt(_ done: Int64, _ total: Int64, _ percent: Int) {
        let (bar, said) = bar(.zero, watched: true)
        bar.show(done, of: total)
        #expect(said.all.first?.contains("] \(percent)% of ") == true)
    }

    @Test func inALogItIsOneLine() {
        let (bar, said) = bar(.zero, watched: false)
        bar.show(1, of: 2_000_000)
        bar.show(2_000_000, of: 2_000_000)
        #expect(said.all == [])
        bar.end()
        #expect(said.all == ["uploading: 2.0 MB in 0 s\n"])
    }

    /// What came before was not its work, and what comes after neither.
    @Test func theTimeIsThatOfTheWork() async throws {
        let (bar, said) = bar(.milliseconds(200), watched: false)
        let began = ContinuousClock.now
        try await eventually("time goes by") { began.duration(to: .now) > .milliseconds(300) }
        let working = ContinuousClock.now
        bar.show(0, of: 2)
        bar.show(2, of: 2)
        let ended = ContinuousClock.now
        try await eventually("time goes by") { ended.duration(to: .now) > .milliseconds(300) }
        bar.end()
        // A machine that slept between the two may say so.
        #expect(said.all == [] || working.duration(to: ended) > .milliseconds(200))
    }

    @Test(arguments: [false, true]) func whatIsSoonDoneNeedsNoWords(_ watched: Bool) {
        let (bar, said) = bar(.seconds(3600), watched: watched)
        bar.show(2, of: 2)
        bar.end()
        #expect(said.all == [])
    }

    @Test(
        arguments: [
            (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1999, "1.9 kB"), (999_999, "999.9 kB"),
            (4_294_967_296, "4.2 GB"),
        ] as [(Int64, String)])
    func sizesAreForPeople(_ bytes: Int64, _ text: String) {
        #expect(size(bytes) == text)
    }
}
