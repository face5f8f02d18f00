/// What a member says at `GET /health` on its client port.
/// https://etcd.io/docs/v3.5/op-guide/monitoring/#health-check
package struct EtcdHealth: Sendable, Equatable {
    /// Whether there is a leader, no alarm, and a read through the quorum succeeded; which of the three are tried
    /// differs by version, so read status and alarms where it matters.
    package var isHealthy: Bool
    /// Why not, in etcd's words; empty where it gives no reason, as below 3.5.
    package var reason: String

    package init(isHealthy: Bool, reason: String = "") {
        self.isHealthy = isHealthy
        self.reason = reason
    }
}

extension EtcdHealth: Decodable {
    private enum CodingKeys: String, CodingKey {
        case health, reason
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        // etcd writes the string "true"; a boolean would mean the same.
        if let flag = try? container.decode(Bool.self, forKey: .health) {
            isHealthy = flag
        } else {
            isHealthy = try container.decode(String.self, forKey: .health) == "true"
        }
        reason = try container.decodeIfPresent(String.self, forKey: .reason) ?? ""
    }
}
