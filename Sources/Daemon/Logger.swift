/// The log: one line an event on standard error, for people and for machines.

import FoundationEssentials
import Glibc

package struct Logger: Sendable {
    package enum Format: String, Sendable, CaseIterable { case logfmt, json }

    package enum Level: String, Sendable, CaseIterable, Comparable {
        case debug, info, warning, error

        package static func < (left: Level, right: Level) -> Bool { left.rank < right.rank }

        private var rank: Int { Level.allCases.firstIndex(of: self) ?? 0 }

        /// Syslog's number for it, which the journal reads from the beginning of a line.
        /// https://www.freedesktop.org/software/systemd/man/latest/sd-daemon.html
        fileprivate var journalPriority: Int {
            switch self {
            case .debug: 7
            case .info: 6
            case .warning: 4
            case .error: 3
            }
        }
    }

    package typealias Fields = KeyValuePairs<String, any CustomStringConvertible & Sendable>

    private let format: Format
    private let least: Level
    /// The journal stamps its lines itself.
    private let isJournal: Bool
    private let write: @Sendable (String) -> Void

    /// - Parameters:
    ///   - isJournal: whether standard error is the journal: then lines begin with their priority and bear no time.
    ///   - write: takes a whole line, line break included.
    package init(
        format: Format, least: Level, isJournal: Bool,
        write: @escaping @Sendable (String) -> Void = writeToStandardError
    ) {
        self.format = format
        self.least = least
        self.isJournal = isJournal
        self.write = write
    }

    package func debug(_ message: String, _ fields: Fields = [:]) { log(.debug, message, fields) }
    /// Something changed, or a turn's one-line summary.
    package func info(_ message: String, _ fields: Fields = [:]) { log(.info, message, fields) }
    /// Something did not work and will be tried again.
    package func warning(_ message: String, _ fields: Fields = [:]) { log(.warning, message, fields) }
    /// A person is needed.
    package func error(_ message: String, _ fields: Fields = [:]) { log(.error, message, fields) }

    private func log(_ level: Level, _ message: String, _ fields: Fields) {
        guard level >= least else { return }
        var pairs: [(String, String)] = isJournal ? [] : [("time", timestamp())]
        pairs += [("level", level.rawValue), ("msg", message)]
        pairs += fields.map { ($0.key, "\($0.value)") }
        let line =
            format == .json
            ? "{" + pairs.map { "\(json($0.0)):\(json($0.1))" }.joined(separator: ",") + "}"
            : pairs.map { "\($0.0)=\(logfmt($0.1))" }.joined(separator: " ")
        write((isJournal ? "<\(level.journalPriority)>" : "") + line + "\n")
    }
}

/// Whether standard error is the journal: systemd names its device and inode.
package func standardErrorIsJournal(environment: Variables) -> Bool {
    guard let stream = environment["JOURNAL_STREAM"] else { return false }
    var status = stat()
    guard fstat(STDERR_FILENO, &status) == 0 else { return false }
    return stream == "\(status.st_dev):\(status.st_ino)"
}

/// One write for one line, so that lines of ours and of etcd's don't mix.
package func writeToStandardError(_ line: String) {
    var bytes = Array(line.utf8)[...]
    while !bytes.isEmpty {
        let written = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
        if written < 0, errno == EINTR { continue }
        guard written > 0 else { return }  // nobody can be told that the log is gone
        bytes = bytes.dropFirst(written)
    }
}

private func timestamp() -> String {
    Date().formatted(.iso8601.year().month().day().time(includingFractionalSeconds: true).timeZone(separator: .omitted))
}

/// A value as logfmt has it: bare where it can be, else in quotes.
private func logfmt(_ text: String) -> String {
    let needsQuotes =
        text.isEmpty
        || text.unicodeScalars.contains { $0 == " " || $0 == "=" || $0 == "\"" || $0 == "\\" || isControl($0) }
    return needsQuotes ? json(text) : text
}

/// What may break a line or steer a terminal: the control characters of ASCII and of Latin 1, and Unicode's own line ends.
private func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) || scalar.value == 0x2028 || scalar.value == 0x2029
}

private func json(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": quoted += "\\\""
        case "\\": quoted += "\\\\"
        case "\n": quoted += "\\n"
        case "\r": quoted += "\\r"
        case "\t": quoted += "\\t"
        case _ where isControl(scalar):
            let hex = String(scalar.value, radix: 16)
            quoted += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        default: quoted.unicodeScalars.append(scalar)
        }
    }
    return quoted + "\""
}
