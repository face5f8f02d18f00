/// SHA-256 (FIPS 180-4), fed piece by piece: request signatures, and files too large for memory.
package struct SHA256: Sendable {
    private var state: InlineArray<8, UInt32> = [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ]
    /// The bytes of a block that is not full yet; only the first `pendingCount` count.
    private var pending = InlineArray<64, UInt8>(repeating: 0)
    private var pendingCount = 0
    /// Bytes taken in so far; the standard's limit of 2^61 is out of reach.
    private var length: UInt64 = 0

    static let blockSize = 64

    package init() {}

    /// The 32-byte digest of `bytes`.
    package static func hash(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var hasher = SHA256()
        hasher.update(bytes)
        return hasher.finalize()
    }

    /// Takes in more bytes. Contiguous ones (arrays, buffers, UTF-8 of native strings) are not copied.
    package mutating func update(_ bytes: some Sequence<UInt8>) {
        let wasContiguous: Void? = bytes.withContiguousStorageIfAvailable { update(contiguous: $0) }
        if wasContiguous == nil {
            Array(bytes).withUnsafeBufferPointer { update(contiguous: $0) }
        }
    }

    /// Takes in as many bytes for each of four hashers, which costs little more than half of what it does one after the other.
    ///
    /// - Parameters:
    ///   - hashers: each has taken in whole blocks.
    ///   - bytes: where to begin for each.
    ///   - count: for each, a multiple of `blockSize`.
    static func update(
        _ hashers: inout InlineArray<4, SHA256>, _ bytes: InlineArray<4, UnsafeRawPointer>, count: Int
    ) {
        precondition(count % blockSize == 0 && (0..<4).allSatisfy { hashers[$0].pendingCount == 0 })
        var lanes = InlineArray<8, SIMD4<UInt32>> { word in
            SIMD4(hashers[0].state[word], hashers[1].state[word], hashers[2].state[word], hashers[3].state[word])
        }
        compress(&lanes, bytes, blocks: count / blockSize)
        for lane in 0..<4 {
            for word in 0..<8 { hashers[lane].state[word] = lanes[word][lane] }
            hashers[lane].length &+= UInt64(count)
        }
    }

    /// The 32-byte digest of everything taken in. The value itself is unchanged and may take in more.
    package func finalize() -> [UInt8] {
        var last = self
        last.pad()
        return [UInt8](unsafeUninitializedCapacity: 32) { digest, count in
            for index in 0..<32 {
                digest[index] = UInt8(truncatingIfNeeded: last.state[index / 4] >> (24 - 8 * UInt32(index % 4)))
            }
            count = 32
        }
    }

    private mutating func update(contiguous bytes: UnsafeBufferPointer<UInt8>) {
        length &+= UInt64(bytes.count)
        var position = 0
        if pendingCount > 0 {
            position = fillPending(from: bytes)
            guard pendingCount == 0 else { return }
        }
        let blocks = (bytes.count - position) / Self.blockSize
        if let base = bytes.baseAddress, blocks > 0 {
            Self.compress(&state, UnsafeRawPointer(base + position), blocks: blocks)
            position += blocks * Self.blockSize
        }
        while position < bytes.count {
            pending[pendingCount] = bytes[position]
            pendingCount += 1
            position += 1
        }
    }

    /// Completes the block begun by an earlier update, as far as `bytes` reach.
    /// - Returns: how many of them it took.
    private mutating func fillPending(from bytes: UnsafeBufferPointer<UInt8>) -> Int {
        let taken = min(bytes.count, Self.blockSize - pendingCount)
        for index in 0..<taken { pending[pendingCount + index] = bytes[index] }
        pendingCount += taken
        if pendingCount == Self.blockSize { compressPending() }
        return taken
    }

    private mutating func compressPending() {
        var block = pending
        withUnsafeBytes(of: &block) { bytes in
            if let base = bytes.baseAddress { Self.compress(&state, base, blocks: 1) }
        }
        pendingCount = 0
    }

    /// A one bit, zeros, and the length in bits as 64 bits at the end of a block (FIPS 180-4, 5.1.1).
    private mutating func pad() {
        pending[pendingCount] = 0x80
        pendingCount += 1
        if pendingCount > Self.blockSize - 8 {
            for index in pendingCount..<Self.blockSize { pending[index] = 0 }
            compressPending()
        }
        for index in pendingCount..<Self.blockSize - 8 { pending[index] = 0 }
        let bits = length &<< 3
        for index in 0..<8 {
            pending[Self.blockSize - 8 + index] = UInt8(truncatingIfNeeded: bits >> (56 - 8 * UInt64(index)))
        }
        compressPending()
    }
}
