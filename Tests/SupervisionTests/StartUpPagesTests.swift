import Testing

@testable import Supervision

/// Mappings as proc_pid_smaps(5) shows them, each with whether it is given back.
private let mappings: [(header: String, counts: [String], isUnchanged: Bool)] = [
    ("7f0000001000-7f0000003000 r-xp 00001000 08:01 1234                       /usr/lib/libc.so.6", clean, true),
    (
        "7f0000001000-7f0000003000 r-xp 00001000 08:01 1234                       /opt/with space/etcd-cluster", clean,
        true
    ),
    ("7f0000001000-7f0000003000 r-xp 00001000 08:01 1234                       /usr/bin/x (deleted)", clean, true),
    ("7f0000001000-7f0000003000 r--p 00001000 08:01 1234                       /usr/lib/libc.so.6", clean, true),
    (
        "7f0000001000-7f0000003000 r--p 00001000 08:01 1234                       /usr/lib/libc.so.6",
        ["Private_Dirty:         4 kB", "Anonymous:             0 kB"], false
    ),
    (
        "7f0000001000-7f0000003000 r--p 00001000 08:01 1234                       /usr/lib/libc.so.6",
        ["Private_Dirty:         0 kB", "Anonymous:             8 kB"], false
    ),
    (
        "7f0000001000-7f0000003000 r-xp 00001000 08:01 1234                       /usr/lib/libc.so.6",
        ["Private_Dirty:         0 kB"], false
    ),
    ("7f0000001000-7f0000003000 rw-p 00001000 08:01 1234                       /usr/lib/libc.so.6", clean, false),
    ("7f0000001000-7f0000003000 rwxp 00001000 08:01 1234                       /usr/lib/libc.so.6", clean, false),
    ("7f0000001000-7f0000003000 r-xs 00001000 08:01 1234                       /dev/shm/shared", clean, false),
    ("7f0000001000-7f0000003000 r-xp 00000000 00:00 0                          [vdso]", clean, false),
    ("7f0000001000-7f0000003000 r-xp 00000000 00:00 0 ", clean, false),
    ("7f0000001000-7f00", clean, false),
    ("", clean, false),
]
private let clean = ["Size:                  8 kB", "Private_Dirty:         0 kB", "Anonymous:             0 kB"]

@Suite struct StartUpPagesTests {
    @Test(arguments: mappings)
    func onlyUnchangedPagesOfFilesAreGivenBack(header: String, counts: [String], isUnchanged: Bool) {
        let expected: [Range<UInt>] = isUnchanged ? [0x7f00_0000_1000..<0x7f00_0000_3000] : []
        let text = ([header] + counts).joined(separator: "\n") + "\n"
        #expect(StartUpPages.unchanged(inSmaps: text) == expected)
        // What one mapping counts says nothing of the next.
        let next = "7f0000004000-7f0000005000 r-xp 00001000 08:01 1234                       /usr/lib/libm.so.6\n"
        #expect(StartUpPages.unchanged(inSmaps: text + next) == expected)
    }

    @Test func thisProcessHasSuchPages() throws {
        #expect(StartUpPages.unchanged(inSmaps: try SmallFile.read("/proc/self/smaps", limit: 1 << 20)).count > 3)
    }

    @Test func whatWasGivenBackGoesOnWorking() throws {
        for _ in 0..<3 {
            try StartUpPages.giveBack()
            #expect(Array("still here".utf8).reversed().map { String(UnicodeScalar($0)) }.joined() == "ereh llits")
        }
    }
}
