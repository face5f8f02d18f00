/// What a visitor asks of our server, and what it answers: plain values.

/// A request that a visitor made: GET or HEAD, without a body.
package struct HTTPServerRequest: Sendable, Equatable {
    /// As it was sent, percent-encoded, without the query.
    package var path: String
    /// Percent-decoded; of equal names the first wins. `+` means itself.
    package var query: [String: String]
    /// The numeric address that the visitor has connected from.
    package var peer: String

    package init(path: String, query: [String: String] = [:], peer: String) {
        self.path = path
        self.query = query
        self.peer = peer
    }
}

/// What the visitor is told. The status must be one that goes with a body.
package struct HTTPServerResponse: Sendable, Equatable {
    package var status: Int
    package var contentType: String
    package var body: [UInt8]

    package init(status: Int = 200, contentType: String, body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    /// One line of text.
    package init(status: Int, text: String) {
        self.init(status: status, contentType: "text/plain; charset=utf-8", body: Array("\(text)\n".utf8))
    }

    /// As it goes over the wire.
    func bytes(withBody: Bool, keepingConnection: Bool) -> [UInt8] {
        var head = """
            HTTP/1.1 \(status) \(reasonPhrases[status] ?? "")\r
            Content-Type: \(printable(contentType))\r
            Content-Length: \(body.count)\r
            Cache-Control: no-store\r

            """
        if status == 405 { head += "Allow: GET, HEAD\r\n" }
        if !keepingConnection { head += "Connection: close\r\n" }
        return Array("\(head)\r\n".utf8) + (withBody ? body : [])
    }
}

/// Those that the server itself and its callers use; elsewhere the phrase may be empty:
/// https://www.rfc-editor.org/rfc/rfc9112#name-status-line
private let reasonPhrases = [
    200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout",
    413: "Content Too Large", 431: "Request Header Fields Too Large", 500: "Internal Server Error",
    503: "Service Unavailable", 505: "HTTP Version Not Supported",
]
