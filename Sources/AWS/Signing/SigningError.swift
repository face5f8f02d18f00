/// Why a request cannot be signed: in each case a mistake in how it was built, not something to try again.
package enum SigningError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Not `http://host...` or `https://host...`, or it holds a user name. The URL itself is not repeated: it may hold
    /// a password.
    case invalidURL(because: String)
    /// The header's name or value would change the request's meaning, e.g. by a line break.
    case invalidHeader(name: String)
    /// The body is a file: hash it first and pass `.hash`.
    case bodyNotInMemory

    package var description: String {
        switch self {
        case .invalidURL(let reason): "cannot sign the request: its URL \(reason)"
        case .invalidHeader(let name): "cannot sign the request: header \(name) holds a character that no header may"
        case .bodyNotInMemory: "cannot sign the request: its body is a file whose hash was not given"
        }
    }
}
