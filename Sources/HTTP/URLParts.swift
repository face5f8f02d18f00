/// What an absolute URL consists of, cut where libcurl cuts it. Total: of anything else it makes some sense.
struct URLParts {
    var scheme = ""
    var host = ""
    var port: String?
    var path = ""

    init(_ url: String) {
        var rest = url.prefix { $0 != "?" && $0 != "#" }
        if let colon = rest.firstIndex(of: ":"), rest[colon...].hasPrefix("://") {
            scheme = String(rest[..<colon])
            rest = rest[colon...].dropFirst(3)
        }
        var authority = rest.prefix { $0 != "/" }
        path = String(rest[authority.endIndex...])
        if let at = authority.lastIndex(of: "@") { authority = authority[at...].dropFirst() }
        // The colons inside the brackets of an IPv6 address are none of ours.
        if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
            port = String(authority[colon...].dropFirst())
            authority = authority[..<colon]
        }
        host = String(authority)
    }

    /// Without user, password, query and fragment.
    var withoutSecrets: String {
        "\(scheme.isEmpty ? "" : "\(scheme)://")\(host)\(port.map { ":\($0)" } ?? "")\(path)"
    }
}
