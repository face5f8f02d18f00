/// Why an endpoint can't be used.
package enum EndpointError: Error, Sendable, Equatable, CustomStringConvertible {
    case invalidRegion(String)
    /// The value itself is not repeated: a URL may hold a password.
    case invalidURL(variable: String, reason: String)
    case invalidFlag(variable: String)
    case noFIPS(String)

    package var description: String {
        switch self {
        case .invalidRegion(let code): "'\(code)' is not the name of an AWS region (such as eu-central-1)"
        case .invalidURL(let variable, let reason): "\(variable) is not a base URL: \(reason)"
        case .invalidFlag(let variable): "\(variable) is neither 'true' nor 'false'"
        case .noFIPS(let region): "AWS_USE_FIPS_ENDPOINT is set, but \(region)'s partition has no FIPS endpoints"
        }
    }
}
