/// Room beside the data for what is made and thrown away: snapshots on their way, and data on trial.

import FoundationEssentials
import Glibc
import Supervision

/// A directory in the data directory, on the same file system, so that what is good can be renamed into its place. A person's
/// command has one of its own: it may run as another user, and what it leaves must not stand in the supervisor's way.
struct Scratch: Sendable {
    let path: String
    private let parent: String
    private let isCommands: Bool
    private let logger: Logger

    private static let name = "etcd-cluster.scratch"

    /// - Parameter isCommands: whether it is for a process beside the supervisor.
    init(_ directory: DataDirectory, isCommands: Bool = false, logger: Logger) {
        parent = directory.path
        self.isCommands = isCommands
        self.logger = logger
        path = "\(directory.path)/\(Self.name)" + (isCommands ? "-\(getpid())" : "")
    }

    /// Runs `body` with a directory of its own, which is removed whatever comes of it.
    func with<Result>(_ body: (String) async throws -> Result) async throws -> Result {
        let own = "\(path)/\(randomHex(8))"
        try make(own)
        // The lock says that this command is at work here: see `isInUse`. Several of one command may be.
        let mark = isCommands ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1
        if mark >= 0 { flock(mark, LOCK_SH) }
        defer { if mark >= 0 { close(mark) } }
        do {
            let result = try await body(own)
            await leave(own)
            return result
        } catch {
            await leave(own)
            throw error
        }
    }

    /// What stays in spite of this takes room until the supervisor starts again, and changes nothing of what `body` has come to.
    private func leave(_ own: String) async {
        do {
            try await remove(own)
        } catch {
            logger.warning("something that was made on the way stays", ["error": "\(error)"])
        }
        rmdir(path)  // not where somebody else is in it
    }

    /// Somebody else who is done here may remove the upper one between our two steps.
    private func make(_ own: String) throws {
        for _ in 0..<100 {
            guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
                throw DataDirectoryError.system("make directory \(path)")
            }
            if mkdir(own, 0o700) == 0 { return }
            guard errno == ENOENT else { break }
        }
        throw DataDirectoryError.system("make directory \(own)")
    }

    /// Removes what a process that was killed has left. To be called by the supervisor, before anything else is done here.
    ///
    /// - Returns: what could not be removed, and why: it takes room, and stands in nobody's way.
    func clean() async -> [String] {
        var failures: [String] = []
        for place in await leftovers() {
            do {
                try await remove(place)
            } catch {
                failures.append("\(error)")
                // Another user's: under another name it is in the way of nothing.
                if place == path { rename(place, "\(path)-0-\(randomHex(4))") }
            }
        }
        return failures
    }

    private func leftovers() async -> [String] {
        // A directory that can't be listed is told by whoever needs it.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
        return names.filter { $0 == Self.name || ($0.hasPrefix("\(Self.name)-") && !isInUse($0)) }.map {
            "\(parent)/\($0)"
        }
    }

    /// Whether its command still runs: it holds a lock then. Its process ID, which the name tells, may be another's by now.
    private func isInUse(_ name: String) -> Bool {
        let mark = open("\(parent)/\(name)", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard mark >= 0 else { return false }
        defer { close(mark) }
        return flock(mark, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }

    private func remove(_ path: String) async throws {
        try await runBlocking { _ in try FileTree(path).remove() }
    }
}
