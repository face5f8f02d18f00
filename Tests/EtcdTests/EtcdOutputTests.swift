import Etcd
import Testing

/// A line as zap writes it.
private func zap(_ level: String, _ message: String, _ error: String? = nil) -> String {
    let end = error.map { #","error":"\#($0)","stacktrace":"main.main\n\tgo.etcd.io/etcd/main.go:28"}"# } ?? "}"
    return #"{"level":"\#(level)","ts":"2026-01-31T12:00:00.000Z","caller":"x.go:1","msg":"\#(message)"\#(end)"#
}

private func trace(_ beginning: String, _ frames: String...) -> [String] {
    [beginning, "", "goroutine 1 [running]:"] + frames.flatMap { [$0, "\tsomewhere.go:1 +0x1"] }
}

@Suite struct EtcdOutputTests {
    /// What 3.4.23 says of data that were damaged in one way each, but for the addresses and traces.
    @Test(arguments: [
        ("bytes of the log changed", [zap("fatal", "discovery failed", "walpb: crc mismatch")]),
        ("the log's first record changed", [zap("fatal", "discovery failed", "wal: max entry size limit exceeded")]),
        ("a record's type changed", [zap("fatal", "discovery failed", "proto: illegal wireType 6")]),
        ("an empty log", trace("panic: cannot use none as id", "go.etcd.io/etcd/raft.newRaft(0xc000203f08)")),
        ("the log's first file missing", [zap("fatal", "failed to open WAL", "wal: file not found")]),
        (
            "an empty database beside a snapshot",
            [
                zap("warn", "failed to find [SNAPSHOT-INDEX].snap.db", "snap: snapshot file doesn't exist"),
                zap(
                    "panic", "failed to recover v3 backend from snapshot",
                    "failed to find database snapshot file (snap: snapshot file doesn't exist)"),
                "panic: failed to recover v3 backend from snapshot",
                "\tpanic: runtime error: invalid memory address or nil pointer dereference",
                "[signal SIGSEGV: segmentation violation code=0x1 addr=0x20 pc=0xc14a09]",
            ]
        ),
        (
            "the database's head changed",
            [zap("panic", "failed to open database", "invalid database"), "panic: failed to open database"]
        ),
        (
            "the database cut off",
            trace(
                "unexpected fault address 0x7fccb800d000", "runtime.throw({0x101ca85?, 0x0?})", "runtime.sigpanic()",
                "go.etcd.io/bbolt.(*freelist).read(0xc00013e5a0, 0x7fccb800d000)")
        ),
        (
            "the database cut off among its keys",
            trace(
                "unexpected fault address 0x7f7017007b78", "runtime.throw({0x101ca85?, 0x70?})", "runtime.sigpanic()",
                "go.etcd.io/etcd/mvcc/mvccpb.(*KeyValue).Unmarshal(0xc000397530, {0x7f7017007b78, 0x11e, 0x11e})")
        ),
        (
            "the database's pages changed",
            trace(
                "panic: freepages: failed to get all reachable pages (page -14: out of bounds: 14)",
                "go.etcd.io/bbolt.(*DB).freepages.func2()")
        ),
        (
            "a leaf of the database changed",
            trace(
                "panic: runtime error: slice bounds out of range [::3674210385] with length 2147483647",
                "go.etcd.io/bbolt.unsafeByteSlice(...)")
        ),
        (
            "a branch of the database changed",
            trace(
                "panic: runtime error: index out of range [7380383893638807552] with length 281474976710655",
                "go.etcd.io/bbolt.(*DB).page(...)")
        ),
        ("the values changed", [zap("fatal", "failed to unmarshal mvccpb.KeyValue", "proto: integer overflow")]),
    ])
    func dataThatEtcdCantRunOn(_ damage: String, _ lines: [String]) {
        #expect(isCorrupt(lines), "\(damage): \(EtcdOutput.classify(lines))")
    }

    /// What other versions say, by their sources and by those who have met it.
    @Test(arguments: [
        "2019-10-09 09:02:17.000000 C | etcdserver: read wal error (walpb: crc mismatch) and cannot be repaired",
        "2017-01-26 03:41:04.797180 C | raft: tocommit(8) is out of range [lastIndex(3)]. Was the raft log corrupted?",
        "panic: tocommit(587192) is out of range [lastIndex(587189)]. Was the raft log corrupted, truncated, or lost?",
        "panic: bda4ffc1bc48207d state.commit 472372997 is out of range [472308405, 472310039]",
        "panic: assertion failed: Page expected to be: 36312, but self identifies as 0",
        "panic: invalid page type: 1938: 10", "panic: page 1938 already freed",
        "panic: unmarshal should never fail (proto: wrong wireType)",
        zap("fatal", "failed to read WAL, cannot be repaired", "wal: slice bounds out of range, snapshot[Index: 1]"),
        zap("fatal", "failed to open WAL", "openAtIndex failed: wal: file sequence numbers (starting from 1) do not"),
        zap(
            "fatal", "discovery failed",
            "database file (/d/member/snap/db index 3) does not match with snapshot (index 9)"),
        zap("fatal", "discovery failed", "database file (/d/member/snap/db) of the backend is missing"),
        zap("panic", "failed to open database", "checksum error"),
    ])
    func dataThatOtherVersionsCantRunOn(_ line: String) {
        #expect(isCorrupt([line]), "\(EtcdOutput.classify([line]))")
    }

    private func isCorrupt(_ lines: [String]) -> Bool {
        if case .corruptData(let words) = EtcdOutput.classify(lines) { !words.isEmpty } else { false }
    }

    /// The disk's trouble comes in the same sentences.
    @Test(arguments: [
        (
            [zap("fatal", "failed to read WAL, cannot be repaired", "no space left on device")],
            "no space left on device"
        ),
        (
            [zap("fatal", "discovery failed", "cannot access data directory: open d/.touch: read-only file system")],
            "read-only file system"
        ),
        ([zap("fatal", "failed to list data directory", "open d: permission denied")], "permission denied"),
        (
            [zap("panic", "failed to open database", "open d/member/snap/db: too many open files")],
            "too many open files"
        ),
        ([zap("fatal", "failed to read WAL, cannot be repaired", "read d/0.wal: input/output error")], "input/output"),
        ([zap("fatal", "failed to open WAL", "fileutil: file already locked")], "already locked"),
        (
            [
                zap(
                    "fatal", "discovery failed",
                    "cannot fetch cluster info from peer urls: could not retrieve cluster information from the given URLs"
                )
            ], "cannot fetch cluster info"
        ),
        (
            ["flag provided but not defined: -bogus", "Usage:", "", "  etcd [flags]"],
            "flag provided but not defined: -bogus"
        ),
        ([zap("panic", "removed all voters"), "panic: removed all voters"], "removed all voters"),
        (
            [zap("fatal", "invalid downgrade; server version is lower than determined cluster version")],
            "invalid downgrade"
        ),
        (
            trace("panic: runtime error: index out of range [5] with length 3", "go.etcd.io/etcd/etcdserver.x()"),
            "index"
        ),
        (trace("panic: runtime error: invalid memory address", "go.etcd.io/bbolt.x()"), "invalid memory address"),
        (trace("fatal error: runtime: out of memory", "runtime.throw()"), "out of memory"),
        ([zap("info", "closed etcd server")], "closed etcd server"),
        (["{", "not a log"], "not a log"),
    ])
    func whatIsNotTheDatasFault(_ lines: [String], _ words: String) {
        guard case .other(let said) = EtcdOutput.classify(lines) else {
            Issue.record("\(EtcdOutput.classify(lines))")
            return
        }
        #expect(said.contains(words))
    }

    /// Warnings of things that etcd gets over are no reason, not even beside an end.
    @Test func onlyWhatEndsEtcdCounts() {
        let lines = [
            zap("warn", "failed to read a snap file", "snap: crc mismatch"),
            zap("warn", "failed to preallocate space when creating a new WAL", "no space left on device"),
            zap("error", "failed to reach peer", "walpb: crc mismatch"),
        ]
        #expect(
            EtcdOutput.classify(lines + [zap("fatal", "discovery failed", "no peers")])
                == .other("discovery failed: no peers"))
    }

    @Test func whatTheCallerActsOnIsToldApart() {
        let inUse = "listen tcp 127.0.0.1:2380: bind: address already in use"
        #expect(
            EtcdOutput.classify([zap("fatal", "discovery failed", inUse)])
                == .addressInUse("discovery failed: \(inUse)"))
        let differs = "2fa5d041ab60f0b3 found data inconsistency with peers"
        #expect(
            EtcdOutput.classify([zap("fatal", "discovery failed", differs)])
                == .differsFromPeers("discovery failed: \(differs)"))
    }

    @Test func wordsAreForALine() {
        #expect(EtcdOutput.classify([]) == .other(""))
        let long = EtcdOutput.classify([zap("fatal", String(repeating: "x", count: 5000))])
        #expect("\(long)".count == 300)
    }

    @Test(
        arguments: [
            ([], nil, nil),
            (
                [
                    #"{"level":"info","msg":"restarting local member","cluster-id":"a","local-member-id":"b","commit-index":209}"#
                ], 209, nil
            ),
            (
                [
                    #"{"level":"info","msg":"recovered v2 store from snapshot","snapshot-index":63,"snapshot-size":"7.1 kB"}"#,
                    #"{"level":"info","msg":"restarting local member","commit-index":74}"#,
                ], 74, 63
            ),
            (
                [
                    "2019-10-09 09:02:16.166029 I | etcdserver: recovered store from snapshot at index 1500015",
                    "2019-10-09 09:02:16.3 I | etcdserver: restarting member d241f35f522492d6 in cluster c72 at commit index 18523916",
                ], 18_523_916, 1_500_015
            ),
            (
                [#"{"level":"info","msg":"published local member to cluster","commit-index":1}"#, "at commit index x"],
                nil, nil
            ),
        ] as [([String], UInt64?, UInt64?)])
    func whereTheLogStands(_ lines: [String], _ commit: UInt64?, _ snapshot: UInt64?) {
        let restart = EtcdRestart(lines)
        #expect(restart.commitIndex == commit)
        #expect(restart.snapshotIndex == snapshot)
    }
}
