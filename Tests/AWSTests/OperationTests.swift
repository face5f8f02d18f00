import FoundationEssentials
import HTTP
import Testing

@testable import AWS

/// Each operation: the bytes that it sends, and what it reads in an answer.
struct OperationTests {
    let ids = ["i-0123456789abcdef0", "i-0123456789abcdef1", "i-0123456789abcdef2"].map(EC2.InstanceID.init)

    /// Method, path with query, and body.
    func sent<Output>(_ operation: Operation<Output>) throws -> String {
        let request = operation.request(
            at: Endpoint(url: "https://aws.test", signingRegion: "x"), userAgent: "etcd-cluster/1.2.3")
        #expect(request.headers["User-Agent"] == "etcd-cluster/1.2.3")
        let target = try #require(request.url.hasPrefix("https://aws.test") ? request.url.dropFirst(16) : nil)
        guard case .bytes(let body) = request.body else { return "\(request.method) \(target)" }
        return "\(request.method) \(target) \(String(decoding: body, as: UTF8.self))"
    }

    func read<Output>(_ operation: Operation<Output>, _ fixture: String) throws -> Output {
        try operation.read(HTTPResponse(status: 200, body: Fixture.bytes("answers/\(fixture)")))
    }

    func following<Item, Output>(_ page: Page<Item>, of operation: Operation<Output>) throws -> String {
        var operation = operation
        operation.payload = try #require(page.next)
        return try sent(operation)
    }

    // MARK: EC2

    @Test func describesInstances() throws {
        let operation = Operation.describeInstances(
            matching: [
                EC2.Filter("tag:aws:cloudformation:stack-name", ["a b", "ü&"]), EC2.Filter("vpc-id", ["vpc-1"]),
            ])
        let first =
            "POST / Action=DescribeInstances&Version=2016-11-15&Filter.1.Name=tag%3Aaws%3Acloudformation%3Astack-name"
            + "&Filter.1.Value.1=a%20b&Filter.1.Value.2=%C3%BC%26&Filter.2.Name=vpc-id&Filter.2.Value.1=vpc-1"
            + "&MaxResults=200"
        #expect(try sent(operation) == first)
        let page = try read(operation, "DescribeInstances.xml")
        #expect(try following(page, of: operation) == first + "&NextToken=eyJ2IjoiMiJ9%2B%2F%3D%26x")
        #expect(page.items.map(\.id) == ids)
        #expect(
            page.items.first
                == EC2.Instance(
                    id: ids[0], state: .running, privateIP: "10.0.1.7",
                    privateDNSName: "ip-10-0-1-7.eu-central-1.compute.internal",
                    launchTime: Date(timeIntervalSince1970: 1_772_366_407), imageID: "ami-0abcdef1234567890",
                    availabilityZone: "eu-central-1a", vpcID: "vpc-0bb", subnetID: "subnet-0aa",
                    tags: ["Name": "etcd & friends", "aws:autoscaling:groupName": "etcd-cluster-main", "empty": ""]))
        #expect(page.items.map(\.state) == [.running, .terminated, .pending])
        #expect(
            page.items.dropFirst().allSatisfy { $0.privateIP == nil && $0.privateDNSName == nil && $0.tags.isEmpty })
    }

    /// EC2 would read a star, a question mark or a backslash of the value as part of a pattern.
    @Test(arguments: [("a b", "a%20b"), ("a*b?c", "a%5C%2Ab%5C%3Fc"), (#"a\b"#, "a%5C%5Cb"), ("", "")])
    func describesInstancesByATag(value: String, sent: String) throws {
        #expect(
            try self.sent(.describeInstances(tagged: "my:Key", value))
                == "POST / Action=DescribeInstances&Version=2016-11-15&Filter.1.Name=tag%3Amy%3AKey&Filter.1.Value.1=\(sent)"
                + "&MaxResults=200")
    }

    @Test func terminatesInstances() throws {
        let operation = Operation.terminateInstances(Array(ids.prefix(2)))
        #expect(
            try sent(operation)
                == "POST / Action=TerminateInstances&Version=2016-11-15&InstanceId.1=i-0123456789abcdef0"
                + "&InstanceId.2=i-0123456789abcdef1")
        #expect(operation.isIdempotent)
        #expect(
            try read(operation, "TerminateInstances.xml") == [
                EC2.StateChange(id: ids[0], previous: .running, current: .shuttingDown),
                EC2.StateChange(id: ids[1], previous: .terminated, current: .terminated),
            ])
    }

    @Test func readsAnEmptyListOfInstances() throws {
        let page = try read(.example, "DescribeInstancesNone.xml")
        #expect(page.items.isEmpty && page.next == nil)
    }

    @Test func takesNoListForAnEmptyOne() throws {
        // An answer of another shape must not read as "nothing there" (F5).
        for text in ["<DescribeInstancesResponse/>", "<html><body>Welcome</body></html>"] {
            let error = #expect(throws: XMLError.self) {
                try Operation.example.read(HTTPResponse(status: 200, body: Array(text.utf8)))
            }
            #expect("\(try #require(error))".contains("reservationSet"))
        }
    }

    @Test func keepsAStateThatItDoesNotKnow() {
        #expect(EC2.Instance.State("hibernating") == .other("hibernating"))
        let known = ["pending", "running", "shutting-down", "terminated", "stopping", "stopped", "x"]
        #expect(known.map { EC2.Instance.State($0).description } == known)
    }

    @Test(arguments: [(0, []), (1, [1]), (200, [200]), (201, [200, 1]), (1000, [200, 200, 200, 200, 200])])
    func asksForInstancesInPortions(count: Int, portions: [Int]) throws {
        let ids = (0..<count).map { EC2.InstanceID("i-\($0)") }
        let operations = Operation.describeInstances(ids)
        #expect(try operations.map { try sent($0).split(separator: ".Value.").count - 1 } == portions)
        #expect(try operations.allSatisfy { try sent($0).contains("&Filter.1.Name=instance-id&") })
    }

    // MARK: AutoScaling

    @Test func describesGroups() throws {
        let operation = Operation.describeAutoScalingGroups(names: ["etcd-cluster-main", "b"])
        let first =
            "POST / Action=DescribeAutoScalingGroups&Version=2011-01-01&AutoScalingGroupNames.member.1=etcd-cluster-main"
            + "&AutoScalingGroupNames.member.2=b&MaxRecords=100"
        #expect(try sent(operation) == first)
        let page = try read(operation, "DescribeAutoScalingGroups.xml")
        #expect(try following(page, of: operation) == first + "&NextToken=page%20two")
        let group = try #require(page.items.first)
        #expect(
            group.name == "etcd-cluster-main" && group.arn.hasPrefix("arn:aws:autoscaling:eu-central-1:123456789012:"))
        #expect([group.minSize, group.desiredCapacity, group.maxSize] == [1, 3, 5])
        #expect(group.tags == ["aws:cloudformation:stack-name": "etcd-cluster-main"])
        #expect(group.status == nil)
        #expect(group.instances.map(\.id) == ids)
        #expect(group.instances.map(\.lifecycleState) == ["InService", "Terminating:Wait", "Pending"])
        #expect(group.instances.map(\.healthStatus) == ["Healthy", "Unhealthy", "Healthy"])
        #expect(group.instances.map(\.availabilityZone) == ["eu-central-1a", "eu-central-1b", "eu-central-1c"])
        #expect(
            group.instances.map(\.launchSource)
                == [.template(id: "lt-0a0a", version: "7"), .configuration(name: "etcd-2026-02"), nil])
        #expect(page.items.last?.status == "Delete in progress" && page.items.last?.instances == [])
    }

    @Test func describesGroupsByTag() throws {
        let filter = EC2.Filter("tag:aws:cloudformation:stack-name", ["main"])
        #expect(
            try sent(.describeAutoScalingGroups(matching: [filter]))
                == "POST / Action=DescribeAutoScalingGroups&Version=2011-01-01"
                + "&Filters.member.1.Name=tag%3Aaws%3Acloudformation%3Astack-name&Filters.member.1.Values.member.1=main"
                + "&MaxRecords=100")
        // AutoScaling knows no wildcards.
        #expect(
            try sent(.describeAutoScalingGroups(tagged: "Key", "a*"))
                == "POST / Action=DescribeAutoScalingGroups&Version=2011-01-01&Filters.member.1.Name=tag%3AKey"
                + "&Filters.member.1.Values.member.1=a%2A&MaxRecords=100")
    }

    @Test func describesGroupsOfInstances() throws {
        let operation = try #require(Operation.describeAutoScalingInstances([ids[0]]).first)
        #expect(
            try sent(operation)
                == "POST / Action=DescribeAutoScalingInstances&Version=2011-01-01"
                + "&InstanceIds.member.1=i-0123456789abcdef0&MaxRecords=50")
        let page = try read(operation, "DescribeAutoScalingInstances.xml")
        #expect(page.next == nil)
        #expect(page.items.map(\.groupName) == ["etcd-cluster-main"] && page.items.map(\.instance.id) == [ids[0]])
        #expect(Operation.describeAutoScalingInstances((0..<101).map { EC2.InstanceID("i-\($0)") }).count == 3)
    }

    // MARK: STS

    @Test func assumesARole() throws {
        let session = STS.Session(roleARN: "arn:aws:iam::1:role/etcd", name: "me", externalID: "x/y", seconds: 900)
        let operation = Operation.assumeRole(session)
        let parameters =
            "&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fetcd&RoleSessionName=me&ExternalId=x%2Fy"
            + "&DurationSeconds=900"
        #expect(operation.isSigned)
        #expect(try sent(operation) == "POST / Action=AssumeRole" + parameters)
        let expected = Credentials(
            accessKeyID: "ASIAROLEEXAMPLE", secretAccessKey: Secret("role-secret"), sessionToken: Secret("role-token"),
            expiration: noon.addingTimeInterval(3600))
        #expect(try read(operation, "AssumeRole.xml") == expected)

        let web = Operation.assumeRole(session, webIdentityToken: Secret("a.b+c"))
        #expect(!web.isSigned)
        #expect(try sent(web) == "POST / Action=AssumeRoleWithWebIdentity" + parameters + "&WebIdentityToken=a.b%2Bc")
        #expect(try read(web, "AssumeRoleWithWebIdentity.xml").accessKeyID == "ASIAWEBEXAMPLE")
    }
}
