/// What is sent and what comes back: plain values that a test can compare.

/// One HTTP request, complete: nothing about it is looked up when it is sent.
package struct HTTPRequest: Sendable, Equatable {
    /// Where the bytes of a request come from.
    package enum Body: Sendable, Equatable {
        case none
        case bytes([UInt8])
        /// The file at this path, streamed from disk over a connection of its own: all of it, or the bytes of `range`,
        /// counted from 0, which it must have.
        case file(path: String, range: Range<Int64>? = nil)
    }

    /// Where the bytes of an answer go.
    package enum Sink: Sendable, Equatable {
        /// Into `HTTPResponse.body`; more than `limit` bytes end the transfer with `HTTPError.tooLarge`.
        case memory(limit: Int)
        /// Into the file at this path, which must not exist yet; `HTTPResponse.body` stays empty. Where the status is
        /// not 2xx the body goes to memory (up to 1 MiB), so that an error text can be read, and no file is left; nor
        /// after any failure. The file is readable by its owner only, and not yet synced to disk.
        case file(path: String, limit: Int64)
        /// Behind the last byte of the file at this path, which must exist, where the status is `status`; any other body
        /// goes to memory (up to 1 MiB). What came before a failure stays in the file, so that the rest can be asked for;
        /// it is never more than `limit` bytes.
        case fileEnd(path: String, status: Int, limit: Int64)
    }

    package var method: String
    /// The absolute URL, percent-encoded, sent as it is: dots in the path are not resolved.
    package var url: String
    package var headers: HTTPHeaders
    package var body: Body
    package var sink: Sink
    /// Whether it may reach the server twice. libcurl by itself sends again what it sent on a connection that it had used
    /// before, where that ends without an answer; false gives the request a connection of its own, and one chance.
    package var isRepeatable = true

    package init(
        _ method: String, _ url: String, headers: HTTPHeaders = [:], body: Body = .none,
        sink: Sink = .memory(limit: 8 << 20)
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.sink = sink
    }
}

/// An answer with a complete head and body: as long as it said, or, where it said nothing, up to the end of the
/// connection, so that only its content can tell whether it is whole. Any status is an answer: only the caller knows which one is an error.
package struct HTTPResponse: Sendable, Equatable {
    package var status: Int
    package var headers: HTTPHeaders
    package var body: [UInt8]

    package init(status: Int, headers: HTTPHeaders = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The body as text, damaged UTF-8 repaired: for messages to people.
    package var text: String { String(decoding: body, as: UTF8.self) }
}

/// Header fields in the order of their arrival; names are compared without regard to case.
package struct HTTPHeaders: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    package private(set) var fields: [(name: String, value: String)] = []

    package init(dictionaryLiteral elements: (String, String)...) {
        fields = elements.map { (name: $0.0, value: $0.1) }
    }

    package init(_ fields: [(name: String, value: String)]) {
        self.fields = fields
    }

    /// The first value of that name; setting replaces every value of it, nil removes them.
    package subscript(name: String) -> String? {
        get { fields.first { Self.same($0.name, name) }?.value }
        set {
            fields.removeAll { Self.same($0.name, name) }
            if let newValue { fields.append((name: name, value: newValue)) }
        }
    }

    package mutating func append(_ name: String, _ value: String) {
        fields.append((name: name, value: value))
    }

    package static func == (left: HTTPHeaders, right: HTTPHeaders) -> Bool {
        left.fields.count == right.fields.count
            && zip(left.fields, right.fields).allSatisfy { same($0.name, $1.name) && $0.value == $1.value }
    }

    private static func same(_ left: String, _ right: String) -> Bool {
        left.utf8.count == right.utf8.count
            && zip(left.utf8, right.utf8).allSatisfy { lowercased($0) == lowercased($1) }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
