/// Backups by name, in order, and in number.

import Foundation
import Testing

@testable import ClusterPlanning

@Suite struct UTCTimeTests {
    private static let calendar: Calendar = {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(identifier: "UTC")!
        return calendar
    }()

    /// The years that we write, and the seconds at the edges of days, leap days and centuries.
    private static func seconds(seed: UInt64) -> [Int] {
        var random = SplitMix64(seed: seed)
        let last = 253_402_300_799
        let edges = [0, 86_399, 86_400, 951_782_400, 951_868_799, 4_107_542_399, 4_107_542_400, last]
        return edges + (0..<2000).map { _ in Int.random(in: 0...last, using: &random) }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func everySecondIsTheCalendars(seed: UInt64) {
        for second in Self.seconds(seed: seed) {
            let date = Date(timeIntervalSince1970: TimeInterval(second))
            let parts = Self.calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
            let text = String(
                format: "%04d-%02d-%02dT%02d:%02d:%02dZ", parts.year!, parts.month!, parts.day!, parts.hour!,
                parts.minute!, parts.second!)
            let time = UTCTime(seconds: second)
            #expect(time.description == text)
            #expect(UTCTime(text) == time)
            #expect(UTCTime(time.basic) == time)
            #expect(time.basic == text.filter { $0 != "-" && $0 != ":" })
        }
    }

    @Test(arguments: [
        "", "2026", "2026-01-31", "2026-01-31T12:00:00", "2026-01-31T12:00:00z", "2026-01-31 12:00:00Z",
        "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z",
        "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-01-31T24:00:00Z",
        "2026-01-31T23:60:00Z", "2026-01-31T23:59:60Z", "1969-12-31T23:59:59Z", "20260131T120000", "20260131T1200000Z",
        "20260131t120000Z", "2026013aT120000Z", "+0260131T120000Z", "2026-1-031T12:00:00Z", "２０２６0131T120000Z",
    ])
    func whatIsNoTimeIsNone(text: String) { #expect(UTCTime(text) == nil) }

    @Test func earlierIsLess() { #expect(UTCTime(seconds: 1) < UTCTime(seconds: 2)) }
}

@Suite struct BackupNameTests {
    @Test func aNameSaysEverything() {
        #expect(backup(9, of: 2, age: 0).name == "2-c1-9-20260131T120000Z.db")
        #expect(backup(9, of: 2, age: 0, compressed: true).name == "2-c1-9-20260131T120000Z.db.gz")
        #expect(backup(9, of: 2, age: 0).descriptionName == "2-c1-9-20260131T120000Z.json")
        #expect(backup(9, of: 2, age: 0).proofName == "2-c1-9-20260131T120000Z.proof.json")
    }

    @Test func everyNameIsReadBack() {
        var random = SplitMix64(seed: 4)
        for _ in 0..<1000 {
            let backup = Backup(
                generation: .random(in: ClusterRecord.counts, using: &random),
                cluster: ClusterID(.random(in: 0...UInt64.max, using: &random)),
                revision: .random(in: 0...UInt64.max, using: &random),
                time: UTCTime(seconds: .random(in: 0...253_402_300_799, using: &random)),
                isCompressed: .random(using: &random))
            #expect(Backup(name: backup.name) == backup)
        }
    }

    @Test(arguments: [
        "", ".db", "etcd.json", "2-c1-9-20260131T120000Z", "2-c1-9-20260131T120000Z.db.tmp", "2-c1-9.db",
        "0-c1-9-20260131T120000Z.db", "-2-c1-9-20260131T120000Z.db", "+2-c1-9-20260131T120000Z.db",
        "02-c1-9-20260131T120000Z.db", "2-C1-9-20260131T120000Z.db", "2-0c1-9-20260131T120000Z.db",
        "2-c1-+9-20260131T120000Z.db", "2-c1-09-20260131T120000Z.db", "2-c1-9-2026-01-31T12:00:00Z.db",
        "2-c1-9-20260131T120000Z.db.gz.db", "2-c1-9-20261331T120000Z.db", "2-c1-9-20260131T120000Z-.db",
        "a/2-c1-9-20260131T120000Z.db", " 2-c1-9-20260131T120000Z.db", "2-zz-9-20260131T120000Z.db",
        "1000000001-c1-9-20260131T120000Z.db", "2-c1-18446744073709551616-20260131T120000Z.db",
        "2-c1c1c1c1c1c1c1c1c-9-20260131T120000Z.db",
    ])
    func whatIsNoNameOfOursIsNone(name: String) { #expect(Backup(name: name) == nil) }

    static let ordered: [(claim: String, better: Backup, than: Backup)] = [
        ("the later generation", backup(1, of: 2, age: 9), backup(900, of: 1, age: 0, proven: true)),
        ("then the higher revision", backup(9, age: 9), backup(8, age: 0, proven: true)),
        ("then the later time", backup(9, age: 0), backup(9, age: 9, proven: true)),
        ("then the proven one", backup(9, age: 0, proven: true), backup(9, age: 0)),
        ("then the one that was not refuted", backup(9, age: 0), backup(9, age: 0, refuted: true)),
    ]

    @Test(arguments: ordered)
    func aBetterOneIs(claim: String, better: Backup, than: Backup) {
        #expect(Backup.isBetter(better, than) && !Backup.isBetter(than, better), "\(claim)")
        #expect(BackupsSeen([than, better]).backups == [better, than], "\(claim)")
    }

    @Test func aListIsReadByItsNames() {
        let proven = backup(9, of: 2, proven: true)
        let plain = backup(8, of: 2, compressed: true)
        let objects = [
            (name: plain.name, size: 7), (proven.proofName, 1), (proven.name, 5), (proven.descriptionName, 2),
            ("", 0), ("imported/a.db", 9), ("etcd.json", 3), ("2-c1-9-20260131T120000Z.db.tmp", 4),
            (backup(3, of: 6).descriptionName, 2), (backup(3, of: 5).proofName, 2),
        ]
        let seen = BackupsSeen(objects: objects)
        #expect(seen.backups.map(\.name) == [proven.name, plain.name])
        #expect(seen.backups.map(\.size) == [5, 7])
        #expect(seen.backups.map(\.isProven) == [true, false])
        #expect(seen.strangers == ["2-c1-9-20260131T120000Z.db.tmp", "etcd.json"])
        #expect(seen.highestGeneration == 6 && seen.highestOfBackups == 2)
        #expect(BackupsSeen(objects: objects.reversed()) == seen)
        #expect(seen.named(plain.name)?.size == 7 && seen.named("etcd.json") == nil)
    }

    @Test func whatIsLeftOfBackupsIsEmptyAndStillTellsTheGeneration() {
        let seen = BackupsSeen(objects: [(backup(3, of: 6).descriptionName, 2), ("imported/a.db", 9)])
        #expect(seen.isEmpty && seen.highestGeneration == 6)
        #expect(!BackupsSeen(objects: [("etcd.json", 3)]).isEmpty)
    }

    @Test func aListIsKeptUpWithoutAsking() {
        let seen = BackupsSeen([backup(8)], strangers: ["x"], highestGeneration: 4)
        let more = seen.adding(backup(9, of: 5))
        #expect(more.backups == [backup(9, of: 5), backup(8)] && more.highestGeneration == 5)
        #expect(more.adding(backup(8, proven: true)).backups == [backup(9, of: 5), backup(8, proven: true)])
        let fewer = more.removing([backup(9, of: 5)])
        #expect(fewer.backups == [backup(8)] && fewer.highestGeneration == 5 && fewer.strangers == ["x"])
    }
}

@Suite struct RetentionTests {
    private static let hour = 3600
    private static let day = 86_400

    /// Ages in seconds before noon; the revision falls with age, so that the newest is the best.
    static let rows: [(claim: String, backups: [Backup], surplus: [Backup])] = [
        ("of none, none", [], []),
        ("all of the last day stay", [9, 8, 7].map { backup($0, age: Int(10 - $0)) } + [backup(1, age: day)], []),
        (
            "of the week before, one of each hour",
            [backup(9, age: 0), backup(5, age: day + 1), backup(4, age: day + hour + 1), backup(3, age: 7 * day)], []
        ),
        (
            "two of one hour are one too many",
            [backup(9, age: 0), backup(5, age: day + 1), backup(4, age: day + 2)], [backup(4, age: day + 2)]
        ),
        (
            "of the month before, the last one of each day",
            [backup(9, age: 0), backup(5, age: 8 * day), backup(4, age: 8 * day + hour), backup(3, age: 9 * day)],
            [backup(4, age: 8 * day + hour)]
        ),
        (
            "of what is older, none", [backup(9, age: 0), backup(5, age: 30 * day), backup(4, age: 30 * day + 1)],
            [backup(4, age: 30 * day + 1)]
        ),
        (
            "the newest stays, however old", [backup(9, age: 99 * day), backup(8, age: 98 * day)],
            [backup(8, age: 98 * day)]
        ),
        (
            "so does the newest that is proven",
            [
                backup(9, age: 0), backup(8, age: 97 * day, proven: true), backup(7, age: 98 * day, proven: true),
                backup(6, age: 99 * day),
            ], [backup(6, age: 99 * day), backup(7, age: 98 * day, proven: true)]
        ),
        (
            "of an hour a proven one stays rather than one that is not",
            [backup(9, age: 0, proven: true), backup(5, age: day + 1), backup(4, age: day + 2, proven: true)],
            [backup(5, age: day + 1)]
        ),
        (
            "nor does what was refuted take the place of anything else, were it newer",
            [backup(9, age: 0, proven: true), backup(5, age: day + 1, refuted: true), backup(4, age: day + 2)],
            [backup(5, age: day + 1, refuted: true)]
        ),
        (
            "where there is nothing else of an hour it stays",
            [backup(9, age: 0), backup(5, age: day + 1, refuted: true)],
            []
        ),
        (
            "another generation's are not ours to delete (F32)",
            [backup(9, age: 0), backup(5, of: 2, age: 98 * day), backup(4, of: 2, age: 99 * day)], []
        ),
        (
            "nor another cluster's, had it the same number (F32)",
            [backup(9, age: 0), backup(5, age: 98 * day, cluster: 0xc2), backup(4, age: 99 * day, cluster: 0xc2)], []
        ),
        (
            "the newest that was not refuted stays, too",
            [backup(9, age: 0, refuted: true), backup(8, age: 98 * day), backup(7, age: 99 * day)],
            [backup(7, age: 99 * day)]
        ),
        ("what is of tomorrow stays", [backup(9, age: 0), backup(8, age: -9 * day), backup(7, age: -9 * day)], []),
    ]

    @Test(arguments: rows)
    func whatMayGo(claim: String, backups: [Backup], surplus: [Backup]) {
        let seen = BackupsSeen(backups)
        #expect(Retention.usual.surplus(of: seen, generation: 1, 0xc1, at: noon) == surplus, "\(claim)")
    }

    static let meanwhile: [(claim: String, backups: [Backup], surplus: [Backup])] = [
        (
            "nothing has changed",
            [backup(9, age: 0, proven: true), backup(8, age: 97 * day), backup(7, age: 98 * day)],
            [backup(7, age: 98 * day), backup(8, age: 97 * day)]
        ),
        (
            "what it was too many beside is gone", [backup(8, age: 97 * day), backup(7, age: 98 * day)],
            [backup(7, age: 98 * day)]
        ),
        (
            "one of them is the only proven one by now",
            [backup(9, age: 0), backup(8, age: 97 * day), backup(7, age: 98 * day, proven: true)],
            [backup(8, age: 97 * day)]
        ),
        (
            "the newer proven one was refuted",
            [backup(9, age: 0, refuted: true), backup(8, age: 97 * day, proven: true), backup(7, age: 98 * day)],
            [backup(7, age: 98 * day)]
        ),
        (
            "one is gone, and there is another one too many",
            [backup(9, age: 0, proven: true), backup(8, age: 97 * day), backup(6, age: 99 * day)],
            [backup(8, age: 97 * day)]
        ),
        ("all are gone", [], []),
    ]

    /// The list that a deletion rests on may be ten minutes old.
    @Test(arguments: meanwhile)
    func whatMayStillGo(claim: String, backups: [Backup], surplus: [Backup]) {
        let before = [backup(7, age: 98 * Self.day), backup(8, age: 97 * Self.day)]
        let still = Retention.usual.stillSurplus(before, of: BackupsSeen(backups), at: noon)
        #expect(still.map(\.name) == surplus.map(\.name), "\(claim)")
    }

    private static func someBackups(_ random: inout SplitMix64) -> [Backup] {
        (0..<Int.random(in: 0...300, using: &random)).map { number in
            backup(
                UInt64(number / Int.random(in: 1...3, using: &random)), of: Int.random(in: 1...2, using: &random),
                age: Int.random(in: -3600...60 * day, using: &random), proven: Bool.random(using: &random),
                refuted: Int.random(in: 0..<4, using: &random) == 0)
        }
    }

    @Test(arguments: Array(UInt64(1)...20))
    func ofAnySetTheBestStayAndTheRestIsBounded(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let seen = BackupsSeen(Self.someBackups(&random))
        let surplus = Retention.usual.surplus(of: seen, generation: 1, 0xc1, at: noon)
        let kept = seen.removing(surplus)
        #expect(Retention.usual.surplus(of: kept, generation: 1, 0xc1, at: noon).isEmpty, "once is enough")
        #expect(kept.of(2) == seen.of(2))
        #expect(kept.of(1).first == seen.of(1).first)
        #expect(kept.of(1).first(where: \.isProven) == seen.of(1).first(where: \.isProven))
        let old = kept.of(1).filter { noon.seconds - $0.time.seconds > Self.day }
        // An hour and a day at each edge may be cut in two; and the two that always stay.
        #expect(old.count <= 6 * 24 + 1 + 24 + 2)
        for backup in seen.of(1) where noon.seconds - backup.time.seconds <= Self.day {
            #expect(kept.of(1).contains(backup))
        }
    }

    /// Half a year of a backup every ten minutes, with a turn a day: what is there stays bounded, and something of each day does.
    @Test func whatIsThereIsBounded() {
        var kept: [Backup] = []
        for day in 0..<180 {
            let midnight = day * Self.day
            kept += stride(from: midnight, to: midnight + Self.day, by: 600).map { second in
                Backup(generation: 1, cluster: 0xc1, revision: UInt64(second), time: UTCTime(seconds: second))
            }
            let surplus = Retention.usual.surplus(
                of: BackupsSeen(kept), generation: 1, 0xc1, at: UTCTime(seconds: midnight + Self.day))
            kept.removeAll(where: Set(surplus).contains)
            #expect(kept.count <= 145 + 6 * 24 + 1 + 24 + 2)
            let days = Set(kept.map { $0.time.seconds / Self.day })
            #expect(days.isSuperset(of: max(0, day - 29)...day))
        }
    }
}
