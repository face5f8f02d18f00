/// Where a service is called, and for which region its requests are signed.
package struct Endpoint: Sendable, Hashable {
    /// Scheme, host and, where it is not the scheme's own, port; then a path, if any; no slash at the end.
    package let url: String
    package let signingRegion: String
}

/// The endpoint of every service, for one region: AWS's own host names, or what the environment says instead.
package struct Endpoints: Sendable, Hashable {
    package let region: Region
    private let usesFIPS: Bool
    private let usesDualStack: Bool
    private let overrides: [String: String]

    /// - Parameters:
    ///   - region: the region of every service that has regions.
    ///   - environment: `AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_<SERVICE>`, `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS`,
    ///     `AWS_USE_FIPS_ENDPOINT` and `AWS_USE_DUALSTACK_ENDPOINT` are read.
    /// - Throws: `EndpointError` where one of them can't be used.
    /// https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    package init(region: Region, environment: [String: String] = [:]) throws(EndpointError) {
        self.region = region
        usesFIPS = try Self.flag("AWS_USE_FIPS_ENDPOINT", environment)
        usesDualStack = try Self.flag("AWS_USE_DUALSTACK_ENDPOINT", environment)
        guard !usesFIPS || region.partition.hasFIPS else { throw .noFIPS(region.code) }
        overrides =
            try Self.flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", environment) ? [:] : Self.overrides(environment)
    }

    package func endpoint(of service: Service) -> Endpoint {
        let configured = overrides["AWS_ENDPOINT_URL_" + service.variableSuffix] ?? overrides["AWS_ENDPOINT_URL"]
        return Endpoint(
            url: configured ?? "https://" + (service.isGlobal ? globalHost(service) : regionalHost(service)),
            signingRegion: service.isGlobal ? region.partition.globalRegion : region.code)
    }

    /// GovCloud's ordinary endpoints are FIPS endpoints, except the dual-stack ones.
    private func regionalHost(_ service: Service) -> String {
        let partition = region.partition
        let isMarked = usesFIPS && (partition != .usGov || usesDualStack)
        let suffix = usesDualStack ? partition.dualStackSuffix : partition.suffix
        return "\(service.endpointPrefix)\(isMarked ? "-fips" : "").\(region).\(suffix)"
    }

    private func globalHost(_ service: Service) -> String {
        let partition = region.partition
        let suffix = usesDualStack ? partition.dualStackSuffix : partition.suffix
        if partition == .usGov { return "\(service.endpointPrefix).us-gov.\(suffix)" }
        return "\(service.endpointPrefix)\(usesFIPS ? "-fips" : "").\(usesDualStack ? "global." : "")\(suffix)"
    }

    private static func overrides(_ environment: [String: String]) throws(EndpointError) -> [String: String] {
        var overrides: [String: String] = [:]
        for (name, value) in environment.sorted(by: { $0.key < $1.key })
        where (name == "AWS_ENDPOINT_URL" || name.hasPrefix("AWS_ENDPOINT_URL_")) && !value.isEmpty {
            overrides[name] = try baseURL(value, variable: name)
        }
        return overrides
    }

    private static func flag(_ name: String, _ environment: [String: String]) throws(EndpointError) -> Bool {
        switch environment[name]?.lowercased() {
        case nil, "", "false": false
        case "true": true
        default: throw .invalidFlag(variable: name)
        }
    }
}

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

/// Checks what a person configured as the base of other URLs.
///
/// - Returns: the URL without the slashes at its end.
/// - Throws: `EndpointError.invalidURL` unless it is `http` or `https`, a host, perhaps a port and a path, no more.
func baseURL(_ text: String, variable: String) throws(EndpointError) -> String {
    func invalid(_ reason: String) -> EndpointError { .invalidURL(variable: variable, reason: reason) }
    let schemes = ["http://", "https://"]
    guard let scheme = schemes.first(where: { text.lowercased().hasPrefix($0) }) else {
        throw invalid("it has to begin with http:// or https://")
    }
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { throw invalid("spaces and non-ASCII have no place") }
    let rest = text.dropFirst(scheme.count)
    if rest.contains(where: { $0 == "?" || $0 == "#" }) { throw invalid("query and fragment have no place") }
    let authority = rest.prefix { $0 != "/" }
    if authority.contains("@") { throw invalid("user and password have no place") }
    let address = authority.hasPrefix("[") ? authority.drop { $0 != "]" }.dropFirst() : authority.drop { $0 != ":" }
    let host = authority.dropLast(address.count)
    guard !host.isEmpty, host != "[]", !host.hasPrefix("[") || host.hasSuffix("]") else { throw invalid("no host") }
    guard address.isEmpty || (address.hasPrefix(":") && (UInt16(address.dropFirst()) ?? 0) > 0) else {
        throw invalid("the port is not a number from 1 to 65535")
    }
    var path = rest.dropFirst(authority.count)
    while path.hasSuffix("/") { path = path.dropLast() }
    return scheme + authority + path
}
