import Glibc

/// One process and no other: its number can be given to another process later, its number and start time cannot.
package struct ProcessIdentity: Sendable, Hashable, CustomStringConvertible {
    package let pid: pid_t
    /// When it started, in clock ticks since the boot: field 22 of /proc/PID/stat (proc_pid_stat(5)).
    package let startTicks: UInt64
    /// The boot that the ticks count from: ticks of two boots may be equal by chance.
    package let bootID: String
    /// What it runs, for people.
    package let executable: String

    package init(pid: pid_t, startTicks: UInt64, bootID: String, executable: String) {
        self.pid = pid
        self.startTicks = startTicks
        self.bootID = bootID
        self.executable = executable
    }

    /// The process that has this number now.
    ///
    /// - Parameter executable: what it runs or is about to.
    /// - Throws: `SystemError` where no process has this number or /proc is not mounted.
    package static func current(of pid: pid_t, executable: String) throws(SystemError) -> ProcessIdentity {
        let stat = try ProcessStat(of: pid)
        return ProcessIdentity(
            pid: pid, startTicks: stat.startTicks, bootID: try readBootID(), executable: executable)
    }

    /// Whether exactly this process still runs. One that has ended and was not reaped does not: it holds nothing any more.
    package var isAlive: Bool {
        // Losing the error is right: without an entry in /proc there is no such process.
        guard let stat = try? ProcessStat(of: pid), let boot = try? Self.readBootID() else { return false }
        return boot == bootID && stat.startTicks == startTicks && !stat.hasEnded
    }

    /// One line, as it stands in a file; `init(line:)` reads it back.
    package var line: String { "\(pid) \(startTicks) \(bootID) \(executable)\n" }

    /// Reads what `line` wrote; nil where it is anything else.
    package init?(line: String) {
        let fields = line.prefix { $0 != "\n" }.split(separator: " ", maxSplits: 3)
        guard line.hasSuffix("\n"), fields.count == 4, let pid = pid_t(fields[0]), let ticks = UInt64(fields[1]),
            pid > 0
        else { return nil }
        self.init(pid: pid, startTicks: ticks, bootID: String(fields[2]), executable: String(fields[3]))
    }

    package var description: String { "process \(pid) (\(executable))" }

    private static func readBootID() throws(SystemError) -> String {
        let text = try SmallFile.read("/proc/sys/kernel/random/boot_id")
        return String(text.prefix { !$0.isWhitespace })
    }
}

/// What /proc/PID/stat says of one process (proc_pid_stat(5)).
struct ProcessStat {
    let state: Character
    let group: pid_t
    let startTicks: UInt64

    /// It has ended: a zombie, or on its way out of the table.
    var hasEnded: Bool { state == "Z" || state == "X" }

    init(of pid: pid_t) throws(SystemError) {
        let path = "/proc/\(pid)/stat"
        guard let stat = ProcessStat(text: try SmallFile.read(path)) else {
            throw SystemError("parse \(path)", code: EINVAL)
        }
        self = stat
    }

    /// The second field is the program's name in parentheses, which may itself hold spaces and parentheses: what
    /// counts begins after the last one, with field 3.
    init?(text: String) {
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let state = fields[0].first, let group = pid_t(fields[2]),
            let startTicks = UInt64(fields[19])
        else { return nil }
        self.state = state
        self.group = group
        self.startTicks = startTicks
    }
}
