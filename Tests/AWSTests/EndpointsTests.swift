import Testing

@testable import AWS

struct EndpointsTests {
    /// What botocore 1.44.5 resolves for each of them.
    @Test(arguments: [
        ("eu-central-1", "", "ec2", "https://ec2.eu-central-1.amazonaws.com", "eu-central-1"),
        ("eu-central-1", "F", "ec2", "https://ec2-fips.eu-central-1.amazonaws.com", "eu-central-1"),
        ("eu-central-1", "D", "ec2", "https://ec2.eu-central-1.api.aws", "eu-central-1"),
        ("eu-central-1", "FD", "ec2", "https://ec2-fips.eu-central-1.api.aws", "eu-central-1"),
        ("eu-central-1", "", "autoscaling", "https://autoscaling.eu-central-1.amazonaws.com", "eu-central-1"),
        ("eu-central-1", "", "sts", "https://sts.eu-central-1.amazonaws.com", "eu-central-1"),
        ("eu-central-1", "", "route53", "https://route53.amazonaws.com", "us-east-1"),
        ("eu-central-1", "F", "route53", "https://route53-fips.amazonaws.com", "us-east-1"),
        ("eu-central-1", "D", "route53", "https://route53.global.api.aws", "us-east-1"),
        ("eu-central-1", "FD", "route53", "https://route53-fips.global.api.aws", "us-east-1"),
        ("us-east-1", "", "sts", "https://sts.us-east-1.amazonaws.com", "us-east-1"),
        ("eu-central-1", "", "monitoring", "https://monitoring.eu-central-1.amazonaws.com", "eu-central-1"),
        ("us-east-1", "F", "monitoring", "https://monitoring-fips.us-east-1.amazonaws.com", "us-east-1"),
        ("cn-north-1", "", "ec2", "https://ec2.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("cn-north-1", "D", "ec2", "https://ec2.cn-north-1.api.amazonwebservices.com.cn", "cn-north-1"),
        ("cn-north-1", "", "route53", "https://route53.amazonaws.com.cn", "cn-northwest-1"),
        ("cn-northwest-1", "D", "route53", "https://route53.global.api.amazonwebservices.com.cn", "cn-northwest-1"),
        ("us-gov-west-1", "", "ec2", "https://ec2.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("us-gov-west-1", "F", "ec2", "https://ec2.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("us-gov-west-1", "FD", "ec2", "https://ec2-fips.us-gov-west-1.api.aws", "us-gov-west-1"),
        ("us-gov-east-1", "F", "autoscaling", "https://autoscaling.us-gov-east-1.amazonaws.com", "us-gov-east-1"),
        ("us-gov-east-1", "", "route53", "https://route53.us-gov.amazonaws.com", "us-gov-west-1"),
        ("us-gov-east-1", "F", "route53", "https://route53.us-gov.amazonaws.com", "us-gov-west-1"),
        ("us-gov-west-1", "FD", "route53", "https://route53.us-gov.api.aws", "us-gov-west-1"),
    ])
    func areThoseOfAWS(region: String, kinds: String, service: String, url: String, signing: String) throws {
        let environment = [
            "AWS_USE_FIPS_ENDPOINT": kinds.contains("F") ? "true" : "",
            "AWS_USE_DUALSTACK_ENDPOINT": kinds.contains("D") ? "true" : "false",
        ]
        let endpoints = try Endpoints(region: Region(region), environment: environment)
        let services = [Service.ec2, .autoScaling, .route53, .sts, .cloudWatch]
        let endpoint = endpoints.endpoint(of: try #require(services.first { $0.endpointPrefix == service }))
        #expect(endpoint == Endpoint(url: url, signingRegion: signing))
    }

    @Test(arguments: [
        (["AWS_ENDPOINT_URL": "http://localhost:5000/"], "http://localhost:5000"),
        (
            ["AWS_ENDPOINT_URL": "http://127.0.0.1:5000", "AWS_ENDPOINT_URL_EC2": "https://vpce.example.org/x/"],
            "https://vpce.example.org/x"
        ),
        (["AWS_ENDPOINT_URL_AUTO_SCALING": "http://localhost:5000"], "https://ec2.eu-central-1.amazonaws.com"),
        (
            ["AWS_ENDPOINT_URL": "http://localhost:5000", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"],
            "https://ec2.eu-central-1.amazonaws.com"
        ),
        (
            ["AWS_ENDPOINT_URL": "http://localhost:5000", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "FALSE"],
            "http://localhost:5000"
        ),
        (["AWS_ENDPOINT_URL": "HTTP://[fd00::1]:5000"], "http://[fd00::1]:5000"),
        (["AWS_ENDPOINT_URL": ""], "https://ec2.eu-central-1.amazonaws.com"),
    ])
    func comeFromTheEnvironmentFirst(environment: [String: String], ec2: String) throws {
        let endpoints = try Endpoints(region: Region("eu-central-1"), environment: environment)
        #expect(endpoints.endpoint(of: .ec2) == Endpoint(url: ec2, signingRegion: "eu-central-1"))
    }

    @Test(arguments: [
        (Service.ec2, "EC2"), (.autoScaling, "AUTO_SCALING"), (.route53, "ROUTE_53"), (.sts, "STS"),
        (.cloudWatch, "CLOUDWATCH"),
    ])
    func areConfiguredByTheStandardVariable(service: Service, suffix: String) throws {
        let endpoints = try Endpoints(
            region: Region("us-gov-east-1"), environment: ["AWS_ENDPOINT_URL_\(suffix)": "http://localhost:1"])
        #expect(endpoints.endpoint(of: service).url == "http://localhost:1")
        #expect(endpoints.endpoint(of: service).signingRegion == (service.isGlobal ? "us-gov-west-1" : "us-gov-east-1"))
    }

    @Test(arguments: [
        ("localhost:5000", "begin with http"), ("ftp://x", "begin with http"), ("http://", "no host"),
        ("http:///x", "no host"), ("http://:80", "no host"), ("http://[::1", "no host"), ("http://x:0", "port"),
        ("http://x:65536", "port"), ("http://x:y", "port"), ("http://u:hunter2@x", "password"),
        ("http://x/?hunter2", "query"), ("http://x#hunter2", "fragment"), ("http://x y", "spaces"),
        ("http://ü", "non-ASCII"), ("http://[::1]x", "port"),
    ])
    func refuseWhatIsNoBaseURL(url: String, reason: String) throws {
        let error = try #require(
            #expect(throws: EndpointError.self) {
                try Endpoints(region: Region("eu-central-1"), environment: ["AWS_ENDPOINT_URL_EC2": url])
            })
        #expect("\(error)".hasPrefix("AWS_ENDPOINT_URL_EC2 is not a base URL: "))
        #expect("\(error)".contains(reason))
        #expect(!"\(error)".contains("hunter2"))
    }

    /// What botocore 1.44.5 resolves, but for us-east-1, where it says `s3.amazonaws.com` by default.
    @Test(arguments: [
        ("eu-central-1", "", "main-1", "https://main-1.s3.eu-central-1.amazonaws.com"),
        ("eu-central-1", "", "a.b", "https://s3.eu-central-1.amazonaws.com/a.b"),
        ("eu-central-1", "", "Old_Name", "https://s3.eu-central-1.amazonaws.com/Old_Name"),
        ("eu-central-1", "D", "main-1", "https://main-1.s3.dualstack.eu-central-1.amazonaws.com"),
        ("eu-central-1", "D", "a.b", "https://s3.dualstack.eu-central-1.amazonaws.com/a.b"),
        ("us-east-1", "", "main-1", "https://main-1.s3.us-east-1.amazonaws.com"),
        ("us-east-1", "F", "main-1", "https://main-1.s3-fips.us-east-1.amazonaws.com"),
        ("us-east-1", "FD", "a.b", "https://s3-fips.dualstack.us-east-1.amazonaws.com/a.b"),
        ("cn-north-1", "", "main-1", "https://main-1.s3.cn-north-1.amazonaws.com.cn"),
        ("cn-north-1", "D", "main-1", "https://main-1.s3.dualstack.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "", "main-1", "https://main-1.s3.us-gov-west-1.amazonaws.com"),
        ("us-gov-west-1", "FD", "main-1", "https://main-1.s3-fips.dualstack.us-gov-west-1.amazonaws.com"),
    ])
    func ofBucketsAreThoseOfAWS(region: String, kinds: String, bucket: String, url: String) throws {
        let environment = [
            "AWS_USE_FIPS_ENDPOINT": kinds.contains("F") ? "true" : "",
            "AWS_USE_DUALSTACK_ENDPOINT": kinds.contains("D") ? "true" : "false",
        ]
        let endpoints = try Endpoints(region: Region(region), environment: environment)
        #expect(endpoints.endpoint(ofBucket: bucket) == Endpoint(url: url, signingRegion: region))
    }

    @Test(arguments: ["", "ab", "-abc", "abc-", "a/b", "a?b", "evil.example.org#", "ü-bucket", "a b c", "a..b"])
    func letNoBucketBecomePartOfAHostThatCannotBe(bucket: String) throws {
        let url = try Endpoints(region: Region("eu-central-1")).endpoint(ofBucket: bucket).url
        #expect(url == "https://s3.eu-central-1.amazonaws.com/" + URIEncoding.encode(bucket))
        #expect(url.split(separator: "/").count == (bucket.isEmpty ? 2 : 3))
    }

    @Test(arguments: ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"])
    func ofBucketsAreInThePathWhereTheEndpointIsConfigured(variable: String) throws {
        let endpoints = try Endpoints(
            region: Region("eu-central-1"), environment: [variable: "http://localhost:5000/s3/"])
        #expect(
            endpoints.endpoint(ofBucket: "main-1")
                == Endpoint(url: "http://localhost:5000/s3/main-1", signingRegion: "eu-central-1"))
        let elsewhere = endpoints.endpoint(ofBucket: "main-1", in: try Region("us-west-2"))
        #expect(elsewhere == Endpoint(url: "http://localhost:5000/s3/main-1", signingRegion: "us-west-2"))
    }

    @Test func ofBucketsFollowTheirRegionIntoItsPartition() throws {
        let endpoint = try Endpoints(region: Region("eu-central-1"))
            .endpoint(ofBucket: "main-1", in: Region("cn-north-1"))
        #expect(endpoint.url == "https://main-1.s3.cn-north-1.amazonaws.com.cn")
        #expect(endpoint.signingRegion == "cn-north-1")
    }

    @Test func refuseFlagsThatAreNeitherTrueNorFalse() throws {
        #expect(throws: EndpointError.invalidFlag(variable: "AWS_USE_FIPS_ENDPOINT")) {
            try Endpoints(region: Region("eu-central-1"), environment: ["AWS_USE_FIPS_ENDPOINT": "yes"])
        }
        #expect(throws: EndpointError.noFIPS("cn-north-1")) {
            try Endpoints(region: Region("cn-north-1"), environment: ["AWS_USE_FIPS_ENDPOINT": "true"])
        }
    }

    @Test(arguments: ["eu-central-1", "us-gov-west-1", "ap-southeast-7", "il-central-1", "us-isob-east-1"])
    func takeTheNamesOfRegions(code: String) throws {
        #expect(try Region(code).code == code)
    }

    @Test(arguments: [
        "", "eu-central-1a", "eu-central", "EU-central-1", "eu..1", "evil.com/-1", "eu--1", "-eu-1", "eu-ü-1",
    ])
    func refuseOtherNames(code: String) {
        #expect(throws: EndpointError.invalidRegion(code)) { try Region(code) }
    }
}
