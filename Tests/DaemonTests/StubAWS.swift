/// An AWS of one stub server: a group, instances, zones, and the instance metadata service; every answer over real HTTP.

import Foundation
import HTTP
import StubServer
import Synchronization

@testable import AWS

/// What AWS knows, for a test to set and to read.
struct AWSWorld: Sendable {
    struct Group: Sendable {
        var name: String
        var desiredCapacity: Int
        var stackName: String?
        /// Instance IDs with their lifecycle states.
        var instances: [(id: String, lifecycle: String)]
        /// Another life of the same name has another one.
        var uuid = "u"
        var stackUUID = "s"
        var hooks: [Hook] = []
        /// The version of the template `lt-1` that each instance was launched from; nil: it is not told.
        var templateVersion: String?

        init(_ name: String, desired: Int, stack: String? = nil, _ instances: [(id: String, lifecycle: String)]) {
            self.name = name
            desiredCapacity = desired
            stackName = stack
            self.instances = instances
        }
    }

    struct Hook: Sendable {
        var name: String
        /// `autoscaling:EC2_INSTANCE_LAUNCHING` or its like.
        var transition: String
        var timeout: String? = "300"

        static func launching(_ name: String) -> Hook {
            Hook(name: name, transition: "autoscaling:EC2_INSTANCE_LAUNCHING")
        }
        static func terminating(_ name: String) -> Hook {
            Hook(name: name, transition: "autoscaling:EC2_INSTANCE_TERMINATING")
        }
    }

    struct Instance: Sendable {
        var state = "running"
        var address: String?
        var tags: [String: String] = [:]
    }

    struct HostedZone: Sendable {
        var id: String
        /// With the dot at its end.
        var name: String
        var isPrivate: Bool
    }

    struct RecordKey: Hashable, Comparable {
        var name: String
        var type: String
        static func < (left: Self, right: Self) -> Bool { (left.name, left.type) < (right.name, right.type) }
    }

    var groups: [Group] = []
    var instances: [String: Instance] = [:]
    var zones: [HostedZone] = []
    /// Of each zone, by its ID: the values of each record set; its TTL is 60.
    var records: [String: [RecordKey: [String]]] = [:]
    /// Of each bucket, by its name: the objects by their keys.
    var buckets: [String: [String: [UInt8]]] = [:]
    /// Whether S3 tells of objects that do not exist: the right to `s3:ListBucket`.
    var mayListBuckets = true
    /// Instances, or objects of a bucket, in one page.
    var pageSize = 1000
    /// Groups that list instances but that DescribeAutoScalingInstances does not tell of yet.
    var groupsHiddenFromInstances: Set<String> = []
    /// What is answered instead, where it is not nil.
    var fault: (@Sendable (_ call: String) -> StubReply?)?
    /// Calls that are carried out, and whose answer nobody gets to see.
    var lostAnswers: Set<String> = []
    /// Every call, by its operation's name, oldest first.
    var calls: [String] = []
    /// What was asked of hooks and instances' health, with the group, the hook and the instance, oldest first.
    var actions: [String] = []
    /// What the metadata service says of the instance's end.
    var targetState: String?
    var spotAction: String?
    /// Who the metadata service says that the instance is; nil: there is no such service.
    var identity: (instance: String, address: String, region: String)?
}

/// Plays AWS and the metadata service at one address.
final class StubAWS: Sendable {
    let server: StubServer
    private let world: SharedWorld

    init(_ world: AWSWorld = AWSWorld()) throws {
        let shared = SharedWorld(world)
        self.world = shared
        server = try StubServer { request in shared.world.withLock { $0.answer(request) } }
    }

    func change(_ change: (inout AWSWorld) -> Void) { world.world.withLock { change(&$0) } }

    /// The calls since the last time they were asked for.
    func takeCalls() -> [String] {
        world.world.withLock { world in
            defer { world.calls = [] }
            return world.calls
        }
    }

    var calls: [String] { world.world.withLock { $0.calls } }

    /// What was asked of hooks and instances' health since the last time.
    func takeActions() -> [String] {
        world.world.withLock { world in
            defer { world.actions = [] }
            return world.actions
        }
    }

    func objects(in bucket: String) -> [String: [UInt8]] { world.world.withLock { $0.buckets[bucket] ?? [:] } }

    func records(in zone: String) -> [AWSWorld.RecordKey: [String]] { world.world.withLock { $0.records[zone] ?? [:] } }

    /// What sends every client of AWS here.
    var environment: [String: String] {
        [
            "AWS_ENDPOINT_URL": server.url, "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url,
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG",
        ]
    }

    func client(attempts: Int = 1) throws -> AWSClient {
        AWSClient(
            http: Keeping(self, DaemonTests.http),
            endpoints: try Endpoints(region: Region("eu-central-1"), environment: environment),
            credentials: CredentialChain([StaticCredentials(key)]),
            policy: RetryPolicy(attempts: attempts, base: .milliseconds(1)))
    }

    private var key: Credentials {
        Credentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: Secret("wJalrXUtnFEMI/K7MDENG"), sessionToken: nil)
    }
}

/// A client that keeps the server alive for as long as it is used.
private struct Keeping: HTTPClient {
    let server: StubAWS
    let http: CurlClient

    init(_ server: StubAWS, _ http: CurlClient) {
        self.server = server
        self.http = http
    }

    func send(_ request: HTTPRequest, deadline: Duration) async throws -> HTTPResponse {
        try await http.send(request, deadline: deadline)
    }
}

private final class SharedWorld: Sendable {
    let world: Mutex<AWSWorld>
    init(_ world: AWSWorld) { self.world = Mutex(world) }
}

// MARK: Answering

extension AWSWorld {
    fileprivate mutating func answer(_ request: StubRequest) -> StubReply {
        if request.path.hasPrefix("/latest/") { return answerMetadata(request) }
        let form = parameters(request.text)
        let isRoute53 = request.path.hasPrefix("/\(Service.route53.version)/")
        let call = form["Action"] ?? (isRoute53 ? route53Call(request) : bucketCall(request))
        calls.append(call)
        if let reply = fault?(call) { return reply }
        let reply = carryOut(call, request, form)
        return lostAnswers.contains(call) ? .close : reply
    }

    private mutating func carryOut(_ call: String, _ request: StubRequest, _ form: [String: String]) -> StubReply {
        let query = parameters(request.query)
        return switch call {
        case "DescribeAutoScalingInstances", "DescribeAutoScalingGroups", "DescribeLifecycleHooks",
            "CompleteLifecycleAction", "RecordLifecycleActionHeartbeat", "SetInstanceHealth":
            answerAutoScaling(call, form)
        case "DescribeInstances": describeInstances(form, from: Int(form["NextToken"] ?? "0") ?? 0)
        case "ListHostedZonesByName": listZones(query["dnsname"] ?? "")
        case "GetHostedZone": getZone(zoneID(request))
        case "ListResourceRecordSets": listRecords(zoneID(request))
        case "ChangeResourceRecordSets": changeRecords(zoneID(request), request.body)
        case "GetObject", "HeadObject", "PutObject", "DeleteObject", "ListObjectsV2": answerBucket(call, request)
        case "PutMetricData": .xml(call, "")
        default: .error("InvalidAction", status: 400)
        }
    }

    private func answerMetadata(_ request: StubRequest) -> StubReply {
        guard let identity else { return .status(404) }
        switch request.path {
        case "/latest/api/token": return .text("token")
        case "/latest/dynamic/instance-identity/document":
            return .text(
                """
                {"instanceId":"\(identity.instance)","region":"\(identity.region)","accountId":"123456789012",
                "availabilityZone":"\(identity.region)a","privateIp":"\(identity.address)","imageId":"ami-1",
                "instanceType":"t3.small","architecture":"x86_64"}
                """)
        case "/latest/meta-data/autoscaling/target-lifecycle-state":
            return targetState.map { .text($0) } ?? .status(404)
        case "/latest/meta-data/spot/instance-action":
            return spotAction.map { .text(#"{"action":"\#($0)","time":"2026-03-01T12:00:07Z"}"#) } ?? .status(404)
        default: return .status(404)
        }
    }

    private func describeInstances(_ form: [String: String], from start: Int) -> StubReply {
        let known = filtered(by: form["Filter.1.Name"] ?? "", list(form, "Filter.1.Value"))
        let page = known.dropFirst(start).prefix(pageSize)
        let items = page.compactMap { id in instances[id].map { item(id, $0) } }
        let next = start + page.count < known.count ? "<nextToken>\(start + page.count)</nextToken>" : ""
        return .text(
            """
            <DescribeInstancesResponse><requestId>r</requestId><reservationSet><item><instancesSet>\(items.joined())\
            </instancesSet></item></reservationSet>\(next)</DescribeInstancesResponse>
            """)
    }

    private func filtered(by name: String, _ values: [String]) -> [String] {
        guard name.hasPrefix("tag:") else { return values.filter { instances[$0] != nil } }
        return instances.filter { values.contains($0.value.tags[String(name.dropFirst(4))] ?? "") }.keys.sorted()
    }

    private func item(_ id: String, _ instance: Instance) -> String {
        let tags = instance.tags.map { "<item><key>\($0)</key><value>\($1)</value></item>" }.joined()
        return """
            <item><instanceId>\(id)</instanceId><imageId>ami-1</imageId>\
            <instanceState><code>0</code><name>\(instance.state)</name></instanceState>\
            <launchTime>2026-03-01T12:00:07.000Z</launchTime>\
            \(instance.address.map { "<privateIpAddress>\($0)</privateIpAddress>" } ?? "")<tagSet>\(tags)</tagSet></item>
            """
    }
}

// MARK: Wire

/// What stands in a form or a query, decoded.
func parameters(_ text: String) -> [String: String] {
    let pairs = text.split(separator: "&").map { pair -> (String, String) in
        let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return (String(parts[0]), parts.count > 1 ? String(parts[1]).removingPercentEncoding ?? "" : "")
    }
    return Dictionary(pairs) { first, _ in first }
}

/// `name.1`, `name.2`, ... in order.
func list(_ form: [String: String], _ name: String) -> [String] {
    var values: [String] = []
    while let value = form["\(name).\(values.count + 1)"] { values.append(value) }
    return values
}

extension StubReply {
    static func xml(_ operation: String, _ result: String) -> StubReply {
        .text("<\(operation)Response><\(operation)Result>\(result)</\(operation)Result></\(operation)Response>")
    }

    /// An error as AWS writes it.
    static func error(_ code: String, _ message: String = "No.", status: Int) -> StubReply {
        .text(
            """
            <ErrorResponse><Error><Type>Sender</Type><Code>\(code)</Code><Message>\(message)</Message></Error>\
            <RequestId>req-1</RequestId></ErrorResponse>
            """, status: status)
    }
}
