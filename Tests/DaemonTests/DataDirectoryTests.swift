/// The data directory: what counts as empty, as data, and as neither; the stamp.

import ClusterPlanning
import Foundation
import Glibc
import Testing

@testable import Daemon

private let stamp = Stamp(
    disk: DiskID("m-0c"), instance: InstanceID("i-0a"), owner: "arn:aws:autoscaling:group/main", generation: 2,
    cluster: ClusterID(0xcdf8_18a1_94e3_a8d2), member: MemberID(0x8e9e_05c5_2164_694d),
    started: true, etcdVersion: "3.5", followsLostData: true)
/// A disk of another life.
private let other = Stamp(disk: DiskID("0d"), instance: InstanceID("i-0b"))
private let stampText = """
    {
      "cluster" : "cdf818a194e3a8d2",
      "disk" : "m-0c",
      "etcdVersion" : "3.5",
      "followsLostData" : true,
      "generation" : 2,
      "instance" : "i-0a",
      "member" : "8e9e05c52164694d",
      "owner" : "arn:aws:autoscaling:group/main",
      "started" : true,
      "version" : 2
    }

    """
private let wal = "member/wal/0000000000000000-0000000000000000.wal"

@Suite struct DataDirectoryTests {
    private let place: TemporaryDirectory
    private let directory: DataDirectory

    init() throws {
        place = try TemporaryDirectory()
        directory = DataDirectory(place["data"])
    }

    private func make(_ name: String, _ text: String = "") throws { try place.write(text, to: "data/" + name) }

    /// The cause for which the directory can't be used.
    private func cause(sourceLocation: SourceLocation = #_sourceLocation) -> String {
        guard case .unusable(let cause) = directory.observe() else {
            Issue.record("usable: \(directory.observe())", sourceLocation: sourceLocation)
            return ""
        }
        return cause
    }

    // MARK: Looking

    @Test func aMissingDirectoryIsEmptyAndIsMadeForUsAlone() throws {
        #expect(directory.observe(making: false) == .empty(nil))
        #expect(!place.exists("data"))
        #expect(directory.observe() == .empty(nil))
        let mode = try FileManager.default.attributesOfItem(atPath: directory.path)[.posixPermissions] as? Int
        #expect(mode == 0o700)
    }

    @Test(arguments: [
        ["etcd-cluster.lock"], ["member/snap/db"], ["member/wal/0.tmp"], ["member/wal/x.wal.broken"],
        ["aside-1-removed/wal/0.wal"], ["wal/0.wal"],
    ])
    func withoutAWriteAheadLogThereIsNoData(_ names: [String]) throws {
        for name in names { try make(name) }
        #expect(directory.observe() == .empty(nil))
    }

    @Test func aWriteAheadLogIsData() throws {
        try make(wal)
        #expect(directory.observe() == .data(nil))
        try make("etcd-cluster.json", stampText)
        #expect(directory.observe() == .data(stamp))
    }

    @Test func aStampWithoutDataIsSeen() throws {
        try make("etcd-cluster.json", stampText)
        #expect(directory.observe() == .empty(stamp))
    }

    @Test func aStampNeedsOnlyItsDiskAndItsInstance() throws {
        try make("etcd-cluster.json", #"{"version":2,"disk":"0d","instance":"i-0b","started":false}"#)
        #expect(directory.observe() == .empty(other))
    }

    /// An ID that changed from look to look would be that of a lost disk.
    @Test(arguments: [
        (#"{"version":1,"instance":"i-0a","started":false}"#, "v1-i-0a-none", MemberID?.none, false),
        (#"{"version":1,"instance":"i-0a","member":"8e9e","started":true}"#, "v1-i-0a-8e9e", MemberID(0x8e9e), true),
    ])
    func aStampOfTheFirstFormGetsOneDiskIDForEver(_ text: String, _ id: String, _ member: MemberID?, _ started: Bool)
        throws
    {
        try make("etcd-cluster.json", text)
        let stamp = Stamp(disk: DiskID(id), instance: InstanceID("i-0a"), member: member, started: started)
        for _ in 0..<2 { #expect(directory.observe() == .empty(stamp)) }
        try directory.write(stamp)
        #expect(directory.observe() == .empty(stamp))
        #expect(place.text(of: "data/etcd-cluster.json")?.contains(#""version" : 2"#) == true)
    }

    /// A volume of its own may come back on another instance.
    @Test func aVolumesStampOfTheFirstFormNamesAVolume() throws {
        let text = Data(#"{"version":1,"instance":"i-0a","started":true}"#.utf8)
        #expect(try StampFile.decode(text, from: "x", isMountPoint: { true }).disk == DiskID("m-v1-i-0a-none"))
        #expect(try StampFile.decode(text, from: "x", isMountPoint: { true }).disk.isVolume)
        #expect(try !StampFile.decode(text, from: "x", isMountPoint: { false }).disk.isVolume)
    }

    @Test(arguments: [
        ("", "this is no stamp of etcd-cluster"),
        ("{", "this is no stamp of etcd-cluster"),
        ("null", "this is no stamp of etcd-cluster"),
        (#"{"version":1,"instance":"i-0a"}"#, "this is no stamp of etcd-cluster"),
        (#"{"version":1,"started":true}"#, "this is no stamp of etcd-cluster"),
        (#"{"instance":"i-0a","started":true}"#, "this is no stamp of etcd-cluster"),
        (#"{"version":1,"instance":"i-0a","started":true,"member":7}"#, "this is no stamp of etcd-cluster"),
        (#"{"version":1,"instance":"i-0a","started":true,"member":"none"}"#, "'none' is no ID"),
        (
            #"{"version":1,"instance":"i-0a","started":true,"cluster":"10000000000000000"}"#,
            "'10000000000000000' is no ID"
        ),
        (#"{"version":3,"disk":"m-7"}"#, "its form 3 is of another etcd-cluster"),
        (#"{"version":0,"instance":"i-0a","started":true}"#, "its form 0 is of another etcd-cluster"),
        (#"{"version":2,"instance":"i-0a","started":true}"#, "it names no disk"),
        (#"{"version":2,"disk":"","instance":"i-0a","started":true}"#, "it names no disk"),
        (#"{"version":2,"disk":"0d","instance":"i-0a","started":true,"generation":0}"#, "its generation is none"),
        (String(repeating: " ", count: 70_000) + stampText, "this is no file that etcd-cluster has written"),
    ])
    func aStampThatCantBeReadMakesTheDirectoryUnusable(_ text: String, _ reason: String) throws {
        try make("etcd-cluster.json", text)
        #expect(cause().hasSuffix(": \(reason)"))
        try make(wal)
        #expect(cause().hasSuffix(": \(reason)"))
    }

    @Test func aStampIsAPlainFile() throws {
        let path = directory.path + "/etcd-cluster.json"
        try place.write(stampText, to: "elsewhere.json")
        try make("other")
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: place["elsewhere.json"])
        #expect(cause() == "open \(path): Too many levels of symbolic links")
        try FileManager.default.removeItem(atPath: path)

        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        #expect(cause().contains("this is no file that etcd-cluster has written"))
        try FileManager.default.removeItem(atPath: path)

        // A pipe without a writer would be waited for.
        try #require(mkfifo(path, 0o600) == 0)
        #expect(cause().contains("this is no file that etcd-cluster has written"))
    }

    @Test func whatIsNoDirectoryIsNotEmpty() throws {
        try place.write("", to: "data")
        #expect(cause() == "make directory \(directory.path): File exists")
        guard case .unusable = directory.observe(making: false) else {
            Issue.record("usable without making")
            return
        }
    }

    @Test func aFileAboveItIsNotEmpty() throws {
        try place.write("", to: "file")
        let below = DataDirectory(place["file"] + "/data")
        #expect(below.observe() == .unusable("make directory \(below.path): Not a directory"))
        for making in [true, false] {
            guard case .unusable = below.observe(making: making) else {
                Issue.record("usable, making: \(making)")
                return
            }
        }
    }

    @Test(arguments: ["member", "member/wal"]) func aFileInADirectorysPlaceIsNotEmpty(_ name: String) throws {
        try make(name)
        #expect(cause().contains("member/wal"))
    }

    /// As a disk leaves that was not mounted this time (F18).
    @Test(arguments: ["", "/member", "/member/wal"]) func aLinkToNowhereIsNotEmpty(_ name: String) throws {
        let link = directory.path + name
        try FileManager.default.createDirectory(
            atPath: (link as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: place["not-mounted"])
        #expect(cause().contains(directory.path))
        guard case .unusable = directory.observe(making: false) else {
            Issue.record("usable without making")
            return
        }
        #expect(!place.exists("not-mounted"))
    }

    @Test func aLinkToData() throws {
        try place.write("", to: "disk/" + wal)
        try FileManager.default.createSymbolicLink(atPath: directory.path, withDestinationPath: place["disk"])
        #expect(directory.observe() == .data(nil))
    }

    // MARK: The stamp

    @Test func aStampReadsAsItWasWritten() throws {
        try directory.prepare()
        for stamp in [stamp, other] {
            try directory.write(stamp)
            #expect(directory.observe() == .empty(stamp))
        }
        try directory.write(stamp)
        #expect(place.text(of: "data/etcd-cluster.json") == stampText)
        #expect(place.names(in: "data") == ["etcd-cluster.json"])
    }

    /// A reader sees the old stamp or the new one: the file is replaced, not written into.
    @Test func aStampIsReplacedAsAWhole() throws {
        try directory.prepare()
        try directory.write(stamp)
        let descriptor = open(directory.path + "/etcd-cluster.json", O_RDONLY)
        defer { close(descriptor) }
        try directory.write(other)
        var bytes = [UInt8](repeating: 0, count: 1000)
        let count = read(descriptor, &bytes, bytes.count)
        #expect(String(decoding: bytes[..<max(count, 0)], as: UTF8.self) == stampText)
        #expect(directory.observe() == .empty(other))
    }

    @Test func whatACrashedWriteLeftIsIgnoredAndReplaced() throws {
        try make("etcd-cluster.json", stampText)
        try make("etcd-cluster.json.new", "{ half")
        #expect(directory.observe() == .empty(stamp))
        try directory.write(other)
        #expect(directory.observe() == .empty(other))
        #expect(place.names(in: "data") == ["etcd-cluster.json"])
    }

    @Test func aWriteThatFailsLeavesTheOldStamp() throws {
        try make("etcd-cluster.json", stampText)
        try make("etcd-cluster.json.new/in-the-way")
        let error = #expect(throws: DataDirectoryError.self) {
            try directory.write(other)
        }
        #expect(error?.description == "create \(directory.path)/etcd-cluster.json.new: Is a directory")
        #expect(directory.observe() == .empty(stamp))
    }

    @Test func aStampIsNotWrittenThroughALink() throws {
        try directory.prepare()
        try place.write("mine", to: "elsewhere")
        try FileManager.default.createSymbolicLink(
            atPath: directory.path + "/etcd-cluster.json.new", withDestinationPath: place["elsewhere"])
        #expect(throws: DataDirectoryError.self) { try directory.write(stamp) }
        #expect(place.text(of: "elsewhere") == "mine")
    }
}
