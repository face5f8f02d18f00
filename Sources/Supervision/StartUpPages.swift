import Glibc

/// Pages of code that were needed once, and need not stay mapped for the years that follow.
///
/// Loading some 35 shared libraries, initializing TLS and founding a cluster run through most of the program's code a
/// single time, and the kernel maps sixteen pages around each one that is touched. They are clean pages of files: giving
/// them back loses nothing, and whatever is executed again is mapped again, mostly from the page cache, in microseconds.
package enum StartUpPages {
    /// Unmaps the pages of all code that is loaded; other threads may go on running it meanwhile.
    ///
    /// Only mappings that are executable, private and not writable are given back: nothing else is certain to equal its
    /// file (the dynamic linker writes into data that it makes read-only afterwards).
    ///
    /// - Throws: `SystemError` with the code of open(2), read(2) or madvise(2).
    package static func giveBack() throws(SystemError) {
        for mapping in code(inMaps: try SmallFile.read("/proc/self/maps")) {
            // MADV_DONTNEED, https://man7.org/linux/man-pages/man2/madvise.2.html
            guard madvise(UnsafeMutableRawPointer(bitPattern: mapping.lowerBound), mapping.count, MADV_DONTNEED) == 0
            else { throw SystemError("madvise", code: errno) }
        }
    }

    /// The addresses of the code in the lines of `/proc/PID/maps` (proc_pid_maps(5)): of files, which the kernel's own
    /// `[vdso]` is not; its inode is 0. A line that was cut off is passed over.
    static func code(inMaps text: String) -> [Range<UInt>] {
        text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ", maxSplits: 5)
            guard fields.count == 6, fields[1] == "r-xp", fields[4] != "0" else { return nil }
            let ends = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard ends.count == 2, ends[0] < ends[1] else { return nil }
            return ends[0]..<ends[1]
        }
    }
}
