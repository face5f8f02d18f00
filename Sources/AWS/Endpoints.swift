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
