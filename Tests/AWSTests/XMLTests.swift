import Testing

@testable import AWS

/// Finding things in a document that is well-formed.
struct XMLTests {
    static func parse(_ text: String, _ limits: XMLNode.Limits = .init()) throws -> XMLNode {
        try XMLNode(parsing: Array(text.utf8), limits: limits)
    }

    static func describeInstances() throws -> XMLNode {
        try XMLNode(parsing: Fixture.bytes("xml/DescribeInstances.xml"))
    }

    @Test func readsEveryInstanceOfEveryReservation() throws {
        let response = try Self.describeInstances()
        let instances = try response.all("reservationSet", "item").flatMap { try $0.all("instancesSet", "item") }
        #expect(try instances.map { try $0.text("instanceId") } == ["i-0a01", "i-0a02", "i-0b01"])
        #expect(try instances.map { try $0.int("instanceState", "code") } == [16, 48, 0])
        #expect(try instances.map { try $0.optionalText("privateIpAddress") } == ["10.0.0.1", nil, "10.0.0.2"])
        #expect(try instances.map { try $0.all("tagSet", "item").count } == [2, 0, 1])
        #expect(try instances[0].all("tagSet", "item")[0].text("value") == "etcd <one> & \"only\" ü😀")
        #expect(try instances[2].text("tagSet", "item", "value") == "<raw> & ]] plain")
        #expect(try response.text("nextToken") == "")
    }

    @Test func readsRecordSets() throws {
        let response = try XMLNode(parsing: Fixture.bytes("xml/ListResourceRecordSets.xml"))
        let sets = try response.all("ResourceRecordSets", "ResourceRecordSet")
        #expect(
            try sets.map { try $0.text("Name") } == ["_etcd-server._tcp.zürich.example.org.", "\\052.example.org."])
        #expect(try sets[0].all("ResourceRecords", "ResourceRecord").count == 2)
        #expect(try sets[1].text("ResourceRecords", "ResourceRecord", "Value") == "\"a \"quoted\" text\"")
        #expect(try response.bool("IsTruncated") == false)
        #expect(try response.int("MaxItems") == 300)
    }

    @Test func namesThePathWhereItBreaksOff() throws {
        let response = try Self.describeInstances()
        #expect(throws: XMLError.missing(path: "DescribeInstancesResponse/reservations")) {
            try response.all("reservations", "item")
        }
        let second = try response.all("reservationSet", "item")[0].all("instancesSet", "item")[1]
        let path = "DescribeInstancesResponse/reservationSet/item[1]/instancesSet/item[2]"
        #expect(second.path == path)
        #expect(second.name == "item")
        #expect(throws: XMLError.missing(path: path + "/placement")) { try second.text("placement", "zone") }
        #expect(throws: XMLError.missing(path: path + "/instanceState/reason")) {
            try second.int("instanceState", "reason")
        }
        #expect(throws: XMLError.missing(path: path + "/tagSet/item")) { try second.child("tagSet", "item") }
    }

    /// Reading the first of several would lose the others without a word.
    @Test func refusesToChooseAmongSeveral() throws {
        let response = try Self.describeInstances()
        let error = XMLError.repeated(path: "DescribeInstancesResponse/reservationSet/item")
        #expect(throws: error) { try response.all("reservationSet", "item", "instancesSet", "item") }
        #expect(throws: error) { try response.text("reservationSet", "item", "reservationId") }
        #expect(throws: error) { try response.optionalText("reservationSet", "item") }
    }

    @Test func tellsAMissingElementFromAnEmptyOne() throws {
        let root = try Self.parse("<r><a/><b></b><c><d>1</d></c></r>")
        #expect(try root.optionalText("a") == "")
        #expect(try root.optionalText("b") == "")
        #expect(try root.optionalText("x") == nil)
        #expect(try root.optionalText("x", "y") == nil)
        #expect(try root.optionalText("c", "x") == nil)
        #expect(try root.optionalChild("c", "d")?.text() == "1")
        #expect(try root.optionalInt("c", "d") == 1)
        #expect(try root.optionalInt("c", "x") == nil)
        #expect(try root.optionalBool("x") == nil)
        #expect(try root.all("a", "item").isEmpty)
        #expect(throws: XMLError.missing(path: "r/x")) { try root.all("x", "item") }
        #expect(root.children.map(\.name) == ["a", "b", "c"])
    }

    @Test func refusesTextOfAnotherKind() throws {
        let root = try Self.parse("<r><a>12a</a><b/><c>TRUE</c><d><e/></d></r>")
        #expect(throws: XMLError.unreadable(path: "r/a", text: "12a", expected: "an integer")) { try root.int("a") }
        #expect(throws: XMLError.unreadable(path: "r/b", text: "", expected: "an integer")) {
            try root.optionalInt("b")
        }
        #expect(throws: XMLError.unreadable(path: "r/c", text: "TRUE", expected: "true or false")) {
            try root.bool("c")
        }
        #expect(throws: XMLError.notText(path: "r/d")) { try root.text("d") }
        #expect(throws: XMLError.notText(path: "r/d")) { try root.optionalText("d") }
    }

    @Test func cutsALongTextInAnError() throws {
        let root = try Self.parse("<r>\(String(repeating: "x", count: 10_000))</r>")
        let error = #expect(throws: XMLError.self) { try root.int() }
        #expect(
            "\(try #require(error))" == "XML: element r holds \"\(String(repeating: "x", count: 64))\", not an integer")
    }

    @Test func comparesNamesWhole() throws {
        let root = try Self.parse("<r><ab>1</ab><a>2</a><x:a>3</x:a><A>4</A><é>5</é></r>")
        #expect(try root.text("a") == "2")
        #expect(try root.text("x:a") == "3")
        #expect(try root.text("A") == "4")
        #expect(try root.text("é") == "5")
        #expect(try root.optionalText("b") == nil)
        // The same letter to Swift, other bytes to XML.
        #expect(try root.optionalText("e\u{301}") == nil)
    }

    @Test(arguments: [
        ("<r>a</r>", "a"), ("<r> a\n</r>", " a\n"), ("<r>&lt;&gt;&amp;&apos;&quot;</r>", "<>&'\""),
        ("<r>&#65;&#x42;&#x63;&#00100;</r>", "ABcd"), ("<r>&#x10FFFF;</r>", "\u{10FFFF}"), ("<r>&#9;&#10;</r>", "\t\n"),
        ("<r>&amp;lt;</r>", "&lt;"), ("<r><![CDATA[<a>&lt;]]]></r>", "<a>&lt;]"), ("<r><![CDATA[]]>x</r>", "x"),
        ("<r>a<!-- b -->c<?d e?>f</r>", "acf"), ("<r><!----></r>", ""), ("<r>a\r\nb\rc\n\rd</r>", "a\nb\nc\n\nd"),
        ("<r><![CDATA[a\r\nb]]></r>", "a\nb"), ("<r>&#13;\r\n</r>", "\r\n"), ("<r>]] ></r>", "]] >"),
        ("<r a='1' b=\"2\" >x</r >", "x"), ("<r a = '&lt;>'\n/>", ""), ("\u{FEFF}<r>x</r>", "x"),
        ("<?xml version='1.0'?>\n<!-- c --><?p?><r>x</r>\n<!-- c --><?p q?>\n", "x"),
        ("<r>a > b</r>", "a > b"), ("<r>日本</r>", "日本"), ("<_:a-.9>x</_:a-.9>", "x"),
        ("<r><![CDATA[&bad;]]></r>", "&bad;"),
    ])
    func readsTheTextOf(document: String, text: String) throws {
        // Compared by bytes: to Swift, "\r\n" is one character.
        #expect(Array(try Self.parse(document).text().utf8) == Array(text.utf8))
    }

    @Test func keepsAnElementInTwentyBytes() {
        #expect(MemoryLayout<XMLDocument.Element>.stride == 20)
    }
}
