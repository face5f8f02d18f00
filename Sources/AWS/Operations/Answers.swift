/// What the operations of all services share.
extension XMLNode {
    /// For an answer that says nothing but that the call was carried out, and for one where nothing inside is required.
    /// - Throws: `XMLError.missing` where it is another answer, or none of AWS's.
    func expectRoot(_ name: String) throws(XMLError) {
        guard self.name == name else { throw .missing(path: name) }
    }

    /// The token of the page that follows; nil on the last page, where AWS leaves the element out or empty.
    func nextToken(_ path: String...) throws(XMLError) -> String? {
        var node: XMLNode? = self
        for name in path { node = try node?.optionalChild(name) }
        guard let token = try node?.text(), !token.isEmpty else { return nil }
        return token
    }
}

/// The items in order, at most `size` at a time.
func portions<Item>(of items: [Item], _ size: Int) -> [[Item]] {
    stride(from: 0, to: items.count, by: size).map { Array(items[$0..<min($0 + size, items.count)]) }
}
