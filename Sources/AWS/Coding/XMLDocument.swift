/// A document as one flat array of elements, in the order of their start tags, that points into the answer's bytes.
final class XMLDocument: Sendable {
    /// 20 bytes for each element: a page of DescribeInstances has tens of thousands.
    struct Element: Sendable, Equatable {
        /// Where the name begins, and its length in bytes.
        var nameStart: UInt32
        var nameLength: UInt32
        /// Between the start tag and the end tag.
        var contentStart: UInt32
        var contentEnd: UInt32
        /// The index after this element's last descendant: the next sibling, if there is one.
        var end: UInt32
    }

    private let bytes: [UInt8]
    private let elements: [Element]

    init(parsing bytes: [UInt8], limits: XMLNode.Limits) throws(XMLError) {
        self.bytes = bytes
        self.elements = try XMLReader.read(bytes, limits: limits)
    }

    func name(of index: Int) -> String {
        String(decoding: nameBytes(of: index), as: UTF8.self)
    }

    /// The indices of the children, in order.
    func children(of index: Int) -> [Int] {
        childIndices(of: index, where: { _ in true })
    }

    func children(of index: Int, named name: String) -> [Int] {
        childIndices(of: index, where: { isNamed(name, $0) })
    }

    /// Whether an element bears this name. Most are told apart by length alone.
    private func isNamed(_ name: String, _ index: Int) -> Bool {
        elements[index].nameLength == name.utf8.count && nameBytes(of: index).elementsEqual(name.utf8)
    }

    /// Nil where the element has child elements.
    func text(of index: Int) -> String? {
        let element = elements[index]
        guard Int(element.end) == index + 1 else { return nil }
        return XMLText.decode(bytes[Int(element.contentStart)..<Int(element.contentEnd)])
    }

    /// Found from the root down: parents are not stored, as only errors ask for them.
    func path(to index: Int) -> String {
        var path = name(of: 0)
        var current = 0
        while current != index {
            guard let next = children(of: current).last(where: { $0 <= index }) else { return path }
            path += "/" + name(of: next) + ordinal(of: next, in: current)
            current = next
        }
        return path
    }

    private func ordinal(of index: Int, in parent: Int) -> String {
        let alike = children(of: parent, named: name(of: index))
        guard alike.count > 1, let position = alike.firstIndex(of: index) else { return "" }
        return "[\(position + 1)]"
    }

    private func nameBytes(of index: Int) -> ArraySlice<UInt8> {
        let element = elements[index]
        return bytes[Int(element.nameStart)..<Int(element.nameStart + element.nameLength)]
    }

    private func childIndices(of index: Int, where isWanted: (Int) -> Bool) -> [Int] {
        var indices: [Int] = []
        var child = index + 1
        while child < Int(elements[index].end) {
            if isWanted(child) { indices.append(child) }
            child = Int(elements[child].end)
        }
        return indices
    }
}
