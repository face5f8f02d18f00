// What is checked of a request before anything is sent, and how a request is named in errors.

extension HTTPRequest {
    /// `METHOD scheme://host:port/path`: without credentials and query, which may hold secrets, and without characters
    /// that could forge a line of a log.
    package var label: String { "\(printable(method)) \(printable(URLParts(url).withoutSecrets))" }

    /// Refuses what libcurl would send as something else than it says.
    ///
    /// - Throws: `HTTPError.invalidRequest`, which names the part but never shows its value.
    func validate() throws {
        func refuse(_ detail: String) -> HTTPError { HTTPError(.invalidRequest, request: label, detail: detail) }

        guard isToken(method) else { throw refuse("the method is not a token") }
        guard method != "HEAD" || body == .none else { throw refuse("HEAD carries no body") }
        guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
            throw refuse("the URL begins with neither http:// nor https://")
        }
        guard !URLParts(url).host.isEmpty else { throw refuse("the URL names no host") }
        guard url.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw refuse("the URL holds a space, a control character or a byte above 127")
        }
        for (name, value) in headers.fields {
            guard isToken(name) else { throw refuse("a header's name is not a token: \(printable(name))") }
            guard value.utf8.allSatisfy({ $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7f) }) else {
                throw refuse("the header \(name) holds a control character")
            }
            guard !framing.contains(name.lowercased()) else { throw refuse("the header \(name) is not the caller's") }
        }
    }
}

/// Text of foreign origin, fit for one line of a log.
func printable(_ text: String) -> String {
    String(decoding: text.utf8.map { $0 < 0x20 || $0 == 0x7f ? UInt8(ascii: "?") : $0 }, as: UTF8.self)
}

/// Headers that say where a body ends. libcurl derives them from the body; a second opinion is request smuggling.
private let framing: Set = ["content-length", "transfer-encoding", "expect"]

/// https://www.rfc-editor.org/rfc/rfc9110#name-tokens
func isToken(_ text: String) -> Bool {
    !text.isEmpty
        && text.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
}
