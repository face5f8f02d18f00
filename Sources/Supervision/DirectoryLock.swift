import Glibc

/// The right to run a child on one directory: held by one process at a time, and given back by the kernel when that
/// process ends, however it ends.
///
/// An flock(2) on a file in the directory. The descriptor is closed on exec, so children do not hold it; the holder
/// is written inside, for the message that the next one prints.
package final class DirectoryLock: Sendable {
    package let path: String
    private let descriptor: Int32

    /// Takes the lock or fails at once.
    ///
    /// - Parameters:
    ///   - directory: an existing directory.
    ///   - name: the lock file's name in it.
    ///   - holder: who we are, for the next one's message; as in `ProcessIdentity.executable`.
    /// - Throws: `DirectoryLockError.held` where another process (or another lock of this one) has it.
    package init(_ directory: String, name: String, holder: String) throws(DirectoryLockError) {
        path = "\(directory)/\(name)"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .system(SystemError("open \(path)", code: errno)) }
        do {
            try Self.lock(descriptor, path: path, directory: directory)
            try Self.sign(descriptor, path: path, holder: holder)
        } catch {
            close(descriptor)
            throw error
        }
    }

    deinit {
        // Closing alone would not do: a child that is being spawned holds a copy until its exec.
        _ = flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    private static func lock(_ descriptor: Int32, path: String, directory: String) throws(DirectoryLockError) {
        guard flock(descriptor, LOCK_EX | LOCK_NB) != 0 else { return }
        guard errno == EWOULDBLOCK else { throw .system(SystemError("lock \(path)", code: errno)) }
        // Losing the error is right: the holder's name is a courtesy, that it is held is what counts.
        let text = try? SmallFile.read(descriptor, named: path)
        throw .held(directory: directory, by: text.flatMap(ProcessIdentity.init(line:)))
    }

    private static func sign(_ descriptor: Int32, path: String, holder: String) throws(DirectoryLockError) {
        do throws(SystemError) {
            let identity = try ProcessIdentity.current(of: getpid(), executable: holder)
            guard ftruncate(descriptor, 0) == 0 else { throw SystemError("truncate \(path)", code: errno) }
            try SmallFile.write(identity.line, to: descriptor, named: path)
        } catch {
            throw .system(error)
        }
    }
}

/// Why a directory is not ours.
package enum DirectoryLockError: Error, Sendable, Equatable, CustomStringConvertible {
    /// - by: nil while the holder has not signed yet.
    case held(directory: String, by: ProcessIdentity?)
    case system(SystemError)

    package var description: String {
        switch self {
        case .held(let directory, let holder):
            "\(directory) is in use by \(holder.map(\.description) ?? "another process")"
        case .system(let error):
            "\(error)"
        }
    }
}
