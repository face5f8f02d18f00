/// What the leader's supervisor tells people beside what every one reports. No decision rests on it.

/// What the leader holds back, and why no backup is made.
package struct LeaderReport: Equatable, Sendable {
    /// What its last turn declined to do, and why a turn was not done to its end: sentences, the first few of them.
    package private(set) var deferred: [String]
    /// How many there were.
    package private(set) var deferredCount: Int
    /// Nil: the last attempt at a backup has succeeded, or there was none.
    package var failingBackup: FailingBackup?

    /// Who wants them all reads the log.
    package static let listed = 8

    /// - Parameter count: nil: as many as there are.
    package init(deferred: [String] = [], of count: Int? = nil, failingBackup: FailingBackup? = nil) {
        self.deferred = Array(deferred.prefix(Self.listed))
        deferredCount = max(count ?? deferred.count, self.deferred.count)
        self.failingBackup = failingBackup
    }
}

/// Attempts at a backup that have failed, one after the other.
package struct FailingBackup: Equatable, Sendable {
    /// When the first of them did.
    package var since: UTCTime
    package var times: Int
    /// What the last one failed of.
    package var cause: String

    package init(since: UTCTime, times: Int, cause: String) {
        self.since = since
        self.times = times
        self.cause = cause
    }

    /// One more attempt has failed.
    ///
    /// - Parameter earlier: what was said of those before it.
    package init(at time: UTCTime, _ cause: String, after earlier: FailingBackup?) {
        self.init(since: earlier?.since ?? time, times: (earlier?.times ?? 0) + 1, cause: cause)
    }
}
