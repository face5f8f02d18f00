import Testing

@testable import AWS

/// Documents that are refused, and where.
struct XMLRefusalTests {
    @Test(arguments: [
        ("", 0), (" ", 1), ("x", 0), ("<", 1), ("<>", 1), ("< r/>", 1), ("<1/>", 1), ("<r", 2), ("<r ", 3), ("<r/", 2),
        ("<r>", 3), ("<r></", 5), ("<r></r", 6), ("<r></r x>", 7), ("<r></s>", 3), ("<r></R>", 3), ("<r></rr>", 3),
        ("<r><a></r></a>", 6), ("</r>", 0), ("<r/></r>", 4), ("<r/><r/>", 4), ("<r/>x", 4), ("x<r/>", 0),
        ("<r/>&#32;", 4),
        ("<r a/>", 4), ("<r a=/>", 5), ("<r a=1/>", 5), ("<r a='1/>", 9), ("<r a='<'/>", 6), ("<r a='&x;'/>", 6),
        ("<r a='1'b='2'/>", 8), ("<r / >", 3), ("<r ='1'/>", 3), ("<r>&x;</r>", 3), ("<r>&lt</r>", 3), ("<r>&</r>", 3),
        ("<r>&;</r>", 3), ("<r>&#;</r>", 3), ("<r>&#x;</r>", 3), ("<r>&#xG;</r>", 3), ("<r>&#+1;</r>", 3),
        ("<r>&#-1;</r>", 3), ("<r>&#0;</r>", 3), ("<r>&#8;</r>", 3), ("<r>&#xD800;</r>", 3), ("<r>&#xFFFE;</r>", 3),
        ("<r>&#x110000;</r>", 3), ("<r>&#99999999999;</r>", 3), ("<r>&#0000000000000000065;</r>", 3),
        ("<r>&LT;</r>", 3),
        ("<r>]]></r>", 3), ("<r><![CDATA[x</r>", 12), ("<r><![CDATA[x]] ></r>", 12), ("<![CDATA[x]]><r/>", 0),
        ("<r><![cdata[x]]></r>", 3), ("<r><!-- x</r>", 7), ("<r><!-- a -- b --></r>", 12), ("<r><!--x---></r>", 10),
        ("<r><!x></r>", 3), ("<r><?x</r>", 6), ("<r><??></r>", 5), ("<r><?x", 6), ("<r><?xml version='1.0'?></r>", 8),
        (" <?xml version='1.0'?><r/>", 6), ("<?xml version='1.0'?><?XML?><r/>", 26), ("<?xml version='1.0'", 19),
        ("<?xml version='1.0?><r><a/><?p?></r>", 20), ("<?xml version='1.0'><r/>", 19), ("<?xml version?><r/>", 13),
        ("<!DOCTYPE r><r/>", 0), ("<!DOCTYPE r [<!ENTITY a 'b'>]><r>&a;</r>", 0), ("<r><!DOCTYPE r></r>", 3),
        ("<r>\u{0}</r>", 3), ("<r>\u{1}</r>", 3), ("<r>\u{FFFF}</r>", 3), ("<r\u{0}/>", 2), ("<r>\u{FEFF}<a></r>", 9),
    ])
    func refusesADocumentThatIsNotWellFormed(document: String, offset: Int) {
        let error = #expect(throws: XMLError.self) { try XMLNode(parsing: Array(document.utf8)) }
        guard case .malformed(let reason, offset: offset) = error else {
            Issue.record("\(document): \(String(describing: error))")
            return
        }
        #expect(!reason.isEmpty)
    }

    @Test(
        arguments: [
            ([0x80], 3), ([0xc0, 0x80], 3), ([0xc3], 3), ([0xe2, 0x82], 3), ([0xed, 0xa0, 0x80], 3), ([0xff], 3),
            ([0xf4, 0x90, 0x80, 0x80], 3), ([0xc3, 0xbc, 0xc3], 5), ([0xef, 0xbf, 0xbe], 3),
        ] as [([UInt8], Int)])
    func refusesBytesThatAreNotUTF8(bytes: [UInt8], offset: Int) {
        #expect(
            throws: XMLError.malformed(because: "not a character in UTF-8 that XML allows", offset: offset)
        ) {
            try XMLNode(parsing: Array("<r>".utf8) + bytes + Array("</r>".utf8))
        }
    }

    /// A connection that breaks off never leaves a shorter list behind.
    @Test(arguments: ["DescribeInstances", "ListResourceRecordSets"])
    func refusesEveryTruncatedAnswer(name: String) throws {
        let answer = try Fixture.bytes("xml/\(name).xml")
        let end = try #require(answer.lastIndex(of: UInt8(ascii: ">")))
        try #require(end > 800)
        _ = try XMLNode(parsing: Array(answer[...end]))
        for length in 0...end {
            #expect(throws: XMLError.self, "\(length) bytes") { try XMLNode(parsing: Array(answer[..<length])) }
        }
    }

    @Test(arguments: [
        (
            XMLNode.Limits(bytes: 11), "<r><a/></r>", "<r><a/></r>\n",
            XMLError.tooLarge(what: "bytes", limit: 11, offset: 11)
        ),
        (
            .init(depth: 2), "<r><a/><a/></r>", "<r><a><a/></a></r>",
            .tooLarge(what: "levels of elements", limit: 2, offset: 6)
        ),
        (
            .init(elements: 3), "<r><a/><a/></r>", "<r><a/><a/><a/></r>",
            .tooLarge(what: "elements", limit: 3, offset: 11)
        ),
        (.init(nameBytes: 2), "<ab c='1'/>", "<abc/>", .tooLarge(what: "bytes in a name", limit: 2, offset: 4)),
        (.init(nameBytes: 2), "<ab/>", "<ab abc='1'/>", .tooLarge(what: "bytes in a name", limit: 2, offset: 7)),
    ])
    func refusesOneMoreThanALimit(limits: XMLNode.Limits, within: String, beyond: String, error: XMLError) throws {
        _ = try XMLNode(parsing: Array(within.utf8), limits: limits)
        #expect(throws: error) { try XMLNode(parsing: Array(beyond.utf8), limits: limits) }
    }

    @Test func refusesDepthWithoutOverflowingTheStack() {
        let depth = 100_000
        let document = Array(String(repeating: "<a>", count: depth).utf8)
        #expect(throws: XMLError.tooLarge(what: "levels of elements", limit: 64, offset: 64 * 3)) {
            try XMLNode(parsing: document)
        }
        let wide = XMLNode.Limits(depth: depth, elements: depth)
        #expect(throws: XMLError.malformed(because: "element a is not closed", offset: depth * 3)) {
            try XMLNode(parsing: document, limits: wide)
        }
    }

    @Test func saysInWordsWhatIsWrong() {
        #expect("\(XMLError.missing(path: "a/b"))" == "XML: no element a/b")
        #expect("\(XMLError.malformed(because: "no name", offset: 7))" == "XML: no name at byte 7")
        #expect("\(XMLError.tooLarge(what: "bytes", limit: 9, offset: 9))" == "XML: more than 9 bytes at byte 9")
    }
}
