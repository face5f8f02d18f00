/// The names by which instances, members and clusters are told apart: types, so that none is taken for another.

/// EC2's name of an instance, `i-0123456789abcdef0`; also the name of the member that runs on it.
package struct InstanceID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }
    package init(_ rawValue: String) { self.rawValue = rawValue }

    /// Whether a member's name has the form of an instance ID. A cluster made by another tool may name its members
    /// otherwise; no instance can be looked up for those.
    package static func isInstanceID(_ name: String) -> Bool {
        name.hasPrefix("i-") && name.utf8.count > 2
            && name.utf8.dropFirst(2).allSatisfy { byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            }
    }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    package var description: String { rawValue }
}

/// etcd's ID of a member. etcd prints it in hex and sends it over JSON in decimal.
package struct MemberID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    package var description: String { String(rawValue, radix: 16) }
}

/// etcd's ID of a cluster: a hash of the first members' peer URLs and the token.
package struct ClusterID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    package var description: String { String(rawValue, radix: 16) }
}
