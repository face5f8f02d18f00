/// Something that a member has raised for the whole cluster to see, in force until an operator disarms it.
/// https://etcd.io/docs/v3.5/op-guide/maintenance/#space-quota
package struct EtcdAlarm: Sendable, Hashable {
    package enum Kind: Sendable, Hashable, CustomStringConvertible {
        /// The database has reached its quota: the cluster takes reads and deletions only.
        case noSpace
        /// A member's data differs from the others' (F21).
        case corrupt
        /// One that this version of the tool does not know, by the name or number that etcd gave.
        case unknown(String)

        /// - Parameter name: the enumerator's name, as etcd prints it, or its number.
        package init(_ name: String) {
            switch name {
            case "NOSPACE", "1": self = .noSpace
            case "CORRUPT", "2": self = .corrupt
            default: self = .unknown(name)
            }
        }

        package var description: String {
            switch self {
            case .noSpace: "NOSPACE"
            case .corrupt: "CORRUPT"
            case .unknown(let name): name
            }
        }
    }

    /// The member that it is about; nil where etcd names none.
    package var memberID: EtcdID?
    package var kind: Kind

    package init(memberID: EtcdID?, kind: Kind) {
        self.memberID = memberID
        self.kind = kind
    }
}

extension EtcdAlarm: Decodable {
    private enum CodingKeys: String, CodingKey {
        case memberID
        case kind = "alarm"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        memberID = try container.id(.memberID)
        // An enumerator comes by name, one unknown to the gateway itself by number.
        if let name = try? container.decode(String.self, forKey: .kind) {
            kind = Kind(name)
        } else {
            let number = try container.decodeIfPresent(Int.self, forKey: .kind) ?? 0
            kind = Kind(number == 0 ? "NONE" : String(number))
        }
    }
}
