import Testing

@testable import AWS

struct TXTValueTests {
    @Test(arguments: [
        ("", #""""#),
        ("owner=a b;Ab/aB", #""owner=a b;Ab/aB""#),
        (#"say "hi""#, #""say \"hi\"""#),
        (#"a\b"#, #""a\134b""#),
        ("a\tb\nc\u{0}\u{7f}", #""a\011b\012c\000\177""#),
        ("ü", #""\303\274""#),
        ("日", #""\346\227\245""#),
        ("!#$%&'()*+,-./:;<=>?@[]^_`{|}~", #""!#$%&'()*+,-./:;<=>?@[]^_`{|}~""#),
    ])
    func isWrittenAndReadBack(text: String, value: String) throws {
        #expect(try Route53.TXTValue.write(text) == value)
        #expect(try Route53.TXTValue.read(value) == text)
    }

    /// What others may have written, or Route 53 may make of it.
    @Test(arguments: [
        (#""a" "b"  "c""#, "abc"), (#""a""b""#, "ab"), (" \"a\"\t\"b\" ", "ab"),
        (#""\042second\042""#, #""second""#), (#""a\\b""#, #"a\b"#), (#""a\040b""#, "a b"), (#""a\;b""#, "a;b"),
        (#""\303" "\274""#, "ü"), (#""ü""#, "ü"), (#""" """#, ""), (#""a" """#, "a"), (#""\1011""#, "A1"),
        (#""\\134""#, #"\134"#),
    ])
    func isReadInEverySpelling(value: String, text: String) throws {
        #expect(try Route53.TXTValue.read(value) == text)
    }

    @Test(arguments: [
        ("", Route53.TXTError.notQuoted(offset: 0)), ("a", .notQuoted(offset: 0)), (#""a" b"#, .notQuoted(offset: 4)),
        (#""a"b"#, .notQuoted(offset: 3)), (#""a"#, .notQuoted(offset: 2)), ("   ", .notQuoted(offset: 3)),
        (#""a\""#, .notQuoted(offset: 4)), (#""a\"#, .badEscape(offset: 2)), (#""\08"#, .badEscape(offset: 1)),
        (#""\089""#, .badEscape(offset: 1)), (#""\400""#, .badEscape(offset: 1)), (#""\777""#, .badEscape(offset: 1)),
        (#""\0""#, .badEscape(offset: 1)), (#""\351""#, .notUTF8), (#""\+12""#, nil),
    ])
    func saysWhereItIsNone(value: String, error: Route53.TXTError?) throws {
        if let error {
            #expect(throws: error) { try Route53.TXTValue.read(value) }
            #expect("\(error)".hasPrefix("TXT value: "))
        } else {
            #expect(try Route53.TXTValue.read(value) == "+12")
        }
    }

    /// At most 255 octets to a string, whatever they cost in characters; at most 4,000 characters in all.
    @Test func isCutIntoStrings() throws {
        func lengths(_ text: String) throws -> [Int] {
            try Route53.TXTValue.write(text).split(separator: "\" \"").map { $0.filter { $0 != "\"" }.count }
        }
        #expect(try lengths(String(repeating: "a", count: 255)) == [255])
        #expect(try lengths(String(repeating: "a", count: 256)) == [255, 1])
        #expect(try lengths(String(repeating: "a", count: 511)) == [255, 255, 1])
        // A character may be cut in two: each octet costs four characters, and counts as one.
        #expect(try lengths(String(repeating: "ü", count: 128)) == [1020, 4])
        let cut = String(repeating: "ü", count: 128)
        #expect(try Route53.TXTValue.read(Route53.TXTValue.write(cut)) == cut)
    }

    @Test func isLimitedAsAWhole() throws {
        // 15 strings of 255 and one of 128, 16 pairs of quotes and 15 blanks.
        let longest = String(repeating: "a", count: 15 * 255 + 128)
        let value = try Route53.TXTValue.write(longest)
        #expect(value.count == 4000)
        #expect(try Route53.TXTValue.read(value) == longest)
        let error = Route53.TXTError.tooLong(characters: 4001)
        #expect(throws: error) { try Route53.TXTValue.write(longest + "a") }
        #expect("\(error)" == "TXT value: 4001 characters, and Route 53 takes 4000")
        #expect(throws: Route53.TXTError.tooLong(characters: 4026)) {
            try Route53.TXTValue.write(String(repeating: "\u{1}", count: 1000) + "aaaaaaaaaaaaaaa")
        }
    }

    /// Every octet that UTF-8 can hold, and random texts.
    @Test func losesNothing() throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            let scalars = (0..<Int.random(in: 0...300, using: &generator)).compactMap { _ in
                UnicodeScalar(UInt32.random(in: 0...0x2ff, using: &generator))
            }
            let text = String(String.UnicodeScalarView(scalars))
            #expect(try Array(Route53.TXTValue.read(Route53.TXTValue.write(text)).utf8) == Array(text.utf8))
        }
    }
}
