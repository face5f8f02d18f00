/// Any text in a record: letters, digits and the few marks that mean nothing there, all else percent-encoded.

enum PlainText {
    static func word(_ text: String) -> String { encode(text, blank: "%20") }

    /// Sentences: a blank is a plus sign, as forms write it.
    static func words(_ text: String) -> String { encode(text, blank: "+") }

    private static func encode(_ text: String, blank: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            if byte == UInt8(ascii: " ") {
                encoded += blank
            } else if isPlain(byte) {
                encoded.unicodeScalars.append(UnicodeScalar(byte))
            } else {
                let hex = String(byte, radix: 16, uppercase: true)
                encoded += hex.utf8.count == 1 ? "%0\(hex)" : "%\(hex)"
            }
        }
        return encoded
    }

    /// - Parameter blanks: whether a plus sign is a blank; else it is an error.
    static func reading(_ text: Substring, as name: String, blanks: Bool = false) throws(RecordTextError) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else {
                    throw RecordTextError("'\(excerpt(text))' in \(name): % begins no escape")
                }
                bytes.append(high << 4 | low)
            } else if blanks, byte == UInt8(ascii: "+") {
                bytes.append(UInt8(ascii: " "))
            } else if isPlain(byte) {
                bytes.append(byte)
            } else {
                throw RecordTextError("'\(excerpt(text))' in \(name): a character that has to be escaped")
            }
        }
        guard let read = String(validating: bytes, as: UTF8.self) else {
            throw RecordTextError("'\(excerpt(text))' in \(name): not UTF-8")
        }
        return read
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: "-._~:/()'!*;".utf8.contains(byte)
        }
    }
}
