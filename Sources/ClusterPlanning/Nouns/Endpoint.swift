/// A peer or client URL in one spelling, so that the same place never looks like two (F13b, F46).

/// Scheme, host and port of a URL that etcd listens on. Equal endpoints are equal values.
package struct Endpoint: Hashable, Comparable, Sendable, CustomStringConvertible {
    package enum Scheme: String, Hashable, Sendable {
        case http
        case https
    }

    package let scheme: Scheme
    /// An IPv4 address, an IPv6 address without brackets, or a host name; lower case.
    package let host: String
    package let port: Int

    package init(_ scheme: Scheme, _ host: String, _ port: Int) {
        self.scheme = scheme
        self.host = host.lowercased()
        self.port = port
    }

    /// Reads `http://10.0.1.7:2380`, `https://[fd00::7]:2380/` and their like.
    ///
    /// Returns nil for anything that is no such URL: another scheme, no port, a path, a user. etcd itself
    /// demands scheme, host and port of its URLs.
    package init?(parsing text: String) {
        guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://"),
            let scheme = Scheme(rawValue: text[..<colon].lowercased())
        else { return nil }
        var rest = text[text.index(colon, offsetBy: 3)...]
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard let separator = rest.lastIndex(of: ":"),
            rest[rest.index(after: separator)...].utf8.allSatisfy(Self.isDigit),
            let port = Int(rest[rest.index(after: separator)...]), (1...65535).contains(port)
        else { return nil }
        var host = rest[..<separator]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, host.utf8.allSatisfy(Self.isHostByte) else { return nil }
        self.init(scheme, String(host), port)
    }

    /// Whether the host is an IPv4 address: four decimal numbers up to 255.
    package var isIPv4: Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }

    package static func < (left: Self, right: Self) -> Bool { left.description < right.description }

    package var description: String {
        "\(scheme.rawValue)://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: ":"), UInt8(ascii: "%"):
            true
        default: false
        }
    }
}
