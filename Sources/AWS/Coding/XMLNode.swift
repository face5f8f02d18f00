/// One element of an AWS answer, looked up by name: bytes in, a tree that says what it lacks out.
///
/// A node is a position in its document, which keeps the answer's bytes and 20 more for each element; strings are made
/// when asked for. Holding a node holds the whole document, so decode into values and let it go.
///
/// Names are compared as written, prefix included (AWS uses default namespaces only); attributes are checked and
/// dropped. A path names one element at each step: where several match, an error says so, since reading the first would
/// silently lose the others. Lists are read by `all`.
package struct XMLNode: Sendable {
    /// How much of a document is accepted: what AWS sends is far below, what runs us out of memory far above.
    package struct Limits: Sendable, Equatable {
        package var bytes: Int
        package var depth: Int
        package var elements: Int
        /// In bytes of UTF-8, of elements and attributes.
        package var nameBytes: Int

        package init(bytes: Int = 8 << 20, depth: Int = 64, elements: Int = 250_000, nameBytes: Int = 256) {
            self.bytes = bytes
            self.depth = depth
            self.elements = elements
            self.nameBytes = nameBytes
        }
    }

    let document: XMLDocument
    let index: Int

    /// The root element of a document in UTF-8.
    ///
    /// - Throws: `XMLError.malformed` or `.tooLarge`, with the offset in bytes.
    package init(parsing bytes: [UInt8], limits: Limits = Limits()) throws(XMLError) {
        self.init(document: try XMLDocument(parsing: bytes, limits: limits), index: 0)
    }

    init(document: XMLDocument, index: Int) {
        self.document = document
        self.index = index
    }

    /// As written in the tag, prefix included.
    package var name: String { document.name(of: index) }

    /// From the root to here, e.g. `DescribeInstancesResponse/reservationSet/item[2]`; the number, counted from 1, stands
    /// where siblings bear the same name.
    package var path: String { document.path(to: index) }

    // MARK: Elements

    /// The one element at `path` below this one; this one itself for an empty path.
    /// - Throws: `XMLError.missing` or `.repeated`, naming the step where it broke off.
    package func child(_ path: String...) throws(XMLError) -> XMLNode { try child(path) }

    /// As `child`, but nil where a step of the path is missing.
    package func optionalChild(_ path: String...) throws(XMLError) -> XMLNode? { try optionalChild(path) }

    /// Every child element, in order.
    package var children: [XMLNode] { document.children(of: index).map { XMLNode(document: document, index: $0) } }

    /// Every element of the last name in `path`, in order, in the one container that the steps before it name:
    /// `all("reservationSet", "item")`. Empty where the container is; one that is missing is an error, not an empty
    /// list, so that an answer of an unknown shape never reads as "nothing there" (F5).
    package func all(_ first: String, _ rest: String...) throws(XMLError) -> [XMLNode] {
        let path = [first] + rest
        let container = try child(Array(path.dropLast()))
        return document.children(of: container.index, named: path[path.count - 1])
            .map { XMLNode(document: document, index: $0) }
    }

    // MARK: Text

    /// The text of the one element at `path`, references resolved; empty for an empty element.
    /// - Throws: `XMLError.missing`, `.repeated`, or `.notText` where it holds elements.
    package func text(_ path: String...) throws(XMLError) -> String { try child(path).ownText() }

    /// As `text`, but nil where a step of the path is missing. An empty element is an empty text, not nil.
    package func optionalText(_ path: String...) throws(XMLError) -> String? { try optionalChild(path)?.ownText() }

    /// The integer at `path`.
    /// - Throws: as `text`, and `XMLError.unreadable`.
    package func int(_ path: String...) throws(XMLError) -> Int { try child(path).ownInt() }

    /// As `int`, but nil where a step of the path is missing.
    package func optionalInt(_ path: String...) throws(XMLError) -> Int? { try optionalChild(path)?.ownInt() }

    /// The `true` or `false` at `path`.
    /// - Throws: as `text`, and `XMLError.unreadable`.
    package func bool(_ path: String...) throws(XMLError) -> Bool { try child(path).ownBool() }

    /// As `bool`, but nil where a step of the path is missing.
    package func optionalBool(_ path: String...) throws(XMLError) -> Bool? { try optionalChild(path)?.ownBool() }

    // MARK: -

    private func child(_ path: [String]) throws(XMLError) -> XMLNode {
        var node = self
        for name in path {
            guard let next = try node.onlyChild(name) else { throw .missing(path: "\(node.path)/\(name)") }
            node = next
        }
        return node
    }

    private func optionalChild(_ path: [String]) throws(XMLError) -> XMLNode? {
        var node = self
        for name in path {
            guard let next = try node.onlyChild(name) else { return nil }
            node = next
        }
        return node
    }

    private func onlyChild(_ name: String) throws(XMLError) -> XMLNode? {
        let matches = document.children(of: index, named: name)
        guard matches.count <= 1 else { throw .repeated(path: "\(path)/\(name)") }
        return matches.first.map { XMLNode(document: document, index: $0) }
    }

    private func ownText() throws(XMLError) -> String {
        guard let text = document.text(of: index) else { throw .notText(path: path) }
        return text
    }

    private func ownInt() throws(XMLError) -> Int {
        let text = try ownText()
        guard let value = Int(text) else { throw unreadable(text, expected: "an integer") }
        return value
    }

    private func ownBool() throws(XMLError) -> Bool {
        switch try ownText() {
        case "true": true
        case "false": false
        case let text: throw unreadable(text, expected: "true or false")
        }
    }

    private func unreadable(_ text: String, expected: String) -> XMLError {
        .unreadable(path: path, text: String(text.prefix(64)), expected: expected)
    }
}
