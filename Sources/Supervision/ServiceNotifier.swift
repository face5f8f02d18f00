import Glibc

/// Tells systemd, or whoever plays its part, how the service is doing (sd_notify(3), without its library).
package struct ServiceNotifier: Sendable {
    package enum Message: Sendable, Hashable {
        /// The service is up.
        case ready
        /// One sentence for `systemctl status`.
        case status(String)
        case stopping
        /// Still alive; to be sent twice in each `WatchdogSec`.
        case watchdog
        /// Start or stop is going on and takes this much longer.
        case extendTimeout(Duration)

        var line: String {
            switch self {
            case .ready: "READY=1"
            // A line's end would begin another message.
            case .status(let text): "STATUS=\(text.split(whereSeparator: \.isNewline).joined(separator: " "))"
            case .stopping: "STOPPING=1"
            case .watchdog: "WATCHDOG=1"
            case .extendTimeout(let duration):
                "EXTEND_TIMEOUT_USEC=\(duration.components.seconds * 1_000_000 + duration.components.attoseconds / 1_000_000_000_000)"
            }
        }
    }

    private let address: String

    /// - Parameter address: the value of `NOTIFY_SOCKET`: an absolute path, or `@` and an abstract name. nil where
    ///   nobody listens, or where the address is none of these or longer than 107 bytes.
    package init?(address: String?) {
        guard let address, address.hasPrefix("/") || address.hasPrefix("@"), (2...107).contains(address.utf8.count)
        else { return nil }
        self.address = address
    }

    /// Sends all of them as one datagram; never waits for the receiver.
    ///
    /// - Throws: `SystemError`: nobody listens, or the receiver has fallen behind. The service need not care.
    package func send(_ messages: Message...) throws(SystemError) {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError("make a socket", code: errno) }
        defer { close(descriptor) }
        let text = messages.map(\.line).joined(separator: "\n")
        guard sendDatagram(Array(text.utf8), through: descriptor) else {
            throw SystemError("notify \(address)", code: errno)
        }
    }

    private func sendDatagram(_ bytes: [UInt8], through descriptor: Int32) -> Bool {
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        // An abstract name begins with a NUL, written as '@', and ends where the length says, without a NUL.
        let path = address.utf8.enumerated().map { $0 == 0 && $1 == UInt8(ascii: "@") ? 0 : $1 }
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
        let flags = Int32(MSG_NOSIGNAL | MSG_DONTWAIT)
        let sent = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, bytes, bytes.count, flags, $0, length)
            }
        }
        return sent == bytes.count
    }
}
