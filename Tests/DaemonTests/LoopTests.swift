/// The small loops: what the metadata service says of the end, and reports that are served whatever stands in the way.

import AWS
import ClusterPlanning
import HTTP
import StubServer
import Testing

@testable import Daemon

@Suite struct DepartureLoopTests {
    private func run(_ body: (StubAWS, OwnReport, Writes) async throws -> Void) async throws {
        var world = groupWorld(("i-0a", "running", "127.0.0.1"))
        world.identity = ("i-0a", "127.0.0.1", "eu-central-1")
        let stand = try Stand(identityOf("i-0a", at: loopbackAddress()), world)
        let writes = Writes()
        var configuration = Configuration()
        configuration.interval = .milliseconds(100)
        let loop = DepartureLoop(
            configuration: configuration,
            metadata: try InstanceMetadata(environment: stand.aws.environment, http: http), ownReport: stand.ownReport,
            logger: writes.logger())
        let running = Task { try await loop.run() }
        do {
            try await body(stand.aws, stand.ownReport, writes)
        } catch {
            running.cancel()
            throw error
        }
        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
    }

    private func becomes(_ departure: Departure?, _ report: OwnReport) async throws {
        try await eventually("the report says \(String(describing: departure))") {
            try await report.now().leaving == departure
        }
    }

    @Test func theGroupsAndTheMarketsWordAreReported() async throws {
        try await run { aws, report, writes in
            aws.change { $0.targetState = "InService" }
            aws.change { $0.spotAction = "hibernate" }
            _ = try await aws.server.requests(atLeast: aws.server.requests.count + 8)
            #expect(try await report.now().leaving == nil)
            aws.change { $0.spotAction = "terminate" }
            try await becomes(.spot, report)
            aws.change { $0.targetState = "Terminated" }
            try await becomes(.terminating, report)
            #expect(writes.text.contains("the metadata service tells of this instance's end"))
            // Taken back, as a spot notice may be.
            aws.change { ($0.targetState, $0.spotAction) = (nil, nil) }
            try await becomes(nil, report)
            #expect(writes.all.count { $0.contains("tells of this instance's end") } == 3)
        }
    }

    /// No answer says nothing: what was known last stands.
    @Test func aSilentMetadataServiceTakesNothingBack() async throws {
        try await run { aws, report, writes in
            aws.change { $0.targetState = "Terminated" }
            try await becomes(.terminating, report)
            aws.change { $0.targetState = "<html>not a word</html>" }
            try await eventually("it does not tell") { writes.text.contains("the metadata service does not tell") }
            #expect(try await report.now().leaving == .terminating)
        }
    }
}

@Suite struct ReportLoopTests {
    private func asked(_ stand: Stand) async throws -> ReportAnswer? {
        let observer = ReportObserver(
            http: http, own: InstanceID("i-0b"), port: ReportServer.defaultPort, deadline: .seconds(5))
        let own = stand.identity
        return try await observer.ask([.init(instance: own.instance, address: own.peerURL.host)])[own.instance]
    }

    @Test func reportsAreServedOnceTheAddressIsFree() async throws {
        let stand = try Stand(identityOf("i-0a", at: loopbackAddress()), groupWorld())
        let squatter = try StubServer(address: stand.identity.peerURL.host, port: 2382) { _ in .status(404) }
        let (writes, watch) = (Writes(), EtcdWatch())
        var configuration = Configuration()
        configuration.interval = .milliseconds(100)
        let loop = ReportLoop(
            configuration: configuration, identity: stand.identity, ownReport: stand.ownReport, watch: watch,
            logger: writes.logger())
        let running = Task { try await loop.run() }
        defer { running.cancel() }
        try await eventually("it is said") { writes.text.contains("peers can't ask for this instance's report") }
        try await Task.sleep(for: .milliseconds(400))
        #expect(writes.all.count { $0.contains("level=error") } == 1, "and not with every attempt")
        squatter.stop()
        var answer: ReportAnswer?
        try await eventually("it answers: \(String(describing: answer)) \(writes.text)") {
            answer = try await asked(stand)
            if case .report = answer { return true }
            return false
        }
        #expect(answer == .report(try await stand.ownReport.now()))
        // Who asks is passed on, to wake the leader.
        try await watch.wait(atMost: .seconds(60))
        #expect(watch.takeAskers() == [InstanceID("i-0b")])
    }
}
