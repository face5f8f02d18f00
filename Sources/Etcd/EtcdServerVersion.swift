/// What a running etcd says of versions at `GET /version`, on its client port and on its peer port.
package struct EtcdServerVersion: Sendable, Equatable {
    /// The version of the server that answered.
    package var server: EtcdVersion
    /// The version that all members have agreed upon; nil while they have not.
    package var cluster: EtcdVersion?

    package init(server: EtcdVersion, cluster: EtcdVersion?) {
        self.server = server
        self.cluster = cluster
    }
}

extension EtcdServerVersion: Decodable {
    private enum CodingKeys: String, CodingKey {
        case server = "etcdserver"
        case cluster = "etcdcluster"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let text = try container.decode(String.self, forKey: .server)
        guard let server = EtcdVersion(text) else {
            throw DecodingError.dataCorruptedError(
                forKey: .server, in: container, debugDescription: "\"\(text)\" is not a version")
        }
        self.server = server
        // Before the first agreement etcd writes `not_decided` here, which is no version and so reads as nil.
        cluster = try container.decodeIfPresent(String.self, forKey: .cluster).flatMap { EtcdVersion($0) }
    }
}
