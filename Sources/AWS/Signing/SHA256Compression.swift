/// The compression function of SHA-256 (FIPS 180-4, 6.2.2), written for speed: the message schedule is a ring of sixteen
/// words, each computed right before its round, and the rounds are unrolled by eight, so that the working variables
/// change names, not places. It is the same for one message and for several side by side, each in its lane of every word.
extension SHA256 {
    /// Folds `blocks` blocks of 64 bytes, starting at `bytes` (any alignment), into `state`.
    static func compress(_ state: inout InlineArray<8, UInt32>, _ bytes: UnsafeRawPointer, blocks: Int) {
        roundConstants.withUnsafeBufferPointer { buffer in
            guard let constants = buffer.baseAddress else { return }
            for block in 0..<blocks {
                let block = bytes + block * blockSize
                compress(&state, constants) { bigEndianWord(of: block, at: $0) }
            }
        }
    }

    /// The same for four messages, each from a place of its own.
    static func compress(
        _ state: inout InlineArray<8, SIMD4<UInt32>>, _ bytes: InlineArray<4, UnsafeRawPointer>, blocks: Int
    ) {
        roundConstants.withUnsafeBufferPointer { buffer in
            guard let constants = buffer.baseAddress else { return }
            let (first, second, third, fourth) = (bytes[0], bytes[1], bytes[2], bytes[3])
            for block in 0..<blocks {
                let offset = block * blockSize
                compress(&state, constants) { index in
                    SIMD4(
                        bigEndianWord(of: first + offset, at: index), bigEndianWord(of: second + offset, at: index),
                        bigEndianWord(of: third + offset, at: index), bigEndianWord(of: fourth + offset, at: index))
                }
            }
        }
    }

    @inline(__always)
    private static func bigEndianWord(of block: UnsafeRawPointer, at index: Int) -> UInt32 {
        UInt32(bigEndian: block.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
    }

    @inline(__always)
    private static func compress<Word: SHA256Word>(
        _ state: inout InlineArray<8, Word>, _ constants: UnsafePointer<UInt32>, message: (Int) -> Word
    ) {
        var schedule = InlineArray<16, Word> { message($0) }
        var working = state
        eightRounds(&working) { Word(inEachLane: constants[$0]) &+ schedule[$0] }
        eightRounds(&working) { Word(inEachLane: constants[8 + $0]) &+ schedule[8 + $0] }
        for first in stride(from: 16, to: 64, by: 16) {
            eightRounds(&working) { Word(inEachLane: constants[first + $0]) &+ extend(&schedule, at: $0) }
            eightRounds(&working) { Word(inEachLane: constants[first + 8 + $0]) &+ extend(&schedule, at: 8 + $0) }
        }
        for index in 0..<8 { state[index] = state[index] &+ working[index] }
    }

    /// Rounds 0 to 7 of some group of eight; `word` gives each its constant plus its word of the schedule, in order.
    @inline(__always)
    private static func eightRounds<Word: SHA256Word>(
        _ working: inout InlineArray<8, Word>, word: (Int) -> Word
    ) {
        var (a, b, c, d) = (working[0], working[1], working[2], working[3])
        var (e, f, g, h) = (working[4], working[5], working[6], working[7])
        round(a, b, c, &d, e, f, g, &h, word(0))
        round(h, a, b, &c, d, e, f, &g, word(1))
        round(g, h, a, &b, c, d, e, &f, word(2))
        round(f, g, h, &a, b, c, d, &e, word(3))
        round(e, f, g, &h, a, b, c, &d, word(4))
        round(d, e, f, &g, h, a, b, &c, word(5))
        round(c, d, e, &f, g, h, a, &b, word(6))
        round(b, c, d, &e, f, g, h, &a, word(7))
        working = [a, b, c, d, e, f, g, h]
    }

    /// One round. The standard's choice (e & f) ^ (~e & g) and majority (a & b) ^ (a & c) ^ (b & c), with fewer steps.
    @inline(__always)
    private static func round<Word: SHA256Word>(
        _ a: Word, _ b: Word, _ c: Word, _ d: inout Word,
        _ e: Word, _ f: Word, _ g: Word, _ h: inout Word, _ word: Word
    ) {
        let choice = g ^ (e & (f ^ g))
        let majority = b ^ ((a ^ b) & (b ^ c))
        let first = h &+ e.rotated(6, 11, 25) &+ choice &+ word
        d = d &+ first
        h = first &+ a.rotated(2, 13, 22) &+ majority
    }

    /// Replaces a word of the ring by the one sixteen rounds later.
    /// - Returns: the new word.
    @inline(__always)
    private static func extend<Word: SHA256Word>(_ schedule: inout InlineArray<16, Word>, at index: Int) -> Word {
        let near = schedule[(index + 14) & 15].rotated(17, 19, shifted: 10)
        let far = schedule[(index + 1) & 15].rotated(7, 18, shifted: 3)
        schedule[index] = schedule[index] &+ far &+ schedule[(index + 9) & 15] &+ near
        return schedule[index]
    }

    /// The first 32 bits of the fractions of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2).
    private static let roundConstants: [UInt32] = [
        0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
        0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
        0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
        0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
        0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
        0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
        0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
        0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
    ]
}

/// What the function computes with: words of 32 bits, one or several side by side.
private protocol SHA256Word {
    init(inEachLane word: UInt32)
    static func &+ (left: Self, right: Self) -> Self
    static func ^ (left: Self, right: Self) -> Self
    static func & (left: Self, right: Self) -> Self

    /// Rotated to the right by three distances, the results combined by XOR (the standard's capital sigmas).
    func rotated(_ first: UInt32, _ second: UInt32, _ third: UInt32) -> Self
    /// The same, but shifted by the third distance, not rotated (the small sigmas).
    func rotated(_ first: UInt32, _ second: UInt32, shifted third: UInt32) -> Self
}

extension UInt32: SHA256Word {
    @inline(__always) init(inEachLane word: UInt32) { self = word }

    @inline(__always)
    func rotated(_ first: UInt32, _ second: UInt32, _ third: UInt32) -> UInt32 {
        rotated(first) ^ rotated(second) ^ rotated(third)
    }

    @inline(__always)
    func rotated(_ first: UInt32, _ second: UInt32, shifted third: UInt32) -> UInt32 {
        rotated(first) ^ rotated(second) ^ (self &>> third)
    }

    @inline(__always)
    private func rotated(_ bits: UInt32) -> UInt32 { (self &>> bits) | (self &<< (32 &- bits)) }
}

/// The shifts of a rotation stand apart: together they would be recognized as one, for which processors have an instruction
/// for words and, at the level that every one of them has, none for vectors, so that each would be taken apart into words.
extension SIMD4<UInt32>: SHA256Word {
    @inline(__always) init(inEachLane word: UInt32) { self.init(repeating: word) }

    @inline(__always)
    func rotated(_ first: UInt32, _ second: UInt32, _ third: UInt32) -> Self {
        (right(first) ^ right(second) ^ right(third)) ^ (left(32 &- first) ^ left(32 &- second) ^ left(32 &- third))
    }

    @inline(__always)
    func rotated(_ first: UInt32, _ second: UInt32, shifted third: UInt32) -> Self {
        (right(first) ^ right(second) ^ right(third)) ^ (left(32 &- first) ^ left(32 &- second))
    }

    @inline(__always) private func right(_ bits: UInt32) -> Self { self &>> Self(repeating: bits) }
    @inline(__always) private func left(_ bits: UInt32) -> Self { self &<< Self(repeating: bits) }
}
