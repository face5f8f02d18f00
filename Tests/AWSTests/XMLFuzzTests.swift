import Testing

@testable import AWS

/// Thousands of damaged documents, the same ones in every run.
struct XMLFuzzTests {
    /// Whatever the bytes: an error that points into them, or a tree that can be walked, and that reads the same once it
    /// was written and read again.
    @Test(arguments: ["DescribeInstances", "ListResourceRecordSets"], [1, 2, 3, 4])
    func survivesRandomMutations(name: String, seed: UInt64) throws {
        let original = try Fixture.bytes("xml/\(name).xml")
        var random = SplitMix64(state: seed)
        var (accepted, refused) = (0, 0)
        for _ in 0..<400 {
            let document = Self.mutated(original, &random)
            do throws(XMLError) {
                let root = try XMLNode(parsing: document)
                accepted += 1
                let written = try Self.written(root)
                let again = try XMLNode(parsing: Array(written.utf8))
                #expect(try Self.written(again) == written)
            } catch {
                refused += 1
                #expect(Self.offset(of: error).map { (0...document.count).contains($0) } == true, "\(error)")
            }
        }
        // Both sides were seen: not everything is refused, and not everything passes.
        #expect(accepted > 20)
        #expect(refused > 100)
    }

    private static func offset(of error: XMLError) -> Int? {
        switch error {
        case .malformed(_, let offset), .tooLarge(_, _, let offset): offset
        default: nil
        }
    }

    private static let tokens = [
        "<", ">", "/>", "</", "<a>", "</item>", "<item>", "&", "&amp;", "&#0;", "&#x41;", "<!--", "-->", "<![CDATA[",
        "]]>", "<?p ",
        "?>", "<!DOCTYPE", "'", "\"", "=", " ", "\r\n", "\u{0}", "ü", "\u{FEFF}", " a='1'",
    ]

    /// One to three changes: bytes flipped, cut out, repeated, or a token put in.
    private static func mutated(_ document: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        var document = document
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let start = Int.random(in: 0..<document.count, using: &random)
            let end = min(document.count, start + Int.random(in: 1...30, using: &random))
            switch Int.random(in: 0..<6, using: &random) {
            case 0: document[start] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: document[start] = .random(in: .min ... .max, using: &random)
            case 2: document.removeSubrange(start..<end)
            case 3: document.insert(contentsOf: document[start..<end], at: end)
            case 4: document.insert(contentsOf: (tokens.randomElement(using: &random) ?? "").utf8, at: start)
            default: document[start] = document.randomElement(using: &random) ?? 0
            }
        }
        return document
    }

    private static func written(_ node: XMLNode) throws(XMLError) -> String {
        var content = ""
        for child in node.children { content += try written(child) }
        if node.children.isEmpty {
            for character in try node.text().unicodeScalars { content += "&#\(character.value);" }
        }
        return "<\(node.name)>\(content)</\(node.name)>"
    }
}

/// A generator whose numbers are the same everywhere.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
