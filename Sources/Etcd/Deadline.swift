/// The moment by which several requests together must have ended.
struct Deadline: Sendable {
    private let end: ContinuousClock.Instant

    init(in duration: Duration) {
        end = .now.advanced(by: duration)
    }

    /// What is left for the next request. Never quite nothing: that the time is over is the HTTP client's to report, in
    /// the same words as ever.
    var remaining: Duration { max(ContinuousClock.now.duration(to: end), .milliseconds(1)) }
}
