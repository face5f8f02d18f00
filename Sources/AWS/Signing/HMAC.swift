/// Keyed hashes (RFC 2104) over SHA-256: the step from a secret to a signature.
package enum HMAC {
    /// The 32-byte HMAC-SHA-256 of `message`. A key longer than a block is hashed first, as the RFC says.
    package static func sha256(key: some Collection<UInt8>, message: some Sequence<UInt8>) -> [UInt8] {
        let key = key.count > SHA256.blockSize ? SHA256.hash(key) : Array(key)
        let padding = [UInt8](repeating: 0, count: SHA256.blockSize - key.count)
        var inner = SHA256()
        inner.update((key + padding).map { $0 ^ 0x36 })
        inner.update(message)
        var outer = SHA256()
        outer.update((key + padding).map { $0 ^ 0x5c })
        outer.update(inner.finalize())
        return outer.finalize()
    }
}
