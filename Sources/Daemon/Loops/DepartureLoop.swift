/// Watches what the instance's own metadata service says of its end.

import AWS
import ClusterPlanning
import Supervision

/// Asks every few seconds, on this machine alone, whether the group or the spot market takes the instance away.
struct DepartureLoop: Sendable {
    let configuration: Configuration
    let metadata: InstanceMetadata
    let ownReport: OwnReport
    let logger: Logger

    private static let clock = ContinuousClock()

    /// Returns only by cancellation. A metadata service that does not answer says nothing: what was known last stands.
    ///
    /// - Throws: `CancellationError`.
    func run() async throws {
        var last: Departure?
        while true {
            do {
                let departure = try await look()
                if departure != last {
                    logger.info(
                        "the metadata service tells of this instance's end",
                        ["departure": departure.map { "\($0)" } ?? "none"])
                }
                last = departure
                ownReport.learn(leaving: departure)
            } catch let error where !(error is CancellationError) {
                logger.debug("the metadata service does not tell", ["error": "\(error)"])
            }
            try await Self.clock.sleep(for: min(.seconds(5), configuration.interval))
        }
    }

    /// https://docs.aws.amazon.com/autoscaling/ec2/userguide/retrieving-target-lifecycle-state-through-imds.html
    private func look() async throws -> Departure? {
        if try await metadata.targetLifecycleState() == "Terminated" { return .terminating }
        return try await metadata.spotNotice()?.action == .terminate ? .spot : nil
    }
}
