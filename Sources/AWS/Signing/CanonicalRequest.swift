import HTTP

/// A request in the form that sender and receiver compute alike, whatever happened to spelling and order on the way.
/// Its text holds the session token where there is one: for tests and for a person's own eyes, not for logs.
package struct CanonicalRequest: Sendable, Equatable {
    package let text: String
    /// The names of the signed headers: lower case, sorted, joined by `;`.
    package let signedHeaders: String

    init(
        method: String, url: String, headers: HTTPHeaders, payloadHash: String, rules: SigV4.Rules
    ) throws(SigningError) {
        let url = try SignedURL(url)
        var headers = headers
        if headers["Host"] == nil { headers["Host"] = url.host }
        let canonical = try Self.canonicalHeaders(headers, every: rules.signsEveryHeader)

        signedHeaders = canonical.map(\.name).joined(separator: ";")
        text = """
            \(method)
            \(Self.canonicalPath(url.path, rules))
            \(Self.canonicalQuery(url.query))
            \(canonical.map { "\($0.name):\($0.value)\n" }.joined())
            \(signedHeaders)
            \(payloadHash)
            """
    }

    /// The path by the service's rules: dots resolved and empty segments dropped, encoded (again), both or neither.
    static func canonicalPath(_ path: Substring, _ rules: SigV4.Rules) -> String {
        let path = rules.normalizesPath ? normalized(path) : path.isEmpty ? "/" : String(path)
        return rules.encodesPathAgain ? URIEncoding.encodePath(path) : path
    }

    /// As the AWS SDKs do it: unlike RFC 3986 it drops empty segments, too, and leaves no slash for a final dot.
    private static func normalized(_ path: Substring) -> String {
        var segments: [Substring.UTF8View] = []
        for segment in path.utf8.split(separator: slash) where !segment.elementsEqual(".".utf8) {
            if segment.elementsEqual("..".utf8) { _ = segments.popLast() } else { segments.append(segment) }
        }
        let end = path.utf8.last == slash && !segments.isEmpty ? "/" : ""
        return "/" + segments.map { String(Substring($0)) }.joined(separator: "/") + end
    }

    private static let slash = UInt8(ascii: "/")

    /// Pairs in the order of their encoded bytes. Each is decoded first, so that it does not matter which characters
    /// the sender chose to encode.
    static func canonicalQuery(_ query: Substring) -> String {
        let pairs = query.utf8.split(separator: UInt8(ascii: "&")).map { pair in
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            return (name: recode(parts[0]), value: parts.count > 1 ? recode(parts[1]) : "")
        }
        return pairs.sorted { ($0.name, $0.value) < ($1.name, $1.value) }
            .map { "\($0.name)=\($0.value)" }
            .joined(separator: "&")
    }

    private static func recode(_ text: some Sequence<UInt8>) -> String {
        URIEncoding.encode(URIEncoding.decodeBytes(text).bytes, keepingSlashes: false)
    }

    /// Names in lower case and sorted, values trimmed and with single spaces, repeated headers joined by `,` in the
    /// order of their arrival.
    static func canonicalHeaders(
        _ headers: HTTPHeaders, every: Bool
    ) throws(SigningError) -> [(name: String, value: String)] {
        var values: [String: [String]] = [:]
        for (name, value) in headers.fields {
            let key = name.lowercased()
            guard isSigned(key) || (every && key != "authorization") else { continue }
            guard isToken(name), !value.utf8.contains(where: isControl) else { throw .invalidHeader(name: key) }
            values[key, default: []].append(withSingleSpaces(value))
        }
        return values.map { (name: $0.key, value: $0.value.joined(separator: ",")) }.sorted { $0.name < $1.name }
    }

    private static func withSingleSpaces(_ value: String) -> String {
        value.utf8.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            .map { String(Substring($0)) }
            .joined(separator: " ")
    }

    private static func isSigned(_ name: String) -> Bool {
        // A condition that was lost on the way would turn a compare-and-swap into an overwrite.
        ["host", "content-type", "if-match", "if-none-match"].contains(name) || name.hasPrefix("x-amz-")
    }

    /// The letters, digits and marks of a header name (RFC 9110, 5.6.2).
    private static func isToken(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && !"\"(),/:;<=>?@[\\]{}".utf8.contains($0) }
    }

    private static func isControl(_ byte: UInt8) -> Bool {
        (byte < 0x20 && byte != UInt8(ascii: "\t")) || byte == 0x7f
    }
}
