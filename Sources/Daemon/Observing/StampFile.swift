/// The stamp as it is on disk: JSON, with IDs in hex, as etcd prints them.

import ClusterPlanning
import FoundationEssentials

struct StampFile: Codable {
    /// Another one is not read: its fields may mean something else.
    private struct Form: Decodable {
        var version: Int
    }

    private static let version = 2

    typealias MountPointTest = () throws(DataDirectoryError) -> Bool

    var version = Self.version
    /// Of a file of version 1 alone it is missing.
    var disk: String?
    var instance: String
    var owner: String?
    var generation: Int?
    var cluster: String?
    var member: String?
    var started: Bool
    var etcdVersion: String?
    var carriedInto: Int?
    /// Left out where it is false.
    var followsLostData: Bool?

    init(_ stamp: Stamp) {
        disk = stamp.disk.rawValue
        instance = stamp.instance.rawValue
        owner = stamp.owner
        generation = stamp.generation
        cluster = stamp.cluster?.description
        member = stamp.member?.description
        started = stamp.started
        etcdVersion = stamp.etcdVersion
        carriedInto = stamp.carriedInto
        followsLostData = stamp.followsLostData ? true : nil
    }

    /// - Parameter isMountPoint: whether the directory is a file system of its own; asked for stamps alone that don't say so.
    /// - Throws: where it is no stamp of this form. What it says instead is not repeated: it may be anybody's file.
    static func decode(
        _ data: Data, from path: String, isMountPoint: MountPointTest
    ) throws(DataDirectoryError) -> Stamp {
        do {
            let form = try JSONDecoder().decode(Form.self, from: data)
            guard (1...version).contains(form.version) else {
                throw DataDirectoryError("read \(path)", "its form \(form.version) is of another etcd-cluster")
            }
            return try JSONDecoder().decode(Self.self, from: data).stamp(isMountPoint)
        } catch let error as DataDirectoryError {
            throw error
        } catch {
            throw DataDirectoryError("read \(path)", "this is no stamp of etcd-cluster")
        }
    }

    private func stamp(_ isMountPoint: MountPointTest) throws(DataDirectoryError) -> Stamp {
        guard ClusterRecord.counts.contains(generation ?? 1), ClusterRecord.counts.contains(carriedInto ?? 1) else {
            throw DataDirectoryError("read the stamp", "its generation is none")
        }
        return Stamp(
            disk: try diskID(isMountPoint), instance: InstanceID(instance), owner: owner, generation: generation,
            cluster: try cluster.map(number).map(ClusterID.init(rawValue:)),
            member: try member.map(number).map(MemberID.init(rawValue:)), started: started, etcdVersion: etcdVersion,
            carriedInto: carriedInto,
            followsLostData: followsLostData ?? false)
    }

    /// The ID of the disk. Version 1 had none, so one is made of what such a file says: it has to be the same at every look,
    /// for a disk that reports another ID than before counts as lost, and a look writes nothing. The next write keeps it.
    ///
    /// It is as good as a random one: an instance's ID never comes again, and a disk that follows this one on the same
    /// instance has a stamp of version 2, with an ID of its own. Two copies of one disk share it, as they share any other.
    private func diskID(_ isMountPoint: MountPointTest) throws(DataDirectoryError) -> DiskID {
        if let disk, !disk.isEmpty { return DiskID(disk) }
        guard version == 1 else { throw DataDirectoryError("read the stamp", "it names no disk") }
        return DiskID("\(try isMountPoint() ? "m-" : "")v1-\(instance)-\(member ?? "none")")
    }

    private func number(_ hex: String) throws(DataDirectoryError) -> UInt64 {
        guard let number = UInt64(hex, radix: 16) else {
            throw DataDirectoryError("read the stamp", "'\(hex)' is no ID")
        }
        return number
    }
}
