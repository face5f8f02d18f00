/// The head of a visitor's request, read strictly: what two readers could understand differently is refused.
/// https://www.rfc-editor.org/rfc/rfc9112
struct ServerRequestHead: Equatable {
    /// Why there is no request to answer; the connection ends with it.
    struct Refusal: Error, Equatable {
        var status: Int
        var reason: String

        init(_ status: Int, _ reason: String) {
            self.status = status
            self.reason = reason
        }
    }

    var isHEAD: Bool
    var path: String
    var query: [String: String]
    /// The visitor may send another request on this connection.
    var keepsConnection: Bool

    /// Where the head that begins these bytes ends, or nil where it has not yet.
    ///
    /// - Parameter start: up to where the same bytes were looked at before.
    static func end(in bytes: [UInt8], from start: Int) throws(Refusal) -> Int? {
        for index in start..<bytes.count {
            let (byte, isAfterCR) = (bytes[index], index > 0 && bytes[index - 1] == carriageReturn)
            guard isAfterCR == (byte == lineFeed), isText(byte) || byte == carriageReturn || byte == lineFeed else {
                throw Refusal(400, "the request is not one of HTTP/1.1")
            }
            if byte == lineFeed, bytes[..<index].suffix(3) == [carriageReturn, lineFeed, carriageReturn] {
                return index + 1
            }
        }
        return nil
    }

    /// - Parameter bytes: the whole head, up to and with its empty line.
    init(_ bytes: ArraySlice<UInt8>, fieldLimit: Int) throws(Refusal) {
        let lines = bytes.dropLast(4).split(separator: lineFeed, omittingEmptySubsequences: false)
            .map { String(decoding: $0.last == carriageReturn ? $0.dropLast() : $0, as: UTF8.self) }
        let words = (lines.first ?? "").split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, isToken(String(words[0])) else { throw Refusal(400, "the request line is none") }
        guard let minor = try Self.minorVersion(words[2]) else { throw Refusal(505, "only HTTP/1.1 is spoken here") }
        guard lines.count <= fieldLimit + 1 else { throw Refusal(431, "more than \(fieldLimit) header fields") }
        let fields = try ServerRequestFields(lines.dropFirst())
        try fields.check(minor: minor)
        guard words[0] == "GET" || words[0] == "HEAD" else { throw Refusal(405, "only GET and HEAD are answered") }
        isHEAD = words[0] == "HEAD"
        (path, query) = try Self.parts(of: words[1])
        keepsConnection = minor > 0 && !fields.asksToClose
    }

    /// 0 and up for HTTP/1.0 and up, nil for any other version of HTTP.
    private static func minorVersion(_ text: Substring) throws(Refusal) -> Int? {
        let digits = Array(text.utf8.dropFirst(5))
        guard text.hasPrefix("HTTP/"), digits.count == 3, digits[1] == UInt8(ascii: "."),
            let major = Int(text.dropFirst(5).prefix(1)), let minor = Int(text.suffix(1))
        else { throw Refusal(400, "the request line names no version of HTTP") }
        return major == 1 ? minor : nil
    }

    private static func parts(of target: Substring) throws(Refusal) -> (path: String, query: [String: String]) {
        guard target.hasPrefix("/"), target.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "#") })
        else { throw Refusal(400, "the target is no path of plain ASCII") }
        let halves = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var query: [String: String] = [:]
        for item in halves.dropFirst().joined().split(separator: "&") {
            let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = percentDecoded(pair[0]), let value = percentDecoded(pair.count > 1 ? pair[1] : "") else {
                throw Refusal(400, "the query is not percent-encoded UTF-8")
            }
            if query[name] == nil { query[name] = value }
        }
        return (String(halves[0]), query)
    }
}

/// What the fields of a head say about the connection and a body; all others mean nothing here.
private struct ServerRequestFields {
    private var hosts = 0
    private var body: ServerRequestHead.Refusal?
    private(set) var asksToClose = false

    init(_ lines: ArraySlice<String>) throws(ServerRequestHead.Refusal) {
        for line in lines {
            let halves = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2, isToken(String(halves[0])) else {
                throw ServerRequestHead.Refusal(400, "a header field is none")
            }
            take(halves[0].lowercased(), halves[1].split { $0 == " " || $0 == "\t" }.joined(separator: " "))
        }
    }

    private mutating func take(_ name: String, _ value: String) {
        switch name {
        case "host": hosts += 1
        case "connection":
            asksToClose = asksToClose || value.lowercased().split { $0 == "," || $0 == " " }.contains("close")
        case "transfer-encoding": body = .init(413, "a request has no body here")
        case "content-length" where value != "0":
            let isNumber =
                !value.isEmpty && value.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            body = body ?? (isNumber ? .init(413, "a request has no body here") : .init(400, "the length is no number"))
        default: break
        }
    }

    func check(minor: Int) throws(ServerRequestHead.Refusal) {
        if let body { throw body }
        guard hosts == 1 || (hosts == 0 && minor == 0) else {
            throw ServerRequestHead.Refusal(400, "the request names no host, or more than one")
        }
    }
}

private let carriageReturn = UInt8(ascii: "\r")
private let lineFeed = UInt8(ascii: "\n")

/// What may stand in a line: no control character but the tab. Bytes above 127 are old-fashioned, but allowed.
private func isText(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7f || byte == UInt8(ascii: "\t") }

/// nil where a `%` begins no byte, or the bytes are not UTF-8.
private func percentDecoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "%") else {
            bytes.append(byte)
            continue
        }
        let digits = rest.prefix(2)
        guard digits.count == 2, digits.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
            let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
        else { return nil }
        bytes.append(value)
        rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
}
