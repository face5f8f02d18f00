import Testing

@testable import AWS

struct HMACTests {
    struct Vector: CustomTestStringConvertible {
        var name: String
        var key: [UInt8]
        var message: [UInt8]
        var digest: String

        var testDescription: String { name }
    }

    /// RFC 4231, section 4; case 5 shows only the first 16 bytes.
    @Test(arguments: [
        Vector(
            name: "4.2 short key", key: .init(repeating: 0x0b, count: 20), message: Array("Hi There".utf8),
            digest: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        Vector(
            name: "4.3 key shorter than the digest", key: Array("Jefe".utf8),
            message: Array("what do ya want for nothing?".utf8),
            digest: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        Vector(
            name: "4.4 key and message longer than a block", key: .init(repeating: 0xaa, count: 20),
            message: .init(repeating: 0xdd, count: 50),
            digest: "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        Vector(
            name: "4.5 counted key", key: Array(1...25), message: .init(repeating: 0xcd, count: 50),
            digest: "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
        Vector(
            name: "4.6 truncated", key: .init(repeating: 0x0c, count: 20), message: Array("Test With Truncation".utf8),
            digest: "a3b6167473100ee06e0c796c2955552b"),
        Vector(
            name: "4.7 key longer than a block", key: .init(repeating: 0xaa, count: 131),
            message: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            digest: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
        Vector(
            name: "4.8 key and message longer than a block", key: .init(repeating: 0xaa, count: 131),
            message: Array(
                ("This is a test using a larger than block-size key and a larger than block-size data. "
                    + "The key needs to be hashed before being used by the HMAC algorithm.").utf8),
            digest: "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
    ])
    func agreesWithRFC4231(vector: Vector) {
        let digest = Hex.encode(HMAC.sha256(key: vector.key, message: vector.message))
        #expect(digest.prefix(vector.digest.count) == vector.digest)
        #expect(digest.count == 64)
    }

    /// Where hashing the key first begins; digests by Python's hmac.
    @Test(arguments: [
        (63, "e458f5dd7e8afee6b774e5d451ae43f4d268bf11646030143d0b0231dcb02383"),
        (64, "3b7a8d453e76edb519238a515105a57508d0f169f480ebeee120a9e7803289fa"),
        (65, "c2d7d4c2256ddb097409ec0c67e1d58fa1a007fc6932cac0d892a525d08af7cc"),
    ])
    func hashesTheKeyFirstOnlyAboveABlock(length: Int, digest: String) {
        let key = [UInt8](repeating: UInt8(ascii: "k"), count: length)
        #expect(Hex.encode(HMAC.sha256(key: key, message: "m".utf8)) == digest)
    }
}
