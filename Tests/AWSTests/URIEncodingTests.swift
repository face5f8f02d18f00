import Testing

@testable import AWS

struct URIEncodingTests {
    @Test(arguments: [
        ("", ""), ("AZaz09-._~", "AZaz09-._~"), (" ", "%20"), ("+", "%2B"), ("%", "%25"), ("/", "%2F"),
        ("a=b&c", "a%3Db%26c"), ("!*'()", "%21%2A%27%28%29"), ("ü", "%C3%BC"), ("😀", "%F0%9F%98%80"),
        ("\u{0}\n", "%00%0A"), ("e\u{301}", "e%CC%81"),
    ])
    func encodesAllButUnreservedCharacters(text: String, encoded: String) throws {
        #expect(URIEncoding.encode(text) == encoded)
        #expect(Array(try URIEncoding.decode(encoded).utf8) == Array(text.utf8))
    }

    @Test func encodesEveryByteAsItsNumberOrAsItself() {
        let unreserved = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
        for byte in UInt8.min...UInt8.max {
            let number = String(byte, radix: 16, uppercase: true)
            let expected =
                unreserved.contains(byte)
                ? String(Unicode.Scalar(byte)) : "%" + (byte < 16 ? "0" : "") + number
            #expect(URIEncoding.encode([byte], keepingSlashes: false) == expected)
        }
    }

    @Test func keepsTheSlashesOfAPath() {
        #expect(URIEncoding.encodePath("/a b//c%/ü/.") == "/a%20b//c%25/%C3%BC/.")
    }

    @Test func decodesDigitsInEitherCase() throws {
        #expect(try URIEncoding.decode("%c3%BC%7e+") == "ü~+")
    }

    @Test(arguments: [
        ("%", 0), ("a%4", 1), ("%4g", 0), ("%%41", 0), ("%41%", 3), ("%-1", 0), ("%+1", 0),
    ])
    func refusesAPercentSignWithoutTwoDigits(text: String, offset: Int) {
        #expect(throws: URIEncoding.DecodingError(offset: offset)) { try URIEncoding.decode(text) }
    }

    @Test(arguments: ["%FF", "%C3", "%ED%A0%80", "a%80"])
    func refusesBytesThatAreNotUTF8(text: String) {
        #expect(throws: URIEncoding.DecodingError(offset: nil)) { try URIEncoding.decode(text) }
    }
}
