import Foundation
import Testing

@testable import AWS

/// FIPS 180-4, by the vectors of NIST's example page and of the CAVP's `shabytetestvectors`
/// (https://csrc.nist.gov/projects/cryptographic-algorithm-validation-program/secure-hashing).
struct SHA256Tests {
    @Test(
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
                "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
            ),
        ])
    func hashesTheExamplesOfTheStandard(message: String, digest: String) {
        #expect(Hex.encode(SHA256.hash(message.utf8)) == digest)
    }

    @Test func hashesAMillionTimesA() {
        var hasher = SHA256()
        let chunk = [UInt8](repeating: UInt8(ascii: "a"), count: 10_000)
        for _ in 0..<100 { hasher.update(chunk) }
        #expect(
            Hex.encode(hasher.finalize()) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    /// Four different messages, each in its lane, go through the same rounds as one does.
    @Test(arguments: [0, 64, 128, 6400]) func hashesFourSideBySide(count: Int) {
        let messages = (0..<4).map { lane in (0..<count).map { UInt8(truncatingIfNeeded: $0 &* (2 * lane + 3) &+ lane) }
        }
        var hashers = InlineArray<4, SHA256>(repeating: SHA256())
        for _ in 0..<2 {
            let memory = messages.map { message in
                let copy = UnsafeMutableRawPointer.allocate(byteCount: count + 1, alignment: 1)
                copy.copyMemory(from: message, byteCount: count)
                return copy
            }
            SHA256.update(&hashers, InlineArray { UnsafeRawPointer(memory[$0]) }, count: count)
            for copy in memory { copy.deallocate() }
        }
        for (lane, message) in messages.enumerated() {
            hashers[lane].update([UInt8(lane)])
            #expect(hashers[lane].finalize() == SHA256.hash(message + message + [UInt8(lane)]))
        }
    }

    struct CAVP: Decodable {
        struct Vector: Decodable {
            var message: Data
            var digest: String
        }

        struct MonteCarlo: Decodable {
            var seed: String
            var digests: [String]
        }

        var short: [Vector]
        var long: [Vector]
        var monteCarlo: MonteCarlo
    }

    @Test func agreesWithTheShortAndLongVectorsOfNIST() throws {
        let vectors = try Fixture.json("sha256/cavp.json", as: CAVP.self)
        try #require(vectors.short.count == 65)
        try #require(vectors.long.count == 16)
        for vector in vectors.short + vectors.long {
            #expect(Hex.encode(SHA256.hash(vector.message)) == vector.digest, "\(vector.message.count) bytes")
        }
    }

    /// A thousand hashes from one checkpoint to the next, each of the three digests before it (SHAVS, 6.4). The first
    /// quarter of the run: each checkpoint rests on all before it, and debug builds are slow.
    @Test func agreesWithTheMonteCarloRunOfNIST() throws {
        let vectors = try Fixture.json("sha256/cavp.json", as: CAVP.self).monteCarlo
        try #require(vectors.digests.count == 100)
        var seed = try #require(Self.bytes(hex: vectors.seed))
        for (checkpoint, expected) in vectors.digests.prefix(25).enumerated() {
            var digests = [seed, seed, seed]
            for _ in 0..<1000 {
                digests = [digests[1], digests[2], SHA256.hash(digests.joined())]
            }
            seed = digests[2]
            #expect(Hex.encode(seed) == expected, "checkpoint \(checkpoint)")
        }
    }

    private static func bytes(hex: String) -> [UInt8]? {
        let digits = hex.compactMap(\.hexDigitValue)
        guard digits.count == hex.count, digits.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    /// Every way to cut a message of three blocks in two, and in pieces of every size.
    @Test func takesAMessageInPieces() {
        let message = (0..<192).map { UInt8($0) }
        let whole = SHA256.hash(message)
        for cut in 0...message.count {
            var inTwo = SHA256()
            inTwo.update(message[..<cut])
            inTwo.update(message[cut...])
            #expect(inTwo.finalize() == whole, "cut at \(cut)")
        }
        for size in 1...message.count {
            var inPieces = SHA256()
            for start in stride(from: 0, to: message.count, by: size) {
                inPieces.update(message[start..<min(start + size, message.count)])
            }
            #expect(inPieces.finalize() == whole, "pieces of \(size)")
        }
    }

    @Test func goesOnAfterADigestWasTaken() {
        var hasher = SHA256()
        hasher.update("ab".utf8)
        #expect(hasher.finalize() == SHA256.hash("ab".utf8))
        hasher.update("c".utf8)
        #expect(hasher.finalize() == SHA256.hash("abc".utf8))
    }

    @Test func takesSequencesThatAreNotContiguous() {
        let message = (0..<200).map { UInt8($0) }
        #expect(SHA256.hash(message.lazy.map { $0 }) == SHA256.hash(message))
        #expect(message.withUnsafeBytes { SHA256.hash($0) } == SHA256.hash(message))
    }
}
