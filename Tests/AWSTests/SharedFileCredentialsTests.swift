import FoundationEssentials
import StubServer
import Testing

@testable import AWS

struct SharedFileCredentialsTests {
    /// What the default profile, or `AWS_PROFILE`, gives with these files.
    func fetch(
        config: String? = nil, credentials: String? = nil, environment: [String: String] = [:], stand: Stand? = nil
    ) async throws -> CredentialAnswer {
        let stand = try stand ?? Stand(.status(500))
        var answer: CredentialAnswer?
        try await withTemporaryDirectory { home in
            let folder = home.appending(path: ".aws")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for (name, text) in [("config", config), ("credentials", credentials)] {
                try text?.write(to: folder.appending(path: name), atomically: false, encoding: .utf8)
            }
            answer = try await SharedFileCredentials(environment, home: home.path) { key in
                AWSClient(
                    http: Stand.http, endpoints: stand.client.endpoints,
                    credentials: CredentialChain([StaticCredentials(key)], timing: .virtual(stand.clock)),
                    timing: .virtual(stand.clock))
            }.fetch()
        }
        return try #require(answer)
    }

    func key(_ answer: CredentialAnswer) -> String? {
        if case .found(let credentials) = answer { credentials.accessKeyID } else { nil }
    }

    static let plain = """
        # a comment
        [default]
        aws_access_key_id = AKIADEFAULT   # mine
        aws_secret_access_key=a/b=c#d
        AWS_Session_Token =  t

        [other]
        aws_access_key_id=AKIAOTHER
        aws_secret_access_key=o
        ; the end
        """

    @Test func aProfileGivesAKey() async throws {
        #expect(
            try await fetch(credentials: Self.plain)
                == .found(
                    Credentials(
                        accessKeyID: "AKIADEFAULT", secretAccessKey: Secret("a/b=c#d"), sessionToken: Secret("t"))))
        #expect(try await key(fetch(credentials: Self.plain, environment: ["AWS_PROFILE": "other"])) == "AKIAOTHER")
    }

    @Test func theCredentialsFileHasPrecedence() async throws {
        let config = """
            [default]
            aws_access_key_id=AKIACONFIG
            aws_secret_access_key=c
            [profile  third ]
            aws_access_key_id=AKIATHIRD
            aws_secret_access_key=c
            s3 =
              aws_access_key_id=NESTED
            [sso-session other]
            aws_access_key_id=NOPROFILE
            [other]
            aws_access_key_id=NOPROFILE
            """
        #expect(try await key(fetch(config: config, credentials: Self.plain)) == "AKIADEFAULT")
        #expect(try await key(fetch(config: config)) == "AKIACONFIG")
        for (profile, expected) in [("third", "AKIATHIRD"), ("other", "AKIAOTHER")] {
            let answer = try await fetch(
                config: config, credentials: Self.plain, environment: ["AWS_PROFILE": profile])
            #expect(key(answer) == expected)
        }
    }

    @Test func theFilesMayBeElsewhere() async throws {
        try await withTemporaryDirectory { directory in
            let file = directory.appending(path: "keys")
            try Self.plain.write(to: file, atomically: false, encoding: .utf8)
            let answer = try await fetch(environment: ["AWS_SHARED_CREDENTIALS_FILE": file.path])
            #expect(key(answer) == "AKIADEFAULT")
        }
        for variable in ["AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"] {
            let error = try await #require(
                #expect(throws: CredentialError.self) { try await fetch(environment: [variable: "/nonexistent"]) })
            #expect(
                "\(error)" == "no credentials from shared files: \(variable) names /nonexistent, which does not exist")
        }
    }

    @Test(arguments: [nil, "", "[default]\nregion=eu-central-1", "[elsewhere]\naws_access_key_id=A"])
    func withoutAKeyTheNextSourceIsAsked(credentials: String?) async throws {
        guard case .notConfigured = try await fetch(credentials: credentials) else {
            Issue.record("found a key")
            return
        }
    }

    @Test(arguments: [
        ("", ["AWS_PROFILE": "prod"], "AWS_PROFILE names 'prod', which neither file has"),
        ("[default]\naws_access_key_id=A", [:], "aws_secret_access_key in profile 'default' is missing"),
        ("[default]\naws_secret_access_key=A", [:], "aws_access_key_id in profile 'default' is missing"),
        (
            "[default]\ncredential_process=/bin/keys", [:],
            "credential_process in profile 'default' is not supported; use a key"
        ),
        ("[default]\nsso_session=x", [:], "sso_session in profile 'default' is not supported"),
        (
            "[default]\nrole_arn=a\ncredential_source=Ec2InstanceMetadata", [:],
            "credential_source in profile 'default' is not"
        ),
        (
            "[default]\nrole_arn=a\nmfa_serial=b\nsource_profile=c", [:],
            "mfa_serial in profile 'default' is not supported"
        ),
        ("[default]\nrole_arn=a", [:], "source_profile beside role_arn in profile 'default' is missing"),
        ("[default]\nrole_arn=a\nsource_profile=gone", [:], "a key in profile 'gone' is missing"),
        ("[default]\nrole_arn=a\nsource_profile=b\n[b]\nrole_arn=b\nsource_profile=default", [:], "leads in a circle"),
    ])
    func aProfileThatCannotBeUsedIsAnError(credentials: String, environment: [String: String], reason: String)
        async throws
    {
        let error = try await #require(
            #expect(throws: CredentialError.self) {
                try await fetch(credentials: credentials, environment: environment)
            })
        #expect("\(error)".hasPrefix("no credentials from shared files: "))
        #expect("\(error)".contains(reason))
    }

    @Test func aRoleIsAssumedByTheKeyOfItsSource() async throws {
        let stand = try Stand(.fixture("AssumeRole.xml"))
        let config = """
            [profile etcd]
            role_arn=arn:aws:iam::1:role/etcd
            source_profile=other
            role_session_name=me
            external_id=x
            duration_seconds=900
            """
        let answer = try await fetch(
            config: config, credentials: Self.plain, environment: ["AWS_PROFILE": "etcd"], stand: stand)
        #expect(key(answer) == "ASIAROLEEXAMPLE")
        let request = try #require(stand.server.requests.first)
        #expect(
            request.text
                == "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fetcd"
                + "&RoleSessionName=me&ExternalId=x&DurationSeconds=900")
        #expect(
            try isSigned(
                request, at: stand.server, by: Credentials(accessKeyID: "AKIAOTHER", secretAccessKey: Secret("o")),
                region: "eu-central-1", service: "sts"))
    }

    @Test func aRoleMayBeAssumedByARoleOrByItsOwnKey() async throws {
        let config = """
            [profile outer]
            role_arn=arn:aws:iam::1:role/outer
            source_profile=inner
            [profile inner]
            role_arn=arn:aws:iam::1:role/inner
            source_profile=inner
            aws_access_key_id=AKIAINNER
            aws_secret_access_key=i
            """
        let stand = try Stand(.fixture("AssumeRole.xml"))
        _ = try await fetch(config: config, environment: ["AWS_PROFILE": "outer"], stand: stand)
        let keys = stand.server.requests.map {
            $0.header("Authorization")?.split(separator: "/").first?.split(separator: "=").last
        }
        #expect(keys == ["AKIAINNER", "ASIAROLEEXAMPLE"])
        #expect(stand.server.requests.map { $0.text.contains("role%2Finner") } == [true, false])
    }
}
