/// The hashes of parts of a large file, in a fixed amount of memory.

import Glibc

/// Reads ranges of an open file and hashes them.
struct RangeHasher {
    /// For errors.
    let path: String
    let descriptor: Int32
    /// Asked before each reading.
    let isCancelled: () -> Bool

    /// How much is read at once, in bytes.
    private static let pieceSize = 256 << 10

    /// The SHA-256 of each.
    ///
    /// - Throws: `S3.TransferError.unreadable`, `.fileChanged` where the file ends before a range does; `CancellationError`.
    func hash(_ ranges: [Range<Int64>]) throws -> [[UInt8]] {
        guard ranges.count == 4, Set(ranges.map(\.count)).count == 1 else { return try ranges.map(hash) }
        return try hashSideBySide(ranges)
    }

    private func hash(_ range: Range<Int64>) throws -> [UInt8] {
        var hasher = SHA256()
        try take(range, into: &hasher)
        return hasher.finalize()
    }

    /// Four of one length, together as far as there are whole blocks.
    private func hashSideBySide(_ ranges: [Range<Int64>]) throws -> [[UInt8]] {
        var hashers = InlineArray<4, SHA256>(repeating: SHA256())
        let common = ranges[0].count - ranges[0].count % SHA256.blockSize
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 4 * Self.pieceSize, alignment: 64)
        defer { memory.deallocate() }
        for done in stride(from: 0, to: common, by: Self.pieceSize) {
            let count = min(Self.pieceSize, common - done)
            for lane in 0..<4 {
                let piece = UnsafeMutableRawBufferPointer(start: memory + lane * Self.pieceSize, count: count)
                try fill(piece, from: ranges[lane].lowerBound + Int64(done))
            }
            SHA256.update(&hashers, InlineArray { UnsafeRawPointer(memory + $0 * Self.pieceSize) }, count: count)
        }
        return try (0..<4).map { lane in
            try take(ranges[lane].dropFirst(common), into: &hashers[lane])
            return hashers[lane].finalize()
        }
    }

    private func take(_ range: Range<Int64>, into hasher: inout SHA256) throws {
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: min(Self.pieceSize, range.count), alignment: 64)
        defer { memory.deallocate() }
        for position in stride(from: range.lowerBound, to: range.upperBound, by: Self.pieceSize) {
            let count = min(Self.pieceSize, Int(range.upperBound - position))
            let piece = UnsafeMutableRawBufferPointer(rebasing: memory[..<count])
            try fill(piece, from: position)
            hasher.update(piece)
        }
    }

    private func fill(_ memory: UnsafeMutableRawBufferPointer, from position: Int64) throws {
        if isCancelled() { throw CancellationError() }
        var filled = 0
        while filled < memory.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: memory[filled...])
            let count = pread(descriptor, rest.baseAddress, rest.count, off_t(position) + filled)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw S3.TransferError.unreadable(path: path, reason: systemReason()) }
            guard count > 0 else { throw S3.TransferError.fileChanged(path: path) }
            filled += count
        }
    }
}
