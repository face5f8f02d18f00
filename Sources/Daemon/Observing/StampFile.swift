/// The stamp as it is on disk: JSON, with IDs in hex, as etcd prints them.

import ClusterPlanning
import FoundationEssentials

struct StampFile: Codable {
    /// Another one is not read: its fields may mean something else.
    private struct Form: Decodable {
        var version: Int
    }

    private static let version = 1

    var version = Self.version
    var instance: String
    var cluster: String?
    var member: String?
    var started: Bool

    init(_ stamp: Stamp) {
        instance = stamp.instance.rawValue
        cluster = stamp.cluster?.description
        member = stamp.member?.description
        started = stamp.started
    }

    /// - Throws: where it is no stamp of this form. What it says instead is not repeated: it may be anybody's file.
    static func decode(_ data: Data, from path: String) throws(DataDirectoryError) -> Stamp {
        do {
            let form = try JSONDecoder().decode(Form.self, from: data)
            guard form.version == version else {
                throw DataDirectoryError("read \(path)", "its form \(form.version) is of another etcd-cluster")
            }
            return try JSONDecoder().decode(Self.self, from: data).stamp()
        } catch let error as DataDirectoryError {
            throw error
        } catch {
            throw DataDirectoryError("read \(path)", "this is no stamp of etcd-cluster")
        }
    }

    private func stamp() throws(DataDirectoryError) -> Stamp {
        Stamp(
            instance: InstanceID(instance), cluster: try cluster.map(number).map(ClusterID.init(rawValue:)),
            member: try member.map(number).map(MemberID.init(rawValue:)), started: started)
    }

    private func number(_ hex: String) throws(DataDirectoryError) -> UInt64 {
        guard let number = UInt64(hex, radix: 16) else {
            throw DataDirectoryError("read the stamp", "'\(hex)' is no ID")
        }
        return number
    }
}
