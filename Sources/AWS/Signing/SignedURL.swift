/// The parts of an absolute URL that are signed, cut out of it without changing a byte.
struct SignedURL: Equatable {
    /// As a client writes it into `Host`: with the port, unless it is the scheme's own.
    let host: String
    /// From the first slash; empty where there is none.
    let path: Substring
    /// Without the question mark.
    let query: Substring

    init(_ url: String) throws(SigningError) {
        guard let scheme = Self.scheme(of: url) else {
            throw .invalidURL(because: "begins with neither http:// nor https://")
        }
        let rest = url.dropFirst(scheme.prefix.count)
        let authority = rest.prefix { !"/?#".contains($0) }
        guard !authority.contains("@") else { throw .invalidURL(because: "holds a user name") }
        guard authority.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw .invalidURL(because: "has a host that is not plain ASCII")
        }
        host = String(authority.hasSuffix(scheme.port) ? authority.dropLast(scheme.port.count) : authority)
        guard !host.isEmpty, !host.hasPrefix(":") else { throw .invalidURL(because: "has no host") }

        let target = rest[authority.endIndex...].prefix { $0 != "#" }
        path = target.prefix { $0 != "?" }
        query = target[path.endIndex...].dropFirst()
    }

    private static func scheme(of url: String) -> (prefix: String, port: String)? {
        let schemes = [(prefix: "https://", port: ":443"), (prefix: "http://", port: ":80")]
        return schemes.first { url.hasPrefix($0.prefix) }
    }
}
