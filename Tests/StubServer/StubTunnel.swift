import Glibc

/// Carries bytes both ways between the client and a port of 127.0.0.1, until either side ends.
func relay(_ client: Int32, toPort port: UInt16) {
    let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    defer { close(server) }
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = port.bigEndian
    name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let isConnected = withUnsafePointer(to: &name) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }
    guard isConnected else { return }
    var pollers = [client, server].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    while poll(&pollers, 2, -1) > 0 {
        if pollers[0].revents != 0, !forward(from: client, to: server) { return }
        if pollers[1].revents != 0, !forward(from: server, to: client) { return }
    }
}

/// What there is to read now; false where one of the two has ended.
private func forward(from source: Int32, to target: Int32) -> Bool {
    withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 1) { buffer in
        let count = recv(source, buffer.baseAddress, buffer.count, 0)
        var sent = 0
        while sent < count, let base = buffer.baseAddress {
            let more = send(target, base + sent, count - sent, Int32(MSG_NOSIGNAL))
            guard more > 0 else { return false }
            sent += more
        }
        return count > 0
    }
}
