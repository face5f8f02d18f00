import Glibc

/// A small file that names the running child, so that the next supervisor can find what this one left behind.
///
/// It is written between fork and exec, by the process that becomes the child: at no time does a child run that no
/// record names. It is removed when the child was reaped. One that is left over names a process that is gone, which
/// its start time shows; so neither a lost nor a stale record can point at a stranger.
package struct ChildRecord: Sendable, Hashable {
    package let path: String

    /// - Parameter path: the file; its directory must exist and outlive a restart of the supervisor.
    package init(path: String) { self.path = path }

    package enum Content: Sendable, Equatable {
        case absent
        case child(ProcessIdentity)
        /// Not a record, e.g. empty: a power failure may leave that, and no process outlives one.
        case unreadable(String)
    }

    /// - Throws: `SystemError` where the file is there and can't be read.
    package func read() throws(SystemError) -> Content {
        let text: String
        do {
            text = try SmallFile.read(path)
        } catch  where error.code == ENOENT {
            return .absent
        }
        return ProcessIdentity(line: text).map(Content.child) ?? .unreadable(text)
    }

    /// Replaces the file as a whole.
    package func write(_ child: ProcessIdentity) throws(SystemError) {
        try SmallFile.replace(path, with: child.line)
    }

    /// Removes the file; that it is not there is no error.
    package func remove() throws(SystemError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw SystemError("remove \(path)", code: errno) }
    }
}
