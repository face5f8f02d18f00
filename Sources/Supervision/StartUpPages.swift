import Glibc

/// Pages of code that were needed once, and need not stay mapped for the years that follow.
///
/// Loading some 35 shared libraries, initializing TLS and founding a cluster run through most of the program's code a
/// single time, and the kernel maps sixteen pages around each one that is touched. They are clean pages of files: giving
/// them back loses nothing, and whatever is executed again is mapped again, mostly from the page cache, in microseconds.
package enum StartUpPages {
    /// Unmaps the pages of all code that is loaded, and of the constants beside it; other threads may go on using them
    /// meanwhile.
    ///
    /// Only mappings of files that are private, not writable and in no page changed are given back: nothing else is certain
    /// to equal its file. What the dynamic linker has written into before it made it read-only shows as changed.
    ///
    /// - Throws: `SystemError` with the code of open(2), read(2) or madvise(2).
    package static func giveBack() throws(SystemError) {
        for mapping in unchanged(inSmaps: try SmallFile.read("/proc/self/smaps", limit: 1 << 20)) {
            // MADV_DONTNEED, https://man7.org/linux/man-pages/man2/madvise.2.html
            guard madvise(UnsafeMutableRawPointer(bitPattern: mapping.lowerBound), mapping.count, MADV_DONTNEED) == 0
            else { throw SystemError("madvise", code: errno) }
        }
    }

    /// The addresses of unchanged code and constants in the text of `/proc/PID/smaps` (proc_pid_smaps(5)): of files, which
    /// the kernel's own `[vdso]` is not; its inode is 0. A mapping whose counts are missing or not all there is passed over.
    static func unchanged(inSmaps text: String) -> [Range<UInt>] {
        var found: [Range<UInt>] = []
        var current: Range<UInt>?
        var clean = 0
        for line in text.split(separator: "\n") {
            if let header = Header(line) {
                current = header.isCandidate ? header.addresses : nil
                clean = 0
            } else if let mapping = current, countsNothing(line) {
                clean += 1
                if clean == 2 { found.append(mapping) }
            }
        }
        return found
    }

    /// Of a mapping: neither a page that was written to, nor one that is no longer the file's.
    private static func countsNothing(_ line: Substring) -> Bool {
        let fields = line.split(separator: " ")
        guard fields.count == 3, fields[0] == "Private_Dirty:" || fields[0] == "Anonymous:" else { return false }
        return fields[1] == "0" && fields[2] == "kB"
    }

    /// The first line of each mapping, as in `/proc/PID/maps`.
    private struct Header {
        var addresses: Range<UInt>
        var isCandidate: Bool

        /// Nil for one of the lines that count.
        init?(_ line: Substring) {
            let fields = line.split(separator: " ", maxSplits: 5)
            guard fields.count >= 5 else { return nil }
            let ends = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard ends.count == 2, ends[0] < ends[1] else { return nil }
            addresses = ends[0]..<ends[1]
            isCandidate = fields.count == 6 && ["r-xp", "r--p"].contains(fields[1]) && fields[4] != "0"
        }
    }
}
