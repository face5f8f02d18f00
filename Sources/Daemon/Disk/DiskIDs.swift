/// New names for new disks.

import ClusterPlanning

extension DiskID {
    /// Never the same twice: 64 random bits, for the few disks that one record ever names.
    ///
    /// - Parameter isVolume: whether the directory is a file system of its own.
    static func new(isVolume: Bool) -> DiskID {
        DiskID((isVolume ? "m-" : "d-") + randomHex(8))
    }
}

extension DataDirectory {
    /// A name for what the directory is now.
    func newDiskID() throws(DataDirectoryError) -> DiskID { .new(isVolume: try isMountPoint()) }
}
