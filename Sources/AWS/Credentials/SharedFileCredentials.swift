/// A profile of the shared files: a key, or a role that another profile's key may assume.
/// https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html
package struct SharedFileCredentials: CredentialProvider {
    package let source = "shared files"
    /// Roles assumed one by another, at most.
    private static let chainLimit = 5
    /// Settings that would give credentials with AWS's own tools. None of them is passed over in silence, since what would
    /// be found instead is another identity; and no program is run because a file says so.
    private static let unsupported = [
        "credential_process", "credential_source", "web_identity_token_file", "mfa_serial", "sso_session",
        "sso_start_url", "sso_account_id", "login_session",
    ]

    private let environment: [String: String]
    private let home: String
    private let assume: @Sendable (STS.Session, Credentials) async throws -> Credentials

    /// - Parameters:
    ///   - environment: `AWS_PROFILE`, `AWS_SHARED_CREDENTIALS_FILE` and `AWS_CONFIG_FILE` are read.
    ///   - home: the home directory.
    ///   - stsSignedBy: a client of STS for the given credentials.
    package init(
        _ environment: [String: String], home: String,
        stsSignedBy: @escaping @Sendable (Credentials) -> AWSClient
    ) {
        self.environment = environment.filter { !$0.value.isEmpty }
        self.home = home
        assume = { session, credentials in try await stsSignedBy(credentials).send(.assumeRole(session)) }
    }

    package func fetch() async throws -> CredentialAnswer {
        let name = environment["AWS_PROFILE"] ?? "default"
        let profiles = try readProfiles()
        guard profiles.settings[name] != nil else {
            if environment["AWS_PROFILE"] == nil { return .notConfigured(because: "there is no profile 'default'") }
            throw invalid("AWS_PROFILE", "names '\(name)', which neither file has")
        }
        guard let credentials = try await credentials(of: name, in: profiles, after: []) else {
            return .notConfigured(because: "profile '\(name)' has no credentials")
        }
        return .found(credentials)
    }

    private func readProfiles() throws(CredentialError) -> Profiles {
        func read(_ variable: String, _ standard: String) throws(CredentialError) -> String {
            if let path = environment[variable] { return try readFile(path, named: variable, source: source) }
            let path = "\(home)/.aws/\(standard)"
            return try readFileIfPresent(path, named: "~/.aws/\(standard)", source: source) ?? ""
        }
        return Profiles(
            config: try read("AWS_CONFIG_FILE", "config"),
            credentials: try read("AWS_SHARED_CREDENTIALS_FILE", "credentials"))
    }

    /// - Parameter earlier: the profiles whose roles build on this one.
    private func credentials(
        of name: String, in profiles: Profiles, after earlier: [String]
    ) async throws -> Credentials? {
        let profile = profiles.settings[name] ?? [:]
        // A profile may be its own source; then its key counts.
        let isOwnSource = earlier.last == name
        if let role = profile["role_arn"], !isOwnSource {
            return try await assumeRole(role, of: name, in: profiles, after: earlier)
        }
        if let key = try staticKey(profile, name) { return key }
        try refuseUnsupported(profile, name)
        return nil
    }

    private func assumeRole(
        _ role: String, of name: String, in profiles: Profiles, after earlier: [String]
    ) async throws -> Credentials {
        let profile = profiles.settings[name] ?? [:]
        try refuseUnsupported(profile, name)
        guard let origin = profile["source_profile"] else {
            throw CredentialError(source, .incomplete(missing: "source_profile beside role_arn in profile '\(name)'"))
        }
        guard !earlier.contains(name), earlier.count < Self.chainLimit else {
            throw invalid("source_profile of '\(name)'", "leads in a circle or too far")
        }
        guard let key = try await credentials(of: origin, in: profiles, after: earlier + [name]) else {
            throw CredentialError(source, .incomplete(missing: "a key in profile '\(origin)'"))
        }
        let session = STS.Session(
            roleARN: role, name: profile["role_session_name"] ?? "etcd-cluster", externalID: profile["external_id"],
            seconds: profile["duration_seconds"].flatMap { Int($0) })
        do {
            return try await assume(session, key)
        } catch let error as AWSError {
            throw CredentialError(source, .sts("\(error)"))
        }
    }

    private func staticKey(_ profile: [String: String], _ name: String) throws(CredentialError) -> Credentials? {
        switch (profile["aws_access_key_id"], profile["aws_secret_access_key"]) {
        case (nil, nil): return nil
        case (nil, _): throw CredentialError(source, .incomplete(missing: "aws_access_key_id in profile '\(name)'"))
        case (_, nil): throw CredentialError(source, .incomplete(missing: "aws_secret_access_key in profile '\(name)'"))
        case (let id?, let secret?):
            return Credentials(
                accessKeyID: id, secretAccessKey: Secret(secret),
                sessionToken: profile["aws_session_token"].map { Secret($0) })
        }
    }

    private func refuseUnsupported(_ profile: [String: String], _ name: String) throws(CredentialError) {
        for setting in Self.unsupported where profile[setting] != nil {
            throw CredentialError(
                source,
                .unsupported(
                    setting: "\(setting) in profile '\(name)'",
                    instead: "use a key, role_arn with source_profile, or the instance's own role"))
        }
    }

    private func invalid(_ what: String, _ reason: String) -> CredentialError {
        CredentialError(source, .invalid(what: what, because: reason))
    }
}
