import Glibc

/// The one spelling of a peer or client URL, so that equal endpoints are equal strings (F13b, F46).
///
/// Scheme and host in lower case, IPv6 in brackets and shortened (RFC 5952), an IPv4 address mapped into IPv6 as IPv4,
/// no dot at the end of a host name, the port in plain decimal, nothing after it:
/// `HTTP://[2001:DB8:0::1]:02380/` is `http://[2001:db8::1]:2380`. Names are not resolved.
///
/// - Throws: what etcd itself would refuse (https://github.com/etcd-io/etcd/blob/main/client/pkg/types/urls.go), such
///   as a URL without a port; and sockets (`unix:`), IPv6 zones and user information.
package func canonicalURL(_ url: String) throws(EtcdURLError) -> String {
    do throws(EtcdURLError.Reason) {
        guard !url.contains("@") else { throw .userInformation }
        let (scheme, authority) = try schemeAndAuthority(of: url[...])
        let (host, port) = try split(authority)
        return "\(scheme)://\(try canonicalHost(host)):\(try canonicalPort(port))"
    } catch {
        throw EtcdURLError(url: url, reason: error)
    }
}

/// Why a text is not the URL of a peer or client port.
package struct EtcdURLError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Reason: String, Error, Sendable, Equatable {
        case scheme = "the scheme must be http or https"
        case userInformation = "it must not hold a user or password"
        case host = "the host must be a name or an address, IPv6 in brackets and without a zone"
        case port = "it must name a port from 1 to 65535"
        case path = "nothing may follow the port"
    }

    /// As given, but for a user and password, which may be secret.
    package var url: String
    package var reason: Reason

    init(url: String, reason: Reason) {
        self.url = url.lastIndex(of: "@").map { "..." + url[$0...] } ?? url
        self.reason = reason
    }

    package var description: String { "\"\(url)\" is no etcd URL: \(reason.rawValue)" }
}

private func schemeAndAuthority(of url: Substring) throws(EtcdURLError.Reason) -> (String, Substring) {
    guard let colon = url.firstIndex(of: ":"), url[colon...].hasPrefix("://") else { throw .scheme }
    let scheme = url[..<colon].lowercased()
    let rest = url[colon...].dropFirst(3)
    let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    guard scheme == "http" || scheme == "https" else { throw .scheme }
    guard ["", "/"].contains(rest[authority.endIndex...]) else { throw .path }
    return (scheme, authority)
}

private func split(_ authority: Substring) throws(EtcdURLError.Reason) -> (host: Substring, port: Substring) {
    let hostEnd: Substring.Index
    if authority.hasPrefix("[") {
        guard let bracket = authority.firstIndex(of: "]") else { throw .host }
        hostEnd = authority.index(after: bracket)
    } else {
        hostEnd = authority.firstIndex(of: ":") ?? authority.endIndex
    }
    let rest = authority[hostEnd...]
    guard rest.hasPrefix(":") else { throw rest.isEmpty ? .port : .host }
    return (authority[..<hostEnd], rest.dropFirst())
}

private func canonicalPort(_ text: Substring) throws(EtcdURLError.Reason) -> UInt16 {
    guard text.utf8.allSatisfy(isDigit), let port = UInt16(text), port > 0 else { throw .port }
    return port
}

private func canonicalHost(_ host: Substring) throws(EtcdURLError.Reason) -> String {
    if host.hasPrefix("[") {
        guard let address = canonicalIPv6(String(host.dropFirst().dropLast())) else { throw .host }
        return address
    }
    let name = host.hasSuffix(".") ? host.dropLast() : host
    let labels = name.split(separator: ".", omittingEmptySubsequences: false)
    guard name.utf8.count <= 253, labels.allSatisfy(isLabel), let last = labels.last else { throw .host }
    // No top-level domain is all digits: this is an IPv4 address or a misspelt one.
    if last.utf8.allSatisfy(isDigit) {
        guard isIPv4(String(host)) else { throw .host }
        return String(host)
    }
    return name.lowercased()
}

/// A label of a host name (RFC 1123), and the underscore, which is found in practice.
private func isLabel(_ label: Substring) -> Bool {
    (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
        && label.utf8.allSatisfy { byte in
            let lower = byte | 0x20
            return isDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
                || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lower)
        }
}

private func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}

/// Four decimal numbers without leading zeros, which `inet_pton` is strict about (POSIX; RFC 6943, 3.1.1).
private func isIPv4(_ text: String) -> Bool {
    var address = in_addr()
    return inet_pton(AF_INET, text, &address) == 1
}

/// The address in brackets and in the form of RFC 5952; without them in dots where it is a mapped IPv4 address.
private func canonicalIPv6(_ text: String) -> String? {
    var address = in6_addr()
    // A NUL would end the text for C, and what follows it would go unseen.
    guard !text.utf8.contains(0), inet_pton(AF_INET6, text, &address) == 1 else { return nil }
    var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard inet_ntop(AF_INET6, &address, &buffer, socklen_t(buffer.count)) != nil else { return nil }
    let printed = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let mapped = "::ffff:"
    if printed.hasPrefix(mapped), printed.contains(".") { return String(printed.dropFirst(mapped.count)) }
    return "[\(printed)]"
}
