/// Real data, damaged in every way that a disk knows, under a real etcd: its words have to be understood.

import ClusterPlanning
import Etcd
import Foundation
import Glibc
import Testing

@testable import Daemon

/// One way to damage data.
private struct Damage: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var apply: @Sendable (Data) throws -> Void

    /// The files of one data directory.
    struct Data {
        var path: String
        var database: String { "\(path)/member/snap/db" }

        func log() throws -> String { try file("wal", ".wal") }
        func snapshot() throws -> String { try file("snap", ".snap") }

        private func file(_ directory: String, _ suffix: String) throws -> String {
            let names = try FileManager.default.contentsOfDirectory(atPath: "\(path)/member/\(directory)")
            return "\(path)/member/\(directory)/" + (try #require(names.filter { $0.hasSuffix(suffix) }.max()))
        }
    }

    init(_ description: String, _ apply: @escaping @Sendable (Data) throws -> Void) {
        testDescription = description
        self.apply = apply
    }

    static let all = [
        Damage("bytes of the log are turned over") { data in
            let log = try data.log()
            let records = logRecords(try #require(FileManager.default.contents(atPath: log)))
            let record = records[records.count / 2]
            try damage(log, at: record.upperBound - 8, count: 8)
        },
        Damage("the log's first record is turned over") { try damage(try $0.log(), at: 0, count: 8) },
        Damage("the log is empty") { try #require(truncate(try $0.log(), 0) == 0) },
        Damage("the database is empty") { try #require(truncate($0.database, 0) == 0) },
        Damage("the database is missing") { try #require(unlink($0.database) == 0) },
        Damage("the database is cut off in its head") { try #require(truncate($0.database, 100) == 0) },
        Damage("the database is cut off") { try #require(truncate($0.database, 12_288) == 0) },
        Damage("the database's head is turned over") {
            for page in 0..<2 { try damage($0.database, at: page * 4096 + 16, count: 16) }
        },
        Damage("all pages are turned over") { try damage($0.database, at: 8192, count: 1 << 30) },
    ]
}

/// Where a log's records are, without the length before each and what it is padded with. A length that is damaged may read as
/// that of a record which was not written to its end: etcd then cuts the log off there, and goes on.
/// https://github.com/etcd-io/etcd/blob/v3.4.23/wal/decoder.go
private func logRecords(_ log: Data) -> [Range<Int>] {
    var records: [Range<Int>] = []
    var position = 0
    while position + 8 <= log.count {
        let length = log[position..<position + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        if length == 0 { break }
        let padding = length >> 63 == 1 ? Int(length >> 56 & 7) : 0
        let end = position + 8 + Int(length & (1 << 56 - 1))
        records.append(position + 8..<end)
        position = end + padding
    }
    return records
}

@Suite(.fewAtOnce, .timeLimit(.minutes(4))) struct DamagedDataTests {
    /// An inspection of damaged data ends in etcd's own words, and quickly.
    @Test func whatEtcdSaysOfDamagedDataIsUnderstood() async throws {
        // With a snapshot, without which etcd makes itself a new database from the log.
        let cluster = try await StoppedCluster(1, writes: 60, snapshotCount: 20)
        _ = try Damage.Data(path: cluster.directory.path).snapshot()
        for (index, damage) in Damage.all.enumerated() {
            let directory = try cluster.copy("damaged-\(index)")
            try damage.apply(Damage.Data(path: directory.path))
            let error = await #expect(throws: LoopbackEtcdError.self, "\(damage.testDescription)") {
                try await Inspection(etcd: try LoopbackEtcd(on: directory)).run(cluster.launch(.inspect))
            }
            #expect(error?.corruption != nil, "\(damage.testDescription): \(String(describing: error))")
        }
    }

    /// The data are fine, and etcd can't write to them.
    @Test func aDiskThatRefusesIsNotDamage() async throws {
        let cluster = try await StoppedCluster(1)
        let log = cluster.directory.path + "/member/wal"
        let held = open(log + "/" + (try #require(cluster.place.names(in: "i-00/member/wal").first)), O_RDWR)
        defer { close(held) }
        // Another etcd would hold it so; the number is that of Linux's `F_OFD_SETLK`, which no header gives to Swift.
        var lock = flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
        try #require(fcntl(held, 37, &lock) == 0)
        let error = await #expect(throws: LoopbackEtcdError.self) {
            try await Inspection(etcd: try LoopbackEtcd(on: cluster.directory), limit: .seconds(10))
                .run(cluster.launch(.inspect))
        }
        #expect(error != nil && error?.corruption == nil, "\(String(describing: error))")
    }
}
