import FoundationEssentials
import HTTP
import StubServer
import Testing

@testable import AWS

struct PagingTests {
    /// A group of 1,000 instances, each as large as a real one, is read whole and in little memory.
    @Test func readsAThousandInstances() async throws {
        let item = try instanceTemplate()
        let stand = try Stand { request in
            let ids = request.text.split(separator: "&").filter { $0.contains(".Value.") }
                .compactMap { $0.split(separator: "=").last }
            let items = ids.map { item.replacing("i-0123456789abcdef0", with: $0) }
            return .text(
                "<R><reservationSet><item><instancesSet>\(items.joined())</instancesSet></item></reservationSet></R>")
        }
        let ids = (0..<1000).map { EC2.InstanceID("i-\($0 + 100_000)") }
        // Other tests run beside this one in the same process and have memory of their own: one quiet pass is enough.
        var growth = Int.max
        for _ in 1...3 where growth >= 50 << 20 {
            let before = try residentBytes()
            try resetPeak()
            let instances = try await stand.client.all(Operation.describeInstances(ids))
            growth = try residentBytes(peak: true) - before
            #expect(instances.map(\.id) == ids)
            #expect(instances.allSatisfy { $0.state == .running && $0.tags["Name"] == "etcd & friends" })
        }
        #expect(stand.server.requests.count % 5 == 0)
        print("1,000 instances, \(item.utf8.count) bytes of XML each: peak growth \(growth >> 10) kB, stub included")
        #expect(growth < 50 << 20)
    }

    @Test func followsEveryToken() async throws {
        let stand = try Stand { request in page(request, tokens: ["a", "b", "c"]) }
        let instances = try await stand.client.all(.example)
        #expect(instances.map(\.id.text) == ["i-start", "i-a", "i-b", "i-c"])
        let requests = stand.server.requests
        #expect(requests.count == 4)
        for request in requests {
            #expect(
                try isSigned(request, at: stand.server, by: Stand.credentials, region: "eu-central-1", service: "ec2"))
        }
    }

    /// For peers that are found by a tag: more groups than a page holds, one to a page here.
    @Test func followsEveryTokenOfTheGroupsOfATag() async throws {
        let whole = String(decoding: try Fixture.bytes("answers/DescribeAutoScalingGroups.xml"), as: UTF8.self)
        let second = whole.replacing("<NextToken>page two</NextToken>", with: "")
        let stand = try Stand { .text($0.text.contains("NextToken=page%20two") ? second : whole) }
        let groups = try await stand.client.all(.describeAutoScalingGroups(tagged: "role", "etcd main"))
        #expect(groups.map(\.name) == ["etcd-cluster-main", "going", "etcd-cluster-main", "going"])
        let filter = "&Filters.member.1.Name=tag%3Arole&Filters.member.1.Values.member.1=etcd%20main&MaxRecords=100"
        #expect(stand.server.requests.map { $0.text.hasSuffix(filter) } == [true, false])
        #expect(stand.server.requests.map { $0.text.hasSuffix(filter + "&NextToken=page%20two") } == [false, true])
    }

    @Test func followsEveryTokenOfTheInstancesOfATag() async throws {
        let stand = try Stand { request in page(request, tokens: ["a", "b"]) }
        let instances = try await stand.client.all(.describeInstances(tagged: "role", "etcd main"))
        #expect(instances.map(\.id.text) == ["i-start", "i-a", "i-b"])
        let filter = "Filter.1.Name=tag%3Arole&Filter.1.Value.1=etcd%20main&MaxResults=200"
        #expect(stand.server.requests.allSatisfy { $0.text.contains(filter) })
    }

    @Test(arguments: [(["a", "a"], 2), (["a", "b", "a"], 3)])
    func refusesATokenThatComesTwice(tokens: [String], requests: Int) async throws {
        let stand = try Stand { request in page(request, tokens: tokens) }
        let error = try await #require(
            #expect(throws: AWSError.self) { try await stand.client.all(.example) })
        #expect(error.cause == .repeatedPage(number: requests))
        #expect(stand.server.requests.count == requests)
        #expect("\(error)".hasSuffix("page \(requests) of the list points back to a page already read"))
    }

    @Test func refusesAListWithoutAnEnd() async throws {
        let stand = try Stand { request in page(request, tokens: (1...9).map(String.init)) }
        let error = try await #require(
            #expect(throws: AWSError.self) { try await stand.client.all(.example, pageLimit: 3) })
        #expect(error.cause == .tooManyPages(limit: 3))
        #expect(stand.server.requests.count == 3)
    }

    @Test func givesNoPartOfAListWhosePageFails() async throws {
        let stand = try Stand { request in
            request.text.contains("NextToken=b")
                ? .error("InternalError", status: 500) : page(request, tokens: ["a", "b"])
        }
        await #expect(throws: AWSError.self) { try await stand.client.all(.example) }
    }

    @Test func asksNothingForNoInstances() async throws {
        let stand = try Stand(.status(500))
        #expect(try await stand.client.all(Operation.describeInstances([])).isEmpty)
        #expect(stand.server.requests.isEmpty)
    }
}

/// The page of one instance that belongs to the token asked for, named after it, pointing to the next of `tokens`.
private func page(_ request: StubRequest, tokens: [String]) -> StubReply {
    let asked = request.text.split(separator: "&").first { $0.hasPrefix("NextToken=") }?.dropFirst(10)
    let position = asked.map { token in (tokens.firstIndex(of: String(token)) ?? 0) + 1 } ?? 0
    let next = position < tokens.count ? "<nextToken>\(tokens[position])</nextToken>" : ""
    return .text(
        """
        <R><reservationSet><item><instancesSet><item><instanceId>i-\(asked ?? "start")</instanceId>\
        <imageId>ami-1</imageId><instanceState><name>running</name></instanceState>\
        <launchTime>2026-03-01T12:00:07.000Z</launchTime></item></instancesSet></item></reservationSet>\(next)</R>
        """)
}

/// The first instance of the fixture, from its start tag to its end tag.
private func instanceTemplate() throws -> String {
    let text = String(decoding: try Fixture.bytes("answers/DescribeInstances.xml"), as: UTF8.self)
    let start = try #require(text.firstRange(of: "<instancesSet>")).upperBound
    let end = try #require(text.firstRange(of: "</networkInterfaceSet>")).upperBound
    return text[start..<end] + "</item>"
}

/// What the kernel says of this process's memory.
private func residentBytes(peak: Bool = false) throws -> Int {
    let status = try String(contentsOf: URL(filePath: "/proc/self/status"), encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix(peak ? "VmHWM:" : "VmRSS:") })
    return try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) }) * 1024
}

/// From here on the peak is counted anew (proc(5), clear_refs).
private func resetPeak() throws {
    try "5".write(to: URL(filePath: "/proc/self/clear_refs"), atomically: false, encoding: .utf8)
}
