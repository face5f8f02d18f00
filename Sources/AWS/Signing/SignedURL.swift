/// The parts of an absolute URL that are signed, cut out of it without changing a byte. It works on bytes: to Swift's
/// characters, a slash before a combining accent is no slash.
struct SignedURL: Equatable {
    /// As a client writes it into `Host`: with the port, unless it is the scheme's own.
    let host: String
    /// From the first slash; empty where there is none.
    let path: Substring
    /// Without the question mark.
    let query: Substring

    init(_ url: String) throws(SigningError) {
        guard let scheme = Self.schemes.first(where: { url.utf8.starts(with: $0.prefix.utf8) }) else {
            throw .invalidURL(because: "begins with neither http:// nor https://")
        }
        let rest = url.utf8.dropFirst(scheme.prefix.utf8.count)
        let authority = rest.prefix { !"/?#".utf8.contains($0) }
        host = try Self.host(of: authority, defaultPort: scheme.port)

        let target = rest[authority.endIndex...].prefix { $0 != UInt8(ascii: "#") }
        let path = target.prefix { $0 != UInt8(ascii: "?") }
        self.path = Substring(path)
        query = Substring(target[path.endIndex...].dropFirst())
    }

    private static let schemes = [(prefix: "https://", port: ":443"), (prefix: "http://", port: ":80")]

    private static func host(of authority: Substring.UTF8View, defaultPort: String) throws(SigningError) -> String {
        guard authority.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw .invalidURL(because: "has a host that is not plain ASCII")
        }
        let authority = Substring(authority)
        guard !authority.contains("@") else { throw .invalidURL(because: "holds a user name") }
        let host = authority.hasSuffix(defaultPort) ? authority.dropLast(defaultPort.count) : authority
        guard !host.isEmpty, !host.hasPrefix(":") else { throw .invalidURL(because: "has no host") }
        return String(host)
    }
}
