import FoundationEssentials
import HTTP
import StubServer
import Testing

@testable import AWS

struct CloudWatchTests {
    static let operation = Operation.putMetricData(
        namespace: "etcd/main",
        [
            CloudWatch.Datum(
                "Backup age", 12.5, .seconds, dimensions: ["Role": "a", "Cluster": "a b&c"], timestamp: noon),
            CloudWatch.Datum("Members", 3, .count),
        ])
    static let answer = """
        <PutMetricDataResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"><ResponseMetadata>\
        <RequestId>req-1</RequestId></ResponseMetadata></PutMetricDataResponse>
        """

    /// Names and values are those that botocore's query serializer writes for the same call.
    @Test func writesNumbers() throws {
        #expect(
            try OperationTests().sent(Self.operation)
                == "POST / Action=PutMetricData&Version=2010-08-01&Namespace=etcd%2Fmain"
                + "&MetricData.member.1.MetricName=Backup%20age&MetricData.member.1.Value=12.5"
                + "&MetricData.member.1.Unit=Seconds&MetricData.member.1.Dimensions.member.1.Name=Cluster"
                + "&MetricData.member.1.Dimensions.member.1.Value=a%20b%26c"
                + "&MetricData.member.1.Dimensions.member.2.Name=Role"
                + "&MetricData.member.1.Dimensions.member.2.Value=a"
                + "&MetricData.member.1.Timestamp=2026-03-01T12%3A00%3A00Z"
                + "&MetricData.member.2.MetricName=Members&MetricData.member.2.Value=3.0"
                + "&MetricData.member.2.Unit=Count")
    }

    @Test func readsNothingButThatTheyWereTaken() throws {
        try Self.operation.read(HTTPResponse(status: 200, body: Array(Self.answer.utf8)))
        #expect(throws: XMLError.self) {
            try Self.operation.read(HTTPResponse(status: 200, body: Array("<html/>".utf8)))
        }
    }

    @Test func areSignedForTheMonitoringService() async throws {
        let stand = try Stand(.text(Self.answer))
        try await stand.client.send(Self.operation)
        let request = try #require(stand.server.requests.first)
        #expect(
            try isSigned(
                request, at: stand.server, by: Stand.credentials, region: "eu-central-1", service: "monitoring"))
    }

    /// A number that comes twice counts twice.
    @Test(arguments: [(StubReply.reset, 1), (.status(500), 1), (.error("Throttling", status: 400), 4)])
    func comeTwiceOnlyIfTheFirstWasRefused(reply: StubReply, attempts: Int) async throws {
        let stand = try Stand(reply)
        #expect(try await stand.failure(of: Self.operation).attempts == attempts)
        #expect(stand.server.requests.count == attempts)
    }
}
