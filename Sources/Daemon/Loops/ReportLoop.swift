/// Answers peers that ask for our report, and wakes the leader's housekeeping for those who ask.

import ClusterPlanning
import HTTP

/// Serves our report for as long as we live.
struct ReportLoop: Sendable {
    let configuration: Configuration
    let identity: Identity
    let ownReport: OwnReport
    let watch: EtcdWatch
    let logger: Logger

    private static let clock = ContinuousClock()

    /// Returns only by cancellation. An address that can't be listened on is tried again: without a report others can only
    /// wait for us, and nothing else depends on it.
    ///
    /// - Throws: `CancellationError`.
    func run() async throws {
        var complaints = Repetition()
        let startedAt = Self.clock.now
        while true {
            do {
                try await serve()
            } catch let error where !(error is CancellationError) {
                if complaints.isWorthSaying("\(error)", startedAt.duration(to: Self.clock.now)) {
                    logger.error("peers can't ask for this instance's report", ["error": "\(error)"])
                }
            }
            try await Self.clock.sleep(for: min(.seconds(1), configuration.interval))
        }
    }

    private func serve() async throws {
        let address = configuration.statusAddress ?? identity.peerURL.host
        let server = try ReportServer(address: address, port: configuration.statusPort)
        logger.debug("reports are served", ["address": address, "port": server.port])
        try await server.run(
            report: { probesAWS in try await ownReport.forVisitors(probingAWS: probesAWS) },
            recordChanged: { watch.recordChanged() },
            asked: { askers in watch.asked(by: askers) })
    }
}
