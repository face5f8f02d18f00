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
        Endpoint(
            url: configured(service) ?? "https://" + (service.isGlobal ? globalHost(service) : regionalHost(service)),
            signingRegion: service.isGlobal ? region.partition.globalRegion : region.code)
    }

    /// Where a bucket of S3 is called. At AWS its name is the first label of the host name, where it can be: a dot in it
    /// would not fit AWS's certificates, and the oldest buckets have letters and lengths that no label may have. Those,
    /// and every bucket at a configured endpoint, stand in the path.
    /// https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
    ///
    /// - Parameter bucketRegion: the region that the bucket is in; nil: ours.
    package func endpoint(ofBucket bucket: String, in bucketRegion: Region? = nil) -> Endpoint {
        let region = bucketRegion ?? region
        let path = "/" + URIEncoding.encode(bucket)
        let host = bucketHost(region)
        let url =
            configured(.s3).map { $0 + path }
            ?? (Self.isLabel(bucket) ? "https://\(bucket).\(host)" : "https://\(host)\(path)")
        return Endpoint(url: url, signingRegion: region.code)
    }

    private func configured(_ service: Service) -> String? {
        overrides["AWS_ENDPOINT_URL_" + service.variableSuffix] ?? overrides["AWS_ENDPOINT_URL"]
    }

    /// S3 has a way of its own to write dual-stack names, and marks FIPS in GovCloud, too.
    /// https://docs.aws.amazon.com/general/latest/gr/s3.html
    private func bucketHost(_ region: Region) -> String {
        "s3\(usesFIPS ? "-fips" : "").\(usesDualStack ? "dualstack." : "")\(region).\(region.partition.suffix)"
    }

    private static func isLabel(_ bucket: String) -> Bool {
        (3...63).contains(bucket.utf8.count) && !bucket.hasPrefix("-") && !bucket.hasSuffix("-")
            && bucket.utf8.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789-".utf8.contains($0) }
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
