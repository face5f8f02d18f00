// What the stub server hears and what it may say.

/// One request as it came over the wire.
package struct StubRequest: Sendable {
    package var method: String
    /// What stood in the request line: path and query, or the absolute URL where the client takes us for a proxy.
    package var target: String
    package var headers: [(name: String, value: String)]
    /// The body, unchunked; no more of it than the server's `bodyLimit`.
    package var body: [UInt8]
    /// How long the whole body was.
    package var bodyLength: Int
    /// Which of the server's connections carried it, counted from 1.
    package var connection: Int

    /// The target up to the query.
    package var path: String { String(target.prefix { $0 != "?" }) }
    /// What follows the question mark, still percent-encoded; empty where there is none.
    package var query: String { String(target.drop { $0 != "?" }.dropFirst()) }
    /// The body as text.
    package var text: String { String(decoding: body, as: UTF8.self) }

    /// The first value of that header, by its name in any case.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// What the server does with a request.
package enum StubReply: Sendable {
    /// A whole answer with `Content-Length`; the connection is kept unless either side says `Connection: close`.
    case answer(Int, headers: [(String, String)], body: [UInt8])
    /// A whole answer in chunks, with a pause before each.
    case chunked(Int, headers: [(String, String)], chunks: [[UInt8]], pause: Duration)
    /// A whole answer of that many bytes, made up while it is sent and never held: byte `i` is `UInt8(i & 0xff)`.
    case streamed(Int, headers: [(String, String)], length: Int)
    /// Says `Content-Length: claimed`, sends the body, which is shorter, and closes.
    case truncated(Int, claimed: Int, body: [UInt8])
    /// These bytes and nothing else, then the connection is closed.
    case raw([UInt8])
    /// Another reply, later.
    indirect case delayed(Duration, StubReply)
    /// The part of a proxy: says that the tunnel stands and carries bytes between the client and that port of 127.0.0.1.
    case tunnel(port: UInt16)
    /// No answer: the connection stays open until the client closes it or the server stops.
    case hang
    /// No answer: the connection is closed in order (FIN).
    case close
    /// No answer: the connection is reset (RST).
    case reset

    /// A whole answer with a text.
    package static func text(_ text: String, status: Int = 200, headers: [(String, String)] = []) -> StubReply {
        .answer(status, headers: headers, body: Array(text.utf8))
    }

    /// A whole answer with nothing but a status.
    package static func status(_ status: Int) -> StubReply { .answer(status, headers: [], body: []) }
}
