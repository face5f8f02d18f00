/// How protobuf's JSON mapping writes values, for the decoders of this target
/// (https://protobuf.dev/programming-guides/json/): 64-bit integers are strings, and what is zero is left out.

/// An integer that comes as a decimal string or as a number.
struct WireInteger<Value: FixedWidthInteger & Decodable>: Decodable {
    var value: Value

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // Either form is right, so that it is not a number is no error yet.
        if let number = try? container.decode(Value.self) {
            value = number
            return
        }
        let text = try container.decode(String.self)
        guard let number = Value(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\"\(text)\" is not an integer")
        }
        value = number
    }
}

extension KeyedDecodingContainer {
    /// The integer under `key`, zero where it is left out.
    func integer<Value: FixedWidthInteger & Decodable>(_ key: Key) throws -> Value {
        try decodeIfPresent(WireInteger<Value>.self, forKey: key)?.value ?? 0
    }

    /// The ID under `key`, nil where it is left out or zero: etcd's zero is nobody.
    func id(_ key: Key) throws -> EtcdID? {
        let id = try decodeIfPresent(EtcdID.self, forKey: key)
        return id?.rawValue == 0 ? nil : id
    }

    /// The ID under `key`, which no true answer leaves out.
    func requiredID(_ key: Key) throws -> EtcdID {
        guard let id = try id(key) else {
            throw DecodingError.keyNotFound(
                key, .init(codingPath: codingPath, debugDescription: "no \(key.stringValue) in the answer"))
        }
        return id
    }
}

/// What stands at the head of the gateway's answers. That it is there is what tells an answer of etcd from any other
/// JSON object, since everything else in an answer may be left out.
struct WireHeader: Decodable {
    var clusterID: EtcdID
    var memberID: EtcdID
    var revision: Int64
    var raftTerm: UInt64

    private enum CodingKeys: String, CodingKey {
        case clusterID = "cluster_id"
        case memberID = "member_id"
        case revision
        case raftTerm = "raft_term"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        clusterID = try container.requiredID(.clusterID)
        memberID = try container.requiredID(.memberID)
        revision = try container.integer(.revision)
        raftTerm = try container.integer(.raftTerm)
    }
}
