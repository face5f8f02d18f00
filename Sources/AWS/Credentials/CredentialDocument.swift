import FoundationEssentials

/// The JSON in which the metadata service and container endpoints hand out credentials.
/// https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
struct CredentialDocument: Decodable {
    /// `Success`, or what went wrong; container endpoints leave it out.
    let code: String
    /// Nil where `code` is not `Success`.
    let credentials: Credentials?

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        code = try container.decodeIfPresent(String.self, forKey: .code) ?? "Success"
        credentials = code == "Success" ? try Self.credentials(in: container) : nil
    }

    private static func credentials(in container: KeyedDecodingContainer<Key>) throws -> Credentials {
        let expiration = try container.decodeIfPresent(String.self, forKey: .expiration)
        let date = expiration.flatMap { Date(iso8601: $0) }
        if expiration != nil, date == nil {
            throw DecodingError.dataCorruptedError(
                forKey: .expiration, in: container, debugDescription: "not an ISO 8601 date")
        }
        return Credentials(
            accessKeyID: try container.decode(String.self, forKey: .accessKeyID),
            secretAccessKey: Secret(try container.decode(String.self, forKey: .secretAccessKey)),
            sessionToken: try container.decodeIfPresent(String.self, forKey: .token).map(Secret.init),
            expiration: date)
    }

    private enum Key: String, CodingKey {
        case code = "Code"
        case accessKeyID = "AccessKeyId"
        case secretAccessKey = "SecretAccessKey"
        case token = "Token"
        case expiration = "Expiration"
    }
}
