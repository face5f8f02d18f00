/// What counts as a volume of its own, line by line of the kernel's list, and against the mounts of this machine.

import ClusterPlanning
import Foundation
import Testing

@testable import Daemon

@Suite struct MountTests {
    @Test(arguments: [
        (
            "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue",
            Mount(root: "/mnt1", point: "/mnt2", type: "ext3")
        ),
        ("1 2 259:1 / /var/lib/etcd rw - xfs /dev/nvme1n1 rw", Mount(root: "/", point: "/var/lib/etcd", type: "xfs")),
        (
            "1 2 259:1 / /d rw shared:1 master:2 propagate_from:3 unbindable - ext4 /dev/nvme1n1 rw",
            Mount(root: "/", point: "/d", type: "ext4")
        ),
        (
            #"1 2 259:1 / /a\040b\011c\012d\134040e rw - ext4 /dev/x\040y rw"#,
            Mount(root: "/", point: "/a b\tc\nd\\040e", type: "ext4")
        ),
        (#"1 2 259:1 / /ends\04 rw - ext4 x rw"#, Mount(root: "/", point: #"/ends\04"#, type: "ext4")),
        ("", nil), ("1 2 259:1 / /d rw", nil), ("1 2 259:1 / /d rw shared:1", nil), ("1 2 259:1 / /d rw -", nil),
    ])
    func aLine(_ line: String, _ mount: Mount?) {
        #expect(Mount(line: line[...]) == mount)
    }

    @Test func theLastMountOnAPlaceIsTheOneThatIsSeen() {
        let list = """
            1 2 259:1 / /d rw - ext4 /dev/a rw
            2 2 259:2 /sub /d rw - ext4 /dev/b rw
            3 2 259:3 / /dd rw - ext4 /dev/c rw
            """
        #expect(Mount.top(at: "/d", in: list)?.root == "/sub")
        #expect(Mount.top(at: "/", in: list) == nil)
    }

    /// `/proc` is a mount of a whole file system on every Linux; `/dev/shm` is one in memory.
    @Test func ofThisMachine() throws {
        for path in ["/proc", "/proc/../proc/"] { #expect(try DataDirectory(path).isMountPoint()) }
        #expect(DataDirectory("/proc").isOwnFileSystem)
        #expect(try DataDirectory("/proc").newDiskID().isVolume)
        for path in ["/proc/self", "/nowhere/at/all"] {
            #expect(try !DataDirectory(path).isMountPoint())
            #expect(try !DataDirectory(path).isMounted())
            #expect(try !DataDirectory(path).newDiskID().isVolume)
        }
    }

    @Test func aMountIsSeenThroughALink() throws {
        let place = try TemporaryDirectory()
        try FileManager.default.createSymbolicLink(atPath: place["link"], withDestinationPath: "/proc")
        #expect(try DataDirectory(place["link"]).isMounted())
        try place.write("", to: "file")
        #expect(throws: DataDirectoryError.self) { try DataDirectory(place["file/below"]).isMounted() }
        #expect(!DataDirectory(place["file/below"]).isOwnFileSystem)
    }

    /// It may be mounted later: each look is a new one.
    @Test func aRequiredMountThatIsMissing() throws {
        let place = try TemporaryDirectory()
        let directory = DataDirectory(place["data"], requiresMount: true)
        #expect(directory.observe() == .unusable("\(place["data"]) is not mounted"))
        #expect(!place.exists("data"), "nothing is made below what is missing")
        try place.write("", to: "data/member/wal/0.wal")
        #expect(directory.observe(making: false) == .unusable("\(place["data"]) is not mounted"))
        try FileManager.default.removeItem(atPath: place["data"])
        try FileManager.default.createSymbolicLink(atPath: place["data"], withDestinationPath: "/proc")
        #expect(directory.observe(making: false) == .empty(nil))
    }

    @Test func diskIDsAreNeverTheSame() {
        let ids = Set((0..<1000).map { _ in DiskID.new(isVolume: false) })
        #expect(ids.count == 1000)
        #expect(ids.allSatisfy { $0.rawValue.wholeMatch(of: /d-[0-9a-f]{16}/) != nil && !$0.isVolume })
        #expect(DiskID.new(isVolume: true).rawValue.wholeMatch(of: /m-[0-9a-f]{16}/) != nil)
    }
}
