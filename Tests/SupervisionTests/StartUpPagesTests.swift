import Testing

@testable import Supervision

/// Lines as proc_pid_maps(5) shows them, each with whether it is code of a file.
private let lines: [(line: String, isCode: Bool)] = [
    ("7f0000001000-7f0000003000 r-xp 00001000 08:01 1234                       /usr/lib/libc.so.6", true),
    ("7f0000001000-7f0000003000 r-xp 00001000 08:01 1234                       /opt/with space/etcd-cluster", true),
    ("7f0000001000-7f0000003000 r-xp 00001000 08:01 1234                       /usr/bin/etcd-cluster (deleted)", true),
    ("7f0000001000-7f0000003000 r--p 00001000 08:01 1234                       /usr/lib/libc.so.6", false),
    ("7f0000001000-7f0000003000 rw-p 00001000 08:01 1234                       /usr/lib/libc.so.6", false),
    ("7f0000001000-7f0000003000 rwxp 00001000 08:01 1234                       /usr/lib/libc.so.6", false),
    ("7f0000001000-7f0000003000 r-xs 00001000 08:01 1234                       /dev/shm/shared", false),
    ("7f0000001000-7f0000003000 r-xp 00000000 00:00 0                          [vdso]", false),
    ("7f0000001000-7f0000003000 r-xp 00000000 00:00 0 ", false),
    ("7f0000001000-7f00", false),
    ("", false),
]

@Suite struct StartUpPagesTests {
    @Test(arguments: lines)
    func onlyPrivateCodeOfFilesIsGivenBack(line: String, isCode: Bool) {
        let expected: [Range<UInt>] = isCode ? [0x7f00_0000_1000..<0x7f00_0000_3000] : []
        #expect(StartUpPages.code(inMaps: line + "\n") == expected)
    }

    @Test func thisProcessHasSuchCode() throws {
        #expect(StartUpPages.code(inMaps: try SmallFile.read("/proc/self/maps")).count > 3)
    }

    @Test func whatWasGivenBackGoesOnWorking() throws {
        for _ in 0..<3 {
            try StartUpPages.giveBack()
            #expect(Array("still here".utf8).reversed().map { String(UnicodeScalar($0)) }.joined() == "ereh llits")
        }
    }
}
