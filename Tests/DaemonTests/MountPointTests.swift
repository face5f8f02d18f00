/// Whether a directory is a file system of its own, by the kernel's list.

import Foundation
import Testing

@testable import Daemon

@Suite struct MountPointTests {
    @Test(arguments: [
        ("/proc", true), ("/proc/self", false), ("/", true), ("/proc/../proc/", true), ("/nowhere", false),
    ])
    func theKernelsListIsAsked(_ path: String, _ isOne: Bool) throws {
        #expect(try DataDirectory(path).isMountPoint() == isOne)
    }

    @Test func aLinkIsFollowed() throws {
        let place = try TemporaryDirectory()
        try FileManager.default.createSymbolicLink(atPath: place["link"], withDestinationPath: "/proc")
        #expect(try DataDirectory(place["link"]).isMountPoint())
        #expect(try !DataDirectory(place.path).isMountPoint())
        #expect(throws: DataDirectoryError.self) {
            try place.write("", to: "file")
            return try DataDirectory(place["file/below"]).isMountPoint()
        }
    }

    @Test func everyLineIsRead() {
        let list = #"""
            22 1 259:1 / / rw,relatime shared:1 - ext4 /dev/root rw
            98 22 259:5 /sub /var/lib/my\040etcd rw - ext4 /dev/nvme1n1 rw
            99 22 259:5 / /var/\134040 rw - ext4 /dev/nvme1n1 rw
            broken

            """#
        #expect(mountPoints(in: list) == ["/", "/var/lib/my etcd", #"/var/\040"#])
        #expect(mountPoints(in: "") == [])
    }
}
