/// Character data: which bytes XML allows, and what they mean once references and CDATA sections are resolved.
enum XMLText {
    /// The offset of the first byte that begins no well-formed UTF-8, or a character that XML 1.0 excludes (control
    /// characters but tab and line ends, U+FFFE, U+FFFF).
    static func firstInvalidCharacter(in bytes: [UInt8]) -> Int? {
        var position = 0
        while position < bytes.count {
            if bytes[position] < 0x80 {
                guard isAllowed(UInt32(bytes[position])) else { return position }
                position += 1
            } else {
                let length = lengthOfCharacter(in: bytes, at: position)
                guard length > 0 else { return position }
                position += length
            }
        }
        return nil
    }

    /// What stands between two tags of an element without child elements. It was checked by `XMLReader`.
    static func decode(_ content: ArraySlice<UInt8>) -> String {
        let isPlain = content.allSatisfy { $0 != UInt8(ascii: "&") && $0 != UInt8(ascii: "<") && $0 != 0x0d }
        return isPlain ? String(decoding: content, as: UTF8.self) : String(decoding: resolve(content), as: UTF8.self)
    }

    /// The character that a reference stands for, and the index behind its `;`. Nil where `bytes` begin with none:
    /// `&#10;`, `&#xA;` or one of the five names that need no declaration.
    static func reference(in bytes: ArraySlice<UInt8>) -> (character: Unicode.Scalar, end: Int)? {
        // Ten bytes say every character; more leading zeros than these have no other end than a slow search.
        guard let end = bytes.prefix(16).firstIndex(of: UInt8(ascii: ";")) else { return nil }
        let name = String(decoding: bytes[bytes.startIndex..<end].dropFirst(), as: UTF8.self)
        guard let character = predefined[name] ?? numbered(name) else { return nil }
        return (character, end + 1)
    }

    private static let predefined: [String: Unicode.Scalar] = [
        "lt": "<", "gt": ">", "amp": "&", "apos": "'", "quot": "\"",
    ]

    private static func numbered(_ name: String) -> Unicode.Scalar? {
        guard name.hasPrefix("#") else { return nil }
        let isHex = name.hasPrefix("#x")
        let digits = name.dropFirst(isHex ? 2 : 1)
        guard digits.first != "+", digits.first != "-", let number = UInt32(digits, radix: isHex ? 16 : 10) else {
            return nil
        }
        return isAllowed(number) ? Unicode.Scalar(number) : nil
    }

    private static func isAllowed(_ character: UInt32) -> Bool {
        switch character {
        case 0x20...0xd7ff, 0x0a, 0x0d, 0x09, 0xe000...0xfffd, 0x1_0000...0x10_ffff: true
        default: false
        }
    }

    /// 0 where no allowed character of two to four bytes begins.
    private static func lengthOfCharacter(in bytes: [UInt8], at position: Int) -> Int {
        var decoder = UTF8()
        var iterator = bytes[position..<min(position + 4, bytes.count)].makeIterator()
        guard case .scalarValue(let character) = decoder.decode(&iterator), isAllowed(character.value) else { return 0 }
        return UTF8.width(character)
    }

    private static func resolve(_ content: ArraySlice<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        var rest = content.contains(0x0d) ? withLineFeeds(content)[...] : content
        while let byte = rest.first {
            if byte == UInt8(ascii: "&"), let reference = reference(in: rest) {
                text.append(contentsOf: UTF8.encode(reference.character) ?? UTF8.encodedReplacementCharacter)
                rest = rest[reference.end...]
            } else if byte == UInt8(ascii: "<") {
                rest = resolveMarkup(rest, into: &text)
            } else {
                text.append(byte)
                rest = rest.dropFirst()
            }
        }
        return text
    }

    /// Line ends of every system become one line feed, but not those that a reference stands for
    /// (https://www.w3.org/TR/xml/#sec-line-ends).
    private static func withLineFeeds(_ content: ArraySlice<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        var previous: UInt8 = 0
        for byte in content {
            if byte != 0x0a || previous != 0x0d { text.append(byte == 0x0d ? 0x0a : byte) }
            previous = byte
        }
        return text
    }

    /// Skips a comment or an instruction, and takes a CDATA section in as it is.
    /// - Returns: what comes behind it.
    private static func resolveMarkup(_ bytes: ArraySlice<UInt8>, into text: inout [UInt8]) -> ArraySlice<UInt8> {
        if bytes.starts(with: "<![CDATA[".utf8) {
            let (section, rest) = cut(bytes.dropFirst(9), at: "]]>")
            text.append(contentsOf: section)
            return rest
        }
        return bytes.starts(with: "<!--".utf8) ? cut(bytes.dropFirst(4), at: "-->").rest : cut(bytes, at: "?>").rest
    }

    private static func cut(
        _ bytes: ArraySlice<UInt8>, at end: String
    ) -> (before: ArraySlice<UInt8>, rest: ArraySlice<UInt8>) {
        let start = bytes.indices.first { bytes[$0...].starts(with: end.utf8) } ?? bytes.endIndex
        return (bytes[..<start], bytes[start...].dropFirst(end.utf8.count))
    }
}
