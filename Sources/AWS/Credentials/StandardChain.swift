/// The order in which credentials are looked for: that of AWS's own tools.

import HTTP

extension CredentialChain {
    /// The sources of AWS's own tools, in their order: environment, web identity, shared files, container endpoint,
    /// instance profile.
    /// https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
    ///
    /// - Parameters:
    ///   - environment: the process's environment; it is read here and nowhere below.
    ///   - home: the home directory, where the shared files are.
    ///   - http: for STS.
    ///   - direct: for the container endpoint: goes past every proxy.
    ///   - endpoints: STS is called in their region.
    ///   - metadata: the instance's.
    ///   - userAgent: as for `AWSClient`.
    package static func standard(
        environment: [String: String], home: String, http: any HTTPClient, direct: any HTTPClient,
        endpoints: Endpoints, metadata: InstanceMetadata, userAgent: String = "etcd-cluster",
        timing: Timing = .system
    ) -> CredentialChain {
        let sts = { @Sendable (providers: [any CredentialProvider]) in
            AWSClient(
                http: http, endpoints: endpoints, credentials: CredentialChain(providers, timing: timing),
                userAgent: userAgent, timing: timing)
        }
        return CredentialChain(
            [
                EnvironmentCredentials(environment),
                WebIdentityCredentials(environment, sts: sts([])),
                SharedFileCredentials(environment, home: home) { sts([StaticCredentials($0)]) },
                ContainerCredentials(environment, http: direct, timing: timing),
                InstanceProfileCredentials(metadata),
            ], timing: timing)
    }
}
