/// The record as this supervisor knows it: read when it has to be, remembered while that will do.

import AWS
import ClusterPlanning

/// Where the operator wants the record to be kept.
struct RecordPlaces: Sendable {
    var zone: ZoneObserver?
    /// `--backup-bucket`
    var bucket: String?
    /// `--backup-key`
    var prefix: String
    /// Whether no record is kept, wherever it could be.
    var isWithoutRecord: Bool
}

/// Reads all stores together, and swaps.
actor RecordKeeper {
    private let aws: AWSClient
    private let places: RecordPlaces
    private let clock = ContinuousClock()
    private var stores: (name: String, all: RecordStores)?
    private var last: (name: String, reading: RecordReading, readAt: ContinuousClock.Instant)?
    /// How often what was read was forgotten: a reading that was under way meanwhile is not remembered.
    private var timesForgotten = 0

    /// What a leader whose cluster is at rest needs to know of it: another's change is an operator's.
    nonisolated let maximumAge = Duration.seconds(600)

    init(aws: AWSClient, places: RecordPlaces) {
        self.aws = aws
        self.places = places
    }

    nonisolated var isConfigured: Bool {
        !places.isWithoutRecord && (places.zone != nil || places.bucket != nil)
    }

    /// The record before anything was read.
    nonisolated var unread: RecordReading { isConfigured ? .unknown("it was not read yet") : .notConfigured }

    /// The record of a cluster that nobody knows the name of.
    nonisolated var unnamed: RecordReading {
        isConfigured ? .unknown("the cluster has no name to look for: set --cluster-name") : .notConfigured
    }

    /// What the stores say.
    ///
    /// - Parameters:
    ///   - name: the cluster's name; nil: it has none that could be looked for.
    ///   - age: how old an answer may be that every store gave; nil: they are asked now.
    func read(
        for name: String?, notOlderThan age: Duration? = nil
    ) async throws(CancellationError) -> (reading: RecordReading, isFresh: Bool) {
        guard isConfigured, let name else { return (unnamed, true) }
        if let age, let last, last.name == name, last.readAt.duration(to: clock.now) < age {
            return (last.reading, false)
        }
        forget()
        let (before, readAt) = (timesForgotten, clock.now)
        let reading = RecordReading(try await stores(for: name).read())
        if case .unknown = reading { return (reading, true) }
        if timesForgotten == before { last = (name, reading, readAt) }
        return (reading, true)
    }

    /// What each store says now, the hosted zone first: for a person, who may drop one of two records.
    func readings(for name: String?) async throws(CancellationError) -> [StoreReading] {
        guard isConfigured, let name else { return [] }
        return try await stores(for: name).read()
    }

    /// The stores that are read, sorted.
    func names(for name: String?) async -> [StoreName] {
        guard isConfigured, let name else { return [] }
        return await stores(for: name).names
    }

    /// Writes a record from exactly what was read. What was read is forgotten, whatever comes of it.
    ///
    /// - Throws: where it is not known whether it was written: read again before anything else.
    func swap(_ swap: RecordSwap) async throws -> SwapOutcome {
        defer { forget() }
        guard let stores else { throw ObservationError("the record was never read") }
        return try await stores.all.swap(swap)
    }

    func remove(from store: StoreName, ifStill version: String?) async throws -> SwapOutcome {
        defer { forget() }
        guard let stores else { throw ObservationError("the record was never read") }
        return try await stores.all.remove(from: store, ifStill: version)
    }

    /// Forgets what was read: a leader that was none until now has not seen what the last one wrote.
    func forget() {
        last = nil
        timesForgotten += 1
    }

    private func stores(for name: String) -> RecordStores {
        if let stores, stores.name == name { return stores.all }
        var all: [any RecordStore] = []
        if let zone = places.zone { all.append(ZoneRecordStore(zone, cluster: name)) }
        if let bucket = places.bucket {
            let place = BucketPlace(bucket: bucket, prefix: places.prefix, cluster: name)
            all.append(BucketRecordStore(aws: aws, place: place))
        }
        let made = RecordStores(all)
        stores = (name, made)
        return made
    }
}
