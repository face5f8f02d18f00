/// Reads a document from the first byte to the last, without recursion, and checks that it is well-formed
/// (https://www.w3.org/TR/xml/). What it does not do: document types (refused, and with them every entity but the five
/// predefined ones), other encodings than UTF-8, and noticing an attribute given twice or unknown to a declaration.
struct XMLReader {
    private let bytes: [UInt8]
    private let limits: XMLNode.Limits
    private var position = 0
    private var elements: [XMLDocument.Element] = []
    /// The indices of the elements whose end tag has not come yet, outermost first.
    private var open: [Int] = []

    static func read(_ bytes: [UInt8], limits: XMLNode.Limits) throws(XMLError) -> [XMLDocument.Element] {
        // Offsets are kept in 32 bits.
        let byteLimit = min(limits.bytes, Int(UInt32.max))
        guard bytes.count <= byteLimit else { throw .tooLarge(what: "bytes", limit: byteLimit, offset: byteLimit) }
        if let offset = XMLText.firstInvalidCharacter(in: bytes) {
            throw .malformed(because: "not a character in UTF-8 that XML allows", offset: offset)
        }
        var reader = XMLReader(bytes: bytes, limits: limits)
        try reader.readDocument()
        return reader.elements
    }

    private init(bytes: [UInt8], limits: XMLNode.Limits) {
        self.bytes = bytes
        self.limits = limits
        // Exact unless a CDATA section or comment holds tags: no growing array, which for a moment takes three times as
        // much memory.
        elements.reserveCapacity(min(countStartTags(), limits.elements))
    }

    private func countStartTags() -> Int {
        var count = 0
        var previous: UInt8 = 0
        for byte in bytes {
            if previous == UInt8(ascii: "<"), byte != UInt8(ascii: "/") { count += 1 }
            previous = byte
        }
        return count
    }

    private mutating func readDocument() throws(XMLError) {
        if starts(with: "\u{FEFF}") { position += 3 }
        if starts(with: "<?xml"), position + 5 < bytes.count, isSpace(bytes[position + 5]) {
            try readDeclaration()
        }
        while position < bytes.count {
            if bytes[position] == UInt8(ascii: "<") { try readMarkup() } else { try readText() }
        }
        if let last = open.last {
            throw malformed("element \(name(of: last)) is not closed")
        }
        guard !elements.isEmpty else { throw malformed("no element") }
    }

    /// `<?xml version="1.0"?>`. What it says is not needed, but it is read like a tag: with a quote missing it would
    /// otherwise reach to the next `?>` and swallow elements.
    private mutating func readDeclaration() throws(XMLError) {
        position += 5
        while true {
            let spaces = skipSpaces()
            if starts(with: "?>") {
                position += 2
                return
            }
            guard spaces > 0 else { throw malformed("the XML declaration is not closed") }
            try readAttribute()
        }
    }

    private mutating func readMarkup() throws(XMLError) {
        switch position + 1 < bytes.count ? bytes[position + 1] : 0 {
        case UInt8(ascii: "/"): try readEndTag()
        case UInt8(ascii: "?"): try skipInstruction()
        case UInt8(ascii: "!"): try skipDeclaration()
        default: try readStartTag()
        }
    }

    // MARK: Tags

    private mutating func readStartTag() throws(XMLError) {
        guard !open.isEmpty || elements.isEmpty else { throw malformed("a second root element") }
        guard open.count < limits.depth else { throw tooLarge("levels of elements", limits.depth) }
        guard elements.count < limits.elements else { throw tooLarge("elements", limits.elements) }
        position += 1
        let name = try readName()
        let isEmpty = try readAttributes()
        elements.append(
            XMLDocument.Element(
                nameStart: UInt32(name.lowerBound), nameLength: UInt32(name.count),
                contentStart: UInt32(position), contentEnd: UInt32(position), end: UInt32(elements.count + 1)))
        if !isEmpty { open.append(elements.count - 1) }
    }

    /// From behind the element's name to behind its tag.
    /// - Returns: whether the tag ends the element, too.
    private mutating func readAttributes() throws(XMLError) -> Bool {
        while true {
            let spaces = skipSpaces()
            if current == UInt8(ascii: ">") {
                position += 1
                return false
            }
            if current == UInt8(ascii: "/"), starts(with: "/>") {
                position += 2
                return true
            }
            guard position < bytes.count else { throw malformed("the document ends within a tag") }
            guard spaces > 0 else { throw malformed("a space, '>' or '/>' is missing in a tag") }
            try readAttribute()
        }
    }

    private mutating func readAttribute() throws(XMLError) {
        _ = try readName()
        skipSpaces()
        guard current == UInt8(ascii: "=") else { throw malformed("an attribute has no '='") }
        position += 1
        skipSpaces()
        let quote = current
        guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
            throw malformed("an attribute's value has no quotes")
        }
        position += 1
        while position < bytes.count, bytes[position] != quote {
            switch bytes[position] {
            case UInt8(ascii: "<"): throw malformed("'<' in an attribute's value")
            case UInt8(ascii: "&"): try skipReference()
            default: position += 1
            }
        }
        guard position < bytes.count else { throw malformed("an attribute's value is not closed") }
        position += 1
    }

    private mutating func readEndTag() throws(XMLError) {
        let start = position
        guard let index = open.last else { throw malformed("an end tag without an element") }
        position += 2
        let range = try readName()
        guard bytes[range] == nameBytes(of: index) else {
            position = start
            throw malformed("element \(name(of: index)) is ended by the tag of another")
        }
        skipSpaces()
        guard current == UInt8(ascii: ">") else { throw malformed("an end tag is not closed") }
        position += 1
        elements[index].contentEnd = UInt32(start)
        elements[index].end = UInt32(elements.count)
        open.removeLast()
    }

    private mutating func readName() throws(XMLError) -> Range<Int> {
        let start = position
        guard isNameStart(current) else { throw malformed("no name") }
        while isNamePart(current) { position += 1 }
        guard position - start <= limits.nameBytes else { throw tooLarge("bytes in a name", limits.nameBytes) }
        return start..<position
    }

    // MARK: Between tags

    private mutating func readText() throws(XMLError) {
        guard !open.isEmpty else { return try skipSpaceOutsideRoot() }
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "<"): return
            case UInt8(ascii: "&"): try skipReference()
            case UInt8(ascii: "]") where starts(with: "]]>"): throw malformed("']]>' outside a CDATA section")
            default: position += 1
            }
        }
    }

    private mutating func skipSpaceOutsideRoot() throws(XMLError) {
        skipSpaces()
        guard position == bytes.count || bytes[position] == UInt8(ascii: "<") else {
            throw malformed(elements.isEmpty ? "text before the root element" : "text after the root element")
        }
    }

    private mutating func skipReference() throws(XMLError) {
        guard let reference = XMLText.reference(in: bytes[position...]) else {
            throw malformed("a reference that is neither a character's number nor one of lt, gt, amp, apos, quot")
        }
        position = reference.end
    }

    private mutating func skipInstruction() throws(XMLError) {
        position += 2
        let target = try readName()
        guard !bytes[target].elementsEqual("xml".utf8, by: { $0 | 0x20 == $1 }) else {
            throw malformed("an XML declaration that is not at the start")
        }
        guard starts(with: "?>") || skipSpaces() > 0 else { throw malformed("no space after an instruction's name") }
        try skip(past: "?>", of: "a processing instruction")
    }

    private mutating func skipDeclaration() throws(XMLError) {
        if starts(with: "<!--") {
            position += 4
            try skip(past: "--", of: "a comment")
            guard current == UInt8(ascii: ">") else { throw malformed("'--' in a comment") }
            position += 1
        } else if starts(with: "<![CDATA["), !open.isEmpty {
            position += 9
            try skip(past: "]]>", of: "a CDATA section")
        } else if starts(with: "<!DOCTYPE") {
            throw malformed("a document type declaration")
        } else {
            throw malformed("a declaration that has no place here")
        }
    }

    private mutating func skip(past end: String, of what: String) throws(XMLError) {
        let start = position
        while !starts(with: end) {
            guard position < bytes.count else {
                position = start
                throw malformed("\(what) is not closed")
            }
            position += 1
        }
        position += end.utf8.count
    }

    @discardableResult
    private mutating func skipSpaces() -> Int {
        let start = position
        while isSpace(current) { position += 1 }
        return position - start
    }

    // MARK: Bytes

    /// 0 behind the last byte: within a document it is no character, so it is nothing that is looked for.
    private var current: UInt8 { position < bytes.count ? bytes[position] : 0 }

    private func starts(with text: String) -> Bool {
        position + text.utf8.count <= bytes.count
            && zip(bytes[position...], text.utf8).allSatisfy { $0 == $1 }
    }

    private func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0a || byte == 0x09 || byte == 0x0d
    }

    /// Wider than the standard in one way: any character outside ASCII may be part of a name.
    private func isNameStart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "_"), UInt8(ascii: ":"), 0x80...:
            true
        default: false
        }
    }

    private func isNamePart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."): true
        default: isNameStart(byte)
        }
    }

    private func nameBytes(of index: Int) -> ArraySlice<UInt8> {
        let start = Int(elements[index].nameStart)
        return bytes[start..<start + Int(elements[index].nameLength)]
    }

    private func name(of index: Int) -> String {
        String(decoding: nameBytes(of: index), as: UTF8.self)
    }

    private func malformed(_ reason: String) -> XMLError {
        .malformed(because: reason, offset: position)
    }

    private func tooLarge(_ what: String, _ limit: Int) -> XMLError {
        .tooLarge(what: what, limit: limit, offset: position)
    }
}
