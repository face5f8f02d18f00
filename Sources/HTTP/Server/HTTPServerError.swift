import Glibc

/// The server can't begin: what was attempted, and the system's reason.
package struct HTTPServerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was attempted, e.g. `listen on 10.0.0.1:2382`.
    package let attempt: String
    /// The value of `errno`.
    package let code: Int32
    /// In words.
    package let cause: String

    init(_ attempt: String, code: Int32, cause: String? = nil) {
        self.attempt = attempt
        self.code = code
        self.cause = cause ?? String(cString: strerror(code))
    }

    package var description: String { "can't \(attempt): \(cause)" }
}
