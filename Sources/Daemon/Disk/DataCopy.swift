/// A copy of the data, made before something is done to it that can't be undone.

import FoundationEssentials
import Glibc

extension DataDirectory {
    private var draft: String { path + "/aside.new" }

    /// Copies etcd's data to `aside-<time>-copy-<label>`, unless a copy with this label is there: what was copied first is what
    /// the data were before anything was done to them.
    ///
    /// A copy has its name only once it is complete and on the disk. What an interrupted one has left is removed first, and
    /// older ones are not touched. etcd must not run. It may take minutes, and blocks for as long.
    ///
    /// - Parameter isCancelled: asked now and then.
    /// - Returns: where the copy is.
    /// - Throws: `DataDirectoryError`, also where there is no room for it; `CancellationError`.
    package func copyData(label: String, time: Int, unless isCancelled: () -> Bool) throws -> String {
        try FileTree(draft).remove()
        if let earlier = try asides().first(where: { $0.reason == "copy-\(label)" }) { return earlier.path }
        guard try hasLog() else { throw DataDirectoryError("copy \(path)/member", "there is no data") }
        let data = FileTree(path + "/member")
        try DiskSpace(free: try DiskSpace.freeBytes(at: path), needed: try data.bytes())
            .require(to: "copy \(path)/member")
        try data.copy(to: draft, unless: isCancelled)
        let destination = "\(path)/aside-\(time)-copy-\(label)"
        guard rename(draft, destination) == 0 else { throw DataDirectoryError.system("rename \(draft)") }
        try syncDirectory(path)
        return destination
    }
}
