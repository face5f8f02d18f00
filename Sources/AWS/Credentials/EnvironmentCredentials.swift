/// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
/// https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html
package struct EnvironmentCredentials: CredentialProvider {
    package let source = "environment"
    private let environment: [String: String]

    package init(_ environment: [String: String]) {
        self.environment = environment
    }

    package func fetch() throws(CredentialError) -> CredentialAnswer {
        switch (value("AWS_ACCESS_KEY_ID"), value("AWS_SECRET_ACCESS_KEY")) {
        case (nil, nil): return .notConfigured(because: "AWS_ACCESS_KEY_ID is not set")
        case (nil, _): throw CredentialError(source, .incomplete(missing: "AWS_ACCESS_KEY_ID"))
        case (_, nil): throw CredentialError(source, .incomplete(missing: "AWS_SECRET_ACCESS_KEY"))
        case (let id?, let secret?):
            return .found(
                Credentials(
                    accessKeyID: id, secretAccessKey: Secret(secret),
                    sessionToken: value("AWS_SESSION_TOKEN").map(Secret.init)))
        }
    }

    /// An empty variable counts as unset: that is how people unset one in a unit file.
    private func value(_ name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}
