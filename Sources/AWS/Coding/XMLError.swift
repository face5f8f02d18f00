/// Why an XML answer could not be read. Either the bytes are not a document we accept (`malformed`, `tooLarge`), or the
/// document is not the one expected: then the full path from the root says where.
package enum XMLError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Not well-formed, or a document type declaration, which no AWS answer holds; `offset` in bytes from the start.
    case malformed(because: String, offset: Int)
    /// More than a limit allows of what is named; `offset` in bytes from the start.
    case tooLarge(what: String, limit: Int, offset: Int)
    /// No such element. The path ends where it broke off.
    case missing(path: String)
    /// Several elements where one was asked for: reading the first would lose the others.
    case repeated(path: String)
    /// The element holds elements where text was expected.
    case notText(path: String)
    /// The element's text (cut to 64 characters) is not of the expected kind, e.g. "an integer".
    case unreadable(path: String, text: String, expected: String)
    /// A header that has to stand beside the body does not.
    case missingHeader(String)

    package var description: String {
        switch self {
        case .malformed(let reason, let offset): "XML: \(reason) at byte \(offset)"
        case .tooLarge(let what, let limit, let offset): "XML: more than \(limit) \(what) at byte \(offset)"
        case .missing(let path): "XML: no element \(path)"
        case .repeated(let path): "XML: more than one element \(path)"
        case .notText(let path): "XML: element \(path) holds elements, not text"
        case .unreadable(let path, let text, let expected): "XML: element \(path) holds \"\(text)\", not \(expected)"
        case .missingHeader(let name): "it has no header \(name)"
        }
    }
}
