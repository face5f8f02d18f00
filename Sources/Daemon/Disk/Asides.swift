/// Data that was renamed out of the way: nothing is deleted before three younger ones are there.

import FoundationEssentials
import Glibc

/// One directory `aside-<time>-<reason>` in the data directory.
package struct Aside: Equatable, Sendable {
    package var path: String
    /// Seconds since 1970.
    package var time: Int
    /// One word, or several with hyphens between them.
    package var reason: String

    /// Nil for any other name.
    init?(_ name: String, in directory: String) {
        let parts = name.split(separator: "-", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "aside", let time = Int(parts[1]), time >= 0, !parts[2].isEmpty else {
            return nil
        }
        path = "\(directory)/\(name)"
        self.time = time
        reason = String(parts[2])
    }

    /// Whether it never was data: what lay in the place of data without a log.
    var isIncomplete: Bool { reason == incomplete || reason.hasPrefix("\(incomplete)-") }

    /// The older first; of one second the one whose name had to be made longer is the younger.
    static func isOlder(_ left: Aside, _ right: Aside) -> Bool {
        (left.time, left.path.utf8.count, left.path) < (right.time, right.path.utf8.count, right.path)
    }
}

/// What setting data aside has come to.
package struct SetAside: Equatable, Sendable, CustomStringConvertible {
    /// Where the data is now.
    package var place: String
    /// Older ones that were removed after that, the oldest first.
    package var removed: [String]
    /// Why an older one that was to go is still there; nil: none is. No reason to set the data aside once more.
    package var leftOver: DataDirectoryError?

    package var description: String {
        ([place] + removed.map { "removed \($0)" } + (leftOver.map { ["\($0)"] } ?? [])).joined(separator: "; ")
    }
}

private let incomplete = "incomplete"

extension DataDirectory {
    /// How many are kept.
    package static let asidesKept = 3

    /// All that was set aside here, the oldest first.
    package func asides() throws(DataDirectoryError) -> [Aside] {
        do {
            let names = try FileManager.default.contentsOfDirectory(atPath: path)
            return names.compactMap { Aside($0, in: path) }.sorted(by: Aside.isOlder)
        } catch {
            throw DataDirectoryError("list \(path)", "\(error)")
        }
    }

    /// Renames etcd's data to `aside-<time>-<reason>`, beside it, so that it works on a mount point too. The stamp stays: that
    /// it says `started` beside no data is what tells that the disk has lost its votes.
    ///
    /// - Parameters:
    ///   - reason: a word for the name.
    ///   - time: seconds since 1970; part of the name.
    ///   - keepingRoom: whether the data is to come back from the other members.
    /// - Throws: `DataDirectoryError`, also where there is no room for the data to come back; nothing has changed then.
    package func setAside(
        reason: String, time: Int, keepingRoom: Bool = true
    ) throws(DataDirectoryError) -> SetAside {
        if keepingRoom { try requireRoom(freedByPruning: try surplus(adding: 1) { !$0.isIncomplete }) }
        return prune(after: try renameData(to: "aside-\(time)-\(reason)")) { !$0.isIncomplete }
    }

    /// Renames what lies in the place of etcd's data without being data, to `aside-<time>-incomplete`. etcd would take a
    /// database whose log is gone for its own, and tell other things than the other members from then on.
    ///
    /// Of these too the last three are kept, apart from the others: they must not push out what was data.
    ///
    /// - Returns: where it is now; nil where nothing was there.
    package func setIncompleteAside(time: Int) throws(DataDirectoryError) -> SetAside? {
        guard try exists(path + "/member") else { return nil }
        guard try !hasLog() else { throw DataDirectoryError("start anew in \(path)", "there is data") }
        return prune(after: try renameData(to: "aside-\(time)-\(incomplete)"), \.isIncomplete)
    }

    private func renameData(to name: String) throws(DataDirectoryError) -> String {
        let destination = try freeName("\(path)/\(name)")
        guard rename(path + "/member", destination) == 0 else { throw .system("rename \(path)/member") }
        try syncDirectory(path)
        return destination
    }

    /// As much has to be free as the data takes, for it comes back from the other members.
    private func requireRoom(freedByPruning surplus: [Aside]) throws(DataDirectoryError) {
        var space = DiskSpace(
            free: try DiskSpace.freeBytes(at: path), needed: try FileTree(path + "/member").bytes())
        guard space.free < space.needed else { return }
        for aside in surplus { space.free += try FileTree(aside.path).bytes() }
        try space.require(to: "set data aside in \(path)")
    }

    /// Those of one kind that are too many once so many more are there, the oldest first.
    private func surplus(
        adding more: Int = 0, _ isOfKind: (Aside) -> Bool
    ) throws(DataDirectoryError) -> [Aside] {
        let all = try asides().filter(isOfKind)
        return Array(all.prefix(max(0, all.count + more - Self.asidesKept)))
    }

    /// Removes what is too much now that there is one more, and never before.
    private func prune(after place: String, _ isOfKind: (Aside) -> Bool) -> SetAside {
        var done = SetAside(place: place, removed: [])
        do throws(DataDirectoryError) {
            for aside in try surplus(isOfKind) {
                try FileTree(aside.path).remove()
                done.removed.append(aside.path)
            }
        } catch {
            done.leftOver = error
        }
        return done
    }
}
