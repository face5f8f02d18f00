/// Percent-encoding as AWS reads it: everything but RFC 3986's unreserved characters (A-Z a-z 0-9 - . _ ~) becomes
/// `%XX` in upper case; a space is `%20`, and `+` means itself.
/// https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html (UriEncode)
package enum URIEncoding {
    /// Text that is not percent-encoded UTF-8.
    package struct DecodingError: Error, Equatable, CustomStringConvertible {
        /// The byte at which it goes wrong: a `%` without two hexadecimal digits; nil where the bytes are not UTF-8.
        package var offset: Int?

        package var description: String {
            offset.map { "'%' without two hexadecimal digits at byte \($0)" } ?? "percent-encoded bytes are not UTF-8"
        }
    }

    /// One component: a key or value of a query, one segment of a path. A slash is encoded as well.
    package static func encode(_ component: some StringProtocol) -> String {
        encode(component.utf8, keepingSlashes: false)
    }

    /// A path of several segments: slashes stay.
    package static func encodePath(_ path: some StringProtocol) -> String {
        encode(path.utf8, keepingSlashes: true)
    }

    /// The text that `encode` or `encodePath` was given.
    /// - Throws: `DecodingError` where a `%` begins no byte, or the bytes are not UTF-8.
    package static func decode(_ text: some StringProtocol) throws(DecodingError) -> String {
        let decoded = decodeBytes(text.utf8)
        if let offset = decoded.firstMalformed { throw DecodingError(offset: offset) }
        guard let result = String(validating: decoded.bytes, as: UTF8.self) else { throw DecodingError(offset: nil) }
        return result
    }

    /// Decodes as far as it can: a `%` that begins no byte stands for itself.
    static func decodeBytes(_ text: some Sequence<UInt8>) -> (bytes: [UInt8], firstMalformed: Int?) {
        let text = Array(text)
        var bytes: [UInt8] = []
        var firstMalformed: Int?
        var index = 0
        while index < text.count {
            if text[index] == UInt8(ascii: "%") {
                if index + 2 < text.count, let high = value(text[index + 1]), let low = value(text[index + 2]) {
                    bytes.append(high << 4 | low)
                    index += 3
                    continue
                }
                firstMalformed = firstMalformed ?? index
            }
            bytes.append(text[index])
            index += 1
        }
        return (bytes, firstMalformed)
    }

    static func encode(_ bytes: some Sequence<UInt8>, keepingSlashes: Bool) -> String {
        var encoded: [UInt8] = []
        encoded.reserveCapacity(bytes.underestimatedCount)
        for byte in bytes {
            if isUnreserved(byte) || (keepingSlashes && byte == UInt8(ascii: "/")) {
                encoded.append(byte)
            } else {
                encoded.append(UInt8(ascii: "%"))
                encoded.append(digit(byte >> 4))
                encoded.append(digit(byte & 15))
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
            true
        default: false
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
