/// What etcd calls a member or a cluster: 64 bits, printed in hexadecimal as etcd and etcdctl do.
///
/// On the wire the gateway writes it as a decimal string and the peer port as a number.
package struct EtcdID: Sendable, Hashable, Comparable, CustomStringConvertible {
    package var rawValue: UInt64

    package init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// Reads the form that etcd prints and sends in headers, such as `8e9e05c52164694d`; nil for anything else.
    package init?(hexadecimal text: String) {
        guard !text.hasPrefix("+"), let value = UInt64(text, radix: 16) else { return nil }
        rawValue = value
    }

    package var description: String { String(rawValue, radix: 16) }

    package static func < (left: EtcdID, right: EtcdID) -> Bool { left.rawValue < right.rawValue }
}

extension EtcdID: Codable {
    package init(from decoder: any Decoder) throws {
        rawValue = try WireInteger<UInt64>(from: decoder).value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(String(rawValue))
    }
}
