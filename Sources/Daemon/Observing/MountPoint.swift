/// Whether a directory is a file system of its own, which may be missing, or come back on another instance.

import FoundationEssentials
import Glibc

extension DataDirectory {
    /// Whether something is mounted on the directory itself; false where there is no such directory.
    ///
    /// The kernel's own list is asked, since a bind mount has the same device number as what it is mounted on.
    /// https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
    package func isMountPoint() throws(DataDirectoryError) -> Bool {
        guard let resolved = realpath(path, nil) else {
            if errno == ENOENT { return false }
            throw .system("look at \(path)")
        }
        defer { free(resolved) }
        let list = "/proc/self/mountinfo"
        do {
            let bytes = try Data(contentsOf: URL(filePath: list))
            return mountPoints(in: String(decoding: bytes, as: UTF8.self)).contains(String(cString: resolved))
        } catch {
            throw DataDirectoryError("read \(list)", "\(error)")
        }
    }
}

/// The fifth field of each line. A blank, a tab, a line feed and a backslash in it are written as octal numbers.
func mountPoints(in list: String) -> Set<String> {
    let fields = list.split(separator: "\n").compactMap { line in
        line.split(separator: " ", omittingEmptySubsequences: false).dropFirst(4).first
    }
    let escapes = [(#"\040"#, " "), (#"\011"#, "\t"), (#"\012"#, "\n"), (#"\134"#, #"\"#)]
    return Set(fields.map { field in escapes.reduce(String(field)) { $0.replacing($1.0, with: $1.1) } })
}
