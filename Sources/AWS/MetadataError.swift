import HTTP

/// Why the instance metadata service gave no answer that can be used, and what to do about it.
package enum MetadataError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `AWS_EC2_METADATA_DISABLED` is `true`.
    case disabled
    /// No session token: on EC2 almost always a container behind the hop limit (F37), whose packets get no answer.
    case noToken(HTTPError)
    case noAnswer(HTTPError)
    case refused(path: String, status: Int)
    /// An answer without what it should hold.
    case unreadable(path: String, because: String)
    /// A variable that names the service can't be used.
    case invalidSetting(variable: String, because: String)

    package var description: String {
        switch self {
        case .disabled:
            "instance metadata is switched off by AWS_EC2_METADATA_DISABLED"
        case .noToken(let error) where error.kind == .timedOut:
            "instance metadata: no session token (\(error)): inside a container set HttpPutResponseHopLimit=2 on the "
                + "instance or use the host's network, outside of EC2 give --instance-id and --region"
        case .noToken(let error): "instance metadata: no session token (\(error))"
        case .noAnswer(let error): "instance metadata: \(error)"
        case .refused(let path, 403):
            "instance metadata: \(path) answered HTTP 403: the service is switched off for this instance "
                + "(HttpEndpoint=disabled), or a firewall stands in front of it"
        case .refused(let path, let status): "instance metadata: \(path) answered HTTP \(status)"
        case .unreadable(let path, let reason): "instance metadata: \(path) \(reason)"
        case .invalidSetting(let variable, let reason): "\(variable) \(reason)"
        }
    }
}
