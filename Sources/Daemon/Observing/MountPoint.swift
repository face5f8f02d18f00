/// What is mounted on the data directory, by the kernel's own list.

import FoundationEssentials
import Glibc

extension DataDirectory {
    /// Whether the directory is a file system of its own: a volume, which may be missing, or come back on another instance.
    ///
    /// Only a file system's root counts. A Docker volume, or any other bind mount of a subdirectory, is a mount too, and yet
    /// it is as much a part of the disk that it lies on, mostly the root disk, as the directory that it shows: it goes with
    /// the instance. So do what lies in memory and a container's own layers.
    package func isMountPoint() throws(DataDirectoryError) -> Bool {
        guard let mount = try mount() else { return false }
        return mount.root == "/" && !["tmpfs", "ramfs", "overlay"].contains(mount.type)
    }

    /// As `isMountPoint()`, where it only is to be told: what can't be seen is not claimed.
    var isOwnFileSystem: Bool { (try? isMountPoint()) ?? false }

    /// Whether another file system than the one around it is mounted there, of whatever kind. A directory that is bound onto
    /// itself, as a service's sandbox does it, is a mount and proves nothing (F18).
    func isMounted() throws(DataDirectoryError) -> Bool {
        guard try mount() != nil else { return false }
        var here = stat()
        var around = stat()
        guard stat(path, &here) == 0, stat(path + "/..", &around) == 0 else { throw .system("look at \(path)") }
        return here.st_dev != around.st_dev
    }

    /// The mount on the directory that is seen there; nil where it is a plain directory, or missing.
    private func mount() throws(DataDirectoryError) -> Mount? {
        guard let resolved = realpath(path, nil) else {
            if errno == ENOENT { return nil }
            throw .system("look at \(path)")
        }
        defer { free(resolved) }
        // The device number would not do: a bind mount has the one of what it is mounted on.
        let list = String(decoding: try readWhole("/proc/self/mountinfo", limit: 8 << 20), as: UTF8.self)
        return Mount.top(at: String(cString: resolved), in: list)
    }
}

/// A line of `/proc/self/mountinfo` (https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html).
struct Mount: Equatable {
    /// What of the file system is mounted: `/` for all of it.
    var root: String
    var point: String
    var type: String

    /// Of several mounts on one place only the last is seen.
    static func top(at point: String, in list: String) -> Mount? {
        list.split(separator: "\n").lazy.compactMap { Mount(line: $0) }.last { $0.point == point }
    }

    /// Nil for a line of another form.
    init?(line: Substring) {
        // Optional fields of any number come before a lone hyphen; the type is behind it.
        let fields = line.split(separator: " ")
        guard fields.count > 6, let hyphen = fields[6...].firstIndex(of: "-"), hyphen + 1 < fields.count else {
            return nil
        }
        root = unescaped(fields[3])
        point = unescaped(fields[4])
        type = unescaped(fields[hyphen + 1])
    }

    init(root: String, point: String, type: String) {
        self.root = root
        self.point = point
        self.type = type
    }
}

/// A blank, a tab, a line feed and a backslash are written as a backslash and three octal digits.
private func unescaped(_ field: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(field.utf8)[...]
    while let byte = rest.popFirst() {
        let digits = String(decoding: rest.prefix(3), as: UTF8.self)
        if byte == UInt8(ascii: "\\"), digits.utf8.count == 3, let value = UInt8(digits, radix: 8) {
            bytes.append(value)
            rest = rest.dropFirst(3)
        } else {
            bytes.append(byte)
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}
