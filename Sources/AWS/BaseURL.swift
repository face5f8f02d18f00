/// Checks what a person configured as the base of other URLs.
///
/// - Returns: the URL without the slashes at its end.
/// - Throws: `EndpointError.invalidURL` unless it is `http` or `https`, a host, perhaps a port and a path, no more.
func baseURL(_ text: String, variable: String) throws(EndpointError) -> String {
    func invalid(_ reason: String) -> EndpointError { .invalidURL(variable: variable, reason: reason) }
    let schemes = ["http://", "https://"]
    guard let scheme = schemes.first(where: { text.lowercased().hasPrefix($0) }) else {
        throw invalid("it has to begin with http:// or https://")
    }
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { throw invalid("spaces and non-ASCII have no place") }
    let rest = text.dropFirst(scheme.count)
    if rest.contains(where: { $0 == "?" || $0 == "#" }) { throw invalid("query and fragment have no place") }
    let authority = rest.prefix { $0 != "/" }
    if authority.contains("@") { throw invalid("user and password have no place") }
    let address = authority.hasPrefix("[") ? authority.drop { $0 != "]" }.dropFirst() : authority.drop { $0 != ":" }
    let host = authority.dropLast(address.count)
    guard !host.isEmpty, host != "[]", !host.hasPrefix("[") || host.hasSuffix("]") else { throw invalid("no host") }
    guard address.isEmpty || (address.hasPrefix(":") && (UInt16(address.dropFirst()) ?? 0) > 0) else {
        throw invalid("the port is not a number from 1 to 65535")
    }
    var path = rest.dropFirst(authority.count)
    while path.hasSuffix("/") { path = path.dropLast() }
    return scheme + authority + path
}
