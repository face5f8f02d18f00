/// Texts in TXT records, as Route 53 writes and reads them.

extension Route53 {
    /// A text as one value of a TXT record set, and back.
    ///
    ///     owner=arn:…"x"  <->  "owner=arn:\342\200\246\"x\""
    ///
    /// DNS keeps a value as strings of at most 255 octets. Route 53 writes each in quotes, with a blank in between, a quote
    /// inside as `\"`, and an octet that is not visible ASCII as a backslash and three octal digits (not decimal ones, as
    /// zone files do). The case of letters is kept.
    /// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html#TXTFormat
    ///
    /// To delete or replace a value name it as it was read, not as it would be written: one text has several spellings. The
    /// order of a set's values means nothing, so what has an order has to be in one value.
    package enum TXTValue {
        /// The most characters that a value may have, quotes, blanks and escapes included.
        /// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecord.html
        ///
        /// All values of a change batch together may have 32,000:
        /// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html#limits-api-requests-changeresourcerecordsets
        package static let characterLimit = 4000
        /// The most octets of one string, an escape being one (RFC 1035, 3.3).
        package static let stringLimit = 255

        /// Writes a text.
        /// - Throws: `TXTError.tooLong`.
        package static func write(_ text: String) throws(TXTError) -> String {
            let octets = Array(text.utf8)
            let strings = octets.isEmpty ? [[]] : portions(of: octets, stringLimit)
            let value = strings.map { "\"\($0.map(escaped).joined())\"" }.joined(separator: " ")
            guard value.utf8.count <= characterLimit else { throw .tooLong(characters: value.utf8.count) }
            return value
        }

        /// Reads a value, in any of its spellings.
        /// - Throws: `TXTError`, but not `tooLong`.
        package static func read(_ value: String) throws(TXTError) -> String {
            var reader = TXTReader(value)
            let octets = try reader.strings()
            guard let text = String(validating: octets, as: UTF8.self) else { throw .notUTF8 }
            return text
        }

        /// A blank stands for itself, as in Amazon's own examples; a backslash has no short escape that they name.
        private static func escaped(_ octet: UInt8) -> String {
            switch octet {
            case UInt8(ascii: "\""): "\\\""
            case UInt8(ascii: "\\"): octal(octet)
            case 0x20...0x7e: String(UnicodeScalar(octet))
            default: octal(octet)
            }
        }

        private static func octal(_ octet: UInt8) -> String {
            "\\" + [octet >> 6, octet >> 3 & 7, octet & 7].map(String.init).joined()
        }
    }

    /// Why a text is no TXT value, or a value no text. The text itself is not repeated.
    package enum TXTError: Error, Sendable, Equatable, CustomStringConvertible {
        case tooLong(characters: Int)
        /// At this byte there is neither a quote nor a blank between strings, or the value ends inside of a string.
        case notQuoted(offset: Int)
        /// At this byte a backslash begins no escape.
        case badEscape(offset: Int)
        case notUTF8

        package var description: String {
            switch self {
            case .tooLong(let characters):
                "TXT value: \(characters) characters, and Route 53 takes \(TXTValue.characterLimit)"
            case .notQuoted(let offset): "TXT value: not in quotes at byte \(offset)"
            case .badEscape(let offset): "TXT value: a backslash that begins no escape at byte \(offset)"
            case .notUTF8: "TXT value: not UTF-8"
            }
        }
    }
}

/// Reads `"string" "string"`, byte by byte.
private struct TXTReader {
    private let bytes: [UInt8]
    private var index = 0

    init(_ value: String) { bytes = Array(value.utf8) }

    /// The octets of all strings, joined.
    mutating func strings() throws(Route53.TXTError) -> [UInt8] {
        var octets: [UInt8] = []
        repeat {
            skipBlanks()
            octets += try string()
            skipBlanks()
        } while index < bytes.count
        return octets
    }

    private mutating func skipBlanks() {
        while index < bytes.count, [UInt8(ascii: " "), UInt8(ascii: "\t")].contains(bytes[index]) { index += 1 }
    }

    private mutating func string() throws(Route53.TXTError) -> [UInt8] {
        guard next() == quote else { throw .notQuoted(offset: index - 1) }
        var octets: [UInt8] = []
        while let byte = next() {
            if byte == quote { return octets }
            octets.append(byte == backslash ? try escape() : byte)
        }
        throw .notQuoted(offset: bytes.count)
    }

    /// What follows a backslash: three octal digits, or a character that stands for itself.
    private mutating func escape() throws(Route53.TXTError) -> UInt8 {
        let offset = index - 1
        guard let first = next() else { throw .badEscape(offset: offset) }
        guard isDigit(first) else { return first }
        guard let second = next(), let third = next() else { throw .badEscape(offset: offset) }
        guard let octet = UInt8(String(decoding: [first, second, third], as: UTF8.self), radix: 8) else {
            throw .badEscape(offset: offset)
        }
        return octet
    }

    private mutating func next() -> UInt8? {
        defer { index += 1 }
        return index < bytes.count ? bytes[index] : nil
    }
}

private let quote = UInt8(ascii: "\"")
private let backslash = UInt8(ascii: "\\")
private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
