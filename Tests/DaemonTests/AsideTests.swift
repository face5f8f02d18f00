/// Setting data aside and copying them: nothing is lost, whatever fails, and the last three stay.

import ClusterPlanning
import Foundation
import Glibc
import Testing

@testable import Daemon

private let wal = "member/wal/0000000000000000-0000000000000000.wal"
private func never() -> Bool { false }

@Suite struct AsideTests {
    private let place: TemporaryDirectory
    private let directory: DataDirectory

    init() throws {
        place = try TemporaryDirectory()
        directory = DataDirectory(place["data"])
    }

    private func make(_ name: String, _ text: String = "") throws { try place.write(text, to: "data/" + name) }

    /// A file that says that it holds more than any disk has.
    private func makeHuge(_ name: String) throws {
        try make(name)
        try #require(truncate("\(directory.path)/\(name)", 8 << 40) == 0)
    }

    private func names() -> [String] { place.names(in: "data") }

    // MARK: Setting aside

    @Test func dataIsRenamedAndNothingElseIsTouched() throws {
        try make(wal, "log")
        try make("member/snap/db", "data")
        let stamp = Stamp(disk: DiskID("d-1"), instance: InstanceID("i-0a"), started: true)
        try directory.write(stamp)
        let done = try directory.setAside(reason: "removed", time: 1_700_000_000)
        #expect(done == SetAside(place: directory.path + "/aside-1700000000-removed", removed: []))
        #expect("\(done)" == directory.path + "/aside-1700000000-removed")
        #expect(directory.observe() == .empty(stamp), "it says that it was started: the votes are lost")
        #expect(place.text(of: "data/aside-1700000000-removed/snap/db") == "data")
        #expect(names() == ["aside-1700000000-removed", "etcd-cluster.json"])
    }

    @Test func whereThereIsNoDataThereIsNothingToSetAside() throws {
        try directory.prepare()
        #expect(throws: DataDirectoryError.self) { try directory.setAside(reason: "removed", time: 7) }
    }

    @Test func theLastThreeAreKept() throws {
        // By time, not by name: 9 is before 10.
        for time in [10, 9, 11] {
            try make(wal, "\(time)")
            #expect(try directory.setAside(reason: "generation-2", time: time).removed == [])
        }
        try make(wal, "12")
        let done = try directory.setAside(reason: "corrupt", time: 12)
        #expect(done.removed == [directory.path + "/aside-9-generation-2"])
        #expect(done.leftOver == nil)
        #expect(try directory.asides().map(\.time) == [10, 11, 12])
        #expect(try directory.asides().map(\.reason) == ["generation-2", "generation-2", "corrupt"])
    }

    @Test func ofOneSecondTheFirstGoesFirst() throws {
        for text in ["first", "second", "third", "fourth"] {
            try make(wal, text)
            _ = try directory.setAside(reason: "removed", time: 7)
        }
        #expect(names() == ["aside-7-removed-1", "aside-7-removed-2", "aside-7-removed-3"].sorted())
        #expect(place.text(of: "data/aside-7-removed-3/wal/" + (wal as NSString).lastPathComponent) == "fourth")
    }

    @Test func whatIsNoneOfOursIsNeitherCountedNorRemoved() throws {
        let foreign = [
            "aside", "aside-", "aside-x-y", "aside--1-x", "aside-3", "aside-3-", "besides-3-x", "lost+found",
        ]
        for name in foreign { try make("\(name)/x") }
        for time in 1...5 {
            try make(wal)
            _ = try directory.setAside(reason: "removed", time: time)
        }
        #expect(Set(names()).isSuperset(of: foreign))
        #expect(try directory.asides().map(\.time) == [3, 4, 5])
    }

    /// Should the disk be full of them, the data stay in their place.
    @Test func withAHundredNamesTakenTheDataStays() throws {
        for index in 0..<100 { try make("aside-7-removed" + (index == 0 ? "" : "-\(index)") + "/x") }
        try make(wal)
        #expect(throws: DataDirectoryError.self) { try directory.setAside(reason: "removed", time: 7) }
        #expect(directory.observe() == .data(nil))
        #expect(names().count == 101, "nothing is removed before the rename")
    }

    @Test func withoutRoomForThemToComeBackTheDataStay() throws {
        for time in 1...3 { try make("aside-\(time)-removed/x") }
        try makeHuge(wal)
        let error = #expect(throws: DataDirectoryError.self) { try directory.setAside(reason: "removed", time: 7) }
        let text = try #require(error?.description)
        #expect(
            text.hasPrefix("set data aside in \(directory.path): it needs 8796094 MB of free space, and there are "))
        #expect(directory.observe() == .data(nil))
        #expect(try directory.asides().count == 3)
    }

    @Test func whatIsRemovedAfterwardsIsRoomToo() throws {
        try makeHuge("aside-1-removed/x")
        for time in 2...3 { try make("aside-\(time)-removed/x") }
        try makeHuge(wal)
        #expect(try directory.setAside(reason: "removed", time: 7).removed == [directory.path + "/aside-1-removed"])
    }

    @Test func anOldOneThatStaysIsSaidAndNoFailure() throws {
        for time in 1...3 { try make("aside-\(time)-removed/x") }
        try FileManager.default.removeItem(atPath: directory.path + "/aside-1-removed")
        // Nobody, root included, can remove what is mounted.
        try FileManager.default.createSymbolicLink(
            atPath: directory.path + "/aside-1-removed", withDestinationPath: "/proc")
        try make(wal)
        let done = try directory.setAside(reason: "removed", time: 4)
        #expect(done.removed == [directory.path + "/aside-1-removed"])
        #expect(FileManager.default.fileExists(atPath: "/proc/self"), "a link is removed as a link")
    }

    @Test func incompleteOnesAreKeptApart() throws {
        try make(wal)
        _ = try directory.setAside(reason: "removed", time: 1)
        for time in 2...6 {
            try make("member/snap/db")
            let done = try #require(try directory.setIncompleteAside(time: time))
            #expect(done.removed == (time < 5 ? [] : ["\(directory.path)/aside-\(time - 3)-incomplete"]))
        }
        #expect(try directory.asides().map(\.time) == [1, 4, 5, 6])
        #expect(try directory.setIncompleteAside(time: 7) == nil)
        try make(wal)
        #expect(throws: DataDirectoryError("start anew in \(directory.path)", "there is data")) {
            try directory.setIncompleteAside(time: 8)
        }
    }

    // MARK: Copying

    @Test func aCopyIsTheSameToTheByte() throws {
        let large = String(repeating: "0123456789abcdef", count: 200_000)
        try make(wal, large)
        try make("member/snap/db", "data")
        try make("member/snap/0.snap")
        let copy = try directory.copyData(label: "g2", time: 7, unless: never)
        #expect(copy == directory.path + "/aside-7-copy-g2")
        #expect(place.text(of: "data/aside-7-copy-g2/" + wal.dropFirst("member/".count)) == large)
        #expect(place.names(in: "data/aside-7-copy-g2/snap") == ["0.snap", "db"])
        #expect(directory.observe() == .data(nil))
        #expect(names() == ["aside-7-copy-g2", "member"])
    }

    @Test func theFirstCopyOfALabelIsTheOne() throws {
        try make(wal, "before")
        let first = try directory.copyData(label: "g2", time: 7, unless: never)
        try make(wal, "after")
        #expect(try directory.copyData(label: "g2", time: 8, unless: never) == first)
        #expect(place.text(of: "data/aside-7-copy-g2/wal/" + (wal as NSString).lastPathComponent) == "before")
        #expect(try directory.copyData(label: "g3", time: 9, unless: never) != first)
    }

    @Test func whatAnInterruptedCopyLeftIsRemoved() throws {
        try make(wal, "log")
        try make("aside.new/wal/half", "ha")
        _ = try directory.copyData(label: "g2", time: 7, unless: never)
        #expect(names() == ["aside-7-copy-g2", "member"])
        #expect(place.names(in: "data/aside-7-copy-g2/wal") == [(wal as NSString).lastPathComponent])
    }

    @Test func anInterruptedCopyHasNoName() throws {
        try make(wal, String(repeating: "x", count: 5 << 20))
        var asked = 0
        #expect(throws: CancellationError.self) {
            try directory.copyData(label: "g2", time: 7) {
                asked += 1
                return asked > 3
            }
        }
        #expect(names() == ["aside.new", "member"])
        #expect(try directory.asides() == [])
        _ = try directory.copyData(label: "g2", time: 7, unless: never)
        #expect(names() == ["aside-7-copy-g2", "member"])
    }

    @Test func olderOnesAreNotTouched() throws {
        for time in 1...5 { try make("aside-\(time)-removed/x") }
        try make(wal)
        _ = try directory.copyData(label: "g2", time: 7, unless: never)
        #expect(try directory.asides().count == 6)
    }

    @Test func withoutRoomNothingIsCopied() throws {
        try makeHuge(wal)
        let error = #expect(throws: DataDirectoryError.self) {
            try directory.copyData(label: "g2", time: 7, unless: never)
        }
        #expect(error?.description.hasPrefix("copy \(directory.path)/member: it needs 8796094 MB") == true)
        #expect(names() == ["member"])
    }

    @Test func whatIsNeitherAFileNorADirectoryIsNotCopied() throws {
        try make(wal)
        try #require(mkfifo(directory.path + "/member/pipe", 0o600) == 0)
        #expect(throws: DataDirectoryError.self) { try directory.copyData(label: "g2", time: 7, unless: never) }
        try FileManager.default.removeItem(atPath: directory.path + "/member/pipe")
        try FileManager.default.createSymbolicLink(
            atPath: directory.path + "/member/loop", withDestinationPath: directory.path + "/member")
        #expect(throws: DataDirectoryError.self) { try directory.copyData(label: "g2", time: 7, unless: never) }
    }

    /// A log on a disk of its own is copied, not the link to it.
    @Test func linksAreFollowed() throws {
        try place.write("log", to: "disk/0.wal")
        try make("member/snap/db")
        try FileManager.default.createSymbolicLink(
            atPath: directory.path + "/member/wal", withDestinationPath: place["disk"])
        _ = try directory.copyData(label: "g2", time: 7, unless: never)
        try FileManager.default.removeItem(atPath: place["disk"])
        #expect(place.text(of: "data/aside-7-copy-g2/wal/0.wal") == "log")
    }

    @Test func withoutDataThereIsNothingToCopy() throws {
        try directory.prepare()
        #expect(throws: DataDirectoryError("copy \(directory.path)/member", "there is no data")) {
            try directory.copyData(label: "g2", time: 7, unless: never)
        }
    }
}
