import Glibc
import Synchronization

/// A socket that listens; closed with its last reference, unless somebody took it over.
final class ServerSocket: Sendable {
    let port: Int
    private let descriptor: Mutex<Int32?>

    init(address: String, port: Int) throws(HTTPServerError) {
        let attempt = "listen on \(address.contains(":") ? "[\(address)]" : address):\(port)"
        guard (0...65_535).contains(port), let found = numericAddress(address, port: port) else {
            throw HTTPServerError(attempt, code: EINVAL, cause: "not a numeric address and a port")
        }
        defer { freeaddrinfo(found) }
        let descriptor = socket(found.pointee.ai_family, found.pointee.ai_socktype | socketFlags, 0)
        guard descriptor >= 0 else { throw HTTPServerError(attempt, code: errno) }
        guard startListening(descriptor, found.pointee) else {
            let code = errno
            close(descriptor)
            throw HTTPServerError(attempt, code: code)
        }
        self.port = boundPort(descriptor) ?? port
        self.descriptor = Mutex(descriptor)
    }

    deinit { if let descriptor = take() { close(descriptor) } }

    /// The descriptor, which from now on is the caller's to close; nil where it was taken before.
    func take() -> Int32? {
        descriptor.withLock { descriptor in
            defer { descriptor = nil }
            return descriptor
        }
    }
}

/// SOCK_STREAM on Linux. libcurl's header brings its own definition into a build of the whole module, and the compiler then
/// finds neither.
private let streamSocket: Int32 = 1

/// On Linux SOCK_CLOEXEC and SOCK_NONBLOCK by another name: the compiler does not find theirs reliably.
private let socketFlags = O_CLOEXEC | O_NONBLOCK

/// What there is to accept.
enum Arrival {
    case visitor(Int32, peer: String)
    case nobody
    /// Somebody may wait, but descriptors or memory have run out.
    case noRoom
}

/// Accepts one connection without waiting for it.
func acceptVisitor(_ listener: Int32) -> Arrival {
    var address = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let descriptor = withSocketAddress(&address) { acceptClosedOnExec(listener, $0, &size) }
    guard descriptor >= 0 else {
        let isShort = [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(errno)
        return isShort ? .noRoom : .nobody
    }
    var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    _ = withSocketAddress(&address) {
        getnameinfo($0, size, &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST)
    }
    return .visitor(descriptor, peer: String(decoding: name.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self))
}

/// From now on `close` drops what is unsent, and tells the other side so.
func closeByReset(_ descriptor: Int32) {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
}

/// accept4(2), which Swift's `Glibc` module does not show: else a child spawned at the wrong moment would hold the
/// visitor's connection open.
private func acceptClosedOnExec(
    _ listener: Int32, _ address: UnsafeMutablePointer<sockaddr>, _ size: inout socklen_t
) -> Int32 {
    typealias Accept4 =
        @convention(c) (
            Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>, Int32
        ) -> Int32
    guard let symbol = dlsym(nil, "accept4") else {
        errno = ENOSYS
        return -1
    }
    return unsafeBitCast(symbol, to: Accept4.self)(listener, address, &size, socketFlags)
}

/// To be freed by the caller; nil where it is no numeric address. Asks no name server.
private func numericAddress(_ address: String, port: Int) -> UnsafeMutablePointer<addrinfo>? {
    var hints = addrinfo()
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
    hints.ai_socktype = streamSocket
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(address, String(port), &hints, &found) == 0 else { return nil }
    return found
}

/// False, with `errno` set, where it can't be.
private func startListening(_ descriptor: Int32, _ address: addrinfo) -> Bool {
    var one: Int32 = 1
    let size = socklen_t(MemoryLayout<Int32>.size)
    // Else the connections that a predecessor closed keep the port for a minute.
    guard setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, size) == 0 else { return false }
    // Else `::` would be every IPv4 address too.
    if address.ai_family == AF_INET6 {
        guard setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &one, size) == 0 else { return false }
    }
    // The queue holds a burst that arrives between two turns of the loop: a visitor whom it can't hold tries again
    // only after a second.
    return bind(descriptor, address.ai_addr, address.ai_addrlen) == 0 && listen(descriptor, 512) == 0
}

private func boundPort(_ descriptor: Int32) -> Int? {
    var address = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    guard withSocketAddress(&address, { getsockname(descriptor, $0, &size) }) == 0 else { return nil }
    // The port stands at the same place in the addresses of both families.
    return withUnsafeBytes(of: address) { Int(UInt16(bigEndian: $0.load(fromByteOffset: 2, as: UInt16.self))) }
}

private func withSocketAddress(
    _ address: inout sockaddr_storage, _ body: (UnsafeMutablePointer<sockaddr>) -> Int32
) -> Int32 {
    withUnsafeMutablePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body) }
}
