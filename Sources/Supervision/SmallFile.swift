import Glibc

/// Small files, whole: those of /proc and our own records.
enum SmallFile {
    /// Reads up to `limit` bytes.
    ///
    /// - Throws: `SystemError` with the code of open(2) or read(2), e.g. `ENOENT`.
    static func read(_ path: String, limit: Int = 65_536) throws(SystemError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("open \(path)", code: errno) }
        defer { close(descriptor) }
        return try read(descriptor, named: path, limit: limit)
    }

    /// Reads up to `limit` bytes from an open descriptor, from where it stands.
    static func read(_ descriptor: Int32, named path: String, limit: Int = 65_536) throws(SystemError) -> String {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while bytes.count < limit {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw SystemError("read \(path)", code: errno) }
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Puts `text` at `path` by a rename, so that a reader finds the old content or the new, never a half.
    static func replace(_ path: String, with text: String) throws(SystemError) {
        let draft = "\(path).\(getpid())"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw SystemError("create \(draft)", code: errno) }
        defer { close(descriptor) }
        do throws(SystemError) {
            try write(text, to: descriptor, named: draft)
            guard rename(draft, path) == 0 else { throw SystemError("rename to \(path)", code: errno) }
        } catch {
            unlink(draft)
            throw error
        }
    }

    static func write(_ text: String, to descriptor: Int32, named path: String) throws(SystemError) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw SystemError("write \(path)", code: errno) }
            rest = rest.dropFirst(count)
        }
    }
}
