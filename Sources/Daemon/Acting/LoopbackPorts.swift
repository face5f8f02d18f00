/// Ports for an etcd that only we talk to.

import Glibc

/// Three ports of 127.0.0.1 that were free a moment ago, and one that stays taken without anybody listening there.
final class LoopbackPorts: Sendable {
    let clientURL: String
    let peerURL: String
    let metricsURL: String
    /// Who connects to it is refused, for as long as this value lives.
    let deadEndURL: String
    private let deadEnd: Int32

    /// - Throws: `ObservationError` where the system gives none.
    init() throws {
        // All at the same time, so that they differ.
        var sockets: [Int32] = []
        var ports: [UInt16] = []
        defer { for descriptor in sockets { close(descriptor) } }
        for _ in 0..<4 {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            guard descriptor >= 0 else { throw Self.failure() }
            sockets.append(descriptor)
            ports.append(try Self.bind(descriptor))
        }
        let urls = ports.map { "http://127.0.0.1:\($0)" }
        (clientURL, peerURL, metricsURL, deadEndURL) = (urls[0], urls[1], urls[2], urls[3])
        deadEnd = sockets.removeLast()
    }

    deinit { close(deadEnd) }

    private static func bind(_ descriptor: Int32) throws -> UInt16 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard isBound else { throw failure() }
        return UInt16(bigEndian: address.sin_port)
    }

    private static func failure() -> ObservationError {
        ObservationError("no port on 127.0.0.1: \(String(cString: strerror(errno)))")
    }
}
