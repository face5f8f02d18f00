/// What a person's command sees of the small world, and the shape of its rows.

import Testing

@testable import ClusterPlanning

struct OperatorRow<Request: Sendable>: CustomTestStringConvertible, Sendable {
    var claim: String
    var view: OperatorView
    var request: Request
    var expected: OperatorPlan

    init(_ claim: String, _ view: OperatorView, _ request: Request, _ expected: OperatorPlan) {
        self.claim = claim
        self.view = view
        self.request = request
        self.expected = expected
    }

    var testDescription: String { claim }
}

/// The look from instance 1.
///
/// - Parameter readings: nil: the zone's store alone, which says what `record` says.
func sight(
    _ facts: Facts, record reading: RecordReading = found(record()), readings: [StoreReading]? = nil,
    clusters: [RunningCluster] = [], peers: [Peer] = [], backups: Observed<BackupsSeen> = .notAsked,
    zone: Observed<Zone> = .notAsked, disk: Disk = .empty(fresh()), settings: PlanSettings = PlanSettings()
) -> OperatorView {
    let start = StartView(
        now: .zero, time: "2026-01-31T12:00:00Z", salt: "salt", identity: identity(1), settings: settings, disk: disk,
        facts: facts, record: reading, stores: [zoneStore], backups: backups, peers: peers, clusters: clusters,
        zone: zone)
    return OperatorView(start, readings: readings ?? [StoreReading(zoneStore, answer(of: reading))])
}

private func answer(of reading: RecordReading) -> StoreReading.Answer {
    switch reading {
    case .found(let stored, _): .stored(stored)
    case .unknown(let cause): .unavailable(cause)
    case .absent, .notConfigured, .conflicting: .absent
    }
}

func stored(_ record: ClusterRecord, _ version: String = "v1") -> StoreReading.Answer {
    .stored(StoreReading.Stored(record, version: version))
}

func away(_ number: Int, _ state: Instance.State) -> Instance {
    instance(number, state, nil, launchedFrom: nil)
}
