/// Why no complete answer came, told apart by what a person would do about it.
package struct HTTPError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: String, Sendable, Equatable {
        /// The host name has no address, or no name server that answers knows it.
        case nameNotResolved = "name not resolved"
        /// Something at the address said no at once: the host is up, nothing listens there.
        case connectionRefused = "connection refused"
        /// No connection for any other reason: no route, no network.
        case notConnected = "no connection"
        /// The certificate was refused, by either side, or no TLS was spoken.
        case tls = "TLS"
        /// The deadline passed, or 10 s without a connection, or a minute without a byte of a file; `detail` names the
        /// phase, such as resolving the name.
        case timedOut = "timed out"
        /// The answer is larger than the request allowed.
        case tooLarge = "answer too large"
        /// The connection ended, or what came was not HTTP, before the answer was complete.
        case brokenOff = "broken off"
        /// The proxy could not be found or used.
        case proxy = "proxy"
        /// The request is not one: bad URL, unreadable body file, unwritable sink.
        case invalidRequest = "invalid request"
    }

    package var kind: Kind
    /// `METHOD scheme://host:port/path`, without query or credentials: safe to log.
    package var request: String
    /// What libcurl or the system said, for people.
    package var detail: String

    package init(_ kind: Kind, request: String, detail: String) {
        self.kind = kind
        self.request = request
        self.detail = detail
    }

    package var description: String { "\(request): \(kind.rawValue): \(detail)" }
}
