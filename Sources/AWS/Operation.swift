import HTTP

/// One AWS API call as a value: what to send and how to read the answer.
/// Only `AWSClient` performs it; a test compares `payload` and feeds `read` a fixture.
package struct Operation<Output: Sendable>: Sendable {
    package let service: Service
    /// The operation's name in AWS's reference.
    package let name: String
    package var payload: Payload
    /// For S3: the bucket, which decides on the host and the region. Nil for every other service.
    package let bucket: String?
    /// Whether sending it twice is the same as sending it once: only then is it repeated after a failure that leaves
    /// open whether AWS carried it out.
    package let isIdempotent: Bool
    /// False only for calls that carry their own proof of identity (STS AssumeRoleWithWebIdentity).
    package let isSigned: Bool
    /// The most bytes that an answer may have.
    package let answerLimit: Int
    /// The file that is streamed as the request's body or takes the answer's; nil: both are in memory.
    package internal(set) var file: OperationFile?
    /// How long one attempt may take; nil: as long as the policy says. For bodies that take their time, and for calls at
    /// which AWS works for minutes.
    package internal(set) var attemptTimeout: Duration?
    /// Whether the answer may begin with 200 and turn out to be an error: S3's, where it has to work before it knows, and
    /// must keep the connection alive meanwhile.
    package internal(set) var mayFailLate = false
    /// Whether `AWSError.attempts` has to count every time that it was sent, as a refusal means something else the second
    /// time: then the HTTP client repeats nothing by itself.
    package internal(set) var countsEverySending = false
    /// Reads a 2xx answer; throws where it is not what the reference says.
    package let read: @Sendable (HTTPResponse) throws(XMLError) -> Output

    package init(
        _ service: Service, _ name: String, _ payload: Payload, bucket: String? = nil, isIdempotent: Bool = true,
        isSigned: Bool = true, answerLimit: Int = 8 << 20,
        reading read: @escaping @Sendable (HTTPResponse) throws(XMLError) -> Output
    ) {
        self.service = service
        self.name = name
        self.payload = payload
        self.bucket = bucket
        self.isIdempotent = isIdempotent
        self.isSigned = isSigned
        self.answerLimit = answerLimit
        self.read = read
    }

    /// The answer is XML, and all of it is in the body.
    ///
    /// - Parameter decode: reads the root element.
    package init(
        _ service: Service, _ name: String, _ payload: Payload, bucket: String? = nil, isIdempotent: Bool = true,
        isSigned: Bool = true, decode: @escaping @Sendable (XMLNode) throws(XMLError) -> Output
    ) {
        self.init(service, name, payload, bucket: bucket, isIdempotent: isIdempotent, isSigned: isSigned) {
            answer throws(XMLError) in try decode(XMLNode(parsing: answer.body))
        }
    }
}

/// The file of an operation whose body does not fit into memory.
package enum OperationFile: Sendable, Hashable {
    /// These bytes of the file at this path are the request's body. Their SHA-256 is known already, and signed: other bytes
    /// than were hashed are refused by AWS.
    case source(path: String, range: Range<Int64>, sha256: [UInt8])
    /// The answer's body goes behind the last byte of the file at this path where the answer is partial (206); at most
    /// `limit` bytes.
    case destination(path: String, limit: Int64)
}

/// What an operation sends, before it has an endpoint, a date and a signature.
package enum Payload: Sendable, Hashable {
    /// Parameters of the query protocol, beside `Action` and `Version`.
    case query([Parameter])
    /// A REST call. `path` begins with a slash and is percent-encoded; the query's parameters are not. A body is XML
    /// unless `headers` say otherwise.
    case rest(
        method: String, path: String, query: [Parameter] = [], headers: [Parameter] = [], body: [UInt8] = [])

    /// The same with further parameters: in the form, or in the URL's query.
    package func adding(_ parameters: Parameter...) -> Payload {
        switch self {
        case .query(let present): .query(present + parameters)
        case .rest(let method, let path, let query, let headers, let body):
            .rest(method: method, path: path, query: query + parameters, headers: headers, body: body)
        }
    }
}

/// A name and its value, neither of them encoded.
package struct Parameter: Sendable, Hashable {
    package let name: String
    package let value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// A list in the query protocol: `prefix.1`, `prefix.2`, ... (AutoScaling's prefixes end in `.member`).
    static func list(_ prefix: String, _ values: some Sequence<String>) -> [Parameter] {
        values.enumerated().map { Parameter("\(prefix).\($0 + 1)", $1) }
    }
}

/// One page of a list.
package struct Page<Item: Sendable>: Sendable {
    package var items: [Item]
    /// What to send for the page that follows; nil: this is the last one.
    package var next: Payload?

    package init(items: [Item], next: Payload? = nil) {
        self.items = items
        self.next = next
    }
}
