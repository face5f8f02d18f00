import HTTP

/// The metrics listener of one member: it answers also while the client port does not, as after a restart without a quorum.
package struct EtcdMetrics: Sendable {
    private let exchange: Exchange

    /// - Parameter url: one of `--listen-metrics-urls`, such as `http://127.0.0.1:2381`.
    package init(http: any HTTPClient, url: String) { exchange = Exchange(http: http, endpoint: url) }

    /// `GET /metrics`, of which no more than the exchange's limit is read; etcd writes a seventh of that.
    ///
    /// - Throws: `EtcdError`, also where the answer tells nothing of etcd; `CancellationError`.
    package func read(deadline: Duration = .seconds(2)) async throws -> EtcdReading {
        let answer = try await exchange.get("/metrics", deadline: deadline)
        if let failure = answer.failure { throw failure }
        let reading = EtcdReading(text: String(decoding: answer.response.body, as: UTF8.self))
        guard reading != EtcdReading() else { throw answer.undecodable("no metrics of etcd") }
        return reading
    }
}

/// What a member's metrics tell of its log. What a version does not tell is nil.
package struct EtcdReading: Sendable, Equatable {
    /// The last entry that was applied since this process started; zero until one was. What a snapshot held does not count.
    package var appliedIndex: UInt64?
    package var hasLeader: Bool?
    package var isLearner: Bool?

    package init(appliedIndex: UInt64? = nil, hasLeader: Bool? = nil, isLearner: Bool? = nil) {
        self.appliedIndex = appliedIndex
        self.hasLeader = hasLeader
        self.isLearner = isLearner
    }

    /// Reads Prometheus' text format, of which a line without labels is a name, a blank and a number.
    /// https://prometheus.io/docs/instrumenting/exposition_formats/
    package init(text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(separator: " ")
            guard words.count >= 2, let number = Double(words[1]) else { continue }
            switch words[0] {
            // Written as a floating-point number, exact up to 2^53: enough for a log of any age.
            case "etcd_server_proposals_applied_total": appliedIndex = UInt64(exactly: number)
            case "etcd_server_has_leader": hasLeader = number != 0
            case "etcd_server_is_learner": isLearner = number != 0
            default: break
            }
        }
    }
}
